//! What follows from an answer: triage or a completed run.

use super::{FACTS, INVOCATION_MS, used};
use crate::action::{ActionKind, ProposedAction};
use crate::harness::{Effect, Event, Facts, TriageReason, Verdict, decide};

fn judged(facts: Facts, verdict: Verdict<'_>) -> Effect {
    decide(&facts, &mut used(1), Event::Answered(verdict), INVOCATION_MS)
}

fn sure(confidence: f64) -> Verdict<'static> {
    Verdict {
        confidence: Some(confidence),
        ..Verdict::default()
    }
}

fn low(confidence: f64, flagged: bool) -> Effect {
    Effect::Triage {
        confidence,
        flagged,
        reason: TriageReason::LowConfidence,
    }
}

#[test]
fn places_an_answer_in_its_band() {
    let complete = |confidence, warning| Effect::Complete { confidence, warning };
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
    assert_eq!(
        judged(FACTS, repaired(0.99)),
        Effect::Complete {
            confidence: 0.8,
            warning: true
        }
    );
    assert_eq!(
        judged(FACTS, repaired(0.7)),
        Effect::Complete {
            confidence: 0.7,
            warning: true
        }
    );
    assert_eq!(judged(FACTS, repaired(0.6)), low(0.6, false));
}

#[test]
fn takes_the_evaluators_figure_when_it_is_smaller() {
    let evaluated = |figure| Verdict {
        evaluator_confidence: Some(figure),
        ..sure(0.9)
    };
    assert_eq!(
        judged(FACTS, evaluated(0.7)),
        Effect::Complete {
            confidence: 0.7,
            warning: true
        }
    );
    assert_eq!(
        judged(FACTS, evaluated(0.95)),
        Effect::Complete {
            confidence: 0.9,
            warning: false
        }
    );
    assert_eq!(judged(FACTS, evaluated(f64::NAN)), low(0.0, true));
}

#[test]
fn never_completes_a_high_stakes_answer_by_itself() {
    for trust_level in 1..=5 {
        for confidence in [0.1, 0.7, 1.0] {
            let effect = judged(
                Facts {
                    high_stakes: true,
                    trust_level,
                    ..FACTS
                },
                sure(confidence),
            );
            let reason = TriageReason::NotEvaluated;
            assert_eq!(
                effect,
                Effect::Triage {
                    confidence,
                    flagged: false,
                    reason
                }
            );
        }
    }
}

#[test]
fn sends_an_action_that_needs_approval_to_triage() {
    for kind in [ActionKind::Fill, ActionKind::Submit, ActionKind::Destructive] {
        let action = ProposedAction {
            kind,
            description: String::new(),
            value_usd: Some(1.0),
        };
        let verdict = Verdict {
            action: Some(&action),
            ..sure(1.0)
        };
        let reason = TriageReason::ActionNeedsApproval;
        assert_eq!(
            judged(FACTS, verdict),
            Effect::Triage {
                confidence: 1.0,
                flagged: false,
                reason
            }
        );
        let trusted = judged(
            Facts {
                trust_level: 5,
                ..FACTS
            },
            verdict,
        );
        assert_eq!(
            trusted,
            Effect::Complete {
                confidence: 1.0,
                warning: false
            }
        );
    }
}

#[test]
fn holds_an_allowed_action_to_the_band_all_the_same() {
    let action = ProposedAction {
        kind: ActionKind::Fill,
        description: String::new(),
        value_usd: None,
    };
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
fn counts_no_attempt_for_an_answer() {
    let mut progress = used(2);
    decide(&FACTS, &mut progress, Event::Answered(sure(0.9)), 0);
    assert_eq!(progress, used(2));
}
