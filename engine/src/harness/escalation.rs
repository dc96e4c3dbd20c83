//! Escalation: an unsure answer of the fast tier is asked for once more, of the premium tier.
//!
//! Whatever the premium tier says replaces the fast answer; where it says nothing, the fast answer stands.
//! *Source*: contract §10.

use super::{Effect, Event, Kept, Stage, Walk, attempts, band};
use crate::tier::Tier;

/// Below this a fast answer is unsure.
const UNSURE: f64 = 0.72;

/// Asks the premium tier, or lets the walk go on with the answer that stands.
pub(super) fn escalate(walk: &mut Walk<'_>) -> Option<Effect> {
    match (walk.progress.stage, walk.event) {
        (Stage::First, _) if is_unsure(walk.kept()) => attempts::enter(walk, Stage::Escalation),
        (Stage::Escalation, Event::Answered(verdict)) => {
            attempts::keep(walk, &verdict);
            None
        }
        (Stage::Escalation, _) => attempts::again(walk),
        (Stage::First | Stage::Evaluation | Stage::Retry | Stage::SecondEvaluation, _) => None,
    }
}

fn is_unsure(kept: &Kept) -> bool {
    kept.tier == Tier::Fast && band::confidence(kept).figure < UNSURE
}
