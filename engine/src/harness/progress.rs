//! Progress: how far a run has come, in a form that survives a crash at any moment.
//!
//! The worker saves it and understands nothing of it but [`Kept::stage`], which says whose answer stands.

use serde::{Deserialize, Serialize};

use super::Verdict;
use crate::action::ProposedAction;
use crate::tier::Tier;

/// A series of attempts of which one answer is wanted. A run only ever goes down this list.
///
/// *Shape*: `"first"`, `"escalation"`, `"evaluation"`, `"retry"`, `"second_evaluation"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The agent's own model answers.
    #[default]
    First,
    /// The premium tier answers, because a fast answer was unsure.
    Escalation,
    /// The evaluator judges a high-stakes answer.
    Evaluation,
    /// The premium tier answers, because the evaluator asked for another answer.
    Retry,
    /// The evaluator judges that other answer.
    SecondEvaluation,
}

impl Stage {
    /// Every stage, in the order in which a run may meet them.
    pub const ALL: [Self; 5] = [
        Self::First,
        Self::Escalation,
        Self::Evaluation,
        Self::Retry,
        Self::SecondEvaluation,
    ];

    /// Gives the word that stands for this stage in attempts' names, logs and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Escalation => "escalation",
            Self::Evaluation => "evaluation",
            Self::Retry => "retry",
            Self::SecondEvaluation => "second_evaluation",
        }
    }

    /// Reads the word of [`Stage::as_str`]; any other word is no stage.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == word)
    }

    /// Says whether the evaluator is called here, and not the agent.
    #[must_use]
    pub const fn is_evaluation(self) -> bool {
        matches!(self, Self::Evaluation | Self::SecondEvaluation)
    }
}

/// How far a run has come.
///
/// Saved with the run in the same write that opens an attempt, before the model is called: a crash during the call
/// then finds its number used up. An answer and the `kept` that it became are one write too, so that what was paid for
/// is never asked for again.
///
/// *Shape*: `{ "stage", "attempts_in_stage", "attempts", "kept" }`; without an answer there is no `kept`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// The stage it is in.
    pub stage: Stage,
    /// Model calls started in this stage.
    pub attempts_in_stage: u32,
    /// Model calls started in all stages: the run's `attempts`.
    pub attempts: u32,
    /// The answer that stands so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Kept>,
}

impl Progress {
    /// Says whether no model has been called yet. Only then may a run be refused.
    pub(super) const fn is_untried(&self) -> bool {
        self.attempts == 0
    }

    /// Lets this stage's answer stand, in place of an earlier one.
    pub(super) fn keep(&mut self, tier: Tier, verdict: &Verdict<'_>) {
        self.kept = Some(Kept {
            stage: self.stage,
            tier,
            confidence: verdict.confidence,
            repaired: verdict.repaired,
            action: verdict.action.cloned(),
            evaluator_confidence: None,
        });
    }
}

/// What counts of the answer that stands; its text is in the stage's attempt.
///
/// *Shape*: `{ "stage", "tier", "confidence", "repaired", "action", "evaluator_confidence" }`; `confidence`, `action`
/// and `evaluator_confidence` may be null. JSON has no NaN and no infinity: such a figure is saved as null, which is
/// judged the same way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// The stage that it answered.
    pub stage: Stage,
    /// The tier that gave it.
    pub tier: Tier,
    /// The model's own figure, unchecked.
    pub confidence: Option<f64>,
    /// Whether it needed a repair to fit its schema.
    pub repaired: bool,
    /// What it proposes to do.
    pub action: Option<ProposedAction>,
    /// The evaluator's figure; there is one exactly where the evaluator passed it, and an unusable one is below 0.
    pub evaluator_confidence: Option<f64>,
}
