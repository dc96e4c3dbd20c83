//! Which plays there are, and what a schedule says of one.

use std::sync::Arc;

use eclips_tests::sim::{Call, Fault, Order, Plan};
use serde_json::{Value, json};

use super::act::Act;
use super::cast::Cast;
use super::work::Counting;

/// Which run, and who has to do with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Play {
    /// It goes well at once.
    Plain,
    /// Its first attempt fails.
    FailsOnce,
    /// All its attempts fail.
    FailsAlways,
    /// Its answer is unsure, so that a better model is asked.
    Escalated,
    /// Its agent is a high-stakes one.
    Evaluated,
    /// Its answer is doubtful, so that a person has to decide.
    Doubtful,
    /// Its record never comes to who should send its hint.
    Undispatched,
    /// Its model thinks for ten seconds.
    Slow,
    /// It goes well, and whatever happens is counted at once.
    Counted,
    /// The same, of a run that first fails and then is unsure.
    CountedLong,
    /// It is the probe of an open breaker and goes well, and whatever happens is counted at once.
    Probe,
    /// It is the probe and fails.
    FailedProbe,
    /// It waits for a person already, and somebody approves it.
    Decided,
    /// It waits for a person, and nobody decides in time. The clock of those who decide late goes slow: for them it is not.
    Expired,
    /// The same, and by all clocks it is too late.
    ExpiredForAll,
    /// Its hint is delivered twice, to two workers at once.
    Doubled,
    /// The same, where the first attempt fails.
    DoubledFailsOnce,
    /// The same, where a person has to decide.
    DoubledDoubtful,
    /// The same, where the model thinks for ten seconds.
    DoubledSlow,
    /// Every look at it ends in the same fault, or finds a record that cannot be read.
    Hopeless,
    /// A batch whose rows go well, and whatever happens is counted at once.
    Batch,
    /// The same, and nobody counts before the end: the batch is not told of its rows.
    BatchUnheard,
    /// The same, and its owner cancels it while a worker has its rows; the two take turns.
    BatchRaced,
    /// The same, and its hint is delivered twice, to two workers at once, who share its rows.
    BatchDoubled,
    /// Two send it at once, under one name.
    BatchTwice,
    /// All its rows fail.
    BatchFails,
    /// A row waits for a person already, and somebody approves it.
    BatchApproved,
    /// A row waits for a person, and the owner cancels the batch.
    BatchWithdrawn,
}

/// What somebody else does in the middle of a port call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Meanwhile {
    /// Its owner cancels the run.
    Cancel,
    /// Somebody approves what it proposes.
    Approve,
    /// Somebody rejects it.
    Reject,
    /// Another process counts what is new.
    Count,
}

/// What befalls every look of a worker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Poison {
    /// A fault, so many port calls after its beginning.
    Fault(usize, Fault),
    /// What the run has for its progress is none.
    Corrupt,
}

/// What goes otherwise than well.
#[derive(Clone, Debug, Default)]
pub struct Schedule {
    pub faults: Plan,
    pub meanwhile: Option<(usize, Meanwhile)>,
    pub order: Order,
    pub poison: Option<Poison>,
}

impl Schedule {
    /// A number that is another one from schedule to schedule, and always the same.
    pub fn salt(&self) -> usize {
        let faults = self.faults.iter().map(|(at, fault)| 5 * at + *fault as usize);
        let meanwhile = self.meanwhile.iter().map(|(at, _)| *at);
        faults.chain(meanwhile).chain(self.order.switches.iter().copied()).sum()
    }
}

/// The port calls that a schedule made.
#[derive(Clone, Debug)]
pub struct Played {
    /// The first that the play is about.
    pub from: usize,
    /// All of them.
    pub calls: Vec<Call>,
}

impl Played {
    /// The numbers of those that the play is about.
    pub fn numbers(&self) -> std::ops::Range<usize> {
        self.from..self.calls.len()
    }
}

impl Play {
    /// What is asked for.
    pub fn body(self) -> Value {
        let sandbox = |directives: Value| json!({ "task": "x", "data": { "sandbox": directives } });
        let batch = |rows: &[Value]| json!({ "agent_type": "center", "rows": rows });
        let plain = || json!({ "task": "x" });
        match self {
            Self::FailsOnce | Self::DoubledFailsOnce => sandbox(json!({ "fail": "once" })),
            Self::FailsAlways | Self::FailedProbe => sandbox(json!({ "fail": "model" })),
            Self::Escalated => sandbox(json!({ "confidence": 0.7 })),
            Self::CountedLong => sandbox(json!({ "fail": "once", "confidence": 0.7 })),
            Self::Evaluated => json!({ "task": "x", "agent_type": "contract_reviewer" }),
            Self::Doubtful | Self::Decided | Self::Expired | Self::ExpiredForAll | Self::DoubledDoubtful => {
                sandbox(json!({ "confidence": 0.4 }))
            }
            Self::Slow | Self::DoubledSlow => sandbox(json!({ "delay_ms": 10_000 })),
            Self::Plain | Self::Undispatched | Self::Counted | Self::Probe | Self::Doubled | Self::Hopeless => plain(),
            Self::Batch | Self::BatchUnheard | Self::BatchRaced | Self::BatchDoubled => batch(&[plain(), plain()]),
            Self::BatchTwice => batch(&[plain()]),
            Self::BatchFails => batch(&[sandbox(json!({ "fail": "model" })), sandbox(json!({ "fail": "model" }))]),
            Self::BatchApproved | Self::BatchWithdrawn => batch(&[plain(), sandbox(json!({ "confidence": 0.4 }))]),
        }
    }

    /// Whether two workers have its message.
    pub const fn is_doubled(self) -> bool {
        matches!(
            self,
            Self::Doubled | Self::DoubledFailsOnce | Self::DoubledDoubtful | Self::DoubledSlow
        )
    }

    /// Whether its agent's breaker was open.
    pub const fn is_probe(self) -> bool {
        matches!(self, Self::Probe | Self::FailedProbe)
    }

    /// Whether it is about a batch.
    pub const fn is_batch(self) -> bool {
        matches!(
            self,
            Self::Batch
                | Self::BatchUnheard
                | Self::BatchRaced
                | Self::BatchDoubled
                | Self::BatchTwice
                | Self::BatchFails
                | Self::BatchApproved
                | Self::BatchWithdrawn
        )
    }

    /// How a batch ends that nobody cancels.
    pub const fn end(self) -> &'static str {
        match self {
            Self::BatchFails => "failed",
            _ => "completed",
        }
    }

    /// When it is counted.
    pub const fn counting(self) -> Counting {
        match self {
            Self::Counted | Self::CountedLong | Self::Probe | Self::FailedProbe => Counting::EveryStep,
            Self::Batch | Self::BatchFails | Self::BatchApproved => Counting::EveryStep,
            _ => Counting::AtTheEnd,
        }
    }

    /// Plays a schedule to its end and checks the promises.
    pub async fn out(self, cast: &Arc<Cast>, schedule: &Schedule) -> Played {
        let act = Act::begin(self, cast, schedule);
        let played = act.play().await;
        played.unwrap_or_else(|broken| panic!("{self:?}, {schedule:?}: {broken}\n{}", act.log()))
    }
}
