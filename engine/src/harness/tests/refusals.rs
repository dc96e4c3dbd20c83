//! What is refused before its first attempt, and never later.

use super::*;

const CREDITS: &str = "Credit limit exceeded";
const BREAKER: &str = "Agent temporarily unavailable";

const USED_UP: Facts = Facts {
    credits: Credits::UsedUp,
    ..FACTS
};

const OPEN: Facts = Facts {
    breaker: Breaker::Open,
    ..FACTS
};

#[test]
fn refuses_a_run_before_its_first_attempt() {
    for (facts, error) in [
        (USED_UP, CREDITS),
        (OPEN, BREAKER),
        (
            Facts {
                breaker: Breaker::Open,
                ..USED_UP
            },
            CREDITS,
        ),
    ] {
        // A refusal needs no model time either.
        for remaining_ms in [0, INVOCATION_MS] {
            let mut progress = Progress::default();
            assert_eq!(
                decide(&facts, &mut progress, Event::Claimed, remaining_ms),
                failed(error)
            );
            assert_eq!(progress, Progress::default());
        }
    }
}

#[test]
fn lets_a_run_under_way_go_on() {
    for facts in [USED_UP, OPEN] {
        for event in [Event::Claimed, Event::AttemptLost, Event::AttemptFailed("x")] {
            assert_eq!(
                called(next(&facts, &mut used(1), event)),
                (Stage::First, 2, Tier::Smart)
            );
        }
        assert_eq!(next(&facts, &mut used(1), answered(0.9)), complete(Stage::First, 0.9));
        let mut late = Progress {
            stage: Stage::Evaluation,
            attempts_in_stage: 0,
            attempts: 1,
            kept: Some(kept(Stage::First, Tier::Smart, 0.9)),
        };
        let call = called(next(&facts, &mut late, Event::Claimed));
        assert_eq!(call, (Stage::Evaluation, 1, Tier::Smart));
    }
}

#[test]
fn refuses_a_run_that_was_put_off_before_its_first_attempt() {
    let mut progress = Progress::default();
    assert_eq!(decide(&FACTS, &mut progress, Event::Claimed, 0), Effect::Checkpoint);
    assert_eq!(next(&OPEN, &mut progress, Event::Claimed), failed(BREAKER));
}
