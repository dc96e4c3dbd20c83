//! What the sandbox model promises: determinism, directives, bounded and derived results.

mod bounds;
mod outputs;

use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::{Instant, timeout};

use super::*;
use crate::action::ActionKind;
use crate::agents;
use crate::harness::Evaluation;
use crate::models::{EvaluationRequest, EvaluatorAnswer};
use crate::tier::Tier;

async fn ask(agent: &str, task: &str, data: &Value, attempt: u32) -> Result<ModelAnswer, ModelError> {
    let agent = agents::find(agent).expect("an agent of the roster");
    answer(&ModelRequest {
        agent,
        tier: agent.tier,
        task,
        data: data.as_object(),
        attempt,
    })
    .await
}

async fn answered(agent: &str, task: &str, data: Value) -> ModelAnswer {
    ask(agent, task, &data, 1).await.expect("an answer")
}

#[tokio::test]
async fn answers_the_same_again() {
    let data = json!({ "customer": "Acme", "amount": 12 });
    let first = answered("deal_tracker", "Where is the deal?", data.clone()).await;
    assert_eq!(answered("deal_tracker", "Where is the deal?", data).await, first);
}

#[tokio::test]
async fn answers_otherwise_for_another_request() {
    let data = json!({ "quantity": 5 });
    let first = answered("procurement_specialist", "Buy lamps", data.clone()).await;
    assert_ne!(
        answered("procurement_specialist", "Buy lamps", json!({ "quantity": 6 })).await,
        first
    );
    assert_ne!(
        answered("procurement_specialist", "Buy desks", data.clone()).await,
        first
    );
    assert_ne!(answered("vendor_evaluator", "Buy lamps", data).await, first);
}

#[tokio::test]
async fn changes_nothing_else_for_a_directive() {
    let plain = answered("center", "Say hello", json!({ "a": 1 })).await;
    let steered = answered(
        "center",
        "Say hello",
        json!({ "a": 1, "sandbox": { "confidence": 0.3 } }),
    )
    .await;
    assert_eq!(
        (plain.output, plain.input_tokens),
        (steered.output, steered.input_tokens)
    );
}

#[tokio::test]
async fn is_sure_without_directives_whoever_answers() {
    for agent in agents::all() {
        let answer = answered(agent.id, "Do the usual", json!({ "amount": 12 })).await;
        assert_eq!(agents::fits(agent, &answer.output), Ok(()), "{}", agent.id);
        let confidence = answer.confidence.expect("a figure");
        assert!((0.9..=1.0).contains(&confidence), "{}: {confidence}", agent.id);
        assert_eq!(answer.output["simulated"], true);
        assert_eq!(answer.action, None, "{}", agent.id);
        assert!(answer.input_tokens > 0 && answer.output_tokens > 0);
    }
}

#[tokio::test]
async fn names_the_tier_that_answered() {
    let agent = agents::find("center").expect("the default agent");
    for tier in Tier::ALL {
        let request = ModelRequest {
            agent,
            tier,
            task: "x",
            data: None,
            attempt: 1,
        };
        assert_eq!(
            answer(&request).await.expect("an answer").model,
            format!("sandbox-{}", tier.as_str())
        );
    }
}

#[tokio::test]
async fn takes_the_confidence_it_is_told() {
    for confidence in [0.0, 0.4, 0.85, 1.0] {
        let data = json!({ "sandbox": { "confidence": confidence } });
        assert_eq!(answered("center", "x", data).await.confidence, Some(confidence));
    }
}

#[tokio::test(start_paused = true)]
async fn waits_as_long_as_it_is_told() {
    for (delay_ms, expected) in [
        (json!(0), 0),
        (json!(500), 500),
        (json!(60_000), 10_000),
        (json!("x"), 0),
    ] {
        let start = Instant::now();
        answered("center", "x", json!({ "sandbox": { "delay_ms": delay_ms } })).await;
        assert_eq!(start.elapsed(), Duration::from_millis(expected));
    }
}

#[tokio::test(start_paused = true)]
async fn waits_before_it_fails_too() {
    let start = Instant::now();
    let data = json!({ "sandbox": { "delay_ms": 700, "fail": "model" } });
    assert!(ask("center", "x", &data, 1).await.is_err());
    assert_eq!(start.elapsed(), Duration::from_millis(700));
}

#[tokio::test]
async fn fails_every_attempt_on_model() {
    let data = json!({ "sandbox": { "fail": "model" } });
    for attempt in 1..=3 {
        assert!(matches!(
            ask("center", "x", &data, attempt).await,
            Err(ModelError::Failed(_))
        ));
    }
}

#[tokio::test]
async fn fails_the_first_attempt_on_once() {
    let data = json!({ "sandbox": { "fail": "once" } });
    assert!(matches!(ask("center", "x", &data, 1).await, Err(ModelError::Failed(_))));
    for attempt in 2..=3 {
        assert!(ask("center", "x", &data, attempt).await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn hangs_on_timeout() {
    let data = json!({ "sandbox": { "fail": "timeout" } });
    for attempt in 1..=3 {
        let hour = Duration::from_secs(3_600);
        assert!(timeout(hour, ask("center", "x", &data, attempt)).await.is_err());
    }
}

#[tokio::test]
async fn proposes_the_action_it_is_told() {
    let action = json!({ "kind": "destructive", "description": "Delete the vendor", "value_usd": 3 });
    let answer = answered("center", "x", json!({ "sandbox": { "action": action } })).await;
    let proposed = answer.action.expect("an action");
    assert_eq!(
        (proposed.kind, proposed.value_usd),
        (ActionKind::Destructive, Some(3.0))
    );
    assert_eq!(proposed.description, "Delete the vendor");
}

#[tokio::test]
async fn ignores_malformed_directives() {
    for sandbox in [
        json!(7),
        json!([]),
        json!({ "confidence": "high", "fail": 1, "delay_ms": {}, "action": 2 }),
    ] {
        let answer = answered("center", "x", json!({ "sandbox": sandbox })).await;
        assert!(answer.confidence >= Some(0.9) && answer.action.is_none());
    }
}

async fn evaluated(data: &Value, attempt: u32, confidence: Option<f64>) -> Result<EvaluatorAnswer, ModelError> {
    evaluate(&EvaluationRequest {
        agent: agents::find("payroll_processor").expect("an agent of the roster"),
        tier: Tier::Smart,
        task: "Run the payroll",
        data: data.as_object(),
        attempt,
        output: &Map::from_iter([("summary".to_owned(), Value::from("Done."))]),
        confidence,
        action: None,
    })
    .await
}

#[tokio::test]
async fn judges_an_answer_by_its_confidence() {
    for (confidence, expected) in [
        (Some(1.0), None),
        (Some(0.65), None),
        (Some(0.6499), Some(Evaluation::Retry)),
        (Some(0.5), Some(Evaluation::Retry)),
        (Some(0.4999), Some(Evaluation::Triage)),
        (Some(0.0), Some(Evaluation::Triage)),
        (Some(1.01), Some(Evaluation::Triage)),
        (Some(f64::NAN), Some(Evaluation::Triage)),
        (None, Some(Evaluation::Triage)),
    ] {
        let answer = evaluated(&json!({}), 2, confidence).await.expect("a judgement");
        match (answer.evaluation, expected) {
            (Evaluation::Pass { confidence: figure }, None) => {
                assert!(figure >= Some(0.9) && figure <= Some(1.0), "{figure:?}");
            }
            (evaluation, expected) => assert_eq!(Some(evaluation), expected, "{confidence:?}"),
        }
        assert!(answer.reasoning.ends_with('.') && answer.model == "sandbox-smart");
        assert!(answer.input_tokens > 0 && answer.output_tokens > 0);
    }
}

#[tokio::test]
async fn judges_the_same_again() {
    let data = json!({ "employees": 4 });
    let first = evaluated(&data, 2, Some(0.9)).await;
    assert_eq!(evaluated(&data, 3, Some(0.9)).await, first);
    let steered = json!({ "employees": 4, "sandbox": { "confidence": 0.9 } });
    assert_eq!(evaluated(&steered, 2, Some(0.9)).await, first);
}

#[tokio::test(start_paused = true)]
async fn steers_the_evaluator_by_the_same_directives() {
    let start = Instant::now();
    let data = json!({ "sandbox": { "delay_ms": 700, "fail": "model" } });
    assert!(matches!(
        evaluated(&data, 2, Some(0.9)).await,
        Err(ModelError::Failed(_))
    ));
    assert_eq!(start.elapsed(), Duration::from_millis(700));

    let once = json!({ "sandbox": { "fail": "once" } });
    assert!(evaluated(&once, 1, Some(0.9)).await.is_err());
    assert!(evaluated(&once, 2, Some(0.9)).await.is_ok());

    let hanging = json!({ "sandbox": { "fail": "timeout" } });
    let hour = Duration::from_secs(3_600);
    assert!(timeout(hour, evaluated(&hanging, 2, Some(0.9))).await.is_err());
}
