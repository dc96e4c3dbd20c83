//! Requests that name themselves: whatever such a request makes is made once within 24 hours, however often and by however
//! many callers it is sent.
//!
//! *Item* `I#<tenant>#<SHA-256 of the name>` / `M`, written in the transaction of what it protects: `made` (the id of it),
//! `request` (the fingerprint of what was asked), `expires_at`, `ttl`. DynamoDB deletes late, so the time is compared.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use sha2::{Digest, Sha256};

use super::item::{Row, at, b, fill, keyed, n, s};
use super::transact::put;
use super::{Store, StoreError};
use crate::auth::Tenant;
use crate::idempotency::Named;
use crate::time::{DAY_MS, Timestamp};

/// How long a name holds. *Source*: contract §2 "Idempotency".
const HOLDS_MS: i64 = DAY_MS;

/// What a name stands for already.
pub(super) struct Before {
    /// The id of what was made.
    pub(super) made: String,
    /// Whether the same was asked for.
    pub(super) is_same: bool,
}

/// The write that takes a name for something, unless it is taken.
pub(super) fn take(store: &Store, tenant: Tenant, named: &Named, made: &str, now: Timestamp) -> TransactWriteItem {
    let until = now.plus_ms(HOLDS_MS);
    let mut item = keyed(place(tenant, named), "M");
    fill(
        &mut item,
        [
            // Not by the name of its kind: an item with a tenant and a `run_id` would be a run in the lists.
            ("made", Some(s(made))),
            ("request", Some(b(&named.fingerprint))),
            ("expires_at", Some(at(until))),
            ("ttl", Some(n(until.seconds()))),
        ],
    );
    put(Put::builder()
        .table_name(&*store.main)
        .set_item(Some(item))
        .condition_expression("attribute_not_exists(pk) OR expires_at <= :now")
        .expression_attribute_values(":now", at(now)))
}

/// Reads what a name stands for, strongly consistent; `None` when it is free.
pub(super) async fn find(store: &Store, tenant: Tenant, named: &Named) -> Result<Option<Before>, StoreError> {
    let Some(item) = store.get("find named request", place(tenant, named), "M").await? else {
        return Ok(None);
    };
    let row = Row::new("named request", &item);
    if row.time("expires_at")? <= Timestamp::now() {
        return Ok(None);
    }
    Ok(Some(Before {
        made: row.text("made")?.to_owned(),
        is_same: row.bytes("request")? == named.fingerprint,
    }))
}

/// The name itself may hold anything of its owner's; stored is its hash.
fn place(tenant: Tenant, named: &Named) -> String {
    let hash: [u8; 32] = Sha256::digest(&named.name).into();
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("I#{tenant}#{hex}")
}
