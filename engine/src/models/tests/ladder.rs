//! The ladder: an endpoint is asked in the best form that it takes, and what it takes is remembered.

use super::super::question::Question;
use super::*;
use crate::agents;

/// How a request puts its schema.
fn rung(seen: &Seen) -> &'static str {
    match (
        seen.body["response_format"]["type"].as_str(),
        seen.body["tools"].is_array(),
    ) {
        (Some("json_schema"), false) => "json_schema",
        (Some("json_object"), false) => "json_object",
        (None, true) => "tool",
        (None, false) => "prompt",
        _ => "two at once",
    }
}

fn rungs(endpoint: &Endpoint) -> Vec<&'static str> {
    endpoint.seen().iter().map(rung).collect()
}

/// An endpoint that takes one rung and refuses the others in some words.
async fn takes(only: &'static str, status: u16, refusal: Value) -> Endpoint {
    Endpoint::start(move |_, seen| match rung(seen) {
        rung if rung != only => Reply::Json(status, refusal.clone()),
        "tool" => {
            let function = json!({ "name": "answer", "arguments": good().to_string() });
            let call = json!({ "id": "c1", "type": "function", "function": function });
            Reply::Json(
                200,
                completion(
                    &json!({ "role": "assistant", "content": null, "tool_calls": [call] }),
                    "tool_calls",
                ),
            )
        }
        _ => says(&good().to_string()),
    })
    .await
}

fn refusal() -> Value {
    json!({ "error": { "message": "response_format of this type is not supported", "type": "invalid_request_error" } })
}

const RUNGS: [&str; 4] = ["json_schema", "json_object", "tool", "prompt"];

#[tokio::test]
async fn each_rung_answers_and_is_remembered() {
    for (at, only) in RUNGS.into_iter().enumerate() {
        let endpoint = takes(only, 400, refusal()).await;
        let models = openai(&endpoint);
        for calls in [at + 1, at + 2] {
            let meter = Meter::default();
            let answer = ask(&models, &meter).await.expect(only);
            assert_eq!(
                (answer.output["summary"].as_str(), answer.repaired),
                (Some("A chair was found."), false)
            );
            assert_eq!(
                (answer.model.as_str(), answer.input_tokens, answer.output_tokens),
                ("tiny", 20, 10)
            );
            assert_eq!(metered(&meter), (1, 20, 10), "a refused form costs nothing");
            assert_eq!(endpoint.seen().len(), calls, "{only}");
        }
        assert_eq!(rungs(&endpoint)[..=at], RUNGS[..=at]);
        assert_eq!(rungs(&endpoint)[at + 1], only);
    }
}

#[tokio::test]
async fn the_schema_goes_along_on_every_rung() {
    for only in RUNGS {
        let endpoint = takes(only, 400, refusal()).await;
        ask(&openai(&endpoint), &Meter::default()).await.expect(only);
        let seen = endpoint.seen().pop().expect("it was asked");
        let schema = match only {
            "json_schema" => seen.body["response_format"]["json_schema"]["schema"].clone(),
            "json_object" => seen.body["response_format"]["schema"].clone(),
            "tool" => {
                assert_eq!(
                    seen.body["tool_choice"]["function"]["name"], "answer",
                    "no choice but to use it"
                );
                seen.body["tools"][0]["function"]["parameters"].clone()
            }
            _ => {
                let system = seen.body["messages"][0]["content"].as_str().expect("a system message");
                let begin = system.find("{\"properties\"").expect("a schema");
                serde_json::from_str(system[begin..].trim()).expect("JSON")
            }
        };
        assert_eq!(schema["required"], json!(["output", "confidence", "action"]), "{only}");
        assert_eq!(
            schema["properties"]["action"]["anyOf"][1]["properties"]["id"]["enum"],
            json!(["place_order"])
        );
    }
}

#[test]
fn no_text_is_longer_than_a_grammar_takes() {
    for agent in agents::all() {
        let request = ModelRequest {
            agent,
            ..request("Look at this.", None)
        };
        let schema = Question::of_agent(&request).schema;
        let mut lengths = Vec::new();
        collect(&schema, &mut lengths);
        assert!(
            lengths.iter().all(|length| *length <= 1_000),
            "{}: {lengths:?}",
            agent.id
        );
        assert!(lengths.contains(&1_000), "{}: the summary is one", agent.id);
    }
}

fn collect(node: &Value, lengths: &mut Vec<u64>) {
    match node {
        Value::Object(members) => {
            lengths.extend(members.get("maxLength").and_then(Value::as_u64));
            members.values().for_each(|member| collect(member, lengths));
        }
        Value::Array(entries) => entries.iter().for_each(|entry| collect(entry, lengths)),
        _ => {}
    }
}

#[tokio::test]
async fn a_server_error_that_names_the_form_is_a_refusal_of_it() {
    // As llama-cpp-python says it: what its framework found, with status 500.
    let message = "[{'type': 'literal_error', 'loc': ('body', 'response_format', 'type'), 'msg': \"Input should be 'text' \
        or 'json_object'\"}]";
    let refusal =
        json!({ "error": { "message": message, "type": "internal_server_error", "param": null, "code": null } });
    let endpoint = takes("json_object", 500, refusal).await;
    ask(&openai(&endpoint), &Meter::default())
        .await
        .expect("the second rung");
    assert_eq!(rungs(&endpoint), ["json_schema", "json_object"]);
}

#[tokio::test]
async fn a_server_error_that_names_nothing_is_an_outage() {
    let endpoint = takes("prompt", 500, json!({ "error": { "message": "CUDA error" } })).await;
    let error = ask(&openai(&endpoint), &Meter::default())
        .await
        .expect_err("it is down");
    assert!(matches!(error, ModelError::Unavailable(_)), "{error:?}");
    assert_eq!(
        rungs(&endpoint),
        ["json_schema"],
        "an outage is not answered by asking more"
    );
}

#[tokio::test]
async fn a_refusal_without_a_reason_is_remembered_when_it_comes_twice() {
    let endpoint = takes("prompt", 400, json!({ "error": "Bad request" })).await;
    let models = openai(&endpoint);
    for _ in 0..3 {
        ask(&models, &Meter::default()).await.expect("the last rung");
    }
    let all = [&RUNGS[..], &RUNGS[..], &["prompt"]].concat();
    assert_eq!(rungs(&endpoint), all, "the first request may have been at fault");
}

#[tokio::test]
async fn one_request_that_is_refused_spoils_nothing_for_the_others() {
    for message in [
        "Bad request",
        "response_format: schema makes no grammar",
        "tool call validation failed",
    ] {
        let refusal = Reply::Json(400, json!({ "error": { "message": message } }));
        let endpoint = Endpoint::start(move |before, _| match before {
            1 => refusal.clone(),
            _ => says(&good().to_string()),
        })
        .await;
        let models = openai(&endpoint);
        for _ in 0..3 {
            ask(&models, &Meter::default()).await.expect("an answer");
        }
        assert_eq!(
            rungs(&endpoint),
            ["json_schema", "json_schema", "json_object", "json_schema"],
            "{message}"
        );
    }
}

#[tokio::test]
async fn a_model_finds_the_schema_where_its_endpoint_only_holds_it_to_json() {
    // As DeepSeek does: `json_object` is taken, the schema beside it is not read.
    let refusal = json!({ "error": { "message": "This response_format type is unavailable now" } });
    let endpoint = takes("json_object", 400, refusal).await;
    ask(&openai(&endpoint), &Meter::default()).await.expect("an answer");
    let seen = endpoint.seen().pop().expect("it was asked");
    let system = seen.body["messages"][0]["content"].as_str().expect("a system message");
    assert!(
        system.contains("\"required\":[\"output\",\"confidence\",\"action\"]"),
        "{system}"
    );
}

#[tokio::test]
async fn an_endpoint_that_takes_no_form_is_for_an_operator() {
    let endpoint = Endpoint::always(Reply::Json(400, refusal())).await;
    let error = ask(&openai(&endpoint), &Meter::default())
        .await
        .expect_err("it takes nothing");
    assert_eq!(error, ModelError::Denied("HTTP 400 invalid_request_error".to_owned()));
    assert_eq!(rungs(&endpoint), RUNGS);
}

#[tokio::test]
async fn a_model_that_thinks_gets_its_limit_under_its_own_name() {
    let endpoint = Endpoint::start(|_, seen| {
        if seen.body["max_tokens"].is_number() {
            let message = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens'.";
            let error = json!({ "message": message, "type": "invalid_request_error", "param": "max_tokens", "code": "unsupported_parameter" });
            return Reply::Json(400, json!({ "error": error }));
        }
        says(&good().to_string())
    })
    .await;
    let models = openai(&endpoint);
    ask(&models, &Meter::default()).await.expect("the other name");
    ask(&models, &Meter::default()).await.expect("the other name");
    let limits: Vec<Value> = endpoint
        .seen()
        .iter()
        .map(|seen| seen.body["max_completion_tokens"].clone())
        .collect();
    assert_eq!(limits, [json!(null), json!(16_384), json!(16_384)]);
    assert_eq!(
        rungs(&endpoint),
        ["json_schema"; 3],
        "the schema's form was not at fault"
    );
}

#[tokio::test]
async fn every_request_names_the_model_limits_the_answer_and_streams_nothing() {
    let endpoint = takes("json_schema", 400, refusal()).await;
    ask(&openai(&endpoint), &Meter::default()).await.expect("it answers");
    let seen = endpoint.seen().pop().expect("it was asked");
    assert!(
        seen.head.starts_with("post /v1/chat/completions http/1.1\r\n"),
        "{}",
        seen.head
    );
    assert_eq!(
        (&seen.body["model"], &seen.body["max_tokens"], &seen.body["stream"]),
        (&json!("tiny"), &json!(4_096), &json!(false))
    );
    assert!(
        seen.body.get("temperature").is_none(),
        "some models take none but their own"
    );
}
