//! Counts what happens: reads the main table's stream and adds runs, credits, tokens and requests to the totals. A consumer
//! of its own beside `dispatch`, so that nothing here can hold up a run.

mod outcomes;
mod record;

use std::convert::Infallible;
use std::sync::Arc;

use aws_lambda_events::dynamodb::Event;
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use eclips_shared::config::Config;
use eclips_shared::serve::Boxed;
use eclips_shared::store::{Change, Store, StoreError};
use lambda_runtime::LambdaEvent;
use tower::Service;

use crate::outcomes::Outcomes;

/// The function as Lambda and `cargo dev` call it.
pub async fn service(
    config: &Config,
) -> impl Service<LambdaEvent<Event>, Response = DynamoDbEventResponse, Error = Infallible, Future: Send> + Send + use<>
{
    let store = Arc::new(Store::open(config));
    tower::service_fn(
        move |event: LambdaEvent<Event>| -> Boxed<'static, Result<DynamoDbEventResponse, Infallible>> {
            let store = store.clone();
            // Behind a pointer, as every API function is: counting has futures in each other up to the compiler's limit.
            Box::pin(async move { Ok(fold(&store, event.payload).await) })
        },
    )
}

/// Counts a batch. What was counted stays counted, so that a batch that failed in the middle can come again whole.
async fn fold(store: &Store, event: Event) -> DynamoDbEventResponse {
    let first = event
        .records
        .first()
        .and_then(|record| record.change.sequence_number.clone());
    let records = event.records.len();
    let outcomes = Outcomes::of(&event.records);
    let changes: Vec<_> = event.records.into_iter().filter_map(record::read).collect();
    let mut response = DynamoDbEventResponse::default();
    let counted = count(store, &changes).await;
    match counted.and(hear(store, &changes).await) {
        Ok(()) => {
            let (changes, store_calls) = (changes.len(), store.take_calls());
            tracing::info!(
                records,
                changes,
                store_calls,
                RunsCompleted = outcomes.completed,
                RunsFailed = outcomes.failed,
                RunsCancelled = outcomes.cancelled,
                RunsToTriage = outcomes.to_triage,
                "counted"
            );
        }
        Err(error) => {
            tracing::warn!(%error, records, "the batch was not counted; it comes again");
            let mut failure = DynamoDbBatchItemFailure::default();
            failure.item_identifier = Some(first.unwrap_or_default());
            response.batch_item_failures.push(failure);
        }
    }
    response
}

/// Tells batches of their rows; one that is corrupt is left out, for the same reason.
async fn hear(store: &Store, changes: &[Change]) -> Result<(), StoreError> {
    match store.batches().hear(changes).await {
        Err(error @ StoreError::Corrupt { .. }) => {
            error.log();
            Ok(())
        }
        other => other,
    }
}

/// Counts all changes; one that meets a corrupt record is left out, since it would hold up all others for ever.
async fn count(store: &Store, changes: &[Change]) -> Result<(), StoreError> {
    let counted = store.fold().count(changes).await;
    if !matches!(counted, Err(StoreError::Corrupt { .. })) {
        return counted;
    }
    for change in changes {
        match store.fold().count(std::slice::from_ref(change)).await {
            Err(error @ StoreError::Corrupt { .. }) => error.log(),
            other => other?,
        }
    }
    Ok(())
}
