//! The rules of contract §10 as tables.

mod answers;
mod attempts;

use super::*;

const FACTS: Facts = Facts {
    highest_tier: Tier::Premium,
    agent_tier: Tier::Fast,
    high_stakes: false,
    trust_level: 1,
};

/// A fresh invocation of the worker. *Source*: Lambda's 15 minutes.
const INVOCATION_MS: u64 = 900_000;

fn used(attempts: u32) -> Progress {
    Progress {
        stage: Stage::First,
        attempts_in_stage: attempts,
        attempts,
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
fn saves_progress_in_plain_words() {
    let json = serde_json::json!({ "stage": "first", "attempts_in_stage": 2, "attempts": 2 });
    assert_eq!(serde_json::to_value(used(2)).expect("progress is plain"), json);
    assert_eq!(
        serde_json::from_value::<Progress>(json).expect("it reads what it wrote"),
        used(2)
    );
}
