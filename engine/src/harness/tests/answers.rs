//! What follows from an answer: triage or a completed run.

use super::*;

fn judged(facts: Facts, verdict: Verdict<'_>) -> Effect {
    decide(&facts, &mut used(1), Event::Answered(verdict), INVOCATION_MS)
}

fn low(confidence: f64, flagged: bool) -> Effect {
    Effect::Triage {
        stage: Stage::First,
        confidence,
        flagged,
        reason: TriageReason::LowConfidence,
    }
}

#[test]
fn places_an_answer_in_its_band() {
    let complete = |confidence, warning| Effect::Complete {
        stage: Stage::First,
        confidence,
        warning,
    };
    for (confidence, below_3, from_3) in [
        (0.0, low(0.0, false), low(0.0, false)),
        (0.4999, low(0.4999, false), low(0.4999, false)),
        (0.50, low(0.50, false), complete(0.50, true)),
        (0.6499, low(0.6499, false), complete(0.6499, true)),
        (0.65, complete(0.65, true), complete(0.65, true)),
        (0.8499, complete(0.8499, true), complete(0.8499, true)),
        (0.85, complete(0.85, false), complete(0.85, false)),
        (1.0, complete(1.0, false), complete(1.0, false)),
    ] {
        for (trust_level, expected) in [
            (0, &below_3),
            (1, &below_3),
            (2, &below_3),
            (3, &from_3),
            (5, &from_3),
            (6, &below_3),
        ] {
            let effect = judged(Facts { trust_level, ..FACTS }, sure(confidence));
            assert_eq!(&effect, expected, "{confidence} at {trust_level}");
        }
    }
}

#[test]
fn counts_a_nonsense_figure_as_zero_and_flags_it() {
    for confidence in [
        None,
        Some(f64::NAN),
        Some(f64::INFINITY),
        Some(-0.01),
        Some(1.01),
        Some(95.0),
    ] {
        let verdict = Verdict {
            confidence,
            ..Verdict::default()
        };
        for trust_level in 1..=5 {
            assert_eq!(
                judged(Facts { trust_level, ..FACTS }, verdict),
                low(0.0, true),
                "{confidence:?}"
            );
        }
    }
}

#[test]
fn holds_a_repaired_answer_to_080() {
    let repaired = |confidence| Verdict {
        repaired: true,
        ..sure(confidence)
    };
    assert_eq!(judged(FACTS, repaired(0.99)), complete(Stage::First, 0.8));
    assert_eq!(judged(FACTS, repaired(0.7)), complete(Stage::First, 0.7));
    assert_eq!(judged(FACTS, repaired(0.6)), low(0.6, false));
}

#[test]
fn sends_an_action_that_needs_approval_to_triage() {
    for kind in [ActionKind::Fill, ActionKind::Submit, ActionKind::Destructive] {
        let action = action(kind, Some(1.0));
        let verdict = Verdict {
            action: Some(&action),
            ..sure(1.0)
        };
        assert_eq!(
            judged(FACTS, verdict),
            triage(Stage::First, 1.0, TriageReason::ActionNeedsApproval)
        );
        let trusted = judged(
            Facts {
                trust_level: 5,
                ..FACTS
            },
            verdict,
        );
        assert_eq!(trusted, complete(Stage::First, 1.0));
    }
}

#[test]
fn holds_an_allowed_action_to_the_band_all_the_same() {
    let action = action(ActionKind::Fill, None);
    let verdict = Verdict {
        action: Some(&action),
        ..sure(0.4)
    };
    assert_eq!(
        judged(
            Facts {
                trust_level: 5,
                ..FACTS
            },
            verdict
        ),
        low(0.4, false)
    );
}

#[test]
fn keeps_the_answer_and_counts_no_attempt_for_it() {
    let mut progress = used(2);
    decide(&FACTS, &mut progress, answered(0.9), 0);
    let expected = Progress {
        kept: Some(kept(Stage::First, Tier::Smart, 0.9)),
        ..used(2)
    };
    assert_eq!(progress, expected);
}
