//! `POST /v1/run`: what is accepted, and what is refused by which name. *Source*: contract §2 and §3.

use eclips_tests::target::Target;
use eclips_tests::world::Reply;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::shape::assert_run;
use super::{assert_names, assert_refused};

const KIB: usize = 1_024;

/// Posts bytes of a type.
async fn post(target: &Target, body: Vec<u8>, kind: Option<&str>) -> Reply {
    let mut request = target.request(Method::POST, "/v1/run").bearer_auth(target.test());
    if let Some(kind) = kind {
        request = request.header(CONTENT_TYPE, kind);
    }
    target.answer(request.body(body)).await
}

#[tokio::test]
async fn a_run_is_accepted_in_these_bytes() {
    let target = Target::find();
    let body = json!({ "task": "Get 3 vendor quotes for 500 laptops", "agent_type": "procurement_specialist" });
    let accepted = target.post("/v1/run", target.test(), &body).await;
    let run = accepted.json()["run_id"].clone();
    let expected = format!(
        r#"{{"run_id":{run},"status":"queued","agent_type":"procurement_specialist","estimated_completion":"async"}}"#
    );
    assert_eq!(accepted.pair(), (202, expected.as_str()));
    assert_eq!(accepted.header("idempotent-replay"), "");
}

#[tokio::test]
async fn an_accepted_run_can_be_read_at_once() {
    let target = Target::find();
    let run = target.run(&json!({ "task": "Contract test" })).await;
    let shown = target.show(&run).await;
    assert_run(&shown);
    assert_eq!(shown["id"], json!(run));
}

#[tokio::test]
async fn a_completed_run_has_every_member_of_the_contract_and_no_other() {
    let target = Target::find();
    let run = target
        .run(&json!({
            "task": "  Get 3 vendor quotes for 500 laptops\n", "agent_type": "procurement_specialist",
            "data": { "budget": 400_000 }, "priority": "high", "webhook_url": null
        }))
        .await;
    let ended = target.settled(&run).await;
    assert_run(&ended);
    for (member, expected) in [
        ("id", json!(run)),
        ("agent_type", json!("procurement_specialist")),
        ("status", json!("completed")),
        ("priority", json!("high")),
        ("task", json!("Get 3 vendor quotes for 500 laptops")),
        ("data", json!({ "budget": 400_000 })),
        ("requires_triage", json!(false)),
        ("triage_item_id", Value::Null),
        ("error", Value::Null),
        ("credits", json!(0)),
        ("attempts", json!(1)),
        ("batch_id", Value::Null),
        ("mode", json!("test")),
    ] {
        assert_eq!(ended[member], expected, "{member}: {ended}");
    }
    assert_eq!(ended["result"]["simulated"], true, "{ended}");
    assert!(ended["confidence_score"].as_f64().unwrap() >= 0.9, "{ended}");
    assert!(ended["usage"]["input_tokens"].as_u64().unwrap() > 0, "{ended}");
    assert!(ended["usage"]["output_tokens"].as_u64().unwrap() > 0, "{ended}");
    let times = ["created_at", "started_at", "completed_at"].map(|time| ended[time].as_str().unwrap());
    assert!(times.is_sorted(), "{ended}");
}

#[tokio::test]
async fn what_is_left_out_has_its_default() {
    let target = Target::find();
    let shown = target
        .show(&target.run(&json!({ "task": "Contract test" })).await)
        .await;
    for (member, expected) in [
        ("agent_type", json!("center")),
        ("priority", json!("normal")),
        ("data", Value::Null),
    ] {
        assert_eq!(shown[member], expected, "{shown}");
    }
}

#[tokio::test]
async fn a_wrong_field_is_named() {
    let target = Target::find();
    let long_url = format!("https://example.com/{}", "x".repeat(2_048));
    for (body, field) in [
        (json!({ "task": 7 }), "task"),
        (json!({ "task": "é".repeat(20_001) }), "task"),
        (json!({ "task": "x", "agent_type": 7 }), "agent_type"),
        (json!({ "task": "x", "data": [1] }), "data"),
        (json!({ "task": "x", "data": "{}" }), "data"),
        (json!({ "task": "x", "data": { "a": "y".repeat(128 * KIB) } }), "data"),
        (json!({ "task": "x", "priority": "HIGH" }), "priority"),
        (json!({ "task": "x", "priority": 1 }), "priority"),
        (
            json!({ "task": "x", "webhook_url": "http://example.com/" }),
            "webhook_url",
        ),
        (json!({ "task": "x", "webhook_url": "example.com" }), "webhook_url"),
        (json!({ "task": "x", "webhook_url": long_url }), "webhook_url"),
        (json!({ "task": "x", "organization_id": "y" }), "organization_id"),
    ] {
        assert_names(&target.post("/v1/run", target.test(), &body).await, field);
    }
}

#[tokio::test]
async fn a_webhook_url_of_a_private_address_is_a_422() {
    let target = Target::find();
    for host in [
        "127.0.0.1",
        "0x7f000001",
        "10.0.0.1",
        "169.254.169.254",
        "[::1]",
        "localhost",
    ] {
        let body = json!({ "task": "x", "webhook_url": format!("https://{host}/hook") });
        let got = target.post("/v1/run", target.test(), &body).await;
        let text = r#"{"error":"webhook_url must name a public host","field":"webhook_url"}"#;
        assert_refused(&got, (422, "unprocessable", text));
    }
}

#[tokio::test]
async fn the_manual_s_words_for_a_wrong_field_are_kept() {
    let target = Target::find();
    for (body, text) in [
        (json!({}), r#"{"error":"task is required","field":"task"}"#),
        (
            json!({ "task": " \t\n " }),
            r#"{"error":"task is required","field":"task"}"#,
        ),
        (
            json!({ "task": "x", "agent_type": "nobody" }),
            r#"{"error":"Unknown agent_type","field":"agent_type"}"#,
        ),
    ] {
        let got = target.post("/v1/run", target.test(), &body).await;
        assert_refused(&got, (400, "validation_error", text));
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_object_names_no_field() {
    let target = Target::find();
    for body in ["", "{", "[]", r#"{"task":"x","task":"y"}"#] {
        let got = post(&target, body.into(), Some("application/json")).await;
        let error = got.json();
        assert_eq!(
            (got.status.as_u16(), got.header("x-eclips-error-code")),
            (400, "validation_error"),
            "{body:?}"
        );
        assert!(
            error["error"].is_string() && error.get("field").is_none(),
            "{body:?}: {error}"
        );
    }
}

#[tokio::test]
async fn the_longest_task_is_accepted() {
    let target = Target::find();
    let run = target.run(&json!({ "task": "é".repeat(20_000) })).await;
    assert_eq!(
        target.show(&run).await["task"].as_str().unwrap().chars().count(),
        20_000
    );
}

#[tokio::test]
async fn a_body_over_256_kib_is_too_large_whatever_it_says() {
    let target = Target::find();
    let got = post(&target, vec![b'x'; 256 * KIB + 1], Some("application/json")).await;
    assert_refused(
        &got,
        (413, "payload_too_large", r#"{"error":"Request body too large"}"#),
    );
}

#[tokio::test]
async fn a_body_of_another_type_is_refused() {
    let target = Target::find();
    for kind in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
        let got = post(&target, br#"{"task":"x"}"#.to_vec(), kind).await;
        let words = r#"{"error":"Content-Type must be application/json"}"#;
        assert_refused(&got, (415, "unsupported_media_type", words));
    }
}

#[tokio::test]
async fn the_content_type_may_have_parameters() {
    let target = Target::find();
    let kind = Some("Application/JSON; charset=utf-8");
    let got = post(&target, br#"{"task":"Contract test"}"#.to_vec(), kind).await;
    assert_eq!(got.status, 202, "{}", got.text);
}
