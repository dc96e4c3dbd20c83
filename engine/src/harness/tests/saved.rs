//! What is saved of a run, and that nothing that was saved is asked for again.

use serde_json::json;

use super::*;

fn reread(progress: &Progress) -> Progress {
    let json = serde_json::to_string(progress).expect("progress is plain");
    serde_json::from_str(&json).expect("it reads what it wrote")
}

#[test]
fn saves_progress_in_plain_words() {
    let first = json!({ "stage": "first", "attempts_in_stage": 2, "attempts": 2 });
    assert_eq!(serde_json::to_value(used(2)).expect("progress is plain"), first);
    // What was saved before there was more than one stage still reads.
    assert_eq!(
        serde_json::from_value::<Progress>(first).expect("it reads what it wrote"),
        used(2)
    );

    let progress = Progress {
        stage: Stage::SecondEvaluation,
        attempts_in_stage: 1,
        attempts: 5,
        kept: Some(Kept {
            action: Some(action(ActionKind::Fill, None)),
            repaired: true,
            ..kept(Stage::Retry, Tier::Premium, 0.5)
        }),
    };
    let kept = json!({
        "stage": "retry",
        "tier": "premium",
        "confidence": 0.5,
        "repaired": true,
        "action": { "kind": "fill", "description": "", "value_usd": null },
        "evaluator_confidence": null,
    });
    assert_eq!(
        serde_json::to_value(&progress).expect("progress is plain"),
        json!({ "stage": "second_evaluation", "attempts_in_stage": 1, "attempts": 5, "kept": kept })
    );
    assert_eq!(reread(&progress), progress);
}

#[test]
fn writes_the_same_word_for_a_stage_everywhere() {
    for stage in Stage::ALL {
        assert_eq!(serde_json::to_value(stage).expect("a word"), stage.as_str());
        assert_eq!(Stage::parse(stage.as_str()), Some(stage));
        assert_eq!(stage.is_evaluation(), stage.as_str().ends_with("evaluation"));
    }
    for word in ["", "First", "second", "first#1"] {
        assert_eq!(Stage::parse(word), None);
    }
}

#[test]
fn saves_a_nonsense_figure_as_none() {
    for figure in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let progress = Progress {
            stage: Stage::Evaluation,
            kept: Some(kept(Stage::First, Tier::Smart, figure)),
            ..used(1)
        };
        let mut read = reread(&progress);
        assert_eq!(read.kept.as_ref().expect("an answer").confidence, None);
        // It is judged as it would have been.
        let event = Event::Evaluated(Evaluation::Triage);
        assert_eq!(
            next(&HIGH_STAKES, &mut read, event),
            next(&HIGH_STAKES, &mut progress.clone(), event)
        );
    }
}

#[test]
fn never_asks_again_for_an_answer_that_was_saved() {
    let mut progress = used(1);
    let expected = next(&FACTS, &mut progress, answered(0.9));
    assert_eq!(decide(&FACTS, &mut reread(&progress), Event::Claimed, 0), expected);
}

#[test]
fn never_asks_again_for_a_pass_that_was_saved() {
    for confidence in [Some(0.7), Some(f64::NAN), None] {
        let mut progress = Progress {
            stage: Stage::Evaluation,
            attempts_in_stage: 1,
            attempts: 2,
            kept: Some(kept(Stage::First, Tier::Smart, 0.9)),
        };
        let event = Event::Evaluated(Evaluation::Pass { confidence });
        let expected = next(&HIGH_STAKES, &mut progress, event);
        let again = decide(&HIGH_STAKES, &mut reread(&progress), Event::Claimed, 0);
        assert_eq!(again, expected, "{confidence:?}");
    }
}

#[test]
fn fails_a_run_that_is_past_its_answer_and_has_none() {
    for stage in &Stage::ALL[1..] {
        for event in [Event::Claimed, answered(1.0), passed(1.0)] {
            let mut progress = Progress {
                stage: *stage,
                ..used(1)
            };
            assert_eq!(next(&HIGH_STAKES, &mut progress, event), failed("Model call failed"));
        }
    }
}

#[test]
fn saves_what_led_to_a_checkpoint() {
    let first = Some(kept(Stage::First, Tier::Smart, 0.9));
    let second = Some(kept(Stage::Retry, Tier::Premium, 0.9));
    let evaluating = |stage, kept| Progress { stage, kept, ..used(1) };
    let retry = Event::Evaluated(Evaluation::Retry);
    for (mut progress, event, stage, kept) in [
        (used(1), answered(0.9), Stage::Evaluation, first.clone()),
        (
            evaluating(Stage::Evaluation, first.clone()),
            retry,
            Stage::Retry,
            first.clone(),
        ),
        (
            evaluating(Stage::Retry, first.clone()),
            answered(0.9),
            Stage::SecondEvaluation,
            second,
        ),
    ] {
        assert_eq!(decide(&HIGH_STAKES, &mut progress, event, 30_000), Effect::Checkpoint);
        let expected = Progress {
            stage,
            attempts_in_stage: 0,
            attempts: 1,
            kept,
        };
        assert_eq!(reread(&progress), expected);
        let call = call_of(next(&HIGH_STAKES, &mut progress, Event::Claimed));
        assert_eq!((call.stage, call.number), (stage, 1));
    }
}
