//! Attempts: when a model is called again, how long it gets, and when a stage gives up. Every stage has the same ones.
//!
//! *Source* of the numbers: contract §10 (3 attempts, 800 ms and 1 600 ms, 120 s), design "The run" (the reserve).

use super::{Call, Effect, Event, Stage, Verdict, Walk};
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
const LOST: &str = "Model call was interrupted";

/// The `error` of a run that is claimed with no attempts left; the worker that saw the last failure did not end it.
const UNKNOWN_FAILURE: &str = "Model call failed";

/// Gets the agent's own answer; the walk goes on exactly when there is an answer that stands.
pub(super) fn first(walk: &mut Walk<'_>) -> Option<Effect> {
    if walk.progress.kept.is_some() {
        return None;
    }
    let failure = match (walk.progress.stage, walk.event) {
        (Stage::First, Event::Answered(verdict)) => {
            keep(walk, &verdict);
            return None;
        }
        (Stage::First, Event::AttemptLost) => LOST,
        (Stage::First, Event::AttemptFailed(failure) | Event::AttemptHopeless(failure)) => failure,
        (Stage::First, Event::Claimed | Event::Evaluated(_)) => UNKNOWN_FAILURE,
        // No later stage is entered without an answer. A run that says otherwise fails closed.
        (Stage::Escalation | Stage::Evaluation | Stage::Retry | Stage::SecondEvaluation, _) => {
            return Some(failed(UNKNOWN_FAILURE));
        }
    };
    again(walk).or_else(|| Some(failed(failure)))
}

/// Enters a stage with its first attempt, which never waits; none where the plan does not have the stage.
///
/// The stage is entered also when this invocation has no time for the attempt, so that a checkpoint saves the answer
/// that led here.
pub(super) fn enter(walk: &mut Walk<'_>, stage: Stage) -> Option<Effect> {
    let tier = walk.tiers.for_stage(stage)?;
    walk.progress.stage = stage;
    walk.progress.attempts_in_stage = 0;
    start(walk, tier)
}

/// Starts the next attempt of the stage that the run is in; none when they are used up or would be in vain, or when the
/// plan has lost the stage since it was entered.
pub(super) fn again(walk: &mut Walk<'_>) -> Option<Effect> {
    if let Event::AttemptHopeless(_) = walk.event {
        return None;
    }
    let tier = walk.tiers.for_stage(walk.progress.stage)?;
    start(walk, tier)
}

/// Lets the answer of this stage stand.
pub(super) fn keep(walk: &mut Walk<'_>, verdict: &Verdict<'_>) {
    let tier = walk.tiers.for_stage(walk.progress.stage);
    // A plan that has lost the tier since the call was made still has the answer, which cost what it cost.
    walk.progress.keep(tier.unwrap_or(Tier::Premium), verdict);
}

/// The wait is taken from the attempt's time and never from the reserve. A worker whose invocations are shorter than
/// 36.6 s (wait, least attempt, reserve) would put off a third attempt for ever: the template gives it far more.
fn start(walk: &mut Walk<'_>, tier: Tier) -> Option<Effect> {
    let progress = &mut *walk.progress;
    let done = usize::try_from(progress.attempts_in_stage).unwrap_or(usize::MAX);
    let &wait_ms = WAITS_MS.get(done)?;
    let left_ms = walk.remaining_ms.saturating_sub(RESERVE_MS + wait_ms);
    if left_ms < ATTEMPT_MS_MIN {
        return Some(Effect::Checkpoint);
    }
    progress.attempts_in_stage += 1;
    progress.attempts = progress.attempts.saturating_add(1);
    Some(Effect::Call(Call {
        stage: progress.stage,
        number: progress.attempts_in_stage,
        tier,
        wait_ms,
        timeout_ms: left_ms.min(ATTEMPT_MS_MAX),
    }))
}

fn failed(error: &str) -> Effect {
    Effect::Fail {
        error: error.to_owned(),
    }
}
