//! The band: what a confidence is worth.
//!
//! Confidence is not taken from the model's word alone. *Source* of every number: contract §10.

use super::trust::Level;
use super::{Effect, Kept, TriageReason};

/// From here an answer completes.
const SURE: f64 = 0.85;

/// From here it completes with a warning.
const FAIRLY_SURE: f64 = 0.65;

/// From here it completes where the agent is trusted enough; below, never.
const DOUBTFUL: f64 = 0.50;

/// The trust level from which a doubtful answer completes.
const LEVEL_FOR_DOUBTFUL: Level = Level::VERIFIED;

/// The most that an answer is worth which had to be repaired.
const REPAIRED: f64 = 0.8;

/// A confidence and whether a figure behind it was nonsense.
pub(super) struct Confidence {
    pub figure: f64,
    pub flagged: bool,
}

/// Completes an answer or sends it to triage. A doubtful one that completes warns as well: our choice, since the more
/// certain band above it does.
pub(super) fn place(kept: &Kept, level: Level) -> Effect {
    let figure = confidence(kept).figure;
    if figure >= FAIRLY_SURE || (figure >= DOUBTFUL && level >= LEVEL_FOR_DOUBTFUL) {
        Effect::Complete {
            stage: kept.stage,
            confidence: figure,
            warning: figure < SURE,
        }
    } else {
        triage(kept, TriageReason::LowConfidence)
    }
}

/// Sends an answer to triage. The person sees its confidence, whatever the reason is.
pub(super) fn triage(kept: &Kept, reason: TriageReason) -> Effect {
    let Confidence { figure, flagged } = confidence(kept);
    Effect::Triage {
        stage: kept.stage,
        confidence: figure,
        flagged,
        reason,
    }
}

/// Gives the smallest of the model's figure, the repair's and the evaluator's.
pub(super) fn confidence(kept: &Kept) -> Confidence {
    let own = sound(kept.confidence);
    // Where no evaluator ran it does not lower the figure; where it ran and gave nonsense it counts as 0 too.
    let evaluator = kept
        .evaluator_confidence
        .map_or(Some(1.0), |figure| sound(Some(figure)));
    let repair = if kept.repaired { REPAIRED } else { 1.0 };
    Confidence {
        figure: floor(own.unwrap_or(0.0).min(evaluator.unwrap_or(0.0)).min(repair)),
        flagged: own.is_none() || evaluator.is_none(),
    }
}

/// Four decimal places, downwards: nothing gets over a band's edge by rounding, and the store takes every figure (it
/// refuses those below 1E-130). Adding 0 makes -0 a 0.
fn floor(figure: f64) -> f64 {
    // 0.29 × 10 000 is 2899.9999999999995: a figure that has four places keeps them.
    let scaled = figure * 10_000.0;
    let nearest = scaled.round();
    let whole = if (scaled - nearest).abs() < 1e-6 {
        nearest
    } else {
        scaled.floor()
    };
    whole / 10_000.0 + 0.0
}

/// Keeps a figure from 0 to 1. No range contains NaN.
pub(super) fn sound(figure: Option<f64>) -> Option<f64> {
    figure.filter(|figure| (0.0..=1.0).contains(figure))
}
