//! Counts what the stream tells into the totals: each run and each model answer once, however often, in whatever order and
//! however split its records come.
//!
//! *Item* `R#<run>` / `F`: what of a run has been counted: `seq` and `status` (of the newest record; `gone` once the run is
//! deleted), `counted` (the names of its answered attempts), `version`, `ttl` (30 days after the run's). It changes in one
//! transaction with the totals, so there is no record that was counted and not noted, or noted and not counted. For the
//! items of the totals see `totals.rs`.
//!
//! *Why not a watermark per shard*, as is usual: records do not say which shard they came from, a table's shards are
//! replaced every few hours, and a record behind the watermark would be lost.

mod again;
mod deltas;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};

use eclips_engine::harness::Outcome;
use futures_util::future::join_all;

use self::deltas::Deltas;
use super::item::{Attributes, Row, keyed, n, s};
use super::transact::{jitter, send, update, update_main};
use super::{Store, StoreError, several, written};
use crate::auth::{Mode, Tenant};
use crate::ids::{BatchId, OrgId, RunId};
use crate::run::{Status, Usage};
use crate::time::{DAY_MS, Day, Timestamp};

/// Writes of one transaction. *Source*: DynamoDB.
const WRITES_MAX: usize = 100;
/// Runs of one transaction: with the totals that they touch, far below [`WRITES_MAX`] as a rule.
const RUNS_MAX: usize = 50;
/// Tries of a transaction that another one overtakes.
const TRIES: u32 = 8;
/// The wait between them, with jitter; longer each time.
const WAIT: std::time::Duration = std::time::Duration::from_millis(25);
/// How long what was counted of a run is kept beyond the run itself, which DynamoDB deletes some days late.
const KEPT_MS: i64 = 30 * DAY_MS;

/// What a record of the stream says that counts.
#[derive(Clone, Debug)]
pub enum Change {
    /// A run was made, changed or deleted.
    Run(RunChange),
    /// A model answered.
    Answer(AnswerChange),
    /// An organization's day is over.
    Day(DayChange),
}

/// Whose something is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Owner {
    /// The tenant.
    pub tenant: Tenant,
    /// The agent.
    pub agent_type: String,
    /// The key that started the run.
    pub key_id: String,
}

/// A run as a record shows it.
#[derive(Clone, Debug)]
pub struct RunChange {
    /// The run.
    pub run: RunId,
    /// The row of a batch that it is.
    pub row: Option<(BatchId, u16)>,
    /// Whose it is.
    pub owner: Owner,
    /// When it was made.
    pub created_at: Timestamp,
    /// The number of its last event: the higher, the newer.
    pub seq: u64,
    /// Where it stands, or stood when it was deleted.
    pub status: Status,
    /// Whether it is deleted, because its time was over.
    pub is_gone: bool,
    /// What its end says of its agent; nothing where the agent had no part in it.
    pub counts: Option<Outcome>,
    /// Whether it is the one probe of its agent's breaker.
    pub is_probe: bool,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// When its time is over, in seconds since 1970.
    pub ttl: i64,
}

/// A model's answer, used or not.
#[derive(Clone, Debug)]
pub struct AnswerChange {
    /// The run.
    pub run: RunId,
    /// `<stage>#<n>`.
    pub name: String,
    /// Whose it is.
    pub owner: Owner,
    /// When it came.
    pub ended_at: Timestamp,
    /// What it costs.
    pub credits: u64,
    /// What it took.
    pub usage: Usage,
}

/// An organization's requests on a day that is over.
#[derive(Clone, Debug)]
pub struct DayChange {
    /// The organization.
    pub org: OrgId,
    /// The day.
    pub day: Day,
    /// All its keys together.
    pub requests: u64,
}

/// The news of one run, gathered from any number of records.
#[derive(Debug, Default)]
struct News {
    run: Option<RunChange>,
    answers: BTreeMap<String, AnswerChange>,
}

/// The totals of tenants as they are, by partition key.
type Known = HashMap<String, Attributes>;

/// What of a run has been counted.
#[derive(Debug, Default)]
struct Counted {
    version: u64,
    seq: u64,
    status: Option<Status>,
    is_gone: bool,
    answers: BTreeSet<String>,
}

/// Counts into the totals.
#[derive(Debug)]
pub struct Fold<'a>(pub(super) &'a Store);

impl Fold<'_> {
    /// Counts some changes. All of them may come again.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`], [`StoreError::Lost`]: some may be counted; counting all
    /// again counts the rest.
    pub async fn count(&self, changes: &[Change]) -> Result<(), StoreError> {
        let (mut runs, mut months, mut days) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        for change in changes {
            match change {
                Change::Run(change) => news(&mut runs, change.run).tell(change),
                Change::Answer(change) => {
                    if change.owner.tenant.mode == Mode::Live {
                        months.insert((change.owner.tenant.org, change.ended_at.month()));
                    }
                    let answers = &mut news(&mut runs, change.run).answers;
                    answers.insert(change.name.clone(), change.clone());
                }
                Change::Day(change) => {
                    let requests = days.entry((change.org, change.day)).or_insert(0);
                    *requests = change.requests.max(*requests);
                }
            }
        }
        let mut runs: Vec<(RunId, News)> = runs.into_iter().collect();
        // Failures in a row are those in the order of the runs' ends.
        runs.sort_by_key(|(_, news)| news.run.as_ref().and_then(|run| run.ended_at));
        // What fails holds up nothing but itself: the rest is counted, and the first failure is told at the end.
        let mut outcomes = Vec::new();
        for some in runs.chunks(RUNS_MAX) {
            outcomes.push(self.count_runs(some).await);
        }
        // This and the next also where nothing was new: an earlier try may have ended between the two. A probe's end is
        // counted before the next one may go.
        if outcomes.iter().all(Result::is_ok) {
            let probes = runs
                .iter()
                .filter_map(|(_, news)| news.run.as_ref())
                .filter(|run| run.is_ended_probe());
            let conducts = self.0.conducts();
            let ends = probes.map(|run| conducts.end_probe(run.owner.tenant, &run.owner.agent_type, run.run));
            outcomes.extend(join_all(ends).await);
        }
        for (org, month) in months {
            outcomes.push(self.publish_credits(org, &month).await);
        }
        for ((org, day), requests) in days {
            outcomes.push(self.note_requests(org, day, requests).await);
        }
        outcomes.into_iter().collect()
    }

    /// Counts what is new of some runs, in as many transactions as it needs.
    async fn count_runs(&self, mut runs: &[(RunId, News)]) -> Result<(), StoreError> {
        let mut tries = 0;
        while !runs.is_empty() {
            let (counted, totals) = self.counted(runs).await?;
            let (mut deltas, mut notes, mut taken) = (Deltas::over(totals), Vec::new(), 0);
            for (run, news) in runs {
                let none = Counted::default();
                let counted = counted.get(run).unwrap_or(&none);
                let mut with = deltas.clone();
                if let Some(note) = self.note(*run, news, counted, &mut with)? {
                    if notes.len() + 1 + with.len() > WRITES_MAX {
                        break;
                    }
                    (deltas, notes) = (with, [notes, vec![note]].concat());
                }
                taken += 1;
            }
            if !notes.is_empty() {
                let writes = notes.into_iter().chain(deltas.writes(self.0)).collect();
                match send(self.0, "fold", writes).await {
                    Ok(()) => tries = 0,
                    Err(error) if tries < TRIES && (matches!(error, StoreError::Lost) || error.is_contention()) => {
                        // The same records, or others of the same tenant, are being counted elsewhere.
                        tries += 1;
                        tokio::time::sleep(jitter(WAIT * tries)).await;
                        continue;
                    }
                    Err(error) => return Err(error),
                }
            }
            runs = &runs[taken..];
        }
        Ok(())
    }

    /// What counts of a run and was not counted yet, added to the deltas; and the write that notes it.
    fn note(
        &self,
        run: RunId,
        news: &News,
        counted: &Counted,
        deltas: &mut Deltas,
    ) -> Result<Option<TransactWriteItem>, StoreError> {
        let newer = news.run.as_ref().filter(|change| counted.is_older_than(change));
        let answers: Vec<_> = news
            .answers
            .values()
            .filter(|answer| !counted.answers.contains(&answer.name))
            .collect();
        if newer.is_none() && answers.is_empty() {
            return Ok(None);
        }
        let mut change = update_main(self.0, &format!("R#{run}"), "F")
            .expression_attribute_values(":version", n(counted.version + 1));
        change = match counted.version {
            0 => change.condition_expression("attribute_not_exists(pk)"),
            old => change
                .condition_expression("version = :old")
                .expression_attribute_values(":old", n(old)),
        };
        let mut expression = "SET version = :version".to_owned();
        if let Some(newer) = newer {
            deltas.run(newer, counted.status)?;
            expression.push_str(", seq = :seq, #status = :status, #ttl = :ttl");
            change = change
                .expression_attribute_names("#status", "status")
                .expression_attribute_names("#ttl", "ttl")
                .expression_attribute_values(":seq", n(newer.seq))
                .expression_attribute_values(":status", s(if newer.is_gone { GONE } else { newer.status.as_str() }))
                .expression_attribute_values(":ttl", n(newer.ttl + KEPT_MS / 1_000));
        }
        if !answers.is_empty() {
            expression.push_str(" ADD counted :names");
            let names = answers.iter().map(|answer| answer.name.clone()).collect();
            change = change.expression_attribute_values(":names", AttributeValue::Ss(names));
        }
        for answer in answers {
            deltas.answer(answer);
        }
        Ok(Some(update(change.update_expression(expression))))
    }

    /// Reads what of some runs has been counted, and the totals of their tenants, strongly consistent.
    async fn counted(&self, runs: &[(RunId, News)]) -> Result<(HashMap<RunId, Counted>, Known), StoreError> {
        let (mut keys, mut tenants) = (Vec::new(), BTreeSet::new());
        for (run, news) in runs {
            keys.push(keyed(format!("R#{run}"), "F"));
            tenants.extend(news.run.as_ref().map(|change| change.owner.tenant.to_string()));
        }
        keys.extend(tenants.iter().map(|tenant| keyed(format!("T#{tenant}"), "M")));
        let (mut found, mut totals) = (HashMap::new(), Known::new());
        for item in several::whole(self.0, "read counted", keys).await? {
            let pk = Row::new("counted", &item).text("pk")?.to_owned();
            match pk.strip_prefix("R#").and_then(RunId::parse) {
                Some(run) => {
                    found.insert(run, counted(&item)?);
                }
                None => {
                    totals.insert(pk, item);
                }
            }
        }
        Ok((found, totals))
    }

    /// Puts the credits of a month, as the totals have them, where the guard of every request looks. They only grow, so
    /// whoever comes late with a smaller number is refused.
    async fn publish_credits(&self, org: OrgId, month: &str) -> Result<(), StoreError> {
        let tenant = Tenant { org, mode: Mode::Live };
        let Some(totals) = self.0.get("read totals", format!("T#{tenant}"), "M").await? else {
            return Ok(());
        };
        let used = Row::new("totals", &totals).opt_number::<u64>(&deltas::credits_of(month))?;
        let update = self
            .0
            .update(format!("L#{org}"), "M")
            .update_expression("SET credits_month = :month, credits_used = :used")
            .condition_expression(
                "attribute_exists(pk) AND (attribute_not_exists(credits_month) OR credits_month < :month \
                 OR (credits_month = :month AND credits_used < :used))",
            )
            .expression_attribute_values(":month", s(month))
            .expression_attribute_values(":used", n(used.unwrap_or(0)));
        match written("publish credits", update.send().await) {
            // Lost: already there, or more; or there is no such organization any more.
            Ok(()) | Err(StoreError::Lost) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn note_requests(&self, org: OrgId, day: Day, requests: u64) -> Result<(), StoreError> {
        let update = self
            .0
            .update(format!("T#{org}"), &format!("D#{day}"))
            .update_expression("SET requests = :requests, #ttl = :ttl")
            .condition_expression("attribute_not_exists(pk) OR requests < :requests")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":requests", n(requests))
            .expression_attribute_values(":ttl", n(deltas::kept_until(day)));
        match written("note requests", update.send().await) {
            Ok(()) | Err(StoreError::Lost) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// The `status` of a run that is deleted.
const GONE: &str = "gone";

fn news(runs: &mut BTreeMap<RunId, News>, run: RunId) -> &mut News {
    runs.entry(run).or_default()
}

impl RunChange {
    /// Whether the next probe of its agent may go.
    fn is_ended_probe(&self) -> bool {
        self.is_probe && !matches!(self.status, Status::Queued | Status::Running)
    }
}

impl News {
    /// Keeps the newest of what is told about the run itself; nothing is newer than that it is gone.
    fn tell(&mut self, told: &RunChange) {
        let is_newer = self
            .run
            .as_ref()
            .is_none_or(|known| (told.is_gone, told.seq) > (known.is_gone, known.seq));
        if is_newer {
            self.run = Some(told.clone());
        }
    }
}

impl Counted {
    fn is_older_than(&self, change: &RunChange) -> bool {
        !self.is_gone && (change.is_gone || self.status.is_none() || change.seq > self.seq)
    }
}

fn counted(item: &Attributes) -> Result<Counted, StoreError> {
    let row = Row::new("counted", item);
    let status = row.opt_text("status")?;
    let is_gone = status == Some(GONE);
    let status = status
        .filter(|_| !is_gone)
        .map(|word| Status::parse(word).ok_or_else(|| row.corrupt("status")));
    Ok(Counted {
        version: row.number("version")?,
        seq: row.opt_number("seq")?.unwrap_or(0),
        status: status.transpose()?,
        is_gone,
        answers: row.words("counted")?.iter().cloned().collect(),
    })
}
