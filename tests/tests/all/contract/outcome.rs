//! How a run can end: the sandbox model shows each outcome at will. *Source*: contract §3 and §10.

use eclips_tests::target::Target;
use serde_json::{Value, json};

use super::shape::assert_run;

/// Starts a run that the sandbox treats in some way, and gives it as it ended.
async fn outcome(directives: Value) -> Value {
    let target = Target::find();
    let ended = target.settled(&target.sandbox_run(directives).await).await;
    assert_run(&ended);
    ended
}

/// It waits for a person, with nothing decided.
fn assert_waits(run: &Value) {
    assert_eq!(
        (&run["status"], &run["requires_triage"]),
        (&json!("pending_triage"), &json!(true)),
        "{run}"
    );
    assert!(run["triage_item_id"].is_string(), "{run}");
    for member in ["result", "error", "completed_at"] {
        assert_eq!(run[member], Value::Null, "{member}: {run}");
    }
}

#[tokio::test]
async fn a_doubtful_answer_waits_for_a_person() {
    let run = outcome(json!({ "confidence": 0.4 })).await;
    assert_waits(&run);
    assert_eq!(run["confidence_score"], 0.4, "{run}");
}

#[tokio::test]
async fn a_proposed_action_waits_for_a_person() {
    let action = json!({ "kind": "submit", "description": "Send the order", "value_usd": 10 });
    let run = outcome(json!({ "action": action })).await;
    assert_waits(&run);
    assert!(run["confidence_score"].as_f64().unwrap() >= 0.9, "{run}");
}

#[tokio::test]
async fn a_fairly_sure_answer_completes() {
    let run = outcome(json!({ "confidence": 0.7 })).await;
    assert_eq!(
        (&run["status"], &run["confidence_score"]),
        (&json!("completed"), &json!(0.7)),
        "{run}"
    );
}

#[tokio::test]
async fn a_model_that_errs_thrice_fails_the_run() {
    let run = outcome(json!({ "fail": "model" })).await;
    assert_eq!(
        (&run["status"], &run["attempts"], &run["result"]),
        (&json!("failed"), &json!(3), &Value::Null),
        "{run}"
    );
    assert!(run["error"].as_str().is_some_and(|error| !error.is_empty()), "{run}");
    assert!(run["completed_at"].is_string(), "{run}");
}

#[tokio::test]
async fn a_model_that_errs_once_is_asked_again() {
    let run = outcome(json!({ "fail": "once" })).await;
    assert_eq!(
        (&run["status"], &run["attempts"], &run["error"]),
        (&json!("completed"), &json!(2), &Value::Null),
        "{run}"
    );
}

#[tokio::test]
async fn the_same_request_gets_the_same_answer() {
    let target = Target::find();
    let body = json!({ "task": "Get 3 vendor quotes for 500 laptops", "agent_type": "procurement_specialist" });
    let (one, other) = (target.run(&body).await, target.run(&body).await);
    let (one, other) = (target.settled(&one).await, target.settled(&other).await);
    assert_eq!((&one["result"], &one["usage"]), (&other["result"], &other["usage"]));
}
