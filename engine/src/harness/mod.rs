//! The harness: what happens next in a run. Pure: no network, no clock, no async.
//!
//! The worker tells it what happened and does what it says. [`ORDER`] is the order of the steps for every run, and
//! [`decide`] walks it; the numbers are those of contract §10 and stand in the step's own file.
//!
//! Filled so far: downshift, attempts, the band, the confidence it reads, and the trust gate at the level the facts
//! carry. A later change fills the rest: credits (until then only the road's guard before a run is accepted), reading
//! the trust level (until then everyone stands at 1), the circuit breaker, escalation and the evaluator. What depends
//! on the evaluator fails closed meanwhile: a high-stakes answer goes to triage.

mod attempts;
mod band;
mod trust;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::trust::{Gate, gate};
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

/// What does not change while a run is driven.
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
}

/// A series of attempts of which one answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The agent's own model answers.
    #[default]
    First,
}

/// How far a run has come.
///
/// Saved with the run in the same write that opens an attempt, before the model is called: a crash during the call
/// then finds its number used up. *Shape*: `{ "stage", "attempts_in_stage", "attempts" }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// The stage it is in.
    pub stage: Stage,
    /// Model calls started in this stage.
    pub attempts_in_stage: u32,
    /// Model calls started in all stages: the run's `attempts`.
    pub attempts: u32,
}

/// What just happened to a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event<'a> {
    /// A worker has claimed it and no attempt is open.
    Claimed,
    /// A worker has claimed it and found an attempt that a crash left open.
    AttemptLost,
    /// The attempt brought an answer.
    Answered(Verdict<'a>),
    /// The attempt failed; why, in words that a client may see.
    AttemptFailed(&'a str),
}

/// What counts of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Verdict<'a> {
    /// The model's own figure, unchecked.
    pub confidence: Option<f64>,
    /// Whether the answer needed a repair to fit its schema.
    pub repaired: bool,
    /// The evaluator's figure, where it ran.
    pub evaluator_confidence: Option<f64>,
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
        /// 0.50–1. A flagged figure counts as 0 and so never gets here.
        confidence: f64,
        /// Whether the event log warns that confidence was below 0.85.
        warning: bool,
    },
    /// Put the run before a person, `pending_triage`.
    Triage {
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
    /// Save the progress, let go of the run and send its message again: too little time is left here.
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
    /// The agent is high-stakes and no evaluator has passed the answer.
    NotEvaluated,
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
            Self::ActionNeedsApproval => "The proposed action needs approval at this trust level.",
            Self::LowConfidence => "Confidence is too low to complete without a person.",
        }
    }
}

/// Decides what follows from an event by walking [`ORDER`]; the first step with something to do ends the walk.
///
/// An [`Effect::Call`] has already been counted in `progress`. `remaining_ms` is what is left of this invocation.
///
/// *Source*: contract §10.
pub fn decide(facts: &Facts, progress: &mut Progress, event: Event<'_>, remaining_ms: u64) -> Effect {
    let mut tier = facts.agent_tier;
    let mut verdict = Verdict::default();
    let mut step_effect = |step| match step {
        Step::Downshift => {
            tier = facts.agent_tier.min(facts.highest_tier);
            None
        }
        Step::Attempts => {
            let failure = match event {
                Event::Answered(answered) => {
                    verdict = answered;
                    return None;
                }
                Event::Claimed => attempts::UNKNOWN_FAILURE,
                Event::AttemptLost => attempts::LOST,
                Event::AttemptFailed(failure) => failure,
            };
            Some(attempts::next(progress, tier, failure, remaining_ms))
        }
        // Without an evaluator nothing can pass, so nothing high-stakes completes by itself.
        Step::Evaluator => facts
            .high_stakes
            .then(|| band::triage(&verdict, TriageReason::NotEvaluated)),
        Step::TrustGate => verdict
            .action
            .filter(|action| gate(facts.trust_level, action) == Gate::NeedsApproval)
            .map(|_| band::triage(&verdict, TriageReason::ActionNeedsApproval)),
        Step::Band => Some(band::place(&verdict, facts.trust_level)),
        // Not filled yet: see the top of this file.
        Step::Credits | Step::Trust | Step::Breaker | Step::Escalation => None,
    };
    ORDER
        .into_iter()
        .find_map(&mut step_effect)
        .expect("the band, the last step, places every answer")
}
