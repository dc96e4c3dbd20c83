//! Runs as their owner sees them: made, shown, listed.
//!
//! *Item* `R#<run>` / `M`: see [`NewRun`] and `work.rs`; `IN` holds task and data, `OUT` the result, where they would make
//! `M` larger than one write unit. *Item* `R#<run>` / `E#<seq, 8 digits>`: the events of one transition, `events` a list of
//! JSON texts, immutable.

use aws_sdk_dynamodb::types::{AttributeValue, Select};
use serde_json::value::RawValue;

use super::item::{Attributes, Row, at, fill, keyed, n, s};
use super::transact::{create, send};
use super::{Store, StoreError, unavailable};
use crate::auth::{Caller, Mode, Tenant};
use crate::ids::{RunId, TriageId};
use crate::page::{Page, Position};
use crate::plan::{Plan, TEST_RETENTION_MS};
use crate::run::{EventDetail, EventKind, NewRun, Priority, Run, RunSummary, Status, Usage, event, shorten};
use crate::time::Timestamp;

/// Task, data and result stay inside `M` while they are this small together, so that a transition stays near one write
/// unit. *Units*: bytes.
pub(super) const INLINE_BYTES_MAX: usize = 600;

/// How many pages of 1 MB a list's `total` may read, one after the other: some 40 000 runs, well inside a request's time.
const COUNT_PAGES_MAX: usize = 25;

/// Which runs a list holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RunFilter {
    /// All of them.
    All,
    /// Those that stand there.
    Status(Status),
    /// Those that were given to this agent.
    Agent(&'static str),
}

/// Runs as their owner sees them.
#[derive(Debug)]
pub struct Runs<'a>(pub(super) &'a Store);

impl Runs<'_> {
    /// Makes a run and its first event in one transaction; the table's stream carries it on.
    ///
    /// *Errors*: [`StoreError::Unavailable`]: then nothing was promised.
    pub async fn create(&self, caller: &Caller, plan: Plan, new: &NewRun) -> Result<RunId, StoreError> {
        let run = RunId::generate();
        let now = Timestamp::now();
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
                ("ttl", Some(ttl.clone())),
            ],
        );
        let mut writes = Vec::with_capacity(3);
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
        send(self.0, "create run", writes).await?;
        Ok(run)
    }

    /// Reads a run whole: one strongly consistent query over `IN`, `M` and `OUT`.
    ///
    /// *Errors*: `None` for no such run, another tenant's, and one whose time is over; [`StoreError::Unavailable`],
    /// [`StoreError::Corrupt`].
    pub async fn show(&self, tenant: Tenant, run: RunId) -> Result<Option<Run>, StoreError> {
        let items = parts(self.0, run, "OUT").await?;
        let part = |sk: &str| {
            items
                .iter()
                .find(|item| matches!(item.get("sk"), Some(AttributeValue::S(found)) if found == sk))
        };
        let Some(main) = part("M") else { return Ok(None) };
        let row = Row::new("run", main);
        if row.parsed("tenant", Tenant::parse)? != tenant || is_over(main, Timestamp::now())? {
            return Ok(None);
        }
        let mut summary = summary(main, tenant.mode)?;
        let input = Row::new("run input", part("IN").unwrap_or(main));
        if let Some(task) = input.opt_text("task")? {
            task.clone_into(&mut summary.task);
        }
        let output = Row::new("run output", part("OUT").unwrap_or(main));
        Ok(Some(Run {
            summary,
            data: input.opt_parsed("data", raw)?,
            result: output.opt_parsed("result", raw)?,
        }))
    }

    /// Lists runs, newest first; gives one page, the place where the next begins, and the number of all.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn list(
        &self,
        tenant: Tenant,
        filter: RunFilter,
        page: &Page,
    ) -> Result<(Vec<RunSummary>, Option<Position>, u64), StoreError> {
        let (listed, total) = tokio::join!(self.page(tenant, filter, page), self.count(tenant, filter));
        let (items, next) = listed?;
        Ok((
            items
                .iter()
                .map(|item| summary(item, tenant.mode))
                .collect::<Result<_, _>>()?,
            next,
            total?,
        ))
    }

    async fn page(
        &self,
        tenant: Tenant,
        filter: RunFilter,
        page: &Page,
    ) -> Result<(Vec<Attributes>, Option<Position>), StoreError> {
        // One more than asked, to know whether there is a next page.
        let wanted = page.offset + page.limit + 1;
        let mut items: Vec<Attributes> = Vec::new();
        let mut start = None;
        while items.len() < wanted {
            let mut query = self
                .query(tenant, filter, page.after)
                .scan_index_forward(false)
                .limit(i32::try_from(wanted - items.len()).unwrap_or(i32::MAX));
            query = query.set_exclusive_start_key(start.take());
            let answer = query.send().await.map_err(|error| unavailable("list runs", &error))?;
            items.extend(answer.items.unwrap_or_default());
            start = answer.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        let more = items.len() == wanted;
        let shown = items.into_iter().skip(page.offset).take(page.limit).collect::<Vec<_>>();
        let last = shown
            .last()
            .filter(|_| more)
            .map(|item| Row::new("run", item).parsed("run_id", RunId::parse));
        let next = last.transpose()?.map(|last| Position { last });
        // The engine deletes expired items within days; until then they are left out here.
        let now = Timestamp::now();
        let mut kept = Vec::with_capacity(shown.len());
        for item in shown {
            if !is_over(&item, now)? {
                kept.push(item);
            }
        }
        Ok((kept, next))
    }

    /// Counts by asking the index, up to [`COUNT_PAGES_MAX`] megabytes of it; beyond that the number is a lower bound. The
    /// totals that make this one read come with the usage ledger's fold.
    async fn count(&self, tenant: Tenant, filter: RunFilter) -> Result<u64, StoreError> {
        let mut total = 0;
        let mut start = None;
        for _ in 0..COUNT_PAGES_MAX {
            let query = self
                .query(tenant, filter, None)
                .select(Select::Count)
                .set_exclusive_start_key(start);
            let answer = query.send().await.map_err(|error| unavailable("count runs", &error))?;
            total += u64::try_from(answer.count()).unwrap_or(0);
            start = answer.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        Ok(total)
    }

    fn query(
        &self,
        tenant: Tenant,
        filter: RunFilter,
        after: Option<Position>,
    ) -> aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder {
        let (index, key, value) = match filter {
            RunFilter::All => ("by_tenant", "tenant", tenant.to_string()),
            RunFilter::Status(status) => ("by_status", "tenant_status", format!("{tenant}#{}", status.as_str())),
            RunFilter::Agent(agent) => ("by_agent", "tenant_agent", format!("{tenant}#{agent}")),
        };
        let query = self
            .0
            .client
            .query()
            .table_name(&*self.0.main)
            .index_name(index)
            .expression_attribute_values(":list", s(value));
        match after {
            None => query.key_condition_expression(format!("{key} = :list")),
            Some(position) => query
                .key_condition_expression(format!("{key} = :list AND run_id < :last"))
                .expression_attribute_values(":last", s(position.last.to_string())),
        }
    }
}

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

fn raw(text: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(text.to_owned()).ok()
}
