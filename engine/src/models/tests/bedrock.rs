//! Bedrock on the wire: the real SDK against an endpoint of ours.

use super::*;

#[tokio::test]
async fn asks_with_a_tool_that_must_be_used() {
    let endpoint = Endpoint::always(uses_tool(&good())).await;
    let (models, meter) = (bedrock(&endpoint), Meter::default());
    let answer = ask(&models, &meter).await.expect("it answers");
    assert_eq!(
        (answer.output["summary"].as_str(), answer.model.as_str()),
        (Some("A chair was found."), "tiny")
    );
    assert_eq!(
        (answer.confidence, answer.input_tokens, answer.output_tokens),
        (Some(0.9), 20, 10)
    );
    assert_eq!(metered(&meter), (1, 20, 10));

    let seen = endpoint.seen().pop().expect("it was asked");
    assert!(
        seen.head.starts_with("post /model/tiny/converse http/1.1\r\n"),
        "{}",
        seen.head
    );
    assert!(
        seen.head.contains("credential=akidtest/"),
        "signed with the function's own credentials"
    );
    let tools = &seen.body["toolConfig"];
    assert_eq!(tools["toolChoice"], json!({ "tool": { "name": "answer" } }));
    let schema = &tools["tools"][0]["toolSpec"]["inputSchema"]["json"];
    let members: Vec<&str> = schema
        .as_object()
        .expect("a schema")
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        members,
        ["properties", "required", "type"],
        "some models take nothing else at the outermost"
    );
    assert_eq!(seen.body["inferenceConfig"], json!({ "maxTokens": 8_192 }));
}

#[tokio::test]
async fn an_inference_profile_is_named_in_the_path() {
    let endpoint = Endpoint::always(uses_tool(&good())).await;
    let models = models("bedrock:eu.amazon.nova-lite-v1:0", "none", Some(&account(&endpoint)));
    ask(&models, &Meter::default()).await.expect("it answers");
    let head = endpoint.seen().pop().expect("it was asked").head;
    assert!(
        head.starts_with("post /model/eu.amazon.nova-lite-v1%3a0/converse "),
        "{head}"
    );
}

#[tokio::test]
async fn a_model_without_tools_is_asked_in_words_from_then_on() {
    let endpoint = Endpoint::start(|_, seen| {
        if seen.body["toolConfig"].is_object() {
            let message = "This model doesn't support the toolConfig.toolChoice.tool field.";
            return Reply::AwsError(400, "ValidationException", message);
        }
        Reply::Json(
            200,
            converse(&json!({ "text": format!("```json\n{}\n```", good()) }), "end_turn"),
        )
    })
    .await;
    let models = bedrock(&endpoint);
    for calls in [2, 3] {
        let meter = Meter::default();
        ask(&models, &meter).await.expect("it answers in words");
        assert_eq!((endpoint.seen().len(), metered(&meter)), (calls, (1, 20, 10)));
    }
    let system = endpoint.seen()[2].body["system"][0]["text"].to_string();
    assert!(system.contains("JSON Schema"), "{system}");
}

#[tokio::test]
async fn one_tool_that_is_refused_spoils_nothing_and_two_in_a_row_do() {
    let refusal = || {
        Reply::AwsError(
            400,
            "ValidationException",
            "Tool input schema is invalid: inputSchema.json",
        )
    };
    let in_words = || Reply::Json(200, converse(&json!({ "text": good().to_string() }), "end_turn"));
    let replies = vec![
        refusal(),
        in_words(),
        uses_tool(&good()),
        refusal(),
        in_words(),
        refusal(),
        in_words(),
        in_words(),
    ];
    let endpoint = Endpoint::replies(replies).await;
    let models = bedrock(&endpoint);
    for _ in 0..5 {
        ask(&models, &Meter::default()).await.expect("it answers");
    }
    let with_tool: Vec<bool> = endpoint
        .seen()
        .iter()
        .map(|seen| seen.body["toolConfig"].is_object())
        .collect();
    assert_eq!(with_tool, [true, false, true, true, false, true, false, false]);
}

#[tokio::test]
async fn no_credentials_are_for_an_operator() {
    let endpoint = Endpoint::always(uses_tool(&good())).await;
    let nobody = aws_config::ecs::EcsCredentialsProvider::builder().build();
    let account = account(&endpoint)
        .into_builder()
        .credentials_provider(SharedCredentialsProvider::new(nobody))
        .build();
    let error = ask(&models("bedrock:tiny", "none", Some(&account)), &Meter::default())
        .await
        .expect_err("nobody signs");
    assert_eq!(error, ModelError::Denied("no credentials".to_owned()));
    assert!(endpoint.seen().is_empty());
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_mended_once() {
    let endpoint = Endpoint::replies(vec![uses_tool(&json!({ "output": "x" })), uses_tool(&good())]).await;
    let (models, meter) = (bedrock(&endpoint), Meter::default());
    let answer = ask(&models, &meter).await.expect("the second one fits");
    assert!(answer.repaired);
    assert_eq!(metered(&meter), (2, 40, 20));
    let roles: Vec<Value> = endpoint.seen()[1].body["messages"]
        .as_array()
        .expect("messages")
        .iter()
        .map(|message| message["role"].clone())
        .collect();
    assert_eq!(roles, ["user", "assistant", "user"]);
}

#[tokio::test]
async fn the_sdk_tries_nothing_again() {
    for (status, code) in [
        (429, "ThrottlingException"),
        (500, "InternalServerException"),
        (503, "ServiceUnavailableException"),
        (408, "ModelTimeoutException"),
        (429, "ModelNotReadyException"),
    ] {
        let endpoint = Endpoint::always(Reply::AwsError(status, code, "x")).await;
        ask(&bedrock(&endpoint), &Meter::default()).await.expect_err(code);
        assert_eq!(endpoint.seen().len(), 1, "{code}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_tried_once() {
    for reply in [
        Reply::Bytes(Vec::new()),
        Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_vec()),
        Reply::Bytes(endpoint::whole(200, "", "<html>")),
    ] {
        let endpoint = Endpoint::always(reply).await;
        let error = ask(&bedrock(&endpoint), &Meter::default()).await.expect_err("it broke");
        assert!(matches!(error, ModelError::Unavailable(_)), "{error:?}");
        assert_eq!(endpoint.seen().len(), 1);
    }
}

#[tokio::test]
async fn tokens_that_were_not_told_count_as_none() {
    for usage in [
        json!(null),
        json!({ "inputTokens": -4, "outputTokens": -2, "totalTokens": -6 }),
    ] {
        let mut body = converse(&json!({ "text": good().to_string() }), "end_turn");
        body["usage"] = usage;
        let endpoint = Endpoint::always(Reply::Json(200, body)).await;
        let meter = Meter::default();
        ask(&bedrock(&endpoint), &meter).await.expect("it answers");
        assert_eq!((metered(&meter), meter.read().untold), ((1, 0, 0), 1));
    }
}
