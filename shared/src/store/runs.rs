//! Runs as their owner sees them: made, shown, listed, watched, cancelled; a file per verb.
//!
//! *Item* `R#<run>` / `M`: see `runs/create.rs` and `work.rs`; `IN` holds task and data, `OUT` the result, where they would make
//! `M` larger than one write unit. *Item* `R#<run>` / `E#<seq, 8 digits>`: the events of one transition, `events` a list of
//! JSON texts, immutable.

mod cancel;
pub(super) mod create;
pub(super) mod ending;
mod list;
mod show;
mod watch;

use aws_sdk_dynamodb::types::AttributeValue;

use super::item::{Attributes, Row, fill, keyed, s};
use super::{Store, StoreError, unavailable};
use crate::auth::{Mode, Tenant};
use crate::ids::{RunId, TriageId};
use crate::run::{Priority, RunSummary, Status, Usage};
use crate::time::Timestamp;

pub use self::cancel::Cancelled;
pub use self::list::RunFilter;
pub use self::watch::{RunEvent, Watch};

/// Task, data and result stay inside `M` while they are this small together, so that a transition stays near one write
/// unit. *Units*: bytes.
pub(super) const INLINE_BYTES_MAX: usize = 600;

/// Runs as their owner sees them.
#[derive(Debug)]
pub struct Runs<'a>(pub(super) &'a Store);

/// Reads `IN`, `M` and what lies between them and `up_to`, strongly consistent.
pub(super) async fn parts(store: &Store, run: RunId, up_to: &str) -> Result<Vec<Attributes>, StoreError> {
    let query = store
        .client
        .query()
        .table_name(&*store.main)
        .key_condition_expression("pk = :run AND sk BETWEEN :first AND :last")
        .expression_attribute_values(":run", s(format!("R#{run}")))
        .expression_attribute_values(":first", s("IN"))
        .expression_attribute_values(":last", s(up_to))
        .consistent_read(true);
    // Three items of 400 KB at most stay near the 1 MB of a page; the largest real ones are 150, 1 and 65 KB.
    let answer = query.send().await.map_err(|error| unavailable("read run", &error))?;
    Ok(answer.items.unwrap_or_default())
}

/// The item of one transition's events, `seq` being the first's number.
pub(super) fn events(pk: &str, seq: u64, events: Vec<String>, ttl: AttributeValue) -> Attributes {
    let mut item = keyed(pk, format!("E#{seq:08}"));
    fill(
        &mut item,
        [
            ("events", Some(AttributeValue::L(events.into_iter().map(s).collect()))),
            ("ttl", Some(ttl)),
        ],
    );
    item
}

/// Whether a run's time is over, although it is still there.
fn is_over(item: &Attributes, now: Timestamp) -> Result<bool, StoreError> {
    Ok(Row::new("run", item).number::<i64>("ttl")? <= now.seconds())
}

/// Reads what every index carries.
fn summary(item: &Attributes, mode: Mode) -> Result<RunSummary, StoreError> {
    let row = Row::new("run", item);
    Ok(RunSummary {
        id: row.parsed("run_id", RunId::parse)?,
        agent_type: row.text("agent_type")?.to_owned(),
        status: row.parsed("status", Status::parse)?,
        priority: row.parsed("priority", Priority::parse)?,
        task: row.text("task_short")?.to_owned(),
        confidence_score: row.opt_number("confidence_score")?,
        requires_triage: item.contains_key("triage_item_id"),
        triage_item_id: row.opt_parsed("triage_item_id", TriageId::parse)?,
        error: row.opt_text("error")?.map(str::to_owned),
        model: row.opt_text("model")?.map(str::to_owned),
        credits: row.opt_number("credits")?.unwrap_or(0),
        usage: Usage {
            input_tokens: row.opt_number("input_tokens")?.unwrap_or(0),
            output_tokens: row.opt_number("output_tokens")?.unwrap_or(0),
        },
        attempts: row.opt_number("attempts")?.unwrap_or(0),
        batch_id: row.opt_text("batch_id")?.map(str::to_owned),
        mode,
        created_at: row.time("created_at")?,
        started_at: row.opt_time("started_at")?,
        completed_at: row.opt_time("completed_at")?,
    })
}

/// Whether an item of a run may be shown to a tenant at all: it is the tenant's, and its time is not over.
fn is_shown(main: &Attributes, tenant: Tenant) -> Result<bool, StoreError> {
    let owner = Row::new("run", main).parsed("tenant", Tenant::parse)?;
    Ok(owner == tenant && !is_over(main, Timestamp::now())?)
}
