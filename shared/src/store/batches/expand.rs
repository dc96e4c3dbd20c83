//! A batch becomes runs, some rows at a time. Whoever does it again makes the same runs, which then are there already.

use std::time::Duration;

use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::super::item::{Attributes, n};
use super::super::runs::create::{Asked, Origin, Parts, parts};
use super::super::transact::jitter;
use super::super::{StoreError, unavailable, written};
use super::{Batch, Batches, Sent, partition};
use crate::run::Priority;

/// Items of one call. *Source*: DynamoDB, `BatchWriteItem`.
const WRITES_MAX: usize = 25;
/// Bytes of one call's items, of which DynamoDB takes 16 MB; the largest row has 128 KiB of data. Our choice.
const BYTES_MAX: usize = 2 * 1024 * 1024;
/// Rows that are made together.
pub(super) const TOGETHER: u16 = 25;
/// Runs that are written at once.
const AT_ONCE: usize = 8;
/// Tries of what DynamoDB leaves undone, and the wait before the second one, with jitter; doubled each time.
const TRIES: u32 = 6;
const WAIT: Duration = Duration::from_millis(30);
/// The longest of these waits, of which there may be as many as there are items.
const WAIT_MAX: Duration = Duration::from_millis(240);

/// What was sent for all rows of a batch.
#[derive(Debug)]
pub struct BatchInput(Vec<Sent>);

impl Batches<'_> {
    /// Reads what was sent for a batch's rows.
    ///
    /// *Errors*: [`StoreError::Unavailable`]; [`StoreError::Corrupt`], also where a row is missing.
    pub async fn input(&self, batch: &Batch) -> Result<BatchInput, StoreError> {
        let pieces = self.0.partition("read batch input", partition(batch.id), "IN#").await?;
        sent(batch, &pieces).map(BatchInput)
    }

    /// Makes the runs of the next rows, and notes that they are there. What is there already is left as it is.
    ///
    /// The first event and a large input are written before their run, by other calls than it: of a row whose run is never
    /// made they are deleted with time, and nobody finds them.
    ///
    /// *Errors*: [`StoreError::Unavailable`]: some may be made; the same again makes the rest.
    pub async fn expand(&self, batch: &mut Batch, input: &BatchInput) -> Result<(), StoreError> {
        let end = batch.total_rows.min(batch.expanded + TOGETHER);
        let origin = |row| Origin {
            tenant: batch.tenant,
            key: &batch.key_id,
            plan: batch.plan,
            row: Some((batch.id, row)),
            at: batch.created_at,
            mark: &batch.mark,
        };
        let rows = (batch.expanded..end).map(|row| {
            let sent = &input.0[usize::from(row)];
            let asked = Asked {
                agent_type: &batch.agent_type,
                task: &sent.task,
                data: sent.data.as_ref().map(|data| data.get()),
                priority: Priority::Normal,
                // The batch's own is told of the batch.
                webhook_url: None,
            };
            parts(batch.run(row), &origin(row), &asked)
        });
        let (mut first, mut runs) = (Vec::new(), Vec::new());
        for Parts { main, input, event } in rows {
            first.push(event);
            first.extend(input);
            runs.push(main);
        }
        self.put_all(first).await?;
        stream::iter(runs.into_iter().map(|run| self.put_new(run)))
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await?;
        let noted = self
            .0
            .update(partition(batch.id), "M")
            .update_expression("SET expanded = :end")
            // Two may be at it: the number only grows.
            .condition_expression("expanded < :end")
            .expression_attribute_values(":end", n(end));
        match written("note rows", noted.send().await) {
            Ok(()) | Err(StoreError::Lost) => {}
            Err(error) => return Err(error),
        }
        batch.expanded = end;
        Ok(())
    }

    /// Puts a run that is not there yet.
    async fn put_new(&self, run: Attributes) -> Result<(), StoreError> {
        let put = self
            .0
            .client
            .put_item()
            .table_name(&*self.0.main)
            .set_item(Some(run))
            .condition_expression("attribute_not_exists(pk)");
        match written("make row", put.send().await) {
            Ok(()) | Err(StoreError::Lost) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Puts items, whether they are there or not, and those again that DynamoDB left undone.
    async fn put_all(&self, items: Vec<Attributes>) -> Result<(), StoreError> {
        let writes = items.into_iter().map(|item| {
            let put = PutRequest::builder()
                .set_item(Some(item))
                .build()
                .expect("it has an item");
            WriteRequest::builder().put_request(put).build()
        });
        let (mut left, mut wait, mut tries): (Vec<_>, _, _) = (writes.collect(), WAIT, 0);
        while !left.is_empty() {
            let together = left.split_off(left.len().saturating_sub(fitting(&left)));
            let asked = together.len();
            let call = self.0.client.batch_write_item().request_items(&*self.0.main, together);
            let answer = call.send().await.map_err(|error| unavailable("make rows", &error))?;
            let undone: Vec<WriteRequest> = answer
                .unprocessed_items
                .unwrap_or_default()
                .into_values()
                .flatten()
                .collect();
            if !undone.is_empty() {
                tries = if undone.len() < asked { 0 } else { tries + 1 };
                if tries >= TRIES {
                    return Err(StoreError::Unavailable {
                        call: "make rows",
                        cause: "unprocessed items".to_owned(),
                    });
                }
                tokio::time::sleep(jitter(wait)).await;
                wait = WAIT_MAX.min(wait * 2);
            }
            left.extend(undone);
        }
        Ok(())
    }
}

/// How many of the last writes fit into one call.
fn fitting(writes: &[WriteRequest]) -> usize {
    let bytes_of = |write: &WriteRequest| {
        let item = write.put_request().map(PutRequest::item);
        let texts = item.into_iter().flat_map(|item| item.values());
        texts.map(|value| value.as_s().map_or(64, String::len)).sum::<usize>()
    };
    let mut bytes = 0;
    let fits = writes.iter().rev().take(WRITES_MAX).take_while(|write| {
        bytes += bytes_of(write);
        bytes <= BYTES_MAX
    });
    fits.count().max(1)
}

/// What was sent for a batch's rows, of all pieces in order.
///
/// *Errors*: [`StoreError::Corrupt`], also where a row is missing.
pub(super) fn sent(batch: &Batch, pieces: &[Attributes]) -> Result<Vec<Sent>, StoreError> {
    let mut rows = Vec::new();
    for piece in pieces {
        let row = super::Row::new("batch input", piece);
        rows.extend(row.parsed("rows", |text| serde_json::from_str::<Vec<Sent>>(text).ok())?);
    }
    if rows.len() == usize::from(batch.total_rows) {
        Ok(rows)
    } else {
        Err(StoreError::Corrupt {
            record: "batch input",
            attribute: "rows".to_owned(),
        })
    }
}
