//! Deliveries: an event on its way to one receiver; made, tried, listed, sent again.
//!
//! *Item* `W#<tenant>#<target>` / `D#<delivery>`: `topic`, `source` and `seq` (what happened, and which event of it), `url` where the
//! target is no webhook, `status`, `created_at`, `tries` (of this round), `attempts` (a JSON text each), `next_at`, `epoch` (raised by
//! each claim), `lease_until`, `asked_at` (somebody wants it again; until it is tried), `due` (`DUE#W<0–3>`) and `due_at`, by which the
//! sweep finds those that are pending, `ttl`. *Item* `<source>` / `X#<seq>`: `body`, what all receivers of an event get, to the byte.
//!
//! A delivery is small, whatever is in its body: each try writes it twice.

mod list;
mod make;
mod tries;

use super::item::{Attributes, Row};
use super::{Store, StoreError};
use crate::ids::DeliveryId;
use crate::time::{DAY_MS, Timestamp};
use crate::webhook::{Delivery, DeliveryStatus, Source, Topic, Try};

pub use self::make::NewDelivery;
pub use self::tries::{Claimed, Held, Next};

/// How long a delivery is kept. Our choice: a month in which it can be looked up and sent again.
const KEPT_MS: i64 = 30 * DAY_MS;
/// How long one is kept at least that is sent again: longer than all its tries take.
const KEPT_AGAIN_MS: i64 = 3 * DAY_MS;
/// How long the body is kept: longer than a delivery that is sent again on its last day.
const BODY_KEPT_MS: i64 = KEPT_MS + 2 * KEPT_AGAIN_MS;

/// Deliveries.
#[derive(Debug)]
pub struct Deliveries<'a>(pub(super) &'a Store);

/// The partition of `by_due`: apart from those of runs, so that ten thousand deliveries to a dead receiver hide no lost run.
fn due_of(id: DeliveryId) -> String {
    format!("DUE#W{}", id.to_bytes()[15] % super::sweep::PARTITIONS)
}

/// A delivery as it is stored.
struct Stored {
    source: Source,
    seq: u64,
    url: Option<String>,
    shown: Delivery,
    ttl: i64,
}

fn stored(item: &Attributes) -> Result<Stored, StoreError> {
    let row = Row::new("delivery", item);
    let source = row.parsed("source", Source::parse)?;
    let (run_id, batch_id) = match source {
        Source::Run(run) => (Some(run), None),
        Source::Batch(batch) => (None, Some(batch)),
    };
    let attempts = row.texts("attempts")?.into_iter();
    let attempts = attempts.map(|text| serde_json::from_str::<Try>(text).map_err(|_| row.corrupt("attempts")));
    Ok(Stored {
        source,
        seq: row.number("seq")?,
        url: row.opt_text("url")?.map(str::to_owned),
        shown: Delivery {
            id: row.parsed("sk", |sk| DeliveryId::parse(sk.strip_prefix("D#")?))?,
            event: row.parsed("topic", Topic::parse)?,
            run_id,
            batch_id,
            status: row.parsed("status", DeliveryStatus::parse)?,
            attempts: attempts.collect::<Result<_, _>>()?,
            next_attempt_at: row.opt_time("next_at")?,
        },
        ttl: row.number("ttl")?,
    })
}

/// Whether a delivery's time is over, although it is still there.
fn is_gone(stored: &Stored, now: Timestamp) -> bool {
    stored.ttl <= now.seconds()
}
