//! Open runs that somebody has to look at, in case something of theirs was lost: a hint, a worker, a decision.
//!
//! *Item* `R#<run>` / `M`, beside what `work.rs` says: `due` (`DUE#<0–3>`) and `due_at` (ms), both from the first write of
//! a run to the one that ends it. They are the keys of index `by_due` and its whole content: what a run is like is read
//! from the run, and a claim or a renewal costs no write to the index.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;

use super::item::{Attributes, Row, at, s};
use super::runs::ending::{self, Ending, Fence};
use super::transact::{jitter, send};
use super::{Store, StoreError, unavailable, written};
use crate::auth::Tenant;
use crate::ids::{BatchId, RunId, TriageId};
use crate::queue::Subject;
use crate::run::{EventDetail, EventKind, Priority, Status};
use crate::time::{SECOND_MS, Timestamp};
use crate::webhook::Errand;

/// How long after its creation a run is looked at first. A hint takes seconds; most runs have ended by then.
pub(super) const FIRST_LOOK_MS: i64 = 90 * SECOND_MS;
/// Clocks differ, and a renewal takes a moment: a lease is over when it has been so for this long.
const LEASE_SLACK_MS: i64 = 5 * SECOND_MS;
/// Tries of an end that the run's own progress overtakes, and the wait between them, with jitter; as for a cancellation.
const TRIES: u32 = 6;
const WAIT: std::time::Duration = std::time::Duration::from_millis(20);
/// The `error` of a run whose message was given up.
const GIVEN_UP: &str = "Run could not be completed";

/// Open runs that are due.
#[derive(Debug)]
pub struct Sweeps<'a>(pub(super) &'a Store);

/// An open run that is due, strongly consistent.
#[derive(Clone, Debug)]
pub struct DueRun {
    /// The run.
    pub run: RunId,
    /// Whose it is.
    pub tenant: Tenant,
    /// How soon it should be looked at.
    pub priority: Priority,
    /// When it was made.
    pub created_at: Timestamp,
    /// What it waits for.
    pub waits_for: WaitsFor,
    due_at: Timestamp,
}

/// An open batch that is due, strongly consistent.
#[derive(Clone, Debug)]
pub struct DueBatch {
    /// The batch.
    pub batch: BatchId,
    /// Whose it is.
    pub tenant: Tenant,
    /// When it was made.
    pub created_at: Timestamp,
    due_at: Timestamp,
}

/// What an open run waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WaitsFor {
    /// A worker: it is queued.
    AFirstWorker,
    /// A worker: the lease of the one before is over, or it gave the run back.
    AnotherWorker,
    /// The worker that holds it.
    ItsWorker {
        /// How long at least.
        lease_until: Timestamp,
    },
    /// A person, and it is too late to decide.
    ADecision {
        /// On what.
        triage: TriageId,
    },
}

/// What became of the run that a given-up message names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Buried {
    /// It has ended by this.
    Now,
    /// A worker holds it: ask again when the lease is over.
    Held,
    /// Nothing had to be done: it had ended, is in triage, or is none.
    Before,
}

/// How many parts the index has, so that no partition takes the writes of all runs.
pub const PARTITIONS: u8 = 4;

/// The partition of a run or a batch in `by_due`: the last hexadecimal digit of its id modulo 4.
pub(super) fn partition(id: [u8; 16]) -> String {
    format!("DUE#{}", id[15] % PARTITIONS)
}

impl Sweeps<'_> {
    /// The runs of a partition that are due by the index, oldest first, each with the time at which it fell due. The index
    /// lags: the run itself may say something else.
    ///
    /// *Errors*: [`StoreError::Unavailable`]. *Units*: `runs_max` of a page of 100 bytes each.
    pub async fn due(
        &self,
        partition: u8,
        now: Timestamp,
        runs_max: i32,
    ) -> Result<Vec<(Timestamp, Subject)>, StoreError> {
        let answer = self
            .due_between(format!("DUE#{partition}"), Timestamp::from_ms(0), now)
            .limit(runs_max)
            .send()
            .await
            .map_err(|error| unavailable("list due runs", &error))?;
        answer.items().iter().map(listed).collect()
    }

    /// The deliveries of a partition that are due by the index, oldest first, each with the time at which it fell due: after the
    /// first moment, and at the second or before. Whether one is really to be tried is for its claim to say.
    ///
    /// *Errors*: [`StoreError::Unavailable`]. *Units*: `deliveries_max` of a page of 200 bytes each.
    pub async fn due_errands(
        &self,
        partition: u8,
        after: Timestamp,
        until: Timestamp,
        deliveries_max: i32,
    ) -> Result<Vec<(Timestamp, Errand)>, StoreError> {
        let due = format!("DUE#W{partition}");
        let query = self.due_between(due, after, until).limit(deliveries_max);
        let answer = query.send().await;
        let answer = answer.map_err(|error| unavailable("list due deliveries", &error))?;
        let listed = |item: &Attributes| {
            let row = Row::new("what is due", item);
            let errand = Errand::at(row.text("pk")?, row.text("sk")?);
            Ok((row.time("due_at")?, errand.ok_or_else(|| row.corrupt("pk"))?))
        };
        answer.items().iter().map(listed).collect()
    }

    fn due_between(&self, due: String, after: Timestamp, until: Timestamp) -> QueryFluentBuilder {
        self.0
            .client
            .query()
            .table_name(&*self.0.main)
            .index_name("by_due")
            .key_condition_expression("due = :due AND due_at BETWEEN :first AND :last")
            .expression_attribute_values(":due", s(due))
            .expression_attribute_values(":first", at(after.plus_ms(1)))
            .expression_attribute_values(":last", at(until))
            .scan_index_forward(true)
    }

    /// Reads a run that the index names; `None` when it has ended, is gone, or is not due any more.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn look(&self, run: RunId, now: Timestamp) -> Result<Option<DueRun>, StoreError> {
        let main = self.0.get("look at due run", format!("R#{run}"), "M").await?;
        match main {
            Some(main) => due_run(run, &main, now),
            None => Ok(None),
        }
    }

    /// Reads a batch that the index names; `None` when it has ended, is gone, or is not due any more.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn look_at_batch(&self, batch: BatchId, now: Timestamp) -> Result<Option<DueBatch>, StoreError> {
        let Some(main) = self.0.get("look at due batch", format!("B#{batch}"), "M").await? else {
            return Ok(None);
        };
        let row = Row::new("batch", &main);
        let Some(due_at) = row.opt_time("due_at")?.filter(|due_at| *due_at <= now) else {
            return Ok(None);
        };
        Ok(Some(DueBatch {
            batch,
            tenant: row.parsed("tenant", Tenant::parse)?,
            created_at: row.time("created_at")?,
            due_at,
        }))
    }

    /// Has a batch looked at again at another time.
    ///
    /// *Errors*: as [`Sweeps::put_off`].
    pub async fn put_off_batch(&self, due: &DueBatch, to: Timestamp) -> Result<(), StoreError> {
        let put_off = self
            .0
            .update(format!("B#{}", due.batch), "M")
            .update_expression("SET due_at = :to")
            // An ended batch has no `due_at`.
            .condition_expression("due_at = :seen")
            .expression_attribute_values(":to", at(to))
            .expression_attribute_values(":seen", at(due.due_at));
        written("put off due batch", put_off.send().await)
    }

    /// Has a delivery looked at again at another time; `seen` is when it was due by the index.
    ///
    /// *Errors*: [`StoreError::Lost`] when it was tried, or was put off by another sweep, since the index was read.
    pub async fn put_off_errand(&self, errand: Errand, seen: Timestamp, to: Timestamp) -> Result<(), StoreError> {
        let (pk, sk) = errand.place();
        let put_off = self
            .0
            .update(pk, &sk)
            .update_expression("SET due_at = :to")
            .condition_expression("due_at = :seen")
            .expression_attribute_values(":to", at(to))
            .expression_attribute_values(":seen", at(seen));
        written("put off due delivery", put_off.send().await)
    }

    /// Has a run looked at again at another time; nothing of the run itself changes.
    ///
    /// *Errors*: [`StoreError::Lost`] when it ended, was decided on or was put off by another sweep since it was read.
    pub async fn put_off(&self, due: &DueRun, to: Timestamp) -> Result<(), StoreError> {
        let put_off = self
            .0
            .update(format!("R#{}", due.run), "M")
            .update_expression("SET due_at = :to")
            // An ended run has no `due_at`: what has left the index does not come back. A decision
            // moves it.
            .condition_expression("due_at = :seen")
            .expression_attribute_values(":to", at(to))
            .expression_attribute_values(":seen", at(due.due_at));
        written("put off due run", put_off.send().await)
    }

    /// Has what cannot be read looked at again at another time, so that a page of such does not hide all others.
    ///
    /// *Errors*: as [`Sweeps::put_off`].
    pub async fn set_aside(&self, subject: Subject, now: Timestamp, to: Timestamp) -> Result<(), StoreError> {
        let (pk, sk) = match subject {
            Subject::Run(run) => (format!("R#{run}"), "M".to_owned()),
            Subject::Batch(batch) => (format!("B#{batch}"), "M".to_owned()),
            Subject::Errand(errand) => errand.place(),
            // What is to be told is in no index.
            Subject::News(_) => return Err(StoreError::Lost),
        };
        let set_aside = self
            .0
            .update(pk, &sk)
            .update_expression("SET due_at = :to")
            .condition_expression("due_at <= :now")
            .expression_attribute_values(":to", at(to))
            .expression_attribute_values(":now", at(now));
        written("set aside due run", set_aside.send().await)
    }

    /// Ends the run of a message that was given up as `failed`, if it is open and nobody works on it at that moment.
    ///
    /// *Errors*: [`StoreError::Unavailable`]: it may have ended by this or not; asking again tells.
    /// [`StoreError::Corrupt`].
    pub async fn bury(&self, run: RunId, now: Timestamp) -> Result<Buried, StoreError> {
        for _ in 0..TRIES {
            let Some(main) = self.0.get("read run", format!("R#{run}"), "M").await? else {
                return Ok(Buried::Before);
            };
            let row = Row::new("run", &main);
            let status = row.parsed("status", Status::parse)?;
            if status.is_terminal() || status == Status::PendingTriage {
                return Ok(Buried::Before);
            }
            if lease(&row, now)?.is_some() {
                return Ok(Buried::Held);
            }
            let ending = Ending {
                status: Status::Failed,
                kind: EventKind::Failed,
                detail: EventDetail {
                    error: Some(GIVEN_UP.to_owned()),
                    ..EventDetail::default()
                },
                reason: GIVEN_UP,
                fence: Fence::Yields,
            };
            let writes = ending::writes(self.0, run, &main, &ending, now)?;
            match send(self.0, "bury run", writes).await {
                Ok(()) => return Ok(Buried::Now),
                Err(StoreError::Lost) => tokio::time::sleep(jitter(WAIT)).await,
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Unavailable {
            call: "bury run",
            cause: format!("{TRIES} tries were overtaken"),
        })
    }
}

fn listed(item: &Attributes) -> Result<(Timestamp, Subject), StoreError> {
    let row = Row::new("what is due", item);
    let subject = row.parsed("pk", |pk| match pk.split_once('#')? {
        ("R", run) => RunId::parse(run).map(Subject::Run),
        ("B", batch) => BatchId::parse(batch).map(Subject::Batch),
        _ => None,
    })?;
    Ok((row.time("due_at")?, subject))
}

fn due_run(run: RunId, main: &Attributes, now: Timestamp) -> Result<Option<DueRun>, StoreError> {
    let row = Row::new("run", main);
    let status = row.parsed("status", Status::parse)?;
    let due_at = match row.opt_time("due_at")? {
        Some(due_at) if due_at <= now && !status.is_terminal() => due_at,
        _ => return Ok(None),
    };
    let waits_for = match status {
        Status::PendingTriage => WaitsFor::ADecision {
            triage: row.parsed("triage_item_id", TriageId::parse)?,
        },
        Status::Queued => WaitsFor::AFirstWorker,
        _ => match lease(&row, now)? {
            Some(lease_until) => WaitsFor::ItsWorker { lease_until },
            None => WaitsFor::AnotherWorker,
        },
    };
    Ok(Some(DueRun {
        run,
        tenant: row.parsed("tenant", Tenant::parse)?,
        priority: row.parsed("priority", Priority::parse)?,
        created_at: row.time("created_at")?,
        waits_for,
        due_at,
    }))
}

/// The lease that somebody may still hold.
fn lease(row: &Row<'_>, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let until = row.opt_time("lease_until")?;
    Ok(until.filter(|until| until.plus_ms(LEASE_SLACK_MS) > now))
}
