//! Downshift: which tier each stage calls, as far as the plan allows.
//!
//! Never above the plan's highest tier. *Source*: contract §10; which tier evaluates is our choice.

use super::{Facts, Stage};
use crate::tier::Tier;

/// The tier of the evaluator where the plan allows it: it weighs several facts, and does not do the work again.
const EVALUATOR: Tier = Tier::Smart;

/// The tiers of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tiers {
    agent: Tier,
    /// None where the plan has no premium tier: a lesser one would be no escalation.
    better: Option<Tier>,
    evaluator: Tier,
}

impl Tiers {
    /// What every plan allows.
    pub(super) const LEAST: Self = Self {
        agent: Tier::Fast,
        better: None,
        evaluator: Tier::Fast,
    };

    /// Takes the best that the plan allows; never a refusal.
    pub(super) fn of(facts: &Facts) -> Self {
        Self {
            agent: facts.agent_tier.min(facts.highest_tier),
            better: (facts.highest_tier == Tier::Premium).then_some(Tier::Premium),
            evaluator: EVALUATOR.min(facts.highest_tier),
        }
    }

    /// Gives the tier that a stage calls; none where the plan does not have the stage.
    pub(super) const fn for_stage(self, stage: Stage) -> Option<Tier> {
        match stage {
            Stage::First => Some(self.agent),
            Stage::Escalation | Stage::Retry => self.better,
            Stage::Evaluation | Stage::SecondEvaluation => Some(self.evaluator),
        }
    }
}
