//! What a high-stakes answer has to pass.

use super::*;

const RETRY: Event<'static> = Event::Evaluated(Evaluation::Retry);
const TRIAGE: Event<'static> = Event::Evaluated(Evaluation::Triage);

/// A high-stakes run in a later stage, whose first answer stands at 0.9.
fn at(stage: Stage, attempts_in_stage: u32) -> Progress {
    Progress {
        stage,
        attempts_in_stage,
        attempts: 1 + attempts_in_stage,
        kept: Some(kept(Stage::First, Tier::Smart, 0.9)),
    }
}

#[test]
fn has_every_high_stakes_answer_evaluated() {
    for trust_level in 1..=5 {
        for confidence in [0.0, 0.4, 0.7, 1.0] {
            let facts = Facts {
                trust_level,
                ..HIGH_STAKES
            };
            let mut progress = used(2);
            let call = call_of(next(&facts, &mut progress, answered(confidence)));
            assert_eq!((call.stage, call.number, call.wait_ms), (Stage::Evaluation, 1, 0));
            assert_eq!(progress.attempts, 3);
        }
    }
}

#[test]
fn evaluates_on_the_smart_tier_or_the_plans_best() {
    for (highest_tier, tier) in [
        (Tier::Fast, Tier::Fast),
        (Tier::Smart, Tier::Smart),
        (Tier::Premium, Tier::Smart),
    ] {
        let facts = Facts {
            highest_tier,
            ..HIGH_STAKES
        };
        let call = called(next(&facts, &mut used(1), answered(0.9)));
        assert_eq!(call, (Stage::Evaluation, 1, tier));
    }
}

#[test]
fn escalates_before_it_evaluates() {
    let facts = Facts {
        agent_tier: Tier::Fast,
        ..HIGH_STAKES
    };
    let mut progress = used(1);
    let call = called(next(&facts, &mut progress, answered(0.7)));
    assert_eq!(call, (Stage::Escalation, 1, Tier::Premium));
    let mut unanswered = progress.clone();
    let call = called(next(&facts, &mut progress, answered(0.8)));
    assert_eq!(call, (Stage::Evaluation, 1, Tier::Smart));
    assert_eq!(
        next(&facts, &mut progress, passed(0.95)),
        complete(Stage::Escalation, 0.8)
    );

    unanswered.attempts_in_stage = 3;
    let call = called(next(&facts, &mut unanswered, Event::AttemptFailed("x")));
    assert_eq!(call, (Stage::Evaluation, 1, Tier::Smart));
    assert_eq!(next(&facts, &mut unanswered, passed(0.95)), complete(Stage::First, 0.7));
}

#[test]
fn takes_the_evaluators_figure_when_it_is_smaller() {
    for stage in [Stage::Evaluation, Stage::SecondEvaluation] {
        for (figure, expected) in [
            (0.95, complete(Stage::First, 0.9)),
            (0.9, complete(Stage::First, 0.9)),
            (0.7, complete(Stage::First, 0.7)),
            (0.6, triage(Stage::First, 0.6, TriageReason::LowConfidence)),
            (0.0, triage(Stage::First, 0.0, TriageReason::LowConfidence)),
        ] {
            assert_eq!(next(&HIGH_STAKES, &mut at(stage, 1), passed(figure)), expected);
        }
    }
}

#[test]
fn counts_a_pass_without_a_usable_figure_as_zero_and_flags_it() {
    let nonsense = [None, Some(f64::NAN), Some(f64::INFINITY), Some(-0.1), Some(1.1)];
    for confidence in nonsense {
        let event = Event::Evaluated(Evaluation::Pass { confidence });
        let effect = next(
            &Facts {
                trust_level: 5,
                ..HIGH_STAKES
            },
            &mut at(Stage::Evaluation, 1),
            event,
        );
        let expected = Effect::Triage {
            stage: Stage::First,
            confidence: 0.0,
            flagged: true,
            reason: TriageReason::LowConfidence,
        };
        assert_eq!(effect, expected, "{confidence:?}");
    }
}

#[test]
fn holds_a_passed_answer_to_the_trust_gate() {
    let mut progress = at(Stage::Evaluation, 1);
    progress.kept.as_mut().expect("an answer").action = Some(action(ActionKind::Fill, None));
    assert_eq!(
        next(&HIGH_STAKES, &mut progress.clone(), passed(0.95)),
        triage(Stage::First, 0.9, TriageReason::ActionNeedsApproval)
    );
    let trusted = Facts {
        trust_level: 2,
        ..HIGH_STAKES
    };
    assert_eq!(next(&trusted, &mut progress, passed(0.95)), complete(Stage::First, 0.9));
}

#[test]
fn goes_to_triage_when_the_evaluator_says_so() {
    for stage in [Stage::Evaluation, Stage::SecondEvaluation] {
        let effect = decide(&HIGH_STAKES, &mut at(stage, 1), TRIAGE, 0);
        assert_eq!(effect, triage(Stage::First, 0.9, TriageReason::EvaluatorAsks));
    }
}

#[test]
fn answers_once_more_on_premium_and_is_evaluated_again() {
    let mut progress = at(Stage::Evaluation, 1);
    let call = call_of(next(&HIGH_STAKES, &mut progress, RETRY));
    assert_eq!(
        (call.stage, call.number, call.tier, call.wait_ms),
        (Stage::Retry, 1, Tier::Premium, 0)
    );
    let call = called(next(&HIGH_STAKES, &mut progress, answered(0.88)));
    assert_eq!(call, (Stage::SecondEvaluation, 1, Tier::Smart));
    assert_eq!(progress.kept, Some(kept(Stage::Retry, Tier::Premium, 0.88)));
    assert_eq!(progress.attempts, 4);

    let mut asked_again = progress.clone();
    assert_eq!(
        next(&HIGH_STAKES, &mut progress, passed(0.95)),
        complete(Stage::Retry, 0.88)
    );
    assert_eq!(
        decide(&HIGH_STAKES, &mut asked_again, RETRY, 0),
        triage(Stage::Retry, 0.88, TriageReason::EvaluatorAsks)
    );
}

#[test]
fn goes_to_triage_where_the_plan_has_no_premium_for_a_retry() {
    for highest_tier in [Tier::Fast, Tier::Smart] {
        let facts = Facts {
            highest_tier,
            ..HIGH_STAKES
        };
        let expected = triage(Stage::First, 0.9, TriageReason::EvaluatorAsks);
        assert_eq!(decide(&facts, &mut at(Stage::Evaluation, 1), RETRY, 0), expected);
        // A plan that changed while the retry was under way.
        assert_eq!(next(&facts, &mut at(Stage::Retry, 1), Event::AttemptLost), expected);
    }
}

#[test]
fn ends_in_triage_when_attempts_are_used_up() {
    for (stage, reason) in [
        (Stage::Evaluation, TriageReason::NotEvaluated),
        (Stage::Retry, TriageReason::EvaluatorAsks),
        (Stage::SecondEvaluation, TriageReason::NotEvaluated),
    ] {
        for event in [Event::AttemptFailed("x"), Event::AttemptLost, Event::Claimed] {
            for attempts in 0..3 {
                let call = call_of(next(&HIGH_STAKES, &mut at(stage, attempts), event));
                assert_eq!((call.stage, call.number), (stage, attempts + 1));
            }
            assert_eq!(
                decide(&HIGH_STAKES, &mut at(stage, 3), event, 0),
                triage(Stage::First, 0.9, reason)
            );
        }
    }
}

#[test]
fn ends_in_triage_when_the_evaluator_refuses() {
    let refused = Event::AttemptHopeless("Model refused the task");
    for (stage, reason) in [
        (Stage::Evaluation, TriageReason::NotEvaluated),
        (Stage::Retry, TriageReason::EvaluatorAsks),
        (Stage::SecondEvaluation, TriageReason::NotEvaluated),
    ] {
        assert_eq!(
            decide(&HIGH_STAKES, &mut at(stage, 1), refused, 0),
            triage(Stage::First, 0.9, reason)
        );
    }
}

#[test]
fn never_takes_the_agents_word_for_the_evaluators() {
    for stage in [Stage::Evaluation, Stage::SecondEvaluation] {
        let call = call_of(next(&HIGH_STAKES, &mut at(stage, 1), answered(1.0)));
        assert_eq!((call.stage, call.number), (stage, 2));
        assert_eq!(
            next(&HIGH_STAKES, &mut at(stage, 3), answered(1.0)),
            triage(Stage::First, 0.9, TriageReason::NotEvaluated)
        );
    }
}

#[test]
fn never_takes_a_judgement_for_an_answer() {
    let call = called(next(&HIGH_STAKES, &mut used(1), passed(1.0)));
    assert_eq!(call, (Stage::First, 2, Tier::Smart));
    assert_eq!(
        next(&HIGH_STAKES, &mut used(3), passed(1.0)),
        failed("Model call failed")
    );
    let call = called(next(&HIGH_STAKES, &mut at(Stage::Retry, 1), passed(1.0)));
    assert_eq!(call, (Stage::Retry, 2, Tier::Premium));
}

#[test]
fn goes_on_evaluating_an_agent_that_is_no_longer_high_stakes() {
    assert_eq!(
        called(next(&FACTS, &mut at(Stage::Evaluation, 1), Event::AttemptLost)),
        (Stage::Evaluation, 2, Tier::Smart)
    );
}
