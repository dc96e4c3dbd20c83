//! A batch as everybody speaks of it: statuses, the job and its rows on the wire. *Source*: contract §7.
//!
//! A row is a run. What a row shows is what its run says, so the two cannot disagree, and a job's counts are those of its rows.

mod room;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::ids::{BatchId, RunId};
use crate::run::{Status, words};
use crate::time::Timestamp;

pub use self::room::{ANSWER_BYTES_MAX, fit};

/// Rows of one batch at the most. *Source*: contract §7.
pub const ROWS_MAX: usize = 500;
/// The largest result that a row shows; a larger one is the run's to show. *Units*: bytes. *Source*: contract §7.
pub const RESULT_BYTES_MAX: usize = 8 * 1024;
/// The `error` of a row that ended with its batch. *Source*: contract §7.
pub const BATCH_WAS_CANCELLED: &str = "Batch was cancelled";

words!(
    /// Where a batch stands. The last three are final.
    BatchStatus {
        /// No row has begun, and some can.
        Pending = "pending",
        /// Some row has begun, and some has not ended.
        Running = "running",
        /// All rows have ended, and not all of them failed.
        Completed = "completed",
        /// All rows failed.
        Failed = "failed",
        /// Its owner ended it.
        Cancelled = "cancelled",
    }
);

words!(
    /// Where a row stands. The last three are final.
    RowStatus {
        /// Its run has not begun.
        Pending = "pending",
        /// Its run is being worked on.
        Running = "running",
        /// A person has to decide.
        PendingTriage = "pending_triage",
        /// Ended with a result.
        Completed = "completed",
        /// Ended without one.
        Failed = "failed",
        /// Ended by its owner or by a person's rejection.
        Cancelled = "cancelled",
    }
);

impl RowStatus {
    /// Where the row of a run stands.
    #[must_use]
    pub const fn of(status: Status) -> Self {
        match status {
            Status::Queued => Self::Pending,
            Status::Running => Self::Running,
            Status::PendingTriage => Self::PendingTriage,
            Status::Completed => Self::Completed,
            Status::Failed => Self::Failed,
            Status::Cancelled => Self::Cancelled,
        }
    }

    /// Whether nothing can follow.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// How many rows stand where. Those that wait for a person are open.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Rows in all.
    pub total: u32,
    /// Whether somebody has begun a row, whatever became of it.
    pub begun: bool,
    /// Rows with a result.
    pub completed: u32,
    /// Rows without one.
    pub failed: u32,
    /// Rows that were ended.
    pub cancelled: u32,
    /// Rows that wait for a person.
    pub triage: u32,
}

impl Counts {
    /// Counts rows. One that was cancelled is not taken for begun: whether it was, its run knows.
    pub fn of(rows: impl IntoIterator<Item = RowStatus>) -> Self {
        let mut counts = Self::default();
        for row in rows {
            counts.total += 1;
            counts.begun |= !matches!(row, RowStatus::Pending | RowStatus::Cancelled);
            match row {
                RowStatus::Pending | RowStatus::Running => {}
                RowStatus::PendingTriage => counts.triage += 1,
                RowStatus::Completed => counts.completed += 1,
                RowStatus::Failed => counts.failed += 1,
                RowStatus::Cancelled => counts.cancelled += 1,
            }
        }
        counts
    }

    /// Rows that have not ended.
    #[must_use]
    pub const fn open(&self) -> u32 {
        self.total - self.completed - self.failed - self.cancelled
    }

    /// Where a batch of these rows stands that nobody cancelled. *Source*: contract §7.
    #[must_use]
    pub const fn status(&self) -> BatchStatus {
        if self.open() > 0 {
            if self.begun {
                BatchStatus::Running
            } else {
                BatchStatus::Pending
            }
        } else if self.failed == self.total {
            BatchStatus::Failed
        } else {
            BatchStatus::Completed
        }
    }
}

/// A batch. *Shape*: contract §7.
#[derive(Clone, Debug, Serialize)]
pub struct Job {
    /// Its id.
    pub id: BatchId,
    /// What its owner calls it, or null.
    pub name: Option<String>,
    /// The agent of every row.
    pub agent_type: String,
    /// Where it stands.
    pub status: BatchStatus,
    /// Rows in all.
    pub total_rows: u32,
    /// Rows with a result.
    pub completed_rows: u32,
    /// Rows without one.
    pub failed_rows: u32,
    /// Rows that were ended.
    pub cancelled_rows: u32,
    /// Rows that wait for a person; they count as open.
    pub triage_rows: u32,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// Since when it is over: when its last row ended, or when it was cancelled; null until its last row has ended.
    pub completed_at: Option<Timestamp>,
}

/// A row. *Shape*: contract §7; where the result is left out because of its size, and only then, there is `result_truncated`,
/// which is true.
#[derive(Debug, Serialize)]
pub struct BatchRow {
    /// From 0.
    pub row_index: u16,
    /// The whole task.
    pub task: String,
    /// Where it stands.
    pub status: RowStatus,
    /// What the agent answered, an object or null.
    pub result: Option<Box<RawValue>>,
    /// Whether the result is left out, because it is too large for a batch's answer, or the answer has no more room.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub result_truncated: bool,
    /// Why it failed or was ended; where it is longer than its share of the answer, cut and ended with `…`.
    pub error_message: Option<String>,
    /// Its run; null until there is one.
    pub run_id: Option<RunId>,
}

/// A batch to be made.
#[derive(Debug)]
pub struct NewBatch {
    /// The agent of every row.
    pub agent_type: &'static str,
    /// What its owner calls it.
    pub name: Option<String>,
    /// 1–500 rows.
    pub rows: Vec<NewRow>,
    /// Where its outcome is posted.
    pub webhook_url: Option<String>,
}

/// A row to be made.
#[derive(Debug)]
pub struct NewRow {
    /// 1–20 000 characters, trimmed.
    pub task: String,
    /// What was sent along.
    pub data: Option<Box<RawValue>>,
}

/// Writes the event of a batch that has ended; the bytes are stored and given out unchanged for ever.
///
/// *Shape*: `{"batch_id","seq":1,"type":"batch.completed","at","status","total_rows","completed_rows","failed_rows","cancelled_rows"}`.
#[must_use]
pub fn event(batch: BatchId, at: Timestamp, status: BatchStatus, counts: &Counts) -> String {
    #[derive(Serialize)]
    struct Event {
        batch_id: BatchId,
        seq: u64,
        #[serde(rename = "type")]
        kind: &'static str,
        at: Timestamp,
        status: BatchStatus,
        total_rows: u32,
        completed_rows: u32,
        failed_rows: u32,
        cancelled_rows: u32,
    }
    serde_json::to_string(&Event {
        batch_id: batch,
        seq: 1,
        kind: "batch.completed",
        at,
        status,
        total_rows: counts.total,
        completed_rows: counts.completed,
        failed_rows: counts.failed,
        cancelled_rows: counts.cancelled,
    })
    .expect("an event is plain data")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_stands_where_its_rows_do() {
        use RowStatus::{Cancelled, Completed, Failed, Pending, PendingTriage, Running};
        for (rows, status, open) in [
            (vec![Pending, Pending], BatchStatus::Pending, 2),
            (vec![Pending, Running], BatchStatus::Running, 2),
            (vec![Pending, Completed], BatchStatus::Running, 1),
            (vec![Pending, Failed], BatchStatus::Running, 1),
            (vec![Pending, Cancelled], BatchStatus::Pending, 1),
            (vec![Running, Cancelled], BatchStatus::Running, 1),
            (vec![PendingTriage], BatchStatus::Running, 1),
            (vec![Completed, Failed, PendingTriage], BatchStatus::Running, 1),
            (vec![Completed, Failed], BatchStatus::Completed, 0),
            (vec![Failed, Failed], BatchStatus::Failed, 0),
            (vec![Failed, Cancelled], BatchStatus::Completed, 0),
            (vec![Cancelled], BatchStatus::Completed, 0),
        ] {
            let counts = Counts::of(rows.iter().copied());
            assert_eq!((counts.status(), counts.open()), (status, open), "{rows:?}");
        }
        // The cancelled one had begun.
        let counts = Counts {
            begun: true,
            ..Counts::of([Pending, Cancelled])
        };
        assert_eq!(counts.status(), BatchStatus::Running);
    }
}
