//! A run as everybody speaks of it: statuses, priorities, the object on the wire, its events. *Source*: contract §3 and §4.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::auth::Mode;
use crate::ids::{RunId, TriageId};
use crate::time::Timestamp;

/// How many characters of a task a list shows. *Source*: contract §2 "Lists".
pub const TASK_SHORT_CHARS: usize = 280;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant),+
        }

        impl $name {
            /// Every one of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word on the wire and in the store.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }

            /// Reads the word; `None` for any other.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str() == word)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

pub(crate) use words;

words!(
    /// Where a run stands. The last three are terminal and never change.
    Status {
        /// Accepted, not yet claimed.
        Queued = "queued",
        /// Claimed by a worker.
        Running = "running",
        /// Waiting for a person.
        PendingTriage = "pending_triage",
        /// Ended with a result.
        Completed = "completed",
        /// Ended without one.
        Failed = "failed",
        /// Ended by its owner or by a person's rejection.
        Cancelled = "cancelled",
    }
);

words!(
    /// How soon a run should be looked at.
    Priority {
        /// Below normal.
        Low = "low",
        /// The default.
        Normal = "normal",
        /// Has its own queue, together with the two above it.
        High = "high",
        /// Above high.
        Urgent = "urgent",
        /// Above all.
        Critical = "critical",
    }
);

words!(
    /// What happened to a run.
    EventKind {
        /// Accepted.
        Queued = "run.queued",
        /// Claimed for the first time.
        Started = "run.started",
        /// A model call begins.
        AttemptStarted = "attempt.started",
        /// A model answered.
        AttemptSucceeded = "attempt.succeeded",
        /// A model call gave no usable answer.
        AttemptFailed = "attempt.failed",
        /// A better model is asked, because the answer is unsure.
        Escalated = "run.escalated",
        /// Somebody else looked at the answer of a high-stakes agent.
        Evaluated = "run.evaluated",
        /// A person has to decide.
        TriageRequired = "run.triage_required",
        /// A person let the answer pass.
        Approved = "run.approved",
        /// A person did not.
        Rejected = "run.rejected",
        /// Ended with a result.
        Completed = "run.completed",
        /// Ended without one.
        Failed = "run.failed",
        /// Ended by its owner.
        Cancelled = "run.cancelled",
    }
);

impl Status {
    /// Whether nothing can follow.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

impl Priority {
    /// Whether the run goes through the queue that low and normal runs cannot fill.
    #[must_use]
    pub const fn is_high(self) -> bool {
        matches!(self, Self::High | Self::Urgent | Self::Critical)
    }

    /// How many priorities are below it: 0 for low, 4 for critical.
    #[must_use]
    pub const fn rank(self) -> u8 {
        match self {
            Self::Low => 0,
            Self::Normal => 1,
            Self::High => 2,
            Self::Urgent => 3,
            Self::Critical => 4,
        }
    }
}

/// The tokens that a run's model calls took.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Usage {
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
}

/// A run in a list.
#[derive(Clone, Debug, Serialize)]
pub struct RunSummary {
    /// Its id.
    pub id: RunId,
    /// The agent that it was given to.
    pub agent_type: String,
    /// Where it stands.
    pub status: Status,
    /// How soon it should be looked at.
    pub priority: Priority,
    /// The task; in a list cut to 280 characters.
    pub task: String,
    /// 0–1, or null before an answer.
    pub confidence_score: Option<f64>,
    /// Whether a person has, or had, to decide.
    pub requires_triage: bool,
    /// What the person decides on.
    pub triage_item_id: Option<TriageId>,
    /// Why it failed or was rejected.
    pub error: Option<String>,
    /// The model that gave the answer.
    pub model: Option<String>,
    /// Credits spent.
    pub credits: u64,
    /// Tokens spent.
    pub usage: Usage,
    /// Model calls made.
    pub attempts: u32,
    /// The batch that it belongs to.
    pub batch_id: Option<String>,
    /// Live or test.
    pub mode: Mode,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it was first claimed.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
}

/// A run, whole. *Shape*: that of the list, with `data` and `result`, each an object or null.
#[derive(Debug, Serialize)]
pub struct Run {
    /// What the list shows, with the whole task.
    #[serde(flatten)]
    pub summary: RunSummary,
    /// What the caller sent along, byte for byte.
    pub data: Option<Box<RawValue>>,
    /// What the agent answered.
    pub result: Option<Box<RawValue>>,
}

/// A run to be made.
#[derive(Debug)]
pub struct NewRun {
    /// The agent.
    pub agent_type: &'static str,
    /// 1–20 000 characters, trimmed.
    pub task: String,
    /// What was sent along.
    pub data: Option<Box<RawValue>>,
    /// How soon it should be looked at.
    pub priority: Priority,
    /// Where its outcome is posted.
    pub webhook_url: Option<String>,
}

/// What an event says beside its run, number, kind, time and status.
#[derive(Clone, Debug, Default, Serialize)]
pub struct EventDetail {
    /// The stage of the attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// The attempt's number within its stage, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// The tier or the model that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How sure the answer is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence_score: Option<f64>,
    /// What the evaluator says: `pass`, `triage` or `retry`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<&'static str>,
    /// Something that its reader should know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// What a person has to decide on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub triage_item_id: Option<TriageId>,
}

impl EventDetail {
    /// What every event of an attempt says, from its name `<stage>#<n>`.
    #[must_use]
    pub fn attempt(name: &str) -> Self {
        let (stage, number) = name.split_once('#').unwrap_or((name, ""));
        Self {
            stage: Some(stage.to_owned()),
            attempt: number.parse().ok(),
            ..Self::default()
        }
    }
}

impl EventKind {
    /// Whether a stream ends with it, where nothing follows yet. *Source*: contract §4.
    #[must_use]
    pub const fn ends_stream(self) -> bool {
        matches!(
            self,
            Self::Completed | Self::Failed | Self::Cancelled | Self::TriageRequired
        )
    }
}

/// Writes an event; the bytes are stored and given out unchanged for ever.
///
/// *Shape*: `{"run_id","seq","type","at","status",…}`.
#[must_use]
pub fn event(run: RunId, seq: u64, kind: EventKind, at: Timestamp, status: Status, detail: &EventDetail) -> String {
    #[derive(Serialize)]
    struct Event<'a> {
        run_id: RunId,
        seq: u64,
        #[serde(rename = "type")]
        kind: EventKind,
        at: Timestamp,
        status: Status,
        #[serde(flatten)]
        detail: &'a EventDetail,
    }
    serde_json::to_string(&Event {
        run_id: run,
        seq,
        kind,
        at,
        status,
        detail,
    })
    .expect("an event is plain data")
}

/// The first 280 characters of a task.
#[must_use]
pub fn shorten(task: &str) -> &str {
    task.char_indices()
        .nth(TASK_SHORT_CHARS)
        .map_or(task, |(end, _)| &task[..end])
}
