//! Reads the main table's stream and sends hints: of each queued run to its queue, of each batch that was made or is to be cancelled,
//! of each run and batch of which something is to be told, and of each delivery that somebody wants again. The stream is the outbox: whoever accepted them had nothing else to do, and so nothing to forget.

use std::convert::Infallible;
use std::sync::Arc;

use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use eclips_shared::auth::Tenant;
use eclips_shared::config::Config;
use eclips_shared::ids::{BatchId, RunId};
use eclips_shared::queue::{Hint, Line, Queues, Subject};
use eclips_shared::run::{Priority, Status};
use eclips_shared::webhook::{Errand, Source};
use lambda_runtime::LambdaEvent;
use serde::Deserialize;
use tower::Service;

/// The function as Lambda and `cargo dev` call it.
pub async fn service(
    config: &Config,
) -> impl Service<LambdaEvent<Event>, Response = DynamoDbEventResponse, Error = Infallible, Future: Send> + Send + use<>
{
    let queues = Arc::new(Queues::open(config));
    tower::service_fn(move |event: LambdaEvent<Event>| {
        let queues = queues.clone();
        async move { Ok(dispatch(&queues, event.payload).await) }
    })
}

/// What of an item tells from everything else what has to be looked at, and what its hint is made of.
#[derive(Deserialize)]
struct Image {
    pk: Option<String>,
    sk: Option<String>,
    status: Option<String>,
    run_id: Option<String>,
    batch_id: Option<String>,
    tenant: Option<String>,
    priority: Option<String>,
    cancelled_at: Option<i64>,
    completed_at: Option<i64>,
    asked_at: Option<i64>,
    trace: Option<String>,
}

impl Image {
    fn is_queued_run(&self) -> bool {
        self.run_id.is_some() && self.status.as_deref() == Some(Status::Queued.as_str())
    }

    fn is_batch(&self) -> bool {
        self.run_id.is_none() && self.batch_id.is_some()
    }

    /// Whether a run has come to where something is told of it. Everything that happens to it there says so again, which harms
    /// nothing.
    fn is_told_run(&self) -> bool {
        let status = self.status.as_deref().and_then(Status::parse);
        self.run_id.is_some() && status.is_some_and(|status| status.is_terminal() || status == Status::PendingTriage)
    }

    fn run(&self) -> Option<Hint> {
        Some(Hint {
            subject: Subject::Run(RunId::parse(self.run_id.as_deref()?)?),
            tenant: Tenant::parse(self.tenant.as_deref()?)?,
            line: Line::of(Priority::parse(self.priority.as_deref()?)?),
            trace: self.trace.clone(),
        })
    }

    fn batch(&self) -> Option<Hint> {
        Some(Hint {
            subject: Subject::Batch(BatchId::parse(self.batch_id.as_deref()?)?),
            tenant: Tenant::parse(self.tenant.as_deref()?)?,
            line: Line::Runs,
            trace: self.trace.clone(),
        })
    }

    fn news(&self) -> Option<Hint> {
        Some(Hint {
            subject: Subject::News(Source::parse(self.pk.as_deref()?)?),
            tenant: Tenant::parse(self.tenant.as_deref()?)?,
            line: Line::News,
            trace: self.trace.clone(),
        })
    }

    fn errand(&self) -> Option<Hint> {
        let errand = Errand::at(self.pk.as_deref()?, self.sk.as_deref()?)?;
        Some(Hint::errand(errand, Line::Deliveries))
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

/// The hint of a record after which somebody has something to do; `None` for every other record.
fn hint(record: EventRecord) -> Option<Hint> {
    let is_new = record.event_name == "INSERT";
    let image: Image = serde_dynamo::from_item(record.change.new_image).ok()?;
    let is_main = image.sk.as_deref() == Some("M");
    let hint = if is_main && is_new && image.is_queued_run() {
        image.run()
    } else if is_main && image.is_batch() && image.completed_at.is_some() {
        image.news()
    } else if is_main && image.is_batch() && (is_new || image.cancelled_at.is_some()) {
        image.batch()
    } else if is_main && image.is_told_run() {
        image.news()
    } else if image.asked_at.is_some() {
        image.errand()
    } else {
        return None;
    };
    if hint.is_none() {
        // It would fail as often as it is repeated, and hold up what is behind it: an operator has to look.
        let place = image.pk;
        tracing::error!(
            alarm = "corrupt_record",
            ?place,
            "what is to be looked at could not be read"
        );
    }
    hint
}
