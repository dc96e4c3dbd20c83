//! A run is made: with its input, its first event and, where the request named itself, its name, in one transaction.

use serde_json::value::RawValue;

use super::super::item::{Attributes, at, fill, keyed, mark, n, s};
use super::super::once::{self, Made};
use super::super::transact::create;
use super::super::{StoreError, sweep};
use super::{INLINE_BYTES_MAX, Runs, events};
use crate::auth::{Author, Mark, Tenant};
use crate::idempotency::Named;
use crate::ids::{BatchId, RunId};
use crate::plan::Plan;
use crate::run::{EventDetail, EventKind, NewRun, Priority, Status, event, shorten};
use crate::time::Timestamp;

/// A run as its first write has it, in the parts that it is stored in.
pub(in crate::store) struct Parts {
    /// `M`.
    pub main: Attributes,
    /// `IN`, where the input is too large for `M`.
    pub input: Option<Attributes>,
    /// `E#00000001`.
    pub event: Attributes,
}

/// Whose run it is, and of what.
pub(in crate::store) struct Origin<'a> {
    /// Whose.
    pub tenant: Tenant,
    /// The key that started it.
    pub key: &'a str,
    /// The plan that it is accepted under.
    pub plan: Plan,
    /// The row of a batch that it is.
    pub row: Option<(BatchId, u16)>,
    /// Since when.
    pub at: Timestamp,
    /// The request that it comes of.
    pub mark: &'a Mark,
}

impl Runs<'_> {
    /// Makes a run and its first event in one transaction; the table's stream carries it on. A request that named itself
    /// makes one run in 24 hours, whoever else sends it at the same moment.
    ///
    /// *Errors*: [`StoreError::Unavailable`]: then nothing was promised.
    pub async fn create(
        &self,
        author: &Author,
        plan: Plan,
        new: &NewRun,
        named: Option<&Named>,
    ) -> Result<Made<RunId>, StoreError> {
        let (run, tenant) = (RunId::generate(), author.tenant);
        let origin = Origin {
            tenant,
            key: &author.key,
            plan,
            row: None,
            at: Timestamp::now(),
            mark: &author.mark,
        };
        let asked = Asked {
            agent_type: new.agent_type,
            task: &new.task,
            data: new.data.as_deref().map(RawValue::get),
            priority: new.priority,
            webhook_url: new.webhook_url.as_deref(),
        };
        let parts = parts(run, &origin, &asked);
        let items = parts.input.into_iter().chain([parts.event, parts.main]);
        let writes = items.map(|item| create(&self.0.main, item, "pk")).collect();
        once::make(self.0, tenant, named, run, RunId::parse, writes).await
    }

    /// What a request's name stands for already; `None` when it is free.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn made(&self, tenant: Tenant, named: &Named) -> Result<Option<Made<RunId>>, StoreError> {
        once::made(self.0, tenant, named, RunId::parse).await
    }
}

/// What a run is asked to do.
pub(in crate::store) struct Asked<'a> {
    /// By whom.
    pub agent_type: &'a str,
    /// What.
    pub task: &'a str,
    /// With what, as JSON.
    pub data: Option<&'a str>,
    /// How soon it should be looked at.
    pub priority: Priority,
    /// Where its outcome is posted.
    pub webhook_url: Option<&'a str>,
}

/// A run that is queued. The same run of the same moment is the same to the byte.
pub(in crate::store) fn parts(run: RunId, origin: &Origin<'_>, asked: &Asked<'_>) -> Parts {
    let tenant = origin.tenant;
    let ttl = n(origin.at.plus_ms(origin.plan.retention_ms(tenant.mode)).seconds());
    let pk = format!("R#{run}");
    let short = shorten(asked.task);
    let inline = asked.task.len() + asked.data.map_or(0, str::len) <= INLINE_BYTES_MAX;
    let input = [
        ("task", (!inline || short != asked.task).then(|| s(asked.task))),
        ("data", asked.data.map(s)),
    ];
    let mut main = keyed(&pk, "M");
    fill(
        &mut main,
        [
            ("run_id", Some(s(run.to_string()))),
            ("tenant", Some(s(tenant.to_string()))),
            (
                "tenant_status",
                Some(s(format!("{tenant}#{}", Status::Queued.as_str()))),
            ),
            ("tenant_agent", Some(s(format!("{tenant}#{}", asked.agent_type)))),
            ("agent_type", Some(s(asked.agent_type))),
            ("status", Some(s(Status::Queued.as_str()))),
            ("priority", Some(s(asked.priority.as_str()))),
            ("task_short", Some(s(short))),
            ("webhook_url", asked.webhook_url.map(s)),
            ("batch_id", origin.row.map(|(batch, _)| s(batch.to_string()))),
            ("row_index", origin.row.map(|(_, row)| n(row))),
            ("plan", Some(s(origin.plan.as_str()))),
            ("key_id", Some(s(origin.key))),
            ("created_at", Some(at(origin.at))),
            ("epoch", Some(n(0))),
            ("seq", Some(n(1))),
            ("due", Some(s(sweep::partition(run.to_bytes())))),
            ("due_at", Some(at(origin.at.plus_ms(sweep::FIRST_LOOK_MS)))),
            ("ttl", Some(ttl.clone())),
        ],
    );
    mark(&mut main, origin.mark);
    let apart = if inline {
        fill(&mut main, input);
        None
    } else {
        let mut apart = keyed(&pk, "IN");
        fill(&mut apart, input);
        fill(&mut apart, [("ttl", Some(ttl.clone()))]);
        Some(apart)
    };
    let queued = event(
        run,
        1,
        EventKind::Queued,
        origin.at,
        Status::Queued,
        &EventDetail::default(),
    );
    Parts {
        main,
        input: apart,
        event: events(&pk, 1, vec![queued], ttl),
    }
}
