//! An answer that does not fit is asked for once more, within the attempt and on its meter.

use std::time::Duration;

use crate::action::ProposedAction;
use crate::harness::Evaluation;

use super::*;

#[tokio::test]
async fn an_answer_that_does_not_fit_is_mended_once() {
    let endpoint = Endpoint::replies(vec![says("I found a chair."), says(&good().to_string())]).await;
    let meter = Meter::default();
    let answer = ask(&openai(&endpoint), &meter).await.expect("the second one fits");
    assert!(answer.repaired);
    assert_eq!(
        (answer.input_tokens, answer.output_tokens),
        (40, 20),
        "both are paid for"
    );
    assert_eq!(metered(&meter), (2, 40, 20));

    let second = &endpoint.seen()[1].body["messages"];
    assert_eq!(second[2], json!({ "role": "assistant", "content": "I found a chair." }));
    let words = second[3]["content"].as_str().expect("words");
    assert!(
        words.contains("it is no JSON object") && words.contains("\"confidence\""),
        "{words}"
    );
}

#[tokio::test]
async fn an_answer_that_cannot_be_mended_is_malformed_and_paid_for() {
    for bad in [
        "Sure!",
        "[]",
        "{\"output\": {\"summary\": \"x\", \"price\": 1e999}}",
        "{\"output\": {}}",
    ] {
        let endpoint = Endpoint::always(says(bad)).await;
        let meter = Meter::default();
        let error = ask(&openai(&endpoint), &meter).await.expect_err("it never fits");
        assert!(matches!(error, ModelError::Malformed(_)), "{error:?}");
        assert_eq!((endpoint.seen().len(), metered(&meter)), (2, (2, 40, 20)), "{bad}");
    }
}

#[tokio::test]
async fn an_answer_whose_mending_fails_is_paid_for() {
    let endpoint = Endpoint::replies(vec![says("Sure!"), Reply::Json(429, json!({}))]).await;
    let meter = Meter::default();
    let error = ask(&openai(&endpoint), &meter).await.expect_err("it was throttled");
    assert_eq!(error, ModelError::Throttled("HTTP 429".to_owned()));
    assert_eq!(metered(&meter), (1, 20, 10));
}

#[tokio::test]
async fn an_answer_whose_mending_is_cut_off_is_paid_for() {
    let endpoint = Endpoint::replies(vec![says("Sure!"), Reply::Drip("HTTP/1.1 200 OK\r\n")]).await;
    let (models, meter) = (openai(&endpoint), Meter::default());
    let asked = tokio::time::timeout(Duration::from_millis(500), ask(&models, &meter)).await;
    assert!(asked.is_err(), "the caller's time is over");
    assert_eq!((endpoint.seen().len(), metered(&meter)), (2, (1, 20, 10)));
}

#[tokio::test]
async fn an_action_that_is_not_in_the_registry_is_asked_about_and_never_dropped() {
    let mut bad = good();
    bad["action"] = json!({ "id": "wire_money", "description": "x", "value_usd": 1 });
    let endpoint = Endpoint::always(says(&bad.to_string())).await;
    let error = ask(&openai(&endpoint), &Meter::default())
        .await
        .expect_err("nobody may do that");
    assert!(
        matches!(&error, ModelError::Malformed(cause) if cause.contains("action")),
        "{error:?}"
    );

    bad["action"]["id"] = json!("place_order");
    let endpoint = Endpoint::always(says(&bad.to_string())).await;
    let answer = ask(&openai(&endpoint), &Meter::default())
        .await
        .expect("it may propose that");
    let action = answer.action.expect("an action");
    assert_eq!((action.kind, action.value_usd), (ActionKind::Submit, Some(1.0)));
}

#[tokio::test]
async fn a_nonsensical_confidence_is_no_reason_to_ask_again() {
    let mut odd = good();
    odd["confidence"] = json!(1_000_000_000_000_000_u64);
    let endpoint = Endpoint::always(says(&odd.to_string())).await;
    let answer = ask(&openai(&endpoint), &Meter::default()).await.expect("it fits");
    assert_eq!(
        (answer.confidence, answer.repaired),
        (Some(1e15), false),
        "the harness makes a flagged 0 of it"
    );
}

#[tokio::test]
async fn a_judgement_is_mended_like_an_answer() {
    let judged = json!({ "verdict": "pass", "confidence": 0.8, "reasoning": "The sum is right." });
    let endpoint = Endpoint::replies(vec![says("{\"verdict\": \"fine\"}"), says(&judged.to_string())]).await;
    let (models, meter) = (openai(&endpoint), Meter::default());
    let output = Map::from_iter([("summary".to_owned(), json!("A chair."))]);
    let action = ProposedAction {
        kind: ActionKind::Submit,
        description: "Order it".to_owned(),
        value_usd: Some(80.0),
    };
    let request = EvaluationRequest {
        agent: &AGENT,
        tier: Tier::Fast,
        task: "Buy a chair.",
        data: None,
        attempt: 2,
        output: &output,
        confidence: Some(0.97),
        action: Some(&action),
    };
    let answer = models
        .of(Tier::Fast)
        .evaluate(&request, &meter)
        .await
        .expect("the second one fits");
    assert_eq!(answer.evaluation, Evaluation::Pass { confidence: Some(0.8) });
    assert_eq!(
        (answer.reasoning.as_str(), answer.model.as_str()),
        ("The sum is right.", "tiny")
    );
    assert_eq!((answer.input_tokens, answer.output_tokens), (40, 20));
    let asked = endpoint.seen()[0].body.to_string();
    for known in ["A chair.", "0.97", "Order it"] {
        assert!(
            asked.contains(known),
            "the evaluator sees all that is to be judged: {asked}"
        );
    }
}
