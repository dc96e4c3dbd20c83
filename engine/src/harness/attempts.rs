//! Attempts: when a model is called again, how long it gets, and when the run gives up.
//!
//! *Source* of the numbers: contract §10 (3 attempts, 800 ms and 1 600 ms, 120 s), design "The run" (the reserve).

use super::{Call, Effect, Progress};
use crate::tier::Tier;

/// The wait before each attempt of a stage; there are as many attempts as waits. *Units*: ms.
const WAITS_MS: [u64; 3] = [0, 800, 1_600];

/// The longest an attempt may take. *Units*: ms.
const ATTEMPT_MS_MAX: u64 = 120_000;

/// The least time worth starting an attempt with; a later invocation has more. *Units*: ms. Our choice.
const ATTEMPT_MS_MIN: u64 = 15_000;

/// What is kept back of an invocation to save the outcome, also when the store makes us retry. *Units*: ms. Our choice.
const RESERVE_MS: u64 = 20_000;

/// The `error` of a run whose last attempt was cut off by a crash.
pub(super) const LOST: &str = "Model call was interrupted";

/// The `error` of a run that is claimed with no attempts left; the worker that saw the last failure did not end it.
pub(super) const UNKNOWN_FAILURE: &str = "Model call failed";

/// Starts the next attempt of the stage, or says why there is none; `failure` is the last attempt's reason.
///
/// The wait is taken from the attempt's time and never from the reserve. A worker whose invocations are shorter than
/// 36.6 s (wait, least attempt, reserve) would put off a third attempt for ever: the template gives it far more.
pub(super) fn next(progress: &mut Progress, tier: Tier, failure: &str, remaining_ms: u64) -> Effect {
    let done = usize::try_from(progress.attempts_in_stage).unwrap_or(usize::MAX);
    let Some(&wait_ms) = WAITS_MS.get(done) else {
        return Effect::Fail {
            error: failure.to_owned(),
        };
    };
    let left_ms = remaining_ms.saturating_sub(RESERVE_MS + wait_ms);
    if left_ms < ATTEMPT_MS_MIN {
        return Effect::Checkpoint;
    }
    progress.attempts_in_stage += 1;
    progress.attempts = progress.attempts.saturating_add(1);
    Effect::Call(Call {
        stage: progress.stage,
        number: progress.attempts_in_stage,
        tier,
        wait_ms,
        timeout_ms: left_ms.min(ATTEMPT_MS_MAX),
    })
}
