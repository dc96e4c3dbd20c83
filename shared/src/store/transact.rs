//! One transaction: builders for its writes, and the one place that sends it.

use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{ConditionCheck, Delete, Put, TransactWriteItem, Update};

use uuid::Uuid;

use super::item::{Attributes, s};
use super::{Store, StoreError, unavailable};

/// Tries of a transaction that met another one on the same item.
const CONFLICT_TRIES: u32 = 4;
/// The wait before the second try, with jitter; doubled each time.
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

/// A condition that an item of the main table has to meet, which is left as it is.
pub fn check_main(store: &Store, pk: &str, sk: &str, condition: &str) -> TransactWriteItem {
    let check = ConditionCheck::builder()
        .table_name(&*store.main)
        .key("pk", s(pk))
        .key("sk", s(sk))
        .condition_expression(condition);
    TransactWriteItem::builder()
        .condition_check(check.build().expect("table, key and condition are set"))
        .build()
}

/// A delete of an item of the main table, whether it is there or not.
pub fn delete_main(store: &Store, pk: &str, sk: &str) -> TransactWriteItem {
    delete(delete_of(store, pk, sk))
}

/// A delete of an item of the main table that must be there.
pub fn delete_existing(store: &Store, pk: &str, sk: &str) -> TransactWriteItem {
    delete(delete_of(store, pk, sk).condition_expression("attribute_exists(pk)"))
}

/// A delete of an item of the main table, for a condition of one's own.
pub fn delete_of(store: &Store, pk: &str, sk: &str) -> aws_sdk_dynamodb::types::builders::DeleteBuilder {
    Delete::builder()
        .table_name(&*store.main)
        .key("pk", s(pk))
        .key("sk", s(sk))
}

/// A delete as it is.
pub fn delete(delete: aws_sdk_dynamodb::types::builders::DeleteBuilder) -> TransactWriteItem {
    TransactWriteItem::builder()
        .delete(delete.build().expect("table and key are set"))
        .build()
}

/// Sends a transaction; a conflict with another one in flight is tried again, and the whole is written once, whichever answer was
/// lost meanwhile.
///
/// *Errors*: [`StoreError::Lost`] when a condition did not hold, [`StoreError::Unavailable`] otherwise.
pub async fn send(store: &Store, call: &'static str, writes: Vec<TransactWriteItem>) -> Result<(), StoreError> {
    send_once(store, call, writes, None).await
}

/// Sends a transaction under a token: within ten minutes the same writes under the same token happen once, however often
/// they are sent and whichever answer was lost. *Source*: DynamoDB, `ClientRequestToken`, 36 characters at most.
///
/// *Errors*: as [`send`].
pub async fn send_once(
    store: &Store,
    call: &'static str,
    writes: Vec<TransactWriteItem>,
    token: Option<String>,
) -> Result<(), StoreError> {
    // Left to the SDK it would be one for each of our tries, so that a try whose answer was lost would refuse the next one; and its
    // random numbers are seeded with the time and a thread's number, which two processes may share: then the second one's
    // writes are refused, or, where they are the same, taken for the first one's.
    let token = token.unwrap_or_else(|| Uuid::new_v4().to_string());
    let mut wait = CONFLICT_WAIT;
    for attempt in 1.. {
        let transaction = store
            .client
            .transact_write_items()
            .set_transact_items(Some(writes.clone()));
        let sent = transaction.client_request_token(&token).send().await;
        let Err(error) = sent else { return Ok(()) };
        match verdict(&error) {
            Verdict::Lost => return Err(StoreError::Lost),
            Verdict::Corrupt => {
                return Err(StoreError::Corrupt {
                    record: call,
                    attribute: "an item has an attribute of another type".to_owned(),
                });
            }
            Verdict::Conflict if attempt < CONFLICT_TRIES => tokio::time::sleep(jitter(wait)).await,
            Verdict::Conflict | Verdict::Failed => return Err(unavailable(call, &error)),
        }
        wait *= 2;
    }
    unreachable!("the loop returns")
}

/// Between a half and the whole of a wait, so that two who met once do not meet again.
pub fn jitter(wait: Duration) -> Duration {
    let mut byte = [0u8];
    // Without randomness they may meet again, and wait longer then.
    let _ = getrandom::fill(&mut byte);
    wait.mul_f64(0.5 + f64::from(byte[0]) / 512.0)
}

enum Verdict {
    /// A condition did not hold.
    Lost,
    /// An item is not what we wrote: a number to be added to is none.
    Corrupt,
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
    if codes.contains(&"ValidationError") {
        return Verdict::Corrupt;
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
