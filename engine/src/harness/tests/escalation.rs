//! When the premium tier is asked because a fast answer was unsure.

use super::*;

const FAST: Facts = Facts {
    agent_tier: Tier::Fast,
    trust_level: 3,
    ..FACTS
};

fn escalated(attempts_in_stage: u32, first: f64) -> Progress {
    Progress {
        stage: Stage::Escalation,
        attempts_in_stage,
        attempts: 1 + attempts_in_stage,
        kept: Some(kept(Stage::First, Tier::Fast, first)),
    }
}

#[test]
fn escalates_below_072() {
    // Own figure, repaired, whether it escalates. A repair alone is worth 0.8.
    let cases = [
        (Some(0.0), false, true),
        (Some(0.7199), false, true),
        (Some(0.72), false, false),
        (Some(1.0), false, false),
        (Some(1.0), true, false),
        (Some(0.7), true, true),
        (None, false, true),
        (Some(f64::NAN), false, true),
        (Some(1.5), false, true),
    ];
    for (confidence, repaired, escalates) in cases {
        let verdict = Verdict {
            confidence,
            repaired,
            action: None,
        };
        match next(&FAST, &mut used(1), Event::Answered(verdict)) {
            Effect::Call(call) => {
                assert!(escalates, "{confidence:?}");
                assert_eq!(
                    (call.stage, call.number, call.tier, call.wait_ms),
                    (Stage::Escalation, 1, Tier::Premium, 0)
                );
            }
            effect => assert!(
                !escalates && matches!(effect, Effect::Complete { .. }),
                "{confidence:?}"
            ),
        }
    }
}

#[test]
fn escalates_only_a_fast_answer_and_only_to_premium() {
    for agent_tier in Tier::ALL {
        for highest_tier in Tier::ALL {
            let facts = Facts {
                agent_tier,
                highest_tier,
                ..FAST
            };
            let effect = next(&facts, &mut used(1), answered(0.7));
            let escalates = agent_tier == Tier::Fast && highest_tier == Tier::Premium;
            let expected = complete(Stage::First, 0.7);
            assert_eq!(effect != expected, escalates, "{agent_tier:?} {highest_tier:?}");
        }
    }
}

#[test]
fn lets_the_premium_answer_stand_whatever_its_confidence() {
    for (confidence, expected) in [
        (0.9, complete(Stage::Escalation, 0.9)),
        (0.7, complete(Stage::Escalation, 0.7)),
        (0.3, triage(Stage::Escalation, 0.3, TriageReason::LowConfidence)),
    ] {
        let mut progress = escalated(1, 0.6);
        assert_eq!(next(&FAST, &mut progress, answered(confidence)), expected);
        assert_eq!(progress.kept, Some(kept(Stage::Escalation, Tier::Premium, confidence)));
    }
}

#[test]
fn lets_the_first_answer_stand_when_every_premium_attempt_fails() {
    for event in [Event::AttemptFailed("x"), Event::AttemptLost, Event::Claimed] {
        for attempts in 0..3 {
            let call = call_of(next(&FAST, &mut escalated(attempts, 0.7), event));
            assert_eq!(
                (call.stage, call.number, call.wait_ms),
                (Stage::Escalation, attempts + 1, [0, 800, 1_600][attempts as usize])
            );
        }
        // Nothing is left to ask, so it needs no time.
        for (first, expected) in [
            (0.7, complete(Stage::First, 0.7)),
            (0.4, triage(Stage::First, 0.4, TriageReason::LowConfidence)),
        ] {
            assert_eq!(decide(&FAST, &mut escalated(3, first), event, 0), expected);
        }
    }
}

#[test]
fn lets_the_first_answer_stand_when_the_premium_model_refuses() {
    let refused = Event::AttemptHopeless("Model refused the task");
    assert_eq!(
        decide(&FAST, &mut escalated(1, 0.7), refused, 0),
        complete(Stage::First, 0.7)
    );
}

#[test]
fn lets_the_first_answer_stand_when_the_plan_has_lost_premium() {
    let facts = Facts {
        highest_tier: Tier::Smart,
        ..FAST
    };
    assert_eq!(
        next(&facts, &mut escalated(0, 0.7), Event::Claimed),
        complete(Stage::First, 0.7)
    );
    // What was called before and answers now has been paid for.
    assert_eq!(
        next(&facts, &mut escalated(1, 0.7), answered(0.9)),
        complete(Stage::Escalation, 0.9)
    );
}

#[test]
fn saves_the_first_answer_when_there_is_no_time_to_escalate() {
    let mut progress = used(1);
    assert_eq!(decide(&FAST, &mut progress, answered(0.7), 30_000), Effect::Checkpoint);
    assert_eq!(progress, escalated(0, 0.7));
    let call = called(next(&FAST, &mut progress, Event::Claimed));
    assert_eq!(call, (Stage::Escalation, 1, Tier::Premium));
}

#[test]
fn asks_the_gate_about_the_action_of_the_answer_that_stands() {
    let submit = action(ActionKind::Submit, Some(20_000.0));
    let proposing = Event::Answered(Verdict {
        action: Some(&submit),
        ..sure(0.9)
    });
    let mut progress = escalated(1, 0.6);
    assert_eq!(
        next(&FAST, &mut progress, proposing),
        triage(Stage::Escalation, 0.9, TriageReason::ActionNeedsApproval)
    );

    let mut progress = escalated(1, 0.6);
    progress.kept.as_mut().expect("an answer").action = Some(submit);
    assert_eq!(
        next(&FAST, &mut progress, answered(0.9)),
        complete(Stage::Escalation, 0.9)
    );
}
