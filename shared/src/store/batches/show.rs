//! One batch with its rows, in their order: the counts are those of the rows in the same answer.

use std::collections::HashMap;

use serde_json::value::RawValue;

use super::super::item::{Attributes, Row, keyed};
use super::super::{StoreError, several};
use super::expand::sent;
use super::{Batch, Batches, Known, Rows, partition};
use crate::auth::Tenant;
use crate::batch::{BATCH_WAS_CANCELLED, BatchRow, Job, RESULT_BYTES_MAX, RowStatus, fit};
use crate::ids::BatchId;
use crate::run::Status;
use crate::time::Timestamp;

impl Batches<'_> {
    /// Reads a batch with its rows, the runs strongly consistent; `None` for no such batch, another tenant's, and one whose time is
    /// over.
    ///
    /// *Errors*: [`StoreError::Unavailable`]; [`StoreError::Corrupt`], also where a row is missing of what was sent.
    pub async fn show(&self, tenant: Tenant, id: BatchId) -> Result<Option<(Job, Vec<BatchRow>)>, StoreError> {
        let (batch, pieces) = tokio::join!(
            self.find(tenant, id),
            self.0.partition("read batch input", partition(id), "IN#")
        );
        let Some(mut batch) = batch? else { return Ok(None) };
        let (sent, mut rows) = (sent(&batch, &pieces?)?, self.rows(&batch).await?);
        if rows.ended_at.is_some() && batch.cancelled_at.is_none() && batch.completed_at.is_none() {
            // A wish to cancel may have come since the batch was read; one that comes later is refused, because no row is open.
            let Some(again) = self.find(tenant, id).await? else {
                return Ok(None);
            };
            rows = Rows::of(&again, rows.known);
            batch = again;
        }
        let results = self.results(&batch, rows.known.values()).await?;
        let job = batch.job(rows.status(&batch), &rows.counts, rows.ended_at);
        let mut shown = Vec::with_capacity(sent.len());
        for (number, sent) in (0..batch.total_rows).zip(sent) {
            let known = rows.known.get(&number);
            shown.push(batch.row(number, sent.task, known, &results)?);
        }
        fit(&job, &mut shown);
        Ok(Some((job, shown)))
    }

    /// The results that are stored apart from their runs and small enough to be shown.
    async fn results(
        &self,
        batch: &Batch,
        known: impl Iterator<Item = &Known>,
    ) -> Result<HashMap<u16, String>, StoreError> {
        let mut keys = Vec::new();
        let mut numbers = HashMap::new();
        for known in known.filter(|known| known.status == Status::Completed) {
            let row = Row::new("run", &known.item);
            let bytes = row.opt_number::<usize>("result_bytes")?;
            if bytes.is_some_and(|bytes| bytes <= RESULT_BYTES_MAX) {
                let number = row.number("row_index")?;
                let pk = format!("R#{}", batch.run(number));
                numbers.insert(pk.clone(), number);
                keys.push(keyed(pk, "OUT"));
            }
        }
        let mut results = HashMap::new();
        for item in several::only(self.0, "read results", keys, &["pk", "result"]).await? {
            let row = Row::new("run output", &item);
            if let Some(number) = numbers.get(row.text("pk")?) {
                results.insert(*number, row.text("result")?.to_owned());
            }
        }
        Ok(results)
    }
}

impl Batch {
    /// A row as it is shown where there is room for it.
    fn row(
        &self,
        number: u16,
        task: String,
        known: Option<&Known>,
        apart: &HashMap<u16, String>,
    ) -> Result<BatchRow, StoreError> {
        let status = self.status_of(known);
        let none = Attributes::new();
        let row = Row::new("run", known.map_or(&none, |known| &known.item));
        let result = match row.opt_text("result")? {
            Some(result) => Some(result),
            None => apart.get(&number).map(String::as_str),
        };
        let shown = result
            .filter(|result| result.len() <= RESULT_BYTES_MAX)
            .map(|result| RawValue::from_string(result.to_owned()));
        let shown = shown.transpose().map_err(|_| row.corrupt("result"))?;
        let error = row.opt_text("error")?.map(str::to_owned);
        // A run that has not begun when its batch is cancelled says nothing of it yet; it will say this.
        let never = (status == RowStatus::Cancelled && error.is_none()).then(|| BATCH_WAS_CANCELLED.to_owned());
        Ok(BatchRow {
            row_index: number,
            task,
            status,
            result_truncated: status == RowStatus::Completed && shown.is_none(),
            result: shown,
            error_message: error.or(never),
            run_id: known.map(|_| self.run(number)),
        })
    }

    /// When it is over.
    #[must_use]
    pub const fn ended_at(&self) -> Option<Timestamp> {
        self.completed_at
    }
}
