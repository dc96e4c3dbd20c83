//! What persons have to decide: found, listed, decided, expired; a file per verb, and `end.rs` for what a decision writes.
//!
//! *Item* `Q#<triage_id>` / `M`: `triage_id`; `of_run` (with a `run_id` and the tenant it would be a run in the lists);
//! `tenant`; `tenant_triage` (`<tenant>#<status>`) and `urgency` (`<4 − rank of the priority>#<triage_id>`), by which
//! `by_triage`, which has nothing else, has the most urgent first and of these the oldest; `agent_type`, `priority`,
//! `status`, `title`, `summary`, `reasoning`, `risk`, `confidence_score`, `created_at`, `expires_at`, `ttl` (the run's).
//! `payload`, or `payload_long` where it is over 8 KiB, which no list asks for: it answers with 6 MB at most. Once it is
//! decided `decided_at`, and where a key decided `decided_by`, `note` and `decision` (a fingerprint of what was decided).

mod decide;
mod end;
mod expire;
mod find;
mod list;

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use serde_json::value::RawValue;

use super::item::{Attributes, Row, at, fill, keyed, n, s};
use super::transact::{update, update_main};
use super::work::{TriageRow, Work};
use super::{Store, StoreError};
use crate::auth::Tenant;
use crate::ids::{RunId, TriageId};
use crate::run::Priority;
use crate::time::Timestamp;
use crate::triage::{TriageItem, TriageStatus};

pub use self::decide::Decided;
pub use self::expire::Expired;
pub use self::find::Question;

/// A proposed output up to this size is in lists. *Units*: bytes. *Source*: our choice, that of the
/// results of a batch; a hundred items stay far below Lambda's 6 MB.
const LISTED_BYTES_MAX: usize = 8 * 1024;

/// What persons have to decide.
#[derive(Debug)]
pub struct Triages<'a>(pub(super) &'a Store);

/// The partition of an item.
fn partition(triage: TriageId) -> String {
    format!("Q#{triage}")
}

/// The list that an item is in.
fn list_of(tenant: Tenant, status: TriageStatus) -> String {
    format!("{tenant}#{}", status.as_str())
}

/// An item in its list: ascending is the most urgent first, and of these the oldest.
fn urgency(priority: Priority, triage: TriageId) -> String {
    format!("{}#{triage}", rank(priority))
}

/// What the items of a priority begin with in a list; ascending is the most urgent first.
fn rank(priority: Priority) -> String {
    (Priority::Critical.rank() - priority.rank()).to_string()
}

/// The item of a question that a run begins to wait for.
pub(super) fn pending(
    work: &Work,
    item: &TriageRow,
    confidence: f64,
    now: Timestamp,
    ttl: &AttributeValue,
) -> Attributes {
    let mut row = keyed(partition(item.id), "M");
    let payload = if item.payload.len() <= LISTED_BYTES_MAX {
        "payload"
    } else {
        "payload_long"
    };
    fill(
        &mut row,
        [
            ("triage_id", Some(s(item.id.to_string()))),
            ("of_run", Some(s(work.run.to_string()))),
            ("tenant", Some(s(work.tenant.to_string()))),
            ("tenant_triage", Some(s(list_of(work.tenant, TriageStatus::Pending)))),
            ("urgency", Some(s(urgency(work.priority, item.id)))),
            ("agent_type", Some(s(&work.agent_type))),
            ("priority", Some(s(work.priority.as_str()))),
            ("status", Some(s(TriageStatus::Pending.as_str()))),
            ("title", Some(s(&item.title))),
            ("summary", Some(s(&item.summary))),
            ("reasoning", Some(s(&item.reasoning))),
            ("risk", item.risk.as_deref().map(s)),
            ("confidence_score", Some(n(confidence))),
            (payload, Some(s(&item.payload))),
            ("created_at", Some(at(now))),
            ("expires_at", Some(at(item.expires_at))),
            ("ttl", Some(ttl.clone())),
        ],
    );
    row
}

/// Withdraws the question of a run that is cancelled; refused when its time is over.
pub(super) fn withdraw(store: &Store, tenant: Tenant, triage: TriageId, now: Timestamp) -> TransactWriteItem {
    update(settle(store, tenant, triage, TriageStatus::Cancelled, now).condition_expression(IS_IN_TIME))
}

/// What every end of a question is to its item: the first one stays.
fn settle(
    store: &Store,
    tenant: Tenant,
    triage: TriageId,
    status: TriageStatus,
    decided_at: Timestamp,
) -> UpdateBuilder {
    update_main(store, &partition(triage), "M")
        .update_expression(SETTLE)
        .condition_expression(IS_OPEN)
        .expression_attribute_names("#status", "status")
        .expression_attribute_values(":pending", s(TriageStatus::Pending.as_str()))
        .expression_attribute_values(":status", s(status.as_str()))
        .expression_attribute_values(":list", s(list_of(tenant, status)))
        .expression_attribute_values(":decided_at", at(decided_at))
}

const SETTLE: &str = "SET #status = :status, tenant_triage = :list, decided_at = :decided_at";
const IS_OPEN: &str = "#status = :pending";
/// From the moment on at which it expires, an item has expired, whether that is written or not.
const IS_IN_TIME: &str = "#status = :pending AND expires_at > :decided_at";

/// Reads what a list asks for. One whose time is over reads as expired at that time, whether that is written or not.
fn shown(item: &Attributes, now: Timestamp) -> Result<TriageItem, StoreError> {
    let row = Row::new("triage", item);
    let payload = row.opt_parsed("payload", raw)?;
    let expires_at = row.time("expires_at")?;
    let mut shown = TriageItem {
        id: row.parsed("triage_id", TriageId::parse)?,
        run_id: row.parsed("of_run", RunId::parse)?,
        agent_type: row.text("agent_type")?.to_owned(),
        priority: row.parsed("priority", Priority::parse)?,
        title: row.text("title")?.to_owned(),
        summary: row.text("summary")?.to_owned(),
        reasoning: row.text("reasoning")?.to_owned(),
        risk: row.opt_text("risk")?.map(str::to_owned),
        confidence_score: row.number("confidence_score")?,
        payload_truncated: payload.is_none(),
        payload,
        status: row.parsed("status", TriageStatus::parse)?,
        created_at: row.time("created_at")?,
        expires_at,
        decided_at: row.opt_time("decided_at")?,
        decided_by: row.opt_text("decided_by")?.map(str::to_owned),
        note: row.opt_text("note")?.map(str::to_owned),
    };
    if shown.status == TriageStatus::Pending && expires_at <= now {
        (shown.status, shown.decided_at) = (TriageStatus::Expired, Some(expires_at));
    }
    Ok(shown)
}

/// Whether an item's time in the table is over, although it is still there.
fn is_gone(item: &Attributes, now: Timestamp) -> Result<bool, StoreError> {
    Ok(Row::new("triage", item).number::<i64>("ttl")? <= now.seconds())
}

fn raw(text: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(text.to_owned()).ok()
}
