//! The harness: what happens next in a run. Pure: no network, no clock, no async.
//!
//! The worker tells it what happened and does what it says. [`ORDER`] is the order of the steps for every run, and
//! [`decide`] walks it; the numbers are those of contract §10 and stand in the step's own file.
//!
//! What is found in one walk and needed in the next is [`Progress`]: the worker keeps it with the run.

mod attempts;
mod band;
mod breaker;
mod credits;
mod downshift;
mod escalation;
mod evaluator;
mod progress;
mod trust;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::breaker::{Breaker, BreakerRecord, RunEnd, State};
pub use self::credits::Credits;
use self::downshift::Tiers;
pub use self::evaluator::Evaluation;
pub use self::progress::{Kept, Progress, Stage};
use self::trust::Level;
pub use self::trust::{Gate, Outcome, Trust, gate};
use crate::action::ProposedAction;
use crate::tier::Tier;

/// The largest result that is kept; a larger answer is a failed attempt.
///
/// *Units*: bytes of JSON, inclusive. *Source*: contract §3.
pub const RESULT_BYTES_MAX: usize = 64 * 1024;

/// One step of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Refuses a run that the month's credits do not cover.
    Credits,
    /// Takes the best tier that the plan allows.
    Downshift,
    /// Reads the trust level.
    Trust,
    /// Refuses an agent that keeps failing.
    Breaker,
    /// Calls the model until it answers.
    Attempts,
    /// Asks a better tier when a fast answer is unsure.
    Escalation,
    /// Has a high-stakes answer checked.
    Evaluator,
    /// Asks whether the action that the answer proposes needs a person.
    TrustGate,
    /// Completes or sends to triage by confidence.
    Band,
}

/// The steps of every run, in order. *Source*: contract §10.
pub const ORDER: [Step; 9] = [
    Step::Credits,
    Step::Downshift,
    Step::Trust,
    Step::Breaker,
    Step::Attempts,
    Step::Escalation,
    Step::Evaluator,
    Step::TrustGate,
    Step::Band,
];

/// What is known of a run from elsewhere.
///
/// It may be other facts at the next invocation. A run under way goes on all the same: credits and the breaker only
/// speak before its first attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// The highest tier that the plan allows.
    pub highest_tier: Tier,
    /// The tier that the agent asks for.
    pub agent_tier: Tier,
    /// Whether the agent is one of the high-stakes ones.
    pub high_stakes: bool,
    /// The trust level, 1–5; anything else counts as 1.
    pub trust_level: u8,
    /// Whether the month's credits cover it.
    pub credits: Credits,
    /// Whether the agent may be called; a run that is the one probe is told `Closed`.
    pub breaker: Breaker,
}

/// What just happened to a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event<'a> {
    /// A worker has claimed it and no attempt is open.
    Claimed,
    /// A worker has claimed it and found an attempt that a crash left open.
    AttemptLost,
    /// The attempt brought the agent's answer.
    Answered(Verdict<'a>),
    /// The attempt brought the evaluator's judgement.
    Evaluated(Evaluation),
    /// The attempt failed; why, in words that a client may see.
    AttemptFailed(&'a str),
    /// The same, and another attempt of the stage would end no better.
    AttemptHopeless(&'a str),
}

/// What counts of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Verdict<'a> {
    /// The model's own figure, unchecked.
    pub confidence: Option<f64>,
    /// Whether the answer needed a repair to fit its schema.
    pub repaired: bool,
    /// What the answer proposes to do.
    pub action: Option<&'a ProposedAction>,
}

/// What the worker does next.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Save the progress with a new attempt, wait, then call the model.
    Call(Call),
    /// End the run `completed`.
    Complete {
        /// The stage whose answer stands.
        stage: Stage,
        /// 0.50–1. A flagged figure counts as 0 and so never gets here.
        confidence: f64,
        /// Whether the event log warns that confidence was below 0.85.
        warning: bool,
    },
    /// Put the run before a person, `pending_triage`.
    Triage {
        /// The stage whose answer stands.
        stage: Stage,
        /// 0–1.
        confidence: f64,
        /// Whether a figure was missing or outside 0–1 and therefore counted as 0.
        flagged: bool,
        /// Why.
        reason: TriageReason,
    },
    /// End the run `failed`.
    Fail {
        /// The run's `error`.
        error: String,
    },
    /// Save the progress as it is now, let go of the run and send its message again: too little time is left here.
    Checkpoint,
}

/// One model call to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// The stage it belongs to.
    pub stage: Stage,
    /// Its number in the stage, from 1.
    pub number: u32,
    /// The tier to call.
    pub tier: Tier,
    /// How long to wait first. *Units*: ms.
    pub wait_ms: u64,
    /// How long the call may take after the wait. *Units*: ms.
    pub timeout_ms: u64,
}

/// Why a person has to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriageReason {
    /// The agent is high-stakes and the evaluator could not be asked.
    NotEvaluated,
    /// The agent is high-stakes and the evaluator did not pass the answer.
    EvaluatorAsks,
    /// The action it proposes needs approval at this trust level.
    ActionNeedsApproval,
    /// Confidence is in a band that does not complete by itself.
    LowConfidence,
}

impl TriageReason {
    /// Gives the reason as a sentence for the person who looks.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NotEvaluated => "This agent's answers need a check before they count.",
            Self::EvaluatorAsks => "The evaluator did not pass this agent's answer.",
            Self::ActionNeedsApproval => "The proposed action needs approval at this trust level.",
            Self::LowConfidence => "Confidence is too low to complete without a person.",
        }
    }
}

/// One walk over the steps: what is known, what happened, and what the steps so far have found.
struct Walk<'a> {
    facts: &'a Facts,
    progress: &'a mut Progress,
    event: Event<'a>,
    remaining_ms: u64,
    /// Found by the downshift; the least until then.
    tiers: Tiers,
    /// Found by reading trust; the lowest until then.
    level: Level,
}

impl Walk<'_> {
    fn kept(&self) -> &Kept {
        self.progress.kept.as_ref().expect(ANSWERED)
    }

    fn kept_mut(&mut self) -> &mut Kept {
        self.progress.kept.as_mut().expect(ANSWERED)
    }
}

/// What the steps after the attempts rely on.
const ANSWERED: &str = "the attempts let no walk go on without an answer";

/// Decides what follows from an event by walking [`ORDER`]; the first step with something to do ends the walk.
///
/// An [`Effect::Call`] has already been counted in `progress`. The `progress` is to be saved with every effect, and with
/// the answer that led to it, in one write. A call that waits never follows an answer, so what is saved before its wait
/// may be the progress from before the decision. `remaining_ms` is what is left of this invocation.
///
/// An event that does not fit the stage counts as a failed attempt.
///
/// *Source*: contract §10.
pub fn decide(facts: &Facts, progress: &mut Progress, event: Event<'_>, remaining_ms: u64) -> Effect {
    let mut walk = Walk {
        facts,
        progress,
        event,
        remaining_ms,
        tiers: Tiers::LEAST,
        level: Level::SUPERVISED,
    };
    ORDER
        .into_iter()
        .find_map(|step| match step {
            Step::Credits => credits::refuse(facts.credits, walk.progress),
            Step::Downshift => {
                walk.tiers = Tiers::of(facts);
                None
            }
            Step::Trust => {
                walk.level = Level::read(facts.trust_level);
                None
            }
            Step::Breaker => breaker::refuse(facts.breaker, walk.progress),
            Step::Attempts => attempts::first(&mut walk),
            Step::Escalation => escalation::escalate(&mut walk),
            Step::Evaluator => evaluator::evaluate(&mut walk),
            Step::TrustGate => trust::ask(walk.kept(), walk.level),
            Step::Band => Some(band::place(walk.kept(), walk.level)),
        })
        .expect("the band, the last step, places every answer")
}
