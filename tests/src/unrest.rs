//! What DynamoDB does and the embedded engine never: transactions meet, calls are throttled, keys are left for the next
//! call, indexes lag. Which call is refused is decided by its number alone. Knows which of our items transactions write,
//! and nothing else of them.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::http::HeaderMap;
use eclips_local::Front;
use eclips_shared::config::Config;
use eclips_shared::time::Timestamp;
use futures_util::FutureExt;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::proxy::{Fault, Proxy};

/// Of so many transactions one meets another. *Source* of this and the next two: our choice, far above what is seen in
/// AWS, so that a round of the contract's tests has each of them dozens of times.
const TRANSACTIONS: u64 = 12;
/// Of so many updates one meets a transaction.
const UPDATES: u64 = 15;
/// Of so many calls, whatever they do, one is throttled.
const CALLS: u64 = 20;
/// Of so many reads of several items one brings half of them. *Source*: our choice, often enough to be met in a round.
const READS: u64 = 3;
/// As often in a row the same writes meet somebody. *Source*: below the four tries of `shared/src/store/transact.rs`.
const MEETINGS_MAX: u32 = 2;
/// So old an item is when an index shows it. *Units*: ms.
const LAG_MS: i64 = 700;
/// The indexes that lag: those that lists are read from.
const LAGGING: [&str; 4] = ["by_tenant", "by_status", "by_agent", "by_triage"];

/// The unrest between a system's functions, or its owner, and its engine.
#[must_use]
pub fn front() -> Front {
    let proxy = Arc::new(OnceCell::new());
    Arc::new(move |_, config| {
        let proxy = Arc::clone(&proxy);
        async move {
            let engine = config.dynamodb_endpoint.clone().expect("a local endpoint");
            let proxy = proxy.get_or_init(|| async { Proxy::restless(&engine).await }).await;
            Config {
                dynamodb_endpoint: Some(proxy.url().to_owned()),
                ..config
            }
        }
        .boxed()
    })
}

/// Which calls are refused.
#[derive(Default)]
pub struct Unrest {
    calls: AtomicU64,
    transactions: AtomicU64,
    updates: AtomicU64,
    reads: AtomicU64,
    /// How often in a row the same writes have met somebody; those that have passed since are not there.
    meetings: Mutex<HashMap<u64, u32>>,
}

impl Unrest {
    /// How a call is treated. The last try of the SDK is never throttled: nobody could bear that.
    ///
    /// # Panics
    /// When the headers do not say which try it is.
    pub fn fault(&self, operation: &str, headers: &HeaderMap, body: &Bytes) -> Fault {
        if is_drawn(&self.calls, CALLS) && !is_last_try(headers) {
            return Fault::Throttled;
        }
        let is_met = match operation {
            "TransactWriteItems" => is_drawn(&self.transactions, TRANSACTIONS),
            "UpdateItem" => is_drawn(&self.updates, UPDATES),
            "BatchGetItem" | "BatchWriteItem" if is_drawn(&self.reads, READS) => return Fault::Halved,
            _ => return Fault::None,
        };
        let asked = parsed(body);
        let (writes, mut meetings) = (name_of(&asked), self.meetings.lock().expect("no panic holds it"));
        let so_far = meetings.remove(&writes).unwrap_or(0);
        if !is_met || so_far == MEETINGS_MAX || !is_held_by_transactions(operation, &asked) {
            return Fault::None;
        }
        meetings.insert(writes, so_far + 1);
        Fault::Conflict
    }
}

/// Whether the next number of a count is one of about so many. Mixed, since a request's calls come in the same order
/// each time, and plain counting could find the same one for ever.
fn is_drawn(count: &AtomicU64, of: u64) -> bool {
    let number = count.fetch_add(1, Ordering::Relaxed);
    // The finish of SplitMix64.
    let mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)).is_multiple_of(of)
}

/// Reads `attempt=2; max=3`; the SDK may put other words between them.
fn is_last_try(headers: &HeaderMap) -> bool {
    let said = headers.get("amz-sdk-request").and_then(|value| value.to_str().ok());
    let said = said.expect("the SDK says which try it is");
    let number = |name: &str| {
        said.split("; ")
            .find_map(|word| word.strip_prefix(name)?.parse::<u32>().ok())
    };
    number("attempt=").expect("a number") >= number("max=").expect("a number")
}

/// The same for the same writes, whoever tries them again. The SDK makes a token for each call that brings none.
fn name_of(asked: &Value) -> u64 {
    let mut writes = asked.clone();
    if let Some(writes) = writes.as_object_mut() {
        writes.remove("ClientRequestToken");
    }
    let mut hasher = DefaultHasher::new();
    writes.to_string().hash(&mut hasher);
    hasher.finish()
}

/// Whether a call writes what transactions write too: slots, probes and notes are only ever updated, and meet nobody.
fn is_held_by_transactions(operation: &str, asked: &Value) -> bool {
    let sk = asked["Key"]["sk"]["S"].as_str().unwrap_or_default();
    operation == "TransactWriteItems" || sk == "M" || sk.starts_with("K#")
}

/// A query of an index that lags: what is young is not in the answer yet.
pub struct Lag {
    asked: Value,
    counts: bool,
}

impl Lag {
    /// Whether a call is one.
    #[must_use]
    pub fn of(operation: &str, body: &Bytes) -> Option<Self> {
        let mut asked = (operation == "Query").then(|| parsed(body))?;
        let index = asked["IndexName"].as_str()?;
        if !LAGGING.contains(&index) {
            return None;
        }
        let select = asked.as_object_mut()?.remove("Select");
        Some(Self {
            asked,
            counts: select.is_some_and(|select| select == "COUNT"),
        })
    }

    /// What the engine is asked: for the items, also where only their number is wanted.
    #[must_use]
    pub fn asked(&self) -> Bytes {
        self.asked.to_string().into()
    }

    /// What the engine's answer becomes.
    #[must_use]
    pub fn answer(&self, answer: &Bytes) -> Bytes {
        let mut answer = parsed(answer);
        leave_out_young(&mut answer, Timestamp::now());
        if let Some(answer) = answer.as_object_mut().filter(|_| self.counts) {
            answer.remove("Items");
        }
        answer.to_string().into()
    }
}

/// Takes out of a query's answer what is too young for an index that lags. The place to go on from stays: a page that
/// comes out short is one that DynamoDB may give.
fn leave_out_young(answer: &mut Value, now: Timestamp) {
    let Some(items) = answer["Items"].as_array_mut() else {
        return;
    };
    items.retain(|item| made_at(item).is_none_or(|at| now.ms() - at >= LAG_MS));
    let left = items.len();
    // The two differ by what a filter left out, and none of these queries has one.
    (answer["Count"], answer["ScannedCount"]) = (json!(left), json!(left));
}

/// When a triage item or a run was made, by the id of version 7 in its key, `Q#<id>` or `R#<id>`, whose first 48 bits say
/// so. *Units*: ms.
fn made_at(item: &Value) -> Option<i64> {
    let (_, id) = item["pk"]["S"].as_str()?.split_once('#')?;
    i64::try_from(Uuid::parse_str(id).ok()?.as_u128() >> 80).ok()
}

fn parsed(body: &Bytes) -> Value {
    serde_json::from_slice(body).expect("DynamoDB's calls and answers are JSON")
}

#[cfg(test)]
mod promises {
    use std::sync::atomic::AtomicU64;

    use axum::http::HeaderMap;
    use eclips_shared::time::Timestamp;
    use serde_json::{Value, json};

    use super::{LAG_MS, Unrest, is_drawn, leave_out_young};
    use crate::proxy::Fault;

    /// The key of what was made at a time.
    fn key(kind: char, at_ms: i64) -> Value {
        let first = format!("{at_ms:012x}");
        json!({ "pk": { "S": format!("{kind}#{}-{}-7000-8000-000000000000", &first[..8], &first[8..]) } })
    }

    #[test]
    fn an_index_shows_what_is_old_enough_and_counts_nothing_else() {
        let now = 1_780_000_000_000;
        let (young, old) = (now - LAG_MS + 1, now - LAG_MS);
        let mut answer = json!({
            "Items": [key('R', young), key('R', old), key('Q', young), key('Q', old)],
            "Count": 4, "ScannedCount": 4, "LastEvaluatedKey": key('Q', young),
        });
        leave_out_young(&mut answer, Timestamp::from_ms(now));
        let expected = json!({
            "Items": [key('R', old), key('Q', old)],
            "Count": 2, "ScannedCount": 2, "LastEvaluatedKey": key('Q', young),
        });
        assert_eq!(answer, expected);
    }

    #[test]
    fn about_one_of_so_many_is_drawn() {
        let count = AtomicU64::new(0);
        let drawn = (0..12_000).filter(|_| is_drawn(&count, 12)).count();
        assert!((900..1_100).contains(&drawn), "{drawn}");
    }

    #[test]
    fn the_same_writes_are_refused_no_more_often_than_can_be_borne() {
        let unrest = Unrest::default();
        let (first, last) = (
            tries("attempt=1; max=3"),
            tries("ttl=20261125T000000Z; attempt=3; max=3"),
        );
        let (mut in_a_row, mut refused) = (0, 0);
        for number in 0..5_000 {
            let body = json!({ "TransactItems": [], "ClientRequestToken": number.to_string() });
            let headers = if number % 2 == 0 { &first } else { &last };
            match unrest.fault("TransactWriteItems", headers, &body.to_string().into()) {
                Fault::Conflict => (in_a_row, refused) = (in_a_row + 1, refused + 1),
                Fault::Throttled => assert!(number % 2 == 0, "the last try"),
                _ => in_a_row = 0,
            }
            assert!(in_a_row <= 2, "{number}");
        }
        assert!(refused > 300, "{refused}");
    }

    fn tries(said: &'static str) -> HeaderMap {
        [("amz-sdk-request", said)]
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .into_iter()
            .collect()
    }
}
