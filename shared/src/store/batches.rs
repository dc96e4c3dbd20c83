//! Batches: made, listed, shown, expanded into runs, cancelled, finished; a file per verb.
//!
//! A row is a run with a derived id. Nothing of a row is stored beside its run, so no count can disagree with it: whoever shows or
//! finishes a batch reads its runs.
//!
//! *Item* `B#<batch>` / `M`: `batch_id`, `tenant`, `tenant_batches`, `name`, `agent_type`, `webhook_url`, `plan`, `key_id`, `total_rows`,
//! `created_at`, `expanded` (all rows below it have their runs), `ttl`; while open `due` and `due_at`; `cancelled_at` once its owner ended it;
//! at its end `status`, `completed_at` and the four counts. *Item* `B#<batch>` / `IN#<nn>`: `rows`, a JSON list of what was sent, at most
//! 350 KB; written before `M`. *Item* `B#<batch>` / `P`: what lists show meanwhile: `begun`, and the number sets `completed`, `failed`, `cancelled`
//! and `triage` of row numbers. *Item* `B#<batch>` / `E#00000001`: its one event.

mod cancel;
mod create;
mod expand;
mod finish;
mod list;
mod progress;
mod show;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::item::{Attributes, Row, keyed};
use super::{Store, StoreError, several};
use crate::auth::{Mark, Tenant};
use crate::batch::{BatchStatus, Counts, Job, RowStatus};
use crate::ids::{BatchId, RunId};
use crate::plan::Plan;
use crate::run::Status;
use crate::time::Timestamp;

pub use self::cancel::BatchCancelled;
pub use self::expand::BatchInput;

/// Batches.
#[derive(Debug)]
pub struct Batches<'a>(pub(super) &'a Store);

/// A batch as its item has it, strongly consistent.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Its id.
    pub id: BatchId,
    /// Whose it is.
    pub tenant: Tenant,
    /// The agent of every row.
    pub agent_type: String,
    /// How many rows it has.
    pub total_rows: u16,
    /// When its owner ended it.
    pub cancelled_at: Option<Timestamp>,
    /// All rows below this one have their runs.
    pub expanded: u16,
    /// Since when it is over: nothing of it changes any more.
    pub completed_at: Option<Timestamp>,
    /// Where its outcome is posted.
    pub webhook_url: Option<String>,
    name: Option<String>,
    plan: Plan,
    key_id: String,
    created_at: Timestamp,
    /// The request that made it.
    mark: Mark,
    ttl: i64,
    /// As what it ended, and with which counts.
    end: Option<(BatchStatus, Counts)>,
}

/// A row's run, as much of it as counts.
#[derive(Clone, Debug)]
struct Known {
    status: Status,
    has_begun: bool,
    completed_at: Option<Timestamp>,
    item: Attributes,
}

/// What was sent for a row.
#[derive(Debug, Serialize, Deserialize)]
struct Sent {
    task: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<Box<RawValue>>,
}

/// What is read of a row's run.
const OF_RUN: [&str; 9] = [
    "pk",
    "status",
    "row_index",
    "started_at",
    "completed_at",
    "error",
    "result",
    "result_bytes",
    "ttl",
];

fn partition(batch: BatchId) -> String {
    format!("B#{batch}")
}

/// The list of a tenant's batches.
fn list_of(tenant: Tenant) -> String {
    tenant.to_string()
}

impl Batch {
    fn read(item: &Attributes) -> Result<Self, StoreError> {
        let row = Row::new("batch", item);
        let completed_at = row.opt_time("completed_at")?;
        let end = match completed_at {
            None => None,
            Some(_) => {
                let counts = Counts {
                    total: row.number("total_rows")?,
                    begun: true,
                    completed: row.number("completed_rows")?,
                    failed: row.number("failed_rows")?,
                    cancelled: row.number("cancelled_rows")?,
                    triage: 0,
                };
                Some((row.parsed("status", BatchStatus::parse)?, counts))
            }
        };
        Ok(Self {
            id: row.parsed("batch_id", BatchId::parse)?,
            tenant: row.parsed("tenant", Tenant::parse)?,
            agent_type: row.text("agent_type")?.to_owned(),
            total_rows: row.number("total_rows")?,
            cancelled_at: row.opt_time("cancelled_at")?,
            expanded: row.number("expanded")?,
            completed_at,
            name: row.opt_text("name")?.map(str::to_owned),
            webhook_url: row.opt_text("webhook_url")?.map(str::to_owned),
            plan: row.parsed("plan", Plan::parse)?,
            key_id: row.text("key_id")?.to_owned(),
            mark: Mark {
                request_id: row.opt_text("request_id")?.unwrap_or_default().to_owned(),
                trace: row.opt_text("trace")?.map(str::to_owned),
            },
            created_at: row.time("created_at")?,
            ttl: row.number("ttl")?,
            end,
        })
    }

    /// Whether its time is over, although it is still there.
    fn is_gone(&self, now: Timestamp) -> bool {
        self.ttl <= now.seconds()
    }

    /// What its owner sees of it, where it has ended.
    pub(super) fn ended(&self) -> Option<Job> {
        let (status, counts) = self.end.as_ref()?;
        Some(self.job(*status, counts, None))
    }

    /// The run of a row.
    fn run(&self, row: u16) -> RunId {
        RunId::of_row(self.id, row)
    }

    /// Where a row stands. A run that has not begun when its batch is cancelled never does.
    fn status_of(&self, known: Option<&Known>) -> RowStatus {
        let status = known.map_or(RowStatus::Pending, |known| RowStatus::of(known.status));
        if status == RowStatus::Pending && self.cancelled_at.is_some() {
            RowStatus::Cancelled
        } else {
            status
        }
    }

    /// What is shown of it with these counts; `ended_at` is since when it is over by its rows.
    fn job(&self, status: BatchStatus, counts: &Counts, ended_at: Option<Timestamp>) -> Job {
        Job {
            id: self.id,
            name: self.name.clone(),
            agent_type: self.agent_type.clone(),
            status,
            total_rows: counts.total,
            completed_rows: counts.completed,
            failed_rows: counts.failed,
            cancelled_rows: counts.cancelled,
            triage_rows: counts.triage,
            created_at: self.created_at,
            completed_at: self.completed_at.or(ended_at),
        }
    }
}

/// What a batch's runs say of it.
struct Rows {
    known: BTreeMap<u16, Known>,
    counts: Counts,
    /// Since when the batch is over, where all of them have ended.
    ended_at: Option<Timestamp>,
}

impl Rows {
    fn of(batch: &Batch, known: BTreeMap<u16, Known>) -> Self {
        let mut counts = Counts::of((0..batch.total_rows).map(|row| batch.status_of(known.get(&row))));
        counts.begun |= known.values().any(|known| known.has_begun);
        let latest = known.values().filter_map(|known| known.completed_at).max();
        // Rows of a cancelled batch are shown as ended before they are, so the moment of the last one would change once more.
        let ended_at = batch.cancelled_at.or(latest).filter(|_| counts.open() == 0);
        Self {
            known,
            counts,
            ended_at,
        }
    }

    /// Where the batch stands by them.
    fn status(&self, batch: &Batch) -> BatchStatus {
        match batch.cancelled_at {
            Some(_) => BatchStatus::Cancelled,
            None => self.counts.status(),
        }
    }
}

/// What of many things that were done at once is told: that the store was out of reach, if that happened to one of them, since doing
/// all of it again does the rest then; otherwise the first that failed.
fn told(done: impl IntoIterator<Item = Result<(), StoreError>>) -> Result<(), StoreError> {
    let failed: Vec<StoreError> = done.into_iter().filter_map(Result::err).collect();
    let outage = |error: &StoreError| matches!(error, StoreError::Unavailable { .. });
    let at = failed.iter().position(outage).unwrap_or(0);
    failed.into_iter().nth(at).map_or(Ok(()), Err)
}

impl Batches<'_> {
    /// Reads a batch, strongly consistent, whoever's it is; `None` where there is none, or its time is over.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn load(&self, batch: BatchId) -> Result<Option<Batch>, StoreError> {
        let item = self.0.get("read batch", partition(batch), "M").await?;
        let read = item.as_ref().map(Batch::read).transpose()?;
        Ok(read.filter(|batch| !batch.is_gone(Timestamp::now())))
    }

    /// Reads a tenant's batch; `None` also where it is another's.
    async fn find(&self, tenant: Tenant, batch: BatchId) -> Result<Option<Batch>, StoreError> {
        Ok(self.load(batch).await?.filter(|found| found.tenant == tenant))
    }

    /// Reads the runs of a batch's rows, strongly consistent.
    async fn rows(&self, batch: &Batch) -> Result<Rows, StoreError> {
        let keys = (0..batch.total_rows).map(|row| keyed(format!("R#{}", batch.run(row)), "M"));
        let items = several::only(self.0, "read rows", keys.collect(), &OF_RUN).await?;
        let mut known = BTreeMap::new();
        for item in items {
            let row = Row::new("run", &item);
            let (number, status) = (row.number("row_index")?, row.parsed("status", Status::parse)?);
            let completed_at = row.opt_time("completed_at")?;
            known.insert(
                number,
                Known {
                    status,
                    has_begun: row.opt_time("started_at")?.is_some(),
                    completed_at,
                    item,
                },
            );
        }
        Ok(Rows::of(batch, known))
    }
}
