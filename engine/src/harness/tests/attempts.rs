//! When a model is called, on which tier, and when the run gives up.

use super::*;

#[test]
fn downshifts_to_the_best_tier_of_the_plan() {
    for agent_tier in Tier::ALL {
        for highest_tier in Tier::ALL {
            let facts = Facts {
                agent_tier,
                highest_tier,
                ..FACTS
            };
            let call = call_of(decide(&facts, &mut used(0), Event::Claimed, INVOCATION_MS));
            assert_eq!(call.tier, agent_tier.min(highest_tier));
        }
    }
}

#[test]
fn calls_at_once_then_after_800_and_1600_ms() {
    let mut progress = Progress::default();
    let events = [Event::Claimed, Event::AttemptFailed("x"), Event::AttemptFailed("x")];
    let calls = events.map(|event| call_of(decide(&FACTS, &mut progress, event, INVOCATION_MS)));
    assert_eq!(calls.map(|call| call.number), [1, 2, 3]);
    assert_eq!(calls.map(|call| call.wait_ms), [0, 800, 1_600]);
    assert_eq!(calls.map(|call| call.timeout_ms), [120_000; 3]);
    assert_eq!(progress, used(3));
}

#[test]
fn fails_with_the_last_attempts_reason() {
    let cases = [
        (Event::AttemptFailed("Model call timed out"), "Model call timed out"),
        (Event::AttemptFailed("Model call failed"), "Model call failed"),
        (Event::AttemptLost, "Model call was interrupted"),
        (Event::Claimed, "Model call failed"),
    ];
    for (event, error) in cases {
        // Ending a run needs no model time, so it never waits for another invocation.
        for remaining_ms in [0, INVOCATION_MS] {
            let mut progress = used(3);
            let effect = decide(&FACTS, &mut progress, event, remaining_ms);
            assert_eq!(
                effect,
                Effect::Fail {
                    error: error.to_owned()
                }
            );
            assert_eq!(progress, used(3));
        }
    }
}

#[test]
fn makes_no_attempt_that_would_be_in_vain() {
    for (attempts, remaining_ms) in [(1, INVOCATION_MS), (1, 0), (2, INVOCATION_MS)] {
        let event = Event::AttemptHopeless("Model refused the task");
        let error = "Model refused the task".to_owned();
        let mut progress = used(attempts);
        assert_eq!(
            decide(&FACTS, &mut progress, event, remaining_ms),
            Effect::Fail { error }
        );
        assert_eq!(progress, used(attempts));
    }
}

#[test]
fn uses_up_the_number_of_a_lost_attempt() {
    let mut progress = Progress::default();
    call_of(decide(&FACTS, &mut progress, Event::Claimed, INVOCATION_MS));
    for number in [2, 3] {
        let call = call_of(decide(&FACTS, &mut progress, Event::AttemptLost, INVOCATION_MS));
        assert_eq!(call.number, number);
    }
    let effect = decide(&FACTS, &mut progress, Event::AttemptLost, INVOCATION_MS);
    assert!(matches!(effect, Effect::Fail { .. }));
}

#[test]
fn gives_an_attempt_what_is_left_before_the_reserve() {
    // Attempts made, remaining, timeout; none is a checkpoint.
    let cases = [
        (0, 900_000, Some(120_000)),
        (0, 140_000, Some(120_000)),
        (0, 139_999, Some(119_999)),
        (0, 100_000, Some(80_000)),
        (0, 35_000, Some(15_000)),
        (0, 34_999, None),
        (0, 0, None),
        (1, 140_800, Some(120_000)),
        (1, 35_800, Some(15_000)),
        (1, 35_799, None),
        (2, 36_600, Some(15_000)),
        (2, 36_599, None),
    ];
    for (made, remaining_ms, timeout_ms) in cases {
        let effect = decide(&FACTS, &mut used(made), Event::Claimed, remaining_ms);
        match timeout_ms {
            Some(timeout_ms) => assert_eq!(call_of(effect).timeout_ms, timeout_ms, "{made} {remaining_ms}"),
            None => assert_eq!(effect, Effect::Checkpoint, "{made} {remaining_ms}"),
        }
    }
}

#[test]
fn resumes_a_checkpoint_with_the_same_number() {
    for event in [Event::Claimed, Event::AttemptFailed("x"), Event::AttemptLost] {
        let mut progress = used(1);
        assert_eq!(decide(&FACTS, &mut progress, event, 30_000), Effect::Checkpoint);
        assert_eq!(progress, used(1));
        let call = call_of(decide(&FACTS, &mut progress, Event::Claimed, INVOCATION_MS));
        assert_eq!((call.number, call.wait_ms), (2, 800));
    }
}
