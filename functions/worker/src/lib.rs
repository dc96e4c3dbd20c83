//! Drives runs, and looks after batches: one SQS message is one look at one of them. What happens to a run is the harness's to say;
//! this room does and saves it.

mod ask;
mod batch;
mod outage;
mod run;

use std::convert::Infallible;
use std::sync::Arc;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use eclips_engine::models::{Lineup, Models, WrongSetting};
use eclips_shared::config::Config;
use eclips_shared::lambda::deadline;
use eclips_shared::queue::{self, Queues, Subject};
use eclips_shared::store::{Store, StoreError};
use eclips_shared::time::Timestamp;
use lambda_runtime::LambdaEvent;
use tower::Service;

use crate::outage::OUTAGE_DELAY_S;

/// What a worker works with.
pub struct Worker {
    store: Store,
    queues: Queues,
    /// Who answers live runs.
    models: Models,
    /// The clock by which leases and deadlines are told.
    now: fn() -> Timestamp,
}

/// The function as Lambda and `cargo dev` call it.
///
/// *Errors*: [`WrongSetting`], so that a wrong model stops the function at its start and not in the middle of a run.
pub async fn service(
    config: &Config,
) -> Result<
    impl Service<LambdaEvent<SqsEvent>, Response = SqsBatchResponse, Error = Infallible, Future: Send> + Send + use<>,
    WrongSetting,
> {
    let models = Models::open(Lineup::read(&config.models, &config.model_key)?).await;
    let (store, queues) = (Store::open(config), Queues::open(config));
    let worker = Worker::new(store, queues, models, Timestamp::now);
    let worker = Arc::new(worker);
    Ok(tower::service_fn(move |event: LambdaEvent<SqsEvent>| {
        let worker = worker.clone();
        async move { Ok(worker.handle(event).await) }
    }))
}

impl Worker {
    /// A worker over stores that are open already, models and a clock.
    #[must_use]
    pub fn new(store: Store, queues: Queues, models: Models, now: fn() -> Timestamp) -> Self {
        Self {
            store,
            queues,
            models,
            now,
        }
    }

    /// Looks at what each message names; reports only what must come back.
    pub async fn handle(&self, event: LambdaEvent<SqsEvent>) -> SqsBatchResponse {
        let deadline = deadline(event.context.deadline, (self.now)());
        let mut response = SqsBatchResponse::default();
        for message in event.payload.records {
            let id = message.message_id.unwrap_or_default();
            let Some(subject) = message.body.as_deref().and_then(queue::read) else {
                // Not a hint of ours: it goes to the dead letters, where an operator sees it.
                tracing::error!(alarm = "unreadable_message", message_id = %id, "message is not a hint");
                response.add_failure(id);
                continue;
            };
            let looked = match subject {
                Subject::Run(run) => self.drive(run, deadline).await,
                Subject::Batch(batch) => self.tend(batch, deadline).await,
                Subject::News(_) | Subject::Errand(_) => {
                    tracing::error!(alarm = "unreadable_message", message_id = %id, "message is not for a worker");
                    response.add_failure(id);
                    continue;
                }
            };
            if let Err(error) = looked {
                // A message that only met an outage is no dead letter, however long it lasts: it is sent anew.
                if matches!(error, StoreError::Unavailable { .. }) {
                    let source = message.event_source_arn.unwrap_or_default();
                    let group = message.attributes.get("MessageGroupId").map(String::as_str);
                    let sent = self.queues.send_again(subject, &source, group, OUTAGE_DELAY_S).await;
                    if sent.is_ok() {
                        tracing::warn!(?subject, %error, "store out of reach; looking again later");
                        continue;
                    }
                }
                let alarm = matches!(error, StoreError::Corrupt { .. }).then_some("corrupt_record");
                tracing::error!(alarm, ?subject, %error, "left as it is; its message comes back");
                response.add_failure(id);
            }
        }
        response
    }
}
