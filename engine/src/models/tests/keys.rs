//! Keys go where they belong and are never said.

use super::*;

const KEY: &str = "sk-test-1234567890";

/// The `Authorization` of each request.
fn authorizations(endpoint: &Endpoint) -> Vec<Option<String>> {
    let header = |seen: &Seen| {
        let line = seen.head.lines().find_map(|line| line.strip_prefix("authorization: "));
        line.map(str::to_owned)
    };
    endpoint.seen().iter().map(header).collect()
}

#[tokio::test]
async fn a_key_goes_to_its_endpoint() {
    let endpoint = Endpoint::always(says(&good().to_string())).await;
    let setting = format!("openai:{}/v1#tiny", endpoint.url());
    let by_origin = json!({ endpoint.url(): KEY, "https://api.example.com": "sk-other" }).to_string();
    for key in [KEY, &by_origin, "none", r#"{"https://api.example.com":"sk-other"}"#] {
        ask(&models(&setting, key, None), &Meter::default())
            .await
            .expect("it answers");
    }
    let bearer = Some(format!("bearer {KEY}"));
    assert_eq!(authorizations(&endpoint), [bearer.clone(), bearer, None, None]);
}

#[tokio::test]
async fn a_stored_key_is_read_once_and_again_after_it_was_refused() {
    // One after the other: read, refused with it, read again, taken.
    let secrets = Endpoint::start(|before, seen| {
        assert!(
            seen.head.contains("x-amz-target: secretsmanager.getsecretvalue"),
            "{}",
            seen.head
        );
        let key = if before == 0 { "sk-old" } else { "sk-new" };
        Reply::Json(200, json!({ "Name": "model-key", "SecretString": key }))
    })
    .await;
    let endpoint = Endpoint::start(|_, seen| {
        if seen.head.contains("sk-new") {
            return says(&good().to_string());
        }
        Reply::Json(
            401,
            json!({ "error": { "message": "Incorrect API key provided: sk-old", "code": "invalid_api_key" } }),
        )
    })
    .await;
    let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:model-key-AbCdEf";
    let models = models(
        &format!("openai:{}/v1#tiny", endpoint.url()),
        arn,
        Some(&account(&secrets)),
    );
    assert!(secrets.seen().is_empty(), "a start reads no secret");
    let error = ask(&models, &Meter::default()).await.expect_err("it was rotated");
    assert_eq!(
        error,
        ModelError::Denied("HTTP 401 invalid_api_key".to_owned()),
        "and says nothing of the key"
    );
    for _ in 0..2 {
        ask(&models, &Meter::default()).await.expect("the new one is right");
    }
    assert_eq!(secrets.seen().len(), 2);
    assert_eq!(secrets.seen()[0].body["SecretId"], arn);
}

#[tokio::test]
async fn a_secret_that_may_not_be_read_is_for_an_operator() {
    let endpoint = Endpoint::always(says(&good().to_string())).await;
    let setting = format!("openai:{}/v1#tiny", endpoint.url());
    let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:model-key-AbCdEf";
    for (reply, expected) in [
        (
            Reply::AwsError(400, "AccessDeniedException", "no"),
            "secret of the key: AccessDeniedException",
        ),
        (
            Reply::Json(200, json!({ "SecretString": "two words" })),
            "secret of the key: a key is made of visible characters without spaces",
        ),
    ] {
        let secrets = Endpoint::always(reply).await;
        let models = models(&setting, arn, Some(&account(&secrets)));
        let error = ask(&models, &Meter::default()).await.expect_err("there is no key");
        assert_eq!(error, ModelError::Denied(expected.to_owned()));
    }
    assert!(endpoint.seen().is_empty(), "nobody is asked without the key");
}

#[tokio::test]
async fn a_secret_that_cannot_be_read_just_now_is_an_outage() {
    let endpoint = Endpoint::always(says(&good().to_string())).await;
    let setting = format!("openai:{}/v1#tiny", endpoint.url());
    let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:model-key-AbCdEf";
    for reply in [
        Reply::AwsError(500, "InternalServiceError", "x"),
        Reply::AwsError(400, "ThrottlingException", "x"),
        Reply::Bytes(Vec::new()),
    ] {
        let secrets = Endpoint::always(reply).await;
        let account = account(&secrets)
            .into_builder()
            .retry_config(aws_config::retry::RetryConfig::disabled())
            .build();
        let models = models(&setting, arn, Some(&account));
        let error = ask(&models, &Meter::default()).await.expect_err("there is no key");
        assert!(matches!(error, ModelError::Unavailable(_)), "{error:?}");
    }
}

#[test]
fn nothing_prints_a_key() {
    let settings = ["openai:https://api.example.com/v1#m", "sandbox", "sandbox"].map(str::to_owned);
    for key in [KEY.to_owned(), json!({ "https://api.example.com": KEY }).to_string()] {
        let secret = Secret::new(key);
        let lineup = Lineup::read(&settings, &secret).expect("the settings are right");
        for printed in [format!("{secret:?}"), format!("{lineup:?}"), lineup.to_string()] {
            assert!(!printed.contains("sk-"), "{printed}");
        }
    }
}
