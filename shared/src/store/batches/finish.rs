//! A batch ends when all its rows have: once, by one transaction, with the event that others are told.

use super::super::item::{at, fill, keyed, n, s};
use super::super::transact::{create, send, update, update_main};
use super::super::{StoreError, several};
use super::{Batch, Batches, Rows, partition};
use crate::batch::event;
use crate::ids::BatchId;

impl Batches<'_> {
    /// Ends a batch whose rows have all ended, by what their runs say, strongly consistent; says whether it has ended, by this or
    /// before.
    ///
    /// *Errors*: [`StoreError::Unavailable`]: asking again tells; [`StoreError::Corrupt`].
    pub async fn finish(&self, batch: &Batch) -> Result<bool, StoreError> {
        if batch.completed_at.is_some() {
            return Ok(true);
        }
        let rows = self.rows(batch).await?;
        self.end(batch, &rows).await
    }

    pub(super) async fn end(&self, batch: &Batch, rows: &Rows) -> Result<bool, StoreError> {
        // What is shown as cancelled because it never begins has to have ended itself first.
        let has_open_run = rows.known.values().any(|known| !known.status.is_terminal());
        let (Some(ended_at), false) = (rows.ended_at, has_open_run) else {
            return Ok(false);
        };
        let (status, counts, pk) = (rows.status(batch), &rows.counts, partition(batch.id));
        let told = event(batch.id, ended_at, status, counts);
        let mut item = keyed(&pk, "E#00000001");
        fill(
            &mut item,
            [
                (
                    "events",
                    Some(aws_sdk_dynamodb::types::AttributeValue::L(vec![s(told)])),
                ),
                ("tenant", Some(s(batch.tenant.to_string()))),
                ("webhook_url", batch.webhook_url.as_deref().map(s)),
                ("ttl", Some(n(batch.ttl))),
            ],
        );
        // A batch that was deleted meanwhile must not come back as an end of nothing.
        let mut is_open = "attribute_exists(pk) AND attribute_not_exists(completed_at)".to_owned();
        if batch.cancelled_at.is_none() {
            // The wish to cancel may have come since the batch was read: it wins, and whoever looks next ends the batch by it.
            is_open.push_str(" AND attribute_not_exists(cancelled_at)");
        }
        let change = update_main(self.0, &pk, "M")
            .update_expression(
                "SET #status = :status, completed_at = :at, completed_rows = :completed, failed_rows = :failed, \
                 cancelled_rows = :cancelled REMOVE due, due_at",
            )
            .condition_expression(is_open)
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":status", s(status.as_str()))
            .expression_attribute_values(":at", at(ended_at))
            .expression_attribute_values(":completed", n(counts.completed))
            .expression_attribute_values(":failed", n(counts.failed))
            .expression_attribute_values(":cancelled", n(counts.cancelled));
        match send(
            self.0,
            "end batch",
            vec![update(change), create(&self.0.main, item, "pk")],
        )
        .await
        {
            Ok(()) => Ok(true),
            Err(StoreError::Lost) => {
                let read = self.load(batch.id).await?;
                Ok(read.is_none_or(|batch| batch.completed_at.is_some()))
            }
            Err(error) => Err(error),
        }
    }

    /// Reads several batches whole, with what lists show of them meanwhile.
    pub(super) async fn with_progress(&self, batches: &[BatchId]) -> Result<Vec<super::Attributes>, StoreError> {
        let keys = batches
            .iter()
            .flat_map(|batch| ["M", "P"].map(|sk| keyed(partition(*batch), sk)));
        several::whole(self.0, "read batches", keys.collect()).await
    }
}
