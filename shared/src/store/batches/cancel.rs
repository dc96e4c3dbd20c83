//! A batch is cancelled: from one write on it is over for its owner, and then each open row ends.

use aws_sdk_dynamodb::types::TransactWriteItem;
use futures_util::stream::{self, StreamExt};

use super::super::StoreError;
use super::super::item::at;
use super::super::transact::{check_main, send, update, update_main};
use super::{Batch, Batches, Rows, partition, told};
use crate::auth::Tenant;
use crate::batch::BatchStatus;
use crate::ids::BatchId;
use crate::time::Timestamp;

/// Rows that are ended at once.
const AT_ONCE: usize = 16;
/// Tries of a wish that the last row overtakes, each of which reads the rows again; one is enough but for a batch that ends in this
/// moment.
const TRIES: u32 = 6;

/// What became of a wish to cancel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BatchCancelled {
    /// It is over by this.
    Now,
    /// It was over before.
    TooLate {
        /// As what.
        status: BatchStatus,
        /// Since when.
        at: Option<Timestamp>,
    },
    /// The tenant has no such batch.
    NoSuchBatch,
}

impl Batches<'_> {
    /// Has a batch end as `cancelled`, if it is not over yet: neither cancelled before, nor has its last row ended. Of any number
    /// who wish it at once one does it. What is left to do, ending the rows, is [`Batches::cancel_rows`]'s, by whoever comes
    /// to it: the caller, the worker that `dispatch` tells, the sweep's worker.
    ///
    /// A worker looks at the batch right before it claims a row that nobody has claimed. So once this has returned such a row
    /// can begin only if its worker had looked before; and once the row has been ended it cannot begin at all.
    ///
    /// *Errors*: [`StoreError::Unavailable`]: it may be cancelled or not; asking again tells. [`StoreError::Corrupt`].
    pub async fn cancel(&self, tenant: Tenant, id: BatchId) -> Result<(BatchCancelled, Option<Batch>), StoreError> {
        for _ in 0..TRIES {
            let Some(mut batch) = self.find(tenant, id).await? else {
                return Ok((BatchCancelled::NoSuchBatch, None));
            };
            if let Some(too_late) = batch.too_late() {
                return Ok((too_late, None));
            }
            let rows = self.rows(&batch).await?;
            let Some(open) = rows.last_open(&batch) else {
                // All rows have ended, and nobody has said so of the batch yet.
                self.end(&batch, &rows).await?;
                continue;
            };
            let now = Timestamp::now();
            match send(self.0, "cancel batch", self.wish(&batch, open, now)).await {
                Ok(()) => {
                    batch.cancelled_at = Some(now);
                    return Ok((BatchCancelled::Now, Some(batch)));
                }
                // In this moment somebody cancelled it, or the row ended.
                Err(StoreError::Lost) => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Unavailable {
            call: "cancel batch",
            cause: format!("{TRIES} tries were overtaken"),
        })
    }

    /// The write of the wish, which one open row has to be in time for: whoever reads that all rows have ended, and then no wish, has
    /// read how the batch ended.
    fn wish(&self, batch: &Batch, open: u16, now: Timestamp) -> Vec<TransactWriteItem> {
        let wish = update_main(self.0, &partition(batch.id), "M")
            .update_expression("SET cancelled_at = :now, due_at = :now")
            // A batch that was deleted meanwhile must not come back as these two attributes.
            .condition_expression(
                "attribute_exists(pk) AND attribute_not_exists(cancelled_at) AND attribute_not_exists(completed_at)",
            )
            .expression_attribute_values(":now", at(now));
        // A row that has no run yet has not ended either.
        let is_open = "attribute_not_exists(completed_at)";
        let row = check_main(self.0, &format!("R#{}", batch.run(open)), "M", is_open);
        vec![update(wish), row]
    }

    /// Ends the open rows of a cancelled batch, and then the batch; says whether the batch has ended. A row that cannot be ended
    /// holds up no other.
    ///
    /// *Errors*: [`StoreError::Unavailable`]: some have ended; the same again ends the rest. [`StoreError::Corrupt`]: all
    /// others have.
    pub async fn cancel_rows(&self, batch: &Batch) -> Result<bool, StoreError> {
        let rows = self.rows(batch).await?;
        let open = rows.known.iter().filter(|(_, known)| !known.status.is_terminal());
        let runs = self.0.runs();
        let done: Vec<_> = stream::iter(open.map(|(row, _)| batch.run(*row)).collect::<Vec<_>>())
            .map(|run| {
                let runs = &runs;
                async move { runs.cancel_row(batch.tenant, run).await.map(|_| ()) }
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        told(done)?;
        self.finish(batch).await
    }
}

impl Batch {
    /// What a wish to cancel hears of a batch that is over: what its owner reads of it.
    fn too_late(&self) -> Option<BatchCancelled> {
        let ended = self.end.as_ref().map(|(status, _)| *status);
        let status = ended.or(self.cancelled_at.map(|_| BatchStatus::Cancelled))?;
        let at = self.completed_at.or(self.cancelled_at);
        Some(BatchCancelled::TooLate { status, at })
    }
}

impl Rows {
    /// The last row that has not ended: of those that are open it is mostly open for longest.
    fn last_open(&self, batch: &Batch) -> Option<u16> {
        let is_open = |row: &u16| self.known.get(row).is_none_or(|known| !known.status.is_terminal());
        (0..batch.total_rows).rev().find(is_open)
    }
}
