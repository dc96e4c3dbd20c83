//! The rules of contract §10: as tables, and as walks that nobody thought of.

mod answers;
mod attempts;
mod escalation;
mod evaluator;
mod refusals;
mod saved;
mod time;
mod walks;

use super::*;
use crate::action::ActionKind;

const FACTS: Facts = Facts {
    highest_tier: Tier::Premium,
    agent_tier: Tier::Smart,
    high_stakes: false,
    trust_level: 1,
    credits: Credits::Covered,
    breaker: Breaker::Closed,
};

const HIGH_STAKES: Facts = Facts {
    high_stakes: true,
    ..FACTS
};

/// A fresh invocation of the worker. *Source*: Lambda's 15 minutes.
const INVOCATION_MS: u64 = 900_000;

/// Progress in the first stage.
fn used(attempts: u32) -> Progress {
    Progress {
        attempts_in_stage: attempts,
        attempts,
        ..Progress::default()
    }
}

/// An answer that stands.
fn kept(stage: Stage, tier: Tier, confidence: f64) -> Kept {
    Kept {
        stage,
        tier,
        confidence: Some(confidence),
        repaired: false,
        action: None,
        evaluator_confidence: None,
    }
}

fn sure(confidence: f64) -> Verdict<'static> {
    Verdict {
        confidence: Some(confidence),
        ..Verdict::default()
    }
}

fn answered(confidence: f64) -> Event<'static> {
    Event::Answered(sure(confidence))
}

fn passed(confidence: f64) -> Event<'static> {
    Event::Evaluated(Evaluation::Pass {
        confidence: Some(confidence),
    })
}

fn action(kind: ActionKind, value_usd: Option<f64>) -> ProposedAction {
    ProposedAction {
        kind,
        description: String::new(),
        value_usd,
    }
}

/// Decides with a whole invocation left.
fn next(facts: &Facts, progress: &mut Progress, event: Event<'_>) -> Effect {
    decide(facts, progress, event, INVOCATION_MS)
}

fn call_of(effect: Effect) -> Call {
    match effect {
        Effect::Call(call) => call,
        other => panic!("expected a call, got {other:?}"),
    }
}

/// Stage, number and tier of the call that an effect must be.
fn called(effect: Effect) -> (Stage, u32, Tier) {
    let call = call_of(effect);
    (call.stage, call.number, call.tier)
}

fn complete(stage: Stage, confidence: f64) -> Effect {
    Effect::Complete {
        stage,
        confidence,
        warning: confidence < 0.85,
    }
}

fn triage(stage: Stage, confidence: f64, reason: TriageReason) -> Effect {
    Effect::Triage {
        stage,
        confidence,
        flagged: false,
        reason,
    }
}

fn failed(error: &str) -> Effect {
    Effect::Fail {
        error: error.to_owned(),
    }
}

#[test]
fn walks_the_steps_in_the_contracts_order() {
    use Step::*;
    assert_eq!(
        ORDER,
        [
            Credits, Downshift, Trust, Breaker, Attempts, Escalation, Evaluator, TrustGate, Band
        ]
    );
}

#[test]
fn tells_every_reason_for_triage_apart() {
    let sentences = [
        TriageReason::NotEvaluated,
        TriageReason::EvaluatorAsks,
        TriageReason::ActionNeedsApproval,
        TriageReason::LowConfidence,
    ]
    .map(TriageReason::sentence);
    for (at, sentence) in sentences.iter().enumerate() {
        assert!(sentence.ends_with('.'));
        assert!(!sentences[..at].contains(sentence));
    }
}
