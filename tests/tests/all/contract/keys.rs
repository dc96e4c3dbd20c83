//! Who may come in: no key, what is none, one too many, one without the scope. *Source*: contract §1 and §2.

use eclips_shared::auth::Mode;
use eclips_tests::target::{Target, challenge};
use eclips_tests::world::{unknown_key, wrong_checksum};
use reqwest::Method;
use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};

use super::assert_refused;

/// What a request without a credential hears.
const MISSING: (u16, &str, &str) = (401, "missing_api_key", r#"{"error":"Missing API key"}"#);
/// What a request with a key that does not count hears.
const INVALID: (u16, &str, &str) = (
    401,
    "invalid_api_key",
    r#"{"error":"Invalid, expired or revoked API key"}"#,
);
const MISSING_CHALLENGE: &str = r#"Bearer realm="eclips""#;
const INVALID_CHALLENGE: &str = r#"Bearer realm="eclips", error="invalid_token""#;

#[tokio::test]
async fn without_a_key_every_route_asks_for_one() {
    let target = Target::find();
    for (method, path) in [
        (Method::POST, "/v1/run"),
        (Method::GET, "/v1/runs"),
        (Method::GET, "/v1/runs/x"),
        (Method::POST, "/v1/runs/x/cancel"),
        (Method::GET, "/v1/usage"),
        (Method::GET, "/v1/usage/daily"),
        (Method::GET, "/v1/usage/agents"),
        (Method::GET, "/v1/usage/keys"),
    ] {
        let got = target.answer(target.request(method, path)).await;
        assert_refused(&got, MISSING);
        assert_eq!(challenge(&got), MISSING_CHALLENGE, "{path}");
    }
}

#[tokio::test]
async fn a_stream_asks_for_a_key_like_every_route() {
    let target = Target::find();
    if !target.streams() {
        return;
    }
    let got = target.answer(target.request(Method::GET, "/v1/runs/x/stream")).await;
    assert_refused(&got, MISSING);
    assert_eq!(challenge(&got), MISSING_CHALLENGE);
}

#[tokio::test]
async fn malformed_and_unknown_keys_are_refused_in_the_same_words() {
    let target = Target::find();
    let right = target.test();
    let (shorter, longer) = (&right[..38], format!("{right}0"));
    let keys = [
        "x",
        shorter,
        &longer,
        &right.to_uppercase(),
        &wrong_checksum(),
        &unknown_key(Mode::Live),
        &unknown_key(Mode::Test),
    ];
    for key in keys {
        let got = target.get("/v1/runs", key).await;
        assert_refused(&got, INVALID);
        assert_eq!(challenge(&got), INVALID_CHALLENGE);
    }
}

#[tokio::test]
async fn the_scheme_may_be_in_any_case() {
    let target = Target::find();
    let request = target.request(Method::GET, "/v1/runs?limit=1");
    let got = target
        .answer(request.header(AUTHORIZATION, format!("bEaReR  {}", target.test())))
        .await;
    assert_eq!(got.status, 200, "{}", got.text);
}

#[tokio::test]
async fn a_key_anywhere_else_counts_as_none() {
    let target = Target::find();
    let key = target.test();
    let runs = |query: &str| target.request(Method::GET, &format!("/v1/runs{query}"));
    for request in [
        runs(&format!("?api_key={key}")),
        runs(&format!("?access_token={key}")),
        runs("").header("X-Api-Key", key),
        runs("").header("Cookie", format!("authorization=Bearer {key}")),
        runs("").header(AUTHORIZATION, "Basic dXNlcjpwYXNz"),
    ] {
        assert_refused(&target.answer(request).await, MISSING);
    }
}

#[tokio::test]
async fn two_authorization_headers_are_refused() {
    let target = Target::find();
    let bearer = format!("Bearer {}", target.test());
    for first in [bearer.as_str(), "Basic dXNlcjpwYXNz"] {
        let request = target.request(Method::GET, "/v1/runs").header(AUTHORIZATION, first);
        let got = target.answer(request.header(AUTHORIZATION, &bearer)).await;
        assert_refused(
            &got,
            (400, "multiple_credentials", r#"{"error":"Multiple credentials"}"#),
        );
    }
}

#[tokio::test]
async fn no_header_names_another_organization() {
    let target = Target::find();
    let own = target.get("/v1/usage", target.test()).await.json()["organization_id"].clone();
    let another = uuid::Uuid::now_v7().to_string();
    let request = target.request(Method::GET, "/v1/usage").bearer_auth(target.test());
    let got = target.answer(request.header("X-Eclips-Org", another)).await;
    assert_eq!((got.status.as_u16(), &got.json()["organization_id"]), (200, &own));
}

#[tokio::test]
async fn a_key_without_the_scope_hears_which_one_it_lacks() {
    let target = Target::find();
    let Some(key) = target.scopeless() else { return };
    let mut asked = vec![
        (Method::POST, "/v1/run", "agents:run"),
        (Method::POST, "/v1/runs/x/cancel", "agents:run"),
        (Method::GET, "/v1/runs", "agents:read"),
        (Method::GET, "/v1/usage", "agents:read"),
    ];
    if target.streams() {
        asked.push((Method::GET, "/v1/runs/x/stream", "agents:read"));
    }
    for (method, path, scope) in asked {
        let got = target.answer(target.request(method, path).bearer_auth(key)).await;
        let body = format!(r#"{{"error":"Insufficient scope","required":"{scope}","provided":[]}}"#);
        assert_refused(&got, (403, "insufficient_scope", &body));
        let expected = format!(r#"Bearer realm="eclips", error="insufficient_scope", scope="{scope}""#);
        assert_eq!(challenge(&got), expected);
    }
}

#[tokio::test]
async fn a_refusal_before_the_limiter_takes_nothing_from_the_quota() {
    let target = Target::find();
    let Some(key) = target.scopeless() else { return };
    for got in [
        target.get("/v1/runs", key).await,
        target.post("/v1/run", key, &json!({ "task": "x" })).await,
        target.get("/v1/runs", &unknown_key(Mode::Test)).await,
    ] {
        assert_eq!(got.header("ratelimit"), "", "{}", got.text);
        assert!(got.json().get("error").is_some_and(Value::is_string), "{}", got.text);
    }
}
