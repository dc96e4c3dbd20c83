//! Reads the main table's stream and sends a hint of each queued run to its queue, and of each batch that was made or is to be
//! cancelled. The stream is the outbox: whoever accepted them had nothing else to do, and so nothing to forget.

use std::convert::Infallible;
use std::sync::Arc;

use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use eclips_shared::auth::Tenant;
use eclips_shared::config::Config;
use eclips_shared::ids::{BatchId, RunId};
use eclips_shared::queue::{Hint, Queues, Subject};
use eclips_shared::run::{Priority, Status};
use lambda_runtime::LambdaEvent;
use serde::Deserialize;
use tower::Service;

/// The function as Lambda and `cargo dev` call it.
pub async fn service(
    config: &Config,
) -> impl Service<LambdaEvent<Event>, Response = DynamoDbEventResponse, Error = Infallible, Future: Send> + Send + use<>
{
    let queues = Arc::new(Queues::open(config).await);
    tower::service_fn(move |event: LambdaEvent<Event>| {
        let queues = queues.clone();
        async move { Ok(dispatch(&queues, event.payload).await) }
    })
}

/// What of an item tells a queued run or a batch from everything else, and what its hint is made of.
#[derive(Deserialize)]
struct Image {
    sk: Option<String>,
    status: Option<String>,
    run_id: Option<String>,
    batch_id: Option<String>,
    tenant: Option<String>,
    priority: Option<String>,
    cancelled_at: Option<i64>,
    completed_at: Option<i64>,
}

impl Image {
    fn is_queued_run(&self) -> bool {
        self.run_id.is_some() && self.status.as_deref() == Some(Status::Queued.as_str())
    }

    fn is_batch(&self) -> bool {
        self.run_id.is_none() && self.batch_id.is_some()
    }

    fn run(&self) -> Option<Hint> {
        Some(Hint {
            subject: Subject::Run(RunId::parse(self.run_id.as_deref()?)?),
            tenant: Tenant::parse(self.tenant.as_deref()?)?,
            priority: Priority::parse(self.priority.as_deref()?)?,
        })
    }

    fn batch(&self) -> Option<Hint> {
        Some(Hint {
            subject: Subject::Batch(BatchId::parse(self.batch_id.as_deref()?)?),
            tenant: Tenant::parse(self.tenant.as_deref()?)?,
            priority: Priority::Normal,
        })
    }
}

async fn dispatch(queues: &Queues, event: Event) -> DynamoDbEventResponse {
    let mut hints = Vec::new();
    let mut sequence_numbers = Vec::new();
    for record in event.records {
        let sequence_number = record.change.sequence_number.clone().unwrap_or_default();
        if let Some(hint) = hint(record) {
            hints.push(hint);
            sequence_numbers.push(sequence_number);
        }
    }
    let failed = queues.send(&hints).await;
    tracing::info!(sent = hints.len() - failed.len(), failed = failed.len(), "dispatched");
    let mut response = DynamoDbEventResponse::default();
    for at in failed {
        let mut failure = DynamoDbBatchItemFailure::default();
        failure.item_identifier = Some(sequence_numbers[at].clone());
        response.batch_item_failures.push(failure);
    }
    response
}

/// The hint of a record that makes a queued run, or makes or cancels a batch; `None` for every other record.
fn hint(record: EventRecord) -> Option<Hint> {
    let is_new = record.event_name == "INSERT";
    let image: Image = serde_dynamo::from_item(record.change.new_image).ok()?;
    if image.sk.as_deref() != Some("M") {
        return None;
    }
    let hint = if is_new && image.is_queued_run() {
        image.run()
    } else if image.is_batch() && image.completed_at.is_none() && (is_new || image.cancelled_at.is_some()) {
        image.batch()
    } else {
        return None;
    };
    if hint.is_none() {
        // It would fail as often as it is repeated, and hold up what is behind it: an operator has to look.
        let (run_id, batch_id) = (image.run_id, image.batch_id);
        tracing::error!(
            alarm = "corrupt_record",
            ?run_id,
            ?batch_id,
            "what is to be looked at could not be read"
        );
    }
    hint
}
