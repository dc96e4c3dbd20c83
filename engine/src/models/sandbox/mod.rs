//! The sandbox model: deterministic answers without any model, for test keys and laptops.
//!
//! The same agent, task and data always give the same answer, marked `"simulated": true` and made from what it was
//! given. `data.sandbox` steers it (contract §10), so that an integrator can produce every outcome at will.
//! It never leaves the process.

mod directives;
mod evaluation;
mod output;
mod seed;
mod wording;

#[cfg(test)]
mod tests;

use std::time::Duration;

use serde_json::Value;

use self::directives::{Directives, Failure};
pub use self::evaluation::evaluate;
use self::seed::Seed;
use super::{ModelAnswer, ModelError, ModelRequest};
use crate::tier::Tier;

/// Text is taken to be four bytes a token, the usual rule of thumb for English.
const BYTES_PER_TOKEN: u64 = 4;

/// Answers a request as its data's `sandbox` directives say.
///
/// With `fail: "timeout"` it never returns: the caller's timeout ends it.
///
/// *Errors*: [`ModelError::Failed`] when `fail` asks for it. *Source*: contract §10.
pub async fn answer(request: &ModelRequest<'_>) -> Result<ModelAnswer, ModelError> {
    let directives = Directives::read(request.data);
    obey(&directives, request.attempt).await?;
    Ok(compose(request, directives))
}

/// Waits and fails as the directives say, whoever is asked.
async fn obey(directives: &Directives, attempt: u32) -> Result<(), ModelError> {
    if directives.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(directives.delay_ms)).await;
    }
    match directives.fail {
        Some(Failure::Timeout) => std::future::pending().await,
        Some(Failure::Model) => Err(ModelError::Failed("data.sandbox.fail is model".to_owned())),
        Some(Failure::Once) if attempt <= 1 => Err(ModelError::Failed("data.sandbox.fail is once".to_owned())),
        Some(Failure::Once) | None => Ok(()),
    }
}

/// Gives the members of a request's data without the directives, which are for the sandbox and no part of the work.
fn fields<'a>(request: &ModelRequest<'a>) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let data = request.data.into_iter().flatten();
    data.filter(|(name, _)| *name != "sandbox")
}

/// Names the sandbox model of a tier.
fn model_name(tier: Tier) -> String {
    format!("sandbox-{}", tier.as_str())
}

/// Makes the answer that the directives did not forbid.
fn compose(request: &ModelRequest<'_>, directives: Directives) -> ModelAnswer {
    let seed = Seed::of(request);
    let written = output::write(request, &seed);
    let output_json = serde_json::to_string(&written.output).map_or(0, |json| json.len() as u64);
    ModelAnswer {
        output: written.output,
        confidence: Some(directives.confidence.unwrap_or_else(|| seed.confidence())),
        input_tokens: seed.input_bytes.div_ceil(BYTES_PER_TOKEN),
        output_tokens: output_json.div_ceil(BYTES_PER_TOKEN),
        model: model_name(request.tier),
        repaired: false,
        action: directives.action.or(written.action),
    }
}
