//! Requests that name themselves: whatever such a request makes is made once within 24 hours, however often and by however
//! many callers it is sent.
//!
//! *Item* `I#<tenant>#<SHA-256 of the name>` / `M`, written in the transaction of what it protects: `made` (the id of it),
//! `request` (the fingerprint of what was asked), `expires_at`, `ttl`. DynamoDB deletes late, so the time is compared.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use sha2::{Digest, Sha256};

use super::item::{Row, at, b, fill, keyed, n, s};
use super::transact::{jitter, put, send};
use super::{Store, StoreError};
use crate::auth::Tenant;
use crate::idempotency::Named;
use crate::time::{DAY_MS, Timestamp};

/// How long a name holds. *Source*: contract §2 "Idempotency".
const HOLDS_MS: i64 = DAY_MS;

/// Tries of a request that others with the same name overtake.
const TRIES: u32 = 6;
/// The wait between them, with jitter.
const WAIT: std::time::Duration = std::time::Duration::from_millis(30);

/// What became of a request to make something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Made<I> {
    /// It was made now.
    Now(I),
    /// The same request has made it before.
    Before(I),
    /// The name belongs to another request.
    NameTaken,
}

/// Makes something in one transaction. A request that named itself makes one in 24 hours, whoever else sends it at the same
/// moment.
///
/// *Errors*: [`StoreError::Unavailable`]: then nothing was promised.
pub(super) async fn make<I: Copy + PartialEq + std::fmt::Display>(
    store: &Store,
    tenant: Tenant,
    named: Option<&Named>,
    id: I,
    parse: impl Fn(&str) -> Option<I>,
    writes: Vec<TransactWriteItem>,
) -> Result<Made<I>, StoreError> {
    let Some(named) = named else {
        send(store, "make", writes).await?;
        return Ok(Made::Now(id));
    };
    let mut refused = StoreError::Lost;
    for _ in 0..TRIES {
        let mut all = writes.clone();
        // The moment is that of the try: a name may end in between.
        all.push(take(store, tenant, named, &id.to_string(), Timestamp::now()));
        match send(store, "make named", all).await {
            Ok(()) => return Ok(Made::Now(id)),
            // Lost: somebody has the name. Unavailable: perhaps only because so many want it at once.
            Err(error) => refused = error,
        }
        match made(store, tenant, named, &parse).await? {
            // Its own, when the answer to its own transaction got lost.
            Some(Made::Before(made)) if made == id => return Ok(Made::Now(id)),
            Some(made) => return Ok(made),
            // An outage is not waited for here; what goes by in a moment is.
            None if matches!(refused, StoreError::Lost) || refused.is_contention() => {
                tokio::time::sleep(jitter(WAIT)).await;
            }
            None => return Err(refused),
        }
    }
    Err(refused)
}

/// What a request's name stands for already; `None` when it is free.
///
/// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
pub(super) async fn made<I>(
    store: &Store,
    tenant: Tenant,
    named: &Named,
    parse: impl Fn(&str) -> Option<I>,
) -> Result<Option<Made<I>>, StoreError> {
    let Some(before) = find(store, tenant, named).await? else {
        return Ok(None);
    };
    if !before.is_same {
        return Ok(Some(Made::NameTaken));
    }
    let made = parse(&before.made).ok_or_else(|| StoreError::Corrupt {
        record: "named request",
        attribute: "made".to_owned(),
    })?;
    Ok(Some(Made::Before(made)))
}

/// What a name stands for already.
struct Before {
    /// The id of what was made.
    made: String,
    /// Whether the same was asked for.
    is_same: bool,
}

/// The write that takes a name for something, unless it is taken.
fn take(store: &Store, tenant: Tenant, named: &Named, made: &str, now: Timestamp) -> TransactWriteItem {
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
async fn find(store: &Store, tenant: Tenant, named: &Named) -> Result<Option<Before>, StoreError> {
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
