//! Dead letters: messages that a worker took five times and never finished. Each names a run, and an open one ends here,
//! visibly. A message that names none stays where it is, until an operator has looked.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsMessage};
use eclips_shared::queue::{self, Subject};
use eclips_shared::store::Buried;
use futures_util::future::join_all;

use crate::Sweeper;

impl Sweeper {
    /// Ends the runs of a batch; reports only what must come back.
    pub async fn bury(&self, messages: Vec<SqsMessage>) -> SqsBatchResponse {
        // At once: one after the other, an outage would take longer than there is time.
        let left = join_all(messages.into_iter().map(|message| self.leave(message))).await;
        let mut response = SqsBatchResponse::default();
        for id in left.into_iter().flatten() {
            response.add_failure(id);
        }
        response
    }

    /// The message's id, where it must come back.
    async fn leave(&self, message: SqsMessage) -> Option<String> {
        let id = message.message_id.unwrap_or_default();
        let run = match message.body.as_deref().and_then(queue::read) {
            Some(Subject::Run(run)) => run,
            Some(Subject::Batch(batch)) => {
                // Its runs live on by themselves, and it is due again: an operator has to see why it cannot be worked on.
                tracing::error!(alarm = "dead_letter", batch_id = %batch, message_id = %id, "a batch's hint was given up");
                return None;
            }
            Some(Subject::Errand(errand)) => {
                // It is due again.
                tracing::error!(alarm = "dead_letter", delivery = %errand, message_id = %id, "a delivery's hint was given up");
                return None;
            }
            Some(Subject::News(source)) => {
                // Nobody else knows that something is to be told: it stays until an operator sends it back.
                tracing::error!(alarm = "dead_letter", of = %source, message_id = %id, "what is to be told was given up");
                return Some(id);
            }
            None => {
                tracing::error!(alarm = "unreadable_message", message_id = %id, "a dead letter is no hint");
                return Some(id);
            }
        };
        match self.store.sweeps().bury(run, (self.now)()).await {
            Ok(Buried::Now) => {
                tracing::error!(alarm = "dead_letter", run_id = %run, message_id = %id, "run was given up");
                None
            }
            Ok(Buried::Before) => {
                tracing::info!(run_id = %run, message_id = %id, "a dead letter had nothing to end");
                None
            }
            Ok(Buried::Held) => {
                tracing::info!(run_id = %run, message_id = %id, "a dead letter's run is held; looking again later");
                Some(id)
            }
            Err(error) => {
                error.log();
                tracing::warn!(run_id = %run, message_id = %id, "a dead letter comes back");
                Some(id)
            }
        }
    }
}
