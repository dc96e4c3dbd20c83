//! What holds for every request: paths, methods, and the headers of every answer. *Source*: contract §2 and §3.

use std::collections::HashSet;

use eclips_tests::target::Target;
use eclips_tests::world::Reply;
use reqwest::Method;
use serde_json::{Value, json};

use super::shape::Is::{Text, Time, Word};
use super::shape::assert_shape;
use super::{NO_ROUTE, assert_refused};

#[tokio::test]
async fn health_says_ok_to_anyone() {
    let target = Target::find();
    let got = target.answer(target.request(Method::GET, "/v1/health")).await;
    assert_eq!(got.status, 200, "{}", got.text);
    assert_shape(
        &got.json(),
        &[
            ("status", &[Word(&["ok"])]),
            ("version", &[Text]),
            ("timestamp", &[Time]),
        ],
    );
}

#[tokio::test]
async fn only_exact_paths_are_routes() {
    let target = Target::find();
    for path in ["/v1/nothing", "/v1/runs/", "/V1/runs", "/v1/runs/a/b"] {
        let got = target.get(path, target.test()).await;
        assert_refused(&got, (404, "not_found", NO_ROUTE));
    }
}

#[tokio::test]
async fn a_path_in_another_spelling_never_reaches_a_handler() {
    let target = Target::find();
    for path in ["/v1/%72uns", "/v1%2fruns", "/v1//runs", "/v1/runs%20", "/v1/runs%00"] {
        let got = target.get(path, target.test()).await;
        // At the edge it may be refused as such, in words that are not ours.
        let at_the_edge = matches!(got.status.as_u16(), 400 | 403) && got.header("x-eclips-error-code").is_empty();
        assert!(at_the_edge || got.pair() == (404, NO_ROUTE), "{path}: {:?}", got.pair());
    }
}

#[tokio::test]
async fn a_method_that_is_not_offered_is_not_found() {
    let target = Target::find();
    for (method, path) in [
        (Method::POST, "/v1/health"),
        (Method::GET, "/v1/run"),
        (Method::DELETE, "/v1/runs"),
        (Method::POST, "/v1/usage"),
    ] {
        let request = target.request(method, path).bearer_auth(target.test());
        assert_refused(&target.answer(request).await, (404, "not_found", NO_ROUTE));
    }
    let head = target.request(Method::HEAD, "/v1/runs").bearer_auth(target.test());
    assert_eq!(target.answer(head).await.status, 404);
}

#[tokio::test]
async fn a_header_that_overrides_the_method_is_ignored() {
    let target = Target::find();
    let request = target.request(Method::GET, "/v1/run").bearer_auth(target.test());
    let got = target.answer(request.header("X-HTTP-Method-Override", "POST")).await;
    assert_refused(&got, (404, "not_found", NO_ROUTE));
}

/// Answers of every kind: of each function, of each guard.
async fn answers(target: &Target) -> Vec<Reply> {
    vec![
        target.answer(target.request(Method::GET, "/v1/health")).await,
        target.get("/v1/runs?limit=1", target.test()).await,
        target.get("/v1/usage", target.test()).await,
        target.get("/v1/nothing", target.test()).await,
        target.answer(target.request(Method::GET, "/v1/runs")).await,
        target.get("/v1/runs?limit=0", target.test()).await,
        target.post("/v1/run", target.test(), &json!({})).await,
        target
            .post("/v1/run", target.test(), &json!({ "task": "Contract test" }))
            .await,
    ]
}

#[tokio::test]
async fn every_answer_carries_the_common_headers() {
    let target = Target::find();
    let mut ids = HashSet::new();
    for got in answers(&target).await {
        assert_eq!(
            got.header("content-type"),
            "application/json; charset=utf-8",
            "{}",
            got.text
        );
        assert_eq!(got.header("cache-control"), "no-store", "{}", got.text);
        assert_eq!(got.header("x-content-type-options"), "nosniff", "{}", got.text);
        let id = got.header("x-request-id");
        assert!(
            !id.is_empty() && ids.insert(id.to_owned()),
            "X-Request-Id {id:?}: {}",
            got.text
        );
        let code = got.header("x-eclips-error-code");
        assert_eq!(code.is_empty(), got.status.is_success(), "{code:?}: {}", got.text);
        let error = got.json().get("error").map(Value::is_string);
        assert_eq!(error.is_none(), got.status.is_success(), "{}", got.text);
        let cors = got
            .headers
            .keys()
            .find(|name| name.as_str().starts_with("access-control-"));
        assert_eq!(cors, None, "{}", got.text);
    }
}

#[tokio::test]
async fn metered_answers_tell_the_limits_and_others_do_not() {
    let target = Target::find();
    for (got, class) in answers(&target).await.iter().zip([
        None,
        Some("standard"),
        Some("standard"),
        None,
        None,
        Some("standard"),
        Some("strict"),
        Some("strict"),
    ]) {
        let (policy, left) = (got.header("ratelimit-policy"), got.header("ratelimit"));
        let Some(class) = class else {
            assert_eq!((policy, left), ("", ""), "{}", got.text);
            continue;
        };
        for (header, start) in [(policy, format!(r#""{class}";q="#)), (left, format!(r#""{class}";r="#))] {
            assert!(header.starts_with(&start), "{start}: {header:?}: {}", got.text);
        }
        assert!(
            policy.contains(";w=60") && policy.contains(r#""daily";q="#),
            "{policy:?}"
        );
        assert!(left.contains(";t=") && left.contains(r#""daily";r="#), "{left:?}");
    }
}
