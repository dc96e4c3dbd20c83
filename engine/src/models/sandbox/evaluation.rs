//! The sandbox's evaluator: judges an answer by the confidence that the answer has, so that `data.sandbox.confidence`
//! chooses the judgement too.
//!
//! From 0.65 it passes the answer, with 0.90 to 0.99 of its own; from 0.50 it asks for another one; below, or without a
//! usable figure, it asks for a person. It never reads the output for sense. `delay_ms` and `fail` hold for it as for
//! the agent; `fail: "once"` means the run's first call, which is never one of its own. All of this is our choice.

use super::directives::Directives;
use super::seed::Seed;
use super::{BYTES_PER_TOKEN, model_name, obey};
use crate::harness::Evaluation;
use crate::models::{EvaluationRequest, EvaluatorAnswer, ModelError, ModelRequest};

/// From here it passes an answer: the edge under which a run does not complete by itself (contract §10).
const PASSES: f64 = 0.65;

/// From here it asks for another answer: the edge under which nothing completes (contract §10).
const RETRIES: f64 = 0.50;

/// Judges an answer; the same request always has the same judgement.
///
/// With `fail: "timeout"` it never returns: the caller's timeout ends it.
///
/// *Errors*: [`ModelError::Failed`] when `fail` asks for it.
pub async fn evaluate(request: &EvaluationRequest<'_>) -> Result<EvaluatorAnswer, ModelError> {
    obey(&Directives::read(request.data), request.attempt).await?;
    let seed = Seed::of(&ModelRequest {
        agent: request.agent,
        tier: request.tier,
        task: request.task,
        data: request.data,
        attempt: request.attempt,
    });
    let output_bytes = serde_json::to_string(request.output).map_or(0, |json| json.len() as u64);
    let (evaluation, reasoning) = judge(request.confidence, &seed);
    Ok(EvaluatorAnswer {
        evaluation,
        input_tokens: (seed.input_bytes + output_bytes).div_ceil(BYTES_PER_TOKEN),
        output_tokens: (reasoning.len() as u64).div_ceil(BYTES_PER_TOKEN),
        model: model_name(request.tier),
        reasoning,
    })
}

fn judge(confidence: Option<f64>, seed: &Seed) -> (Evaluation, String) {
    match confidence.filter(|figure| (0.0..=1.0).contains(figure)) {
        Some(figure) if figure >= PASSES => {
            let confidence = Some(seed.evaluator_confidence());
            let reasoning = format!("The answer is consistent with the task at a confidence of {figure}.");
            (Evaluation::Pass { confidence }, reasoning)
        }
        Some(figure) if figure >= RETRIES => {
            let reasoning = format!("At a confidence of {figure} a second answer is worth asking for.");
            (Evaluation::Retry, reasoning)
        }
        Some(figure) => {
            let reasoning = format!("At a confidence of {figure} a person has to look.");
            (Evaluation::Triage, reasoning)
        }
        None => {
            let reasoning = "The answer does not say how sure it is, so a person has to look.".to_owned();
            (Evaluation::Triage, reasoning)
        }
    }
}
