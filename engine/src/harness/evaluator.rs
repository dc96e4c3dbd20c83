//! The evaluator: a second model looks at every answer of a high-stakes agent.
//!
//! Without its pass such a run never completes by itself; whatever goes wrong here ends before a person.
//! *Source*: contract §10.

use super::{Effect, Event, Stage, TriageReason, Walk, attempts, band};

/// What is kept as the figure of a pass that came without a usable one: it counts as 0 and is flagged, and unlike NaN
/// it survives being saved.
const UNUSABLE: f64 = -1.0;

/// What the evaluator says of an answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Evaluation {
    /// It may count.
    Pass {
        /// How sure the evaluator is, unchecked. An unusable figure counts as 0 and is flagged.
        confidence: Option<f64>,
    },
    /// A person has to look.
    Triage,
    /// The agent should answer once more, on the premium tier.
    Retry,
}

/// Has the answer judged, and once more where the evaluator asks for another one; only a pass lets the walk go on.
pub(super) fn evaluate(walk: &mut Walk<'_>) -> Option<Effect> {
    if walk.kept().evaluator_confidence.is_some() {
        // A pass that was saved is not asked for again.
        return None;
    }
    let asks = TriageReason::EvaluatorAsks;
    let absent = TriageReason::NotEvaluated;
    match (walk.progress.stage, walk.event) {
        (Stage::First | Stage::Escalation, _) if !walk.facts.high_stakes => None,
        (Stage::First | Stage::Escalation, _) => enter_or_triage(walk, Stage::Evaluation, absent),
        (Stage::Retry, Event::Answered(verdict)) => {
            attempts::keep(walk, &verdict);
            enter_or_triage(walk, Stage::SecondEvaluation, absent)
        }
        (Stage::Retry, _) => again_or_triage(walk, asks),
        (Stage::Evaluation, Event::Evaluated(Evaluation::Retry)) => enter_or_triage(walk, Stage::Retry, asks),
        (Stage::SecondEvaluation, Event::Evaluated(Evaluation::Retry))
        | (Stage::Evaluation | Stage::SecondEvaluation, Event::Evaluated(Evaluation::Triage)) => {
            Some(band::triage(walk.kept(), asks))
        }
        (Stage::Evaluation | Stage::SecondEvaluation, Event::Evaluated(Evaluation::Pass { confidence })) => {
            let figure = band::sound(confidence).unwrap_or(UNUSABLE);
            walk.kept_mut().evaluator_confidence = Some(figure);
            None
        }
        (Stage::Evaluation | Stage::SecondEvaluation, _) => again_or_triage(walk, absent),
    }
}

fn enter_or_triage(walk: &mut Walk<'_>, stage: Stage, reason: TriageReason) -> Option<Effect> {
    attempts::enter(walk, stage).or_else(|| Some(band::triage(walk.kept(), reason)))
}

fn again_or_triage(walk: &mut Walk<'_>, reason: TriageReason) -> Option<Effect> {
    attempts::again(walk).or_else(|| Some(band::triage(walk.kept(), reason)))
}
