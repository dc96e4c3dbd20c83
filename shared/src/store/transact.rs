//! One transaction: builders for its writes, and the one place that sends it.

use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem, Update};

use super::item::{Attributes, s};
use super::{Store, StoreError, unavailable};

/// Tries of a transaction that met another one on the same item.
const CONFLICT_TRIES: u32 = 4;
/// The wait before the second try; doubled each time, with jitter by the store's own timing.
const CONFLICT_WAIT: Duration = Duration::from_millis(20);

/// A put that must not replace anything.
pub fn create(table: &str, item: Attributes, key: &str) -> TransactWriteItem {
    put(Put::builder()
        .table_name(table)
        .set_item(Some(item))
        .condition_expression(format!("attribute_not_exists({key})")))
}

/// A put as it is.
pub fn put(put: aws_sdk_dynamodb::types::builders::PutBuilder) -> TransactWriteItem {
    TransactWriteItem::builder()
        .put(put.build().expect("table and item are set"))
        .build()
}

/// An update as it is.
pub fn update(update: aws_sdk_dynamodb::types::builders::UpdateBuilder) -> TransactWriteItem {
    TransactWriteItem::builder()
        .update(update.build().expect("table, key and expression are set"))
        .build()
}

/// An update of an item of the main table.
pub fn update_main(store: &Store, pk: &str, sk: &str) -> aws_sdk_dynamodb::types::builders::UpdateBuilder {
    Update::builder()
        .table_name(&*store.main)
        .key("pk", s(pk))
        .key("sk", s(sk))
}

/// A delete of an item of the main table.
pub fn delete_main(store: &Store, pk: &str, sk: &str) -> TransactWriteItem {
    let delete = Delete::builder()
        .table_name(&*store.main)
        .key("pk", s(pk))
        .key("sk", s(sk));
    TransactWriteItem::builder()
        .delete(delete.build().expect("table and key are set"))
        .build()
}

/// Sends a transaction; a conflict with another one in flight is tried again.
///
/// *Errors*: [`StoreError::Lost`] when a condition did not hold, [`StoreError::Unavailable`] otherwise.
pub async fn send(store: &Store, call: &'static str, writes: Vec<TransactWriteItem>) -> Result<(), StoreError> {
    let mut wait = CONFLICT_WAIT;
    for attempt in 1.. {
        let sent = store
            .client
            .transact_write_items()
            .set_transact_items(Some(writes.clone()))
            .send()
            .await;
        let Err(error) = sent else { return Ok(()) };
        match verdict(&error) {
            Verdict::Lost => return Err(StoreError::Lost),
            Verdict::Conflict if attempt < CONFLICT_TRIES => tokio::time::sleep(wait).await,
            Verdict::Conflict | Verdict::Failed => return Err(unavailable(call, &error)),
        }
        wait *= 2;
    }
    unreachable!("the loop returns")
}

enum Verdict {
    /// A condition did not hold.
    Lost,
    /// Another transaction holds one of the items.
    Conflict,
    /// Anything else.
    Failed,
}

fn verdict(error: &SdkError<TransactWriteItemsError>) -> Verdict {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() else {
        return Verdict::Failed;
    };
    let codes: Vec<&str> = cancelled
        .cancellation_reasons()
        .iter()
        .filter_map(|reason| reason.code())
        .collect();
    if codes.contains(&"ConditionalCheckFailed") {
        return Verdict::Lost;
    }
    if codes.iter().any(|code| {
        matches!(
            *code,
            "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded"
        )
    }) {
        return Verdict::Conflict;
    }
    Verdict::Failed
}
