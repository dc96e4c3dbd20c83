//! The arithmetic of fifteen minutes: no call outlives its invocation, and no run goes on for ever.

use super::*;

const RESERVE_MS: u64 = 20_000;

/// A worker whose every call takes all the time it may.
struct Slow {
    facts: Facts,
    progress: Progress,
    /// What is left of this invocation.
    remaining_ms: u64,
    invocations: u32,
    calls: u32,
    busy_ms: u64,
}

impl Slow {
    fn new(facts: Facts) -> Self {
        Self {
            facts,
            progress: Progress::default(),
            remaining_ms: INVOCATION_MS,
            invocations: 1,
            calls: 0,
            busy_ms: 0,
        }
    }

    /// Follows an event through checkpoints to the next call, and spends its time; gives what ends the run.
    fn follow(&mut self, event: Event<'_>) -> Result<Call, Effect> {
        let mut effect = decide(&self.facts, &mut self.progress, event, self.remaining_ms);
        if effect == Effect::Checkpoint {
            self.invocations += 1;
            self.remaining_ms = INVOCATION_MS;
            effect = next(&self.facts, &mut self.progress, Event::Claimed);
        }
        match effect {
            Effect::Call(call) => {
                let call_ms = call.wait_ms + call.timeout_ms;
                assert!(
                    call_ms + RESERVE_MS <= self.remaining_ms,
                    "{call:?} at {}",
                    self.remaining_ms
                );
                assert!((15_000..=120_000).contains(&call.timeout_ms), "{call:?}");
                self.remaining_ms -= call_ms;
                self.busy_ms += call_ms;
                self.calls += 1;
                Ok(call)
            }
            end => Err(end),
        }
    }
}

/// Plays a run that answers in each stage with the last attempt, at the last moment.
fn play(worker: &mut Slow, failure: Event<'_>) -> Effect {
    let mut event = Event::Claimed;
    loop {
        let call = match worker.follow(event) {
            Ok(call) => call,
            Err(end) => return end,
        };
        event = match call.stage {
            _ if call.number < 3 => failure,
            Stage::First | Stage::Escalation | Stage::Retry => answered(0.7),
            Stage::Evaluation => Event::Evaluated(Evaluation::Retry),
            Stage::SecondEvaluation => passed(0.9),
        };
    }
}

#[test]
fn ends_the_longest_run_in_its_second_invocation() {
    let longest = Facts {
        agent_tier: Tier::Fast,
        ..HIGH_STAKES
    };
    for failure in [Event::AttemptFailed("Model call timed out"), Event::AttemptLost] {
        let mut worker = Slow::new(longest);
        assert_eq!(play(&mut worker, failure), complete(Stage::Retry, 0.7));
        assert_eq!((worker.calls, worker.progress.attempts), (15, 15));
        // Fourteen timeouts, the 34.4 s that the eighth attempt still got of the first invocation, and all waits.
        assert_eq!(
            (worker.invocations, worker.busy_ms),
            (2, 14 * 120_000 + 34_400 + 5 * 2_400)
        );
    }
}

#[test]
fn ends_a_run_whose_every_attempt_times_out_in_one_invocation() {
    let mut worker = Slow::new(FACTS);
    let mut event = Event::Claimed;
    let timed_out = Event::AttemptFailed("Model call timed out");
    while worker.follow(event).is_ok() {
        event = timed_out;
    }
    assert_eq!(worker.progress, used(3));
    assert_eq!((worker.invocations, worker.busy_ms), (1, 362_400));
    assert_eq!(
        decide(&FACTS, &mut worker.progress, timed_out, 0),
        failed("Model call timed out")
    );
}

#[test]
fn never_touches_the_reserve() {
    for stage in Stage::ALL {
        for made in 0..3 {
            for remaining_ms in (0..200_000).step_by(100) {
                let mut progress = Progress {
                    stage,
                    kept: (stage > Stage::First).then(|| kept(Stage::First, Tier::Fast, 0.6)),
                    ..used(made)
                };
                if let Effect::Call(call) = decide(&HIGH_STAKES, &mut progress, Event::AttemptLost, remaining_ms) {
                    assert!(call.wait_ms + call.timeout_ms + RESERVE_MS <= remaining_ms);
                    assert!(call.timeout_ms >= 15_000);
                }
            }
        }
    }
}
