//! A run ends by another hand than its worker's: the run, its last events and the model call that is cut off, in one
//! transaction. Who may end it, and when, is the caller's to decide.

use aws_sdk_dynamodb::types::TransactWriteItem;

use super::super::item::{Attributes, Row, at, n, s};
use super::super::transact::{create, update, update_main};
use super::super::{Store, StoreError};
use super::events;
use crate::auth::Tenant;
use crate::ids::RunId;
use crate::run::{EventDetail, EventKind, Status, event};
use crate::time::Timestamp;

/// How a run ends.
#[derive(Debug)]
pub struct Ending {
    /// As what.
    pub status: Status,
    /// Its last event.
    pub kind: EventKind,
    /// What that event says beside.
    pub detail: EventDetail,
    /// The run's `error`, and that of the model call that is cut off.
    pub reason: &'static str,
    /// What a worker has to say.
    pub fence: Fence,
}

/// What a worker has to say about the end of its run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fence {
    /// Nothing: its next write is refused.
    Overrules,
    /// Everything: a run that was claimed, renewed or given back since it was read does not end.
    Yields,
}

/// Whatever happens to a run raises its `seq`, and every worker's next write names the one that it knows. This speaks for
/// the open attempt as well.
const UNTOUCHED: &str = "seq = :seq AND #status = :before";

/// The writes that end a run as it was read. All are refused when it has taken a step since.
///
/// *Errors*: [`StoreError::Corrupt`].
pub fn writes(
    store: &Store,
    run: RunId,
    main: &Attributes,
    ending: &Ending,
    now: Timestamp,
) -> Result<Vec<TransactWriteItem>, StoreError> {
    let (row, pk) = (Row::new("run", main), format!("R#{run}"));
    let (tenant, before) = (
        row.parsed("tenant", Tenant::parse)?,
        row.parsed("status", Status::parse)?,
    );
    let seq: u64 = row.number("seq")?;
    let open = row.opt_text("open_attempt")?;
    let mut happened = Vec::with_capacity(2);
    if let Some(open) = open {
        let detail = EventDetail {
            error: Some(ending.reason.to_owned()),
            ..EventDetail::attempt(open)
        };
        happened.push((EventKind::AttemptFailed, before, detail));
    }
    happened.push((ending.kind, ending.status, ending.detail.clone()));
    let last = seq + happened.len() as u64;
    let texts = (seq + 1..)
        .zip(&happened)
        .map(|(seq, (kind, status, detail))| event(run, seq, *kind, now, *status, detail));
    let ttl = n(row.number::<i64>("ttl")?);
    let mut writes = vec![create(&store.main, events(&pk, seq + 1, texts.collect(), ttl), "pk")];

    let mut change = update_main(store, &pk, "M")
        .update_expression(
            "SET #status = :status, tenant_status = :tenant_status, seq = :last, completed_at = :now, \
             #error = :reason REMOVE lease_until, open_attempt, progress, due, due_at",
        )
        .condition_expression(UNTOUCHED)
        .expression_attribute_names("#status", "status")
        .expression_attribute_names("#error", "error")
        .expression_attribute_values(":status", s(ending.status.as_str()))
        .expression_attribute_values(":tenant_status", s(format!("{tenant}#{}", ending.status.as_str())))
        .expression_attribute_values(":last", n(last))
        .expression_attribute_values(":now", at(now))
        .expression_attribute_values(":reason", s(ending.reason))
        .expression_attribute_values(":seq", n(seq))
        .expression_attribute_values(":before", s(before.as_str()));
    if ending.fence == Fence::Yields {
        // A renewal, and a claim that nothing has followed yet, leave `seq` as it is.
        change = change.expression_attribute_values(":epoch", n(row.number::<u64>("epoch")?));
        change = match row.opt_time("lease_until")? {
            None => change.condition_expression(format!(
                "{UNTOUCHED} AND epoch = :epoch AND attribute_not_exists(lease_until)"
            )),
            Some(seen) => change
                .condition_expression(format!("{UNTOUCHED} AND epoch = :epoch AND lease_until = :seen_lease"))
                .expression_attribute_values(":seen_lease", at(seen)),
        };
    }
    writes.push(update(change));
    if let Some(open) = open {
        // What it takes is not known yet; should the model still answer, its worker writes that down.
        let lost = update_main(store, &pk, &format!("A#{open}"))
            .update_expression("SET #state = :lost, ended_at = :now")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":lost", s("lost"))
            .expression_attribute_values(":now", at(now));
        writes.push(update(lost));
    }
    Ok(writes)
}
