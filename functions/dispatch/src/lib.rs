//! Reads the main table's stream and sends each queued run to its queue. The stream is the outbox: whoever accepted a run
//! had nothing else to do, and so nothing to forget.

use std::convert::Infallible;
use std::sync::Arc;

use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use eclips_shared::auth::Tenant;
use eclips_shared::config::Config;
use eclips_shared::ids::RunId;
use eclips_shared::queue::{Hint, Queues};
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

/// What of a new item tells a queued run from everything else, and what its hint is made of.
#[derive(Deserialize)]
struct Image {
    sk: Option<String>,
    status: Option<String>,
    run_id: Option<String>,
    tenant: Option<String>,
    priority: Option<String>,
}

impl Image {
    fn is_queued_run(&self) -> bool {
        self.sk.as_deref() == Some("M") && self.status.as_deref() == Some(Status::Queued.as_str())
    }

    fn hint(&self) -> Option<Hint> {
        Some(Hint {
            run: RunId::parse(self.run_id.as_deref()?)?,
            tenant: Tenant::parse(self.tenant.as_deref()?)?,
            priority: Priority::parse(self.priority.as_deref()?)?,
        })
    }
}

async fn dispatch(queues: &Queues, event: Event) -> DynamoDbEventResponse {
    let mut hints = Vec::new();
    let mut sequence_numbers = Vec::new();
    for record in event.records {
        let sequence_number = record.change.sequence_number.clone().unwrap_or_default();
        if let Some(hint) = queued(record) {
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

/// The hint of a record that makes a queued run; `None` for every other record.
fn queued(record: EventRecord) -> Option<Hint> {
    if record.event_name != "INSERT" {
        return None;
    }
    let image: Image = serde_dynamo::from_item(record.change.new_image).ok()?;
    if !image.is_queued_run() {
        return None;
    }
    let hint = image.hint();
    if hint.is_none() {
        // It would fail as often as it is repeated, and hold up the runs behind it: an operator has to look.
        tracing::error!(alarm = "corrupt_record", run_id = ?image.run_id, "a queued run could not be read");
    }
    hint
}
