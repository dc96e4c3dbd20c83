//! A run is made: with its input, its first event and, where the request named itself, its name, in one transaction.

use aws_sdk_dynamodb::types::TransactWriteItem;
use serde_json::value::RawValue;

use super::super::item::{at, fill, keyed, n, s};
use super::super::transact::{create, jitter, send};
use super::super::{StoreError, once, sweep};
use super::{INLINE_BYTES_MAX, Runs, events};
use crate::auth::{Caller, Mode, Tenant};
use crate::idempotency::Named;
use crate::ids::RunId;
use crate::plan::{Plan, TEST_RETENTION_MS};
use crate::run::{EventDetail, EventKind, NewRun, Status, event, shorten};
use crate::time::Timestamp;

/// Tries of a request that others with the same name overtake.
const NAMED_TRIES: u32 = 6;
/// The wait between them, with jitter.
const NAMED_WAIT: std::time::Duration = std::time::Duration::from_millis(30);

/// What became of a request for a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Made {
    /// It was made now.
    Now(RunId),
    /// The same request has made it before.
    Before(RunId),
    /// The name belongs to another request.
    NameTaken,
}

impl Runs<'_> {
    /// Makes a run and its first event in one transaction; the table's stream carries it on. A request that named itself
    /// makes one run in 24 hours, whoever else sends it at the same moment.
    ///
    /// *Errors*: [`StoreError::Unavailable`]: then nothing was promised.
    pub async fn create(
        &self,
        caller: &Caller,
        plan: Plan,
        new: &NewRun,
        named: Option<&Named>,
    ) -> Result<Made, StoreError> {
        let (run, now) = (RunId::generate(), Timestamp::now());
        let writes = self.writes(caller, plan, new, run, now);
        let Some(named) = named else {
            send(self.0, "create run", writes).await?;
            return Ok(Made::Now(run));
        };
        let tenant = caller.tenant();
        let mut refused = StoreError::Lost;
        for _ in 0..NAMED_TRIES {
            let mut all = writes.clone();
            // The moment is that of the try: a name may end in between.
            all.push(once::take(self.0, tenant, named, &run.to_string(), Timestamp::now()));
            match send(self.0, "create named run", all).await {
                Ok(()) => return Ok(Made::Now(run)),
                // Lost: somebody has the name. Unavailable: perhaps only because so many want it at once.
                Err(error) => refused = error,
            }
            match self.made(tenant, named).await? {
                // Its own, when the answer to its own transaction got lost.
                Some(Made::Before(made)) if made == run => return Ok(Made::Now(run)),
                Some(made) => return Ok(made),
                // An outage is not waited for here; what goes by in a moment is.
                None if matches!(refused, StoreError::Lost) || refused.is_contention() => {
                    tokio::time::sleep(jitter(NAMED_WAIT)).await;
                }
                None => return Err(refused),
            }
        }
        Err(refused)
    }

    /// What a request's name stands for already; `None` when it is free.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn made(&self, tenant: Tenant, named: &Named) -> Result<Option<Made>, StoreError> {
        let Some(before) = once::find(self.0, tenant, named).await? else {
            return Ok(None);
        };
        if !before.is_same {
            return Ok(Some(Made::NameTaken));
        }
        let made = RunId::parse(&before.made).ok_or_else(|| StoreError::Corrupt {
            record: "named request",
            attribute: "made".to_owned(),
        })?;
        Ok(Some(Made::Before(made)))
    }

    fn writes(&self, caller: &Caller, plan: Plan, new: &NewRun, run: RunId, now: Timestamp) -> Vec<TransactWriteItem> {
        let tenant = caller.tenant();
        let kept_ms = match tenant.mode {
            Mode::Live => plan.live_retention_ms(),
            Mode::Test => TEST_RETENTION_MS,
        };
        let ttl = n(now.plus_ms(kept_ms).seconds());
        let pk = format!("R#{run}");
        let data = new.data.as_deref().map(RawValue::get);
        let short = shorten(&new.task);
        let inline = new.task.len() + data.map_or(0, str::len) <= INLINE_BYTES_MAX;
        let input = [
            ("task", (!inline || short != new.task).then(|| s(&new.task))),
            ("data", data.map(s)),
        ];

        let mut item = keyed(&pk, "M");
        fill(
            &mut item,
            [
                ("run_id", Some(s(run.to_string()))),
                ("tenant", Some(s(tenant.to_string()))),
                (
                    "tenant_status",
                    Some(s(format!("{tenant}#{}", Status::Queued.as_str()))),
                ),
                ("tenant_agent", Some(s(format!("{tenant}#{}", new.agent_type)))),
                ("agent_type", Some(s(new.agent_type))),
                ("status", Some(s(Status::Queued.as_str()))),
                ("priority", Some(s(new.priority.as_str()))),
                ("task_short", Some(s(short))),
                ("webhook_url", new.webhook_url.as_deref().map(s)),
                ("plan", Some(s(plan.as_str()))),
                ("key_id", Some(s(caller.key().to_string()))),
                ("created_at", Some(at(now))),
                ("epoch", Some(n(0))),
                ("seq", Some(n(1))),
                ("due", Some(s(sweep::partition(run)))),
                ("due_at", Some(at(now.plus_ms(sweep::FIRST_LOOK_MS)))),
                ("ttl", Some(ttl.clone())),
            ],
        );
        let mut writes = Vec::with_capacity(4);
        if inline {
            fill(&mut item, input);
        } else {
            let mut apart = keyed(&pk, "IN");
            fill(&mut apart, input);
            fill(&mut apart, [("ttl", Some(ttl.clone()))]);
            writes.push(create(&self.0.main, apart, "pk"));
        }
        let queued = event(run, 1, EventKind::Queued, now, Status::Queued, &EventDetail::default());
        writes.push(create(&self.0.main, events(&pk, 1, vec![queued], ttl), "pk"));
        writes.push(create(&self.0.main, item, "pk"));
        writes
    }
}
