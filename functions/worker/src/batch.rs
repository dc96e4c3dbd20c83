//! One look at one batch: makes the runs of its rows, ends them when it is cancelled, and ends it when they have.
//!
//! Every step may be done again by anybody, so nothing is claimed: a crash between any two lines costs the time until the next hint.

use eclips_shared::ids::BatchId;
use eclips_shared::queue::{Hint, Line, Subject};
use eclips_shared::store::StoreError;
use eclips_shared::time::{SECOND_MS, Timestamp};

use crate::Worker;

/// What is kept back of an invocation: the slowest step, with the store's own retries. Our choice.
const RESERVE_MS: i64 = 20 * SECOND_MS;

impl Worker {
    /// Looks after a batch as far as the time allows; another message goes on from there.
    ///
    /// *Errors*: what must bring the message back: a corrupt record, or an outage.
    pub async fn tend(&self, id: BatchId, deadline: Timestamp) -> Result<(), StoreError> {
        let batches = self.store.batches();
        let Some(mut batch) = batches.load(id).await? else {
            tracing::warn!(batch_id = %id, "message names no batch");
            return Ok(());
        };
        if batch.completed_at.is_some() {
            return Ok(());
        }
        if batch.cancelled_at.is_none() && batch.expanded < batch.total_rows {
            let input = batches.input(&batch).await?;
            while batch.expanded < batch.total_rows {
                if (self.now)().plus_ms(RESERVE_MS) > deadline {
                    let hint = Hint::of(Subject::Batch(id), batch.tenant, Line::Runs);
                    return self.queues.send_later(hint, 0).await;
                }
                batches.expand(&mut batch, &input).await?;
                // Cancelled meanwhile: what was made since has to end, and nothing more is made.
                let Some(read) = batches.load(id).await? else {
                    return Ok(());
                };
                batch = read;
                if batch.cancelled_at.is_some() {
                    break;
                }
            }
        }
        let ended = if batch.cancelled_at.is_some() {
            batches.cancel_rows(&batch).await?
        } else {
            batches.finish(&batch).await?
        };
        tracing::info!(
            batch_id = %id,
            org = %batch.tenant.org,
            rows = batch.total_rows,
            expanded = batch.expanded,
            cancelled = batch.cancelled_at.is_some(),
            ended,
            store_calls = self.store.take_calls(),
            "batch step"
        );
        Ok(())
    }
}
