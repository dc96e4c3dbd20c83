//! A batch is cancelled: from one write on no row begins, and then each open row ends.

use futures_util::stream::{self, StreamExt};

use super::super::item::at;
use super::super::{StoreError, written};
use super::{Batch, Batches, partition, told};
use crate::auth::Tenant;
use crate::batch::BatchStatus;
use crate::ids::BatchId;
use crate::time::Timestamp;

/// Rows that are ended at once.
const AT_ONCE: usize = 16;

/// What became of a wish to cancel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BatchCancelled {
    /// No row begins any more.
    Now,
    /// It had ended before.
    TooLate {
        /// As what.
        status: BatchStatus,
        /// When.
        at: Option<Timestamp>,
    },
    /// The tenant has no such batch.
    NoSuchBatch,
}

impl Batches<'_> {
    /// Has a batch end as `cancelled`, if it has not ended yet. Once this has returned no row begins: a worker looks at the batch
    /// before it begins one. The rows themselves are [`Batches::cancel_rows`]'s to end.
    ///
    /// A batch that is cancelled and has not ended yet takes the same wish again.
    ///
    /// *Errors*: [`StoreError::Unavailable`]: it may be cancelled or not; asking again tells.
    pub async fn cancel(&self, tenant: Tenant, id: BatchId) -> Result<(BatchCancelled, Option<Batch>), StoreError> {
        let Some(mut batch) = self.find(tenant, id).await? else {
            return Ok((BatchCancelled::NoSuchBatch, None));
        };
        if batch.cancelled_at.is_none() && batch.completed_at.is_none() {
            // All rows may have ended a moment ago, and nobody has said so of the batch yet.
            let rows = self.rows(&batch).await?;
            if rows.ended_at.is_some() && self.end(&batch, &rows).await? {
                let status = rows.status(&batch);
                let at = rows.ended_at;
                return Ok((BatchCancelled::TooLate { status, at }, None));
            }
            let now = Timestamp::now();
            let wish = self
                .0
                .update(partition(id), "M")
                .update_expression("SET cancelled_at = :now, due_at = :now")
                .condition_expression("attribute_not_exists(cancelled_at) AND attribute_not_exists(completed_at)")
                .expression_attribute_values(":now", at(now));
            match written("cancel batch", wish.send().await) {
                Ok(()) => batch.cancelled_at = Some(now),
                // Somebody cancelled it, or it ended, in this moment.
                Err(StoreError::Lost) => match self.find(tenant, id).await? {
                    Some(read) => batch = read,
                    None => return Ok((BatchCancelled::NoSuchBatch, None)),
                },
                Err(error) => return Err(error),
            }
        }
        match (batch.completed_at, &batch.end) {
            (Some(_), Some((status, _))) => {
                let (status, at) = (*status, batch.completed_at);
                Ok((BatchCancelled::TooLate { status, at }, None))
            }
            _ => Ok((BatchCancelled::Now, Some(batch))),
        }
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
