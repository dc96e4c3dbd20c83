//! Header, path and body tricks over a bare socket: never a handler without a key, never a 500.

use eclips_tests::raw::{exchange, get};
use eclips_tests::world::{World, reply};
use reqwest::Method;
use serde_json::json;

const MISSING: &str = r#"{"error":"Missing API key"}"#;
const INVALID: &str = r#"{"error":"Invalid, expired or revoked API key"}"#;

#[tokio::test]
async fn one_bearer_header_is_the_only_credential() {
    let world = World::start().await;
    let person = world.somebody().await;
    let k = person.key.as_str();
    let auth = |value: &str| format!("Authorization: {value}").into_bytes();
    let cases: Vec<(Vec<Vec<u8>>, u16, &str)> = vec![
        (vec![auth(&format!("Bearer {k}"))], 200, ""),
        (vec![auth(&format!("bEaReR   {k}  "))], 200, ""),
        (vec![format!("aUTHORIZATION:\tBearer {k}\t").into_bytes()], 200, ""),
        (vec![], 401, MISSING),
        (vec![auth("")], 401, MISSING),
        (vec![auth("Basic dXNlcjpwYXNz")], 401, MISSING),
        (vec![format!("X-Api-Key: {k}").into_bytes()], 401, MISSING),
        (
            vec![format!("Cookie: authorization=Bearer {k}").into_bytes()],
            401,
            MISSING,
        ),
        (
            vec![format!("Proxy-Authorization: Bearer {k}").into_bytes()],
            401,
            MISSING,
        ),
        (vec![auth("Bearer")], 401, INVALID),
        (vec![auth(k)], 401, INVALID),
        (vec![auth(&format!("Bearer\t{k}"))], 401, INVALID),
        (vec![auth(&format!("Bearer {k}, Bearer {k}"))], 401, INVALID),
        (vec![auth(&format!("Bearer \"{k}\""))], 401, INVALID),
        (
            vec![auth(&format!("Bearer {}", k.replace("eck", "\u{435}ck")))],
            401,
            INVALID,
        ),
        (vec![b"Authorization: Bearer \xff\xfe".to_vec()], 401, INVALID),
        (
            vec![auth(&format!("Bearer {k}")), auth(&format!("Bearer {k}"))],
            400,
            r#"{"error":"Multiple credentials"}"#,
        ),
        (
            vec![auth("Basic eDp5"), auth(&format!("Bearer {k}"))],
            400,
            r#"{"error":"Multiple credentials"}"#,
        ),
        (
            vec![auth(""), auth(&format!("Bearer {k}"))],
            400,
            r#"{"error":"Multiple credentials"}"#,
        ),
    ];
    for (headers, status, body) in cases {
        let lines: Vec<&[u8]> = headers.iter().map(Vec::as_slice).collect();
        let shown = String::from_utf8_lossy(&headers.concat()).replace(k, "<key>");
        let (got, head, text) = exchange(world.base_url(), &get("/v1/runs", &lines)).await;
        assert_eq!(got, status, "{shown}: {text}");
        assert!(body.is_empty() || text == body, "{shown}: {text}");
        assert!(!head.contains(k) && !text.contains(k), "the key came back: {shown}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_key_elsewhere_and_another_organization_in_a_header_change_nothing() {
    let world = World::start().await;
    let (person, other) = (world.somebody().await, world.somebody().await);
    for path in ["api_key", "access_token", "authorization"].map(|name| format!("/v1/runs?{name}={}", person.key)) {
        assert_eq!(reply(world.request(Method::GET, &path)).await.pair(), (401, MISSING));
    }
    let run = world.run(&other, json!({ "task": "not yours" })).await;
    let path = format!("/v1/runs/{run}");
    let tricked = world
        .request(Method::GET, &path)
        .bearer_auth(&person.key)
        .header("X-Eclips-Org", other.org.to_string())
        .header("X-Org-Id", other.org.to_string())
        .header("X-HTTP-Method-Override", "DELETE")
        .header("X-Original-URL", "/v1/health")
        .header("X-Rewrite-URL", "/v1/health")
        .header("X-Forwarded-Host", "evil.example");
    assert_eq!(reply(tricked).await.pair(), (404, r#"{"error":"Run not found"}"#));
    world.stop().await;
}

#[tokio::test]
async fn only_exact_paths_and_methods_are_routes() {
    let world = World::start().await;
    let person = world.somebody().await;
    let bearer = format!("Authorization: Bearer {}", person.key);
    for path in [
        "/",
        "/v1",
        "/v1/",
        "/V1/runs",
        "/v1/runs/",
        "/v1//runs",
        "//v1/runs",
        "/v1/./runs",
        "/v1/x/../runs",
        "/v1/%2e%2e/v1/runs",
        "/v1%2fruns",
        "/%76%31/runs",
        "/v1/runs;a=b",
        "/v1/runs%00",
        "/v1/runs%20",
        "/v1/runs.json",
        "/v1/runs%252e",
        "/v1\\runs",
        "/v1/runs/a/b",
        "/v1/runs/%E9",
        "/v1/runs/..%2f..",
        "/v1/ruñs",
        "/v1/runs|x",
        "/v1/runs/{id}",
    ] {
        let (status, _, body) = exchange(world.base_url(), &get(path, &[bearer.as_bytes()])).await;
        // At the edge a malformed target may be refused as such; it never reaches a handler.
        let refused = (status, body.as_str()) == (404, r#"{"error":"Not found"}"#) || status == 400;
        assert!(refused, "{path}: {status} {body}");
    }
    for method in [
        "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "get", "POST",
    ] {
        let request = format!(
            "{method} /v1/runs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{bearer}\r\nContent-Length: 0\r\n\r\n"
        );
        let (status, _, _) = exchange(world.base_url(), request.as_bytes()).await;
        assert_eq!(status, 404, "{method}");
    }
    let long = format!("/v1/runs/{}", "x".repeat(30_000));
    let (status, _, _) = exchange(world.base_url(), &get(&long, &[bearer.as_bytes()])).await;
    assert!(matches!(status, 404 | 414 | 431), "{status}");
    world.stop().await;
}

#[tokio::test]
async fn ids_that_are_none_are_runs_that_do_not_exist() {
    let world = World::start().await;
    let person = world.somebody().await;
    let run = world.run(&person, json!({ "task": "x" })).await.to_string();
    for id in [
        run.to_uppercase(),
        run.replace('-', ""),
        "0".into(),
        "00000000-0000-0000-0000-000000000000".into(),
        "x".repeat(5_000),
    ] {
        let got = world.get(&format!("/v1/runs/{id}"), &person).await;
        assert_eq!(got.pair(), (404, r#"{"error":"Run not found"}"#), "{id:.50}");
    }
    world.stop().await;
}

#[tokio::test]
async fn bodies_are_judged_by_size_then_type_then_content() {
    let world = World::start().await;
    let person = world.somebody().await;
    let post = |body: Vec<u8>, kind: Option<&'static str>| {
        let mut request = world
            .request(Method::POST, "/v1/run")
            .bearer_auth(&person.key)
            .body(body);
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        reply(request)
    };
    let kib = 1024;
    let large = post(vec![b'x'; 256 * kib + 1], Some("text/plain")).await;
    assert_eq!(large.pair(), (413, r#"{"error":"Request body too large"}"#));
    let huge = post(vec![b'x'; 7 * 1024 * kib], Some("application/json")).await;
    assert_eq!(huge.pair(), (413, r#"{"error":"Request body too large"}"#));
    for kind in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data"),
    ] {
        let wrong = post(br#"{"task":"x"}"#.to_vec(), kind).await;
        assert_eq!(
            wrong.pair(),
            (415, r#"{"error":"Content-Type must be application/json"}"#),
            "{kind:?}"
        );
    }
    let deep = format!(
        r#"{{"task":"x","data":{}1{}}}"#,
        r#"{"a":"#.repeat(10_000),
        "}".repeat(10_000)
    );
    for (body, field) in [
        (b"".to_vec(), None),
        (b"{".to_vec(), None),
        (b"\xff\xfe".to_vec(), None),
        (br#"{"task":"x","task":"y"}"#.to_vec(), None),
        (br#"{"task":"x","extra":1}"#.to_vec(), Some("extra")),
        (br#"{"task":"x","data":1e999}"#.to_vec(), Some("data")),
        (br#"{"task":"\u0000 "}"#.to_vec(), None),
        (deep.into_bytes(), Some("data")),
    ] {
        let shown = String::from_utf8_lossy(&body).chars().take(60).collect::<String>();
        let got = post(body, Some("application/json")).await;
        if shown.contains("u0000") {
            // A NUL is a character like another.
            assert_eq!(got.status, 202, "{shown}");
            continue;
        }
        assert_eq!(got.status, 400, "{shown}: {}", got.text);
        assert_eq!(
            got.json().get("field").and_then(|f| f.as_str()),
            field,
            "{shown}: {}",
            got.text
        );
        assert_eq!(got.header("x-eclips-error-code"), "validation_error");
    }
    world.stop().await;
}

#[tokio::test]
async fn every_answer_carries_the_common_headers() {
    let world = World::start().await;
    let person = world.somebody().await;
    let replies = [
        world.get("/v1/health", &person).await,
        world.get("/v1/runs", &person).await,
        world.get("/v1/nothing", &person).await,
        reply(world.request(Method::GET, "/v1/runs")).await,
        world.send(Method::POST, "/v1/run", &person, Some(json!({}))).await,
        world
            .send(Method::POST, "/v1/run", &person, Some(json!({ "task": "x" })))
            .await,
    ];
    let mut ids = std::collections::HashSet::new();
    for got in &replies {
        assert_eq!(got.header("content-type"), "application/json; charset=utf-8");
        assert_eq!(got.header("cache-control"), "no-store");
        assert_eq!(got.header("x-content-type-options"), "nosniff");
        assert!(ids.insert(got.header("x-request-id").to_owned()) && !got.header("x-request-id").is_empty());
        assert!(
            got.headers
                .keys()
                .all(|name| !name.as_str().starts_with("access-control-")),
            "CORS"
        );
        assert_eq!(
            got.header("x-eclips-error-code").is_empty(),
            got.status.is_success(),
            "{}",
            got.text
        );
    }
    assert!(replies[0].header("ratelimit").is_empty() && !replies[1].header("ratelimit").is_empty());
    let health = replies[0].json();
    assert_eq!((&health["status"], &health["version"]), (&json!("ok"), &json!("1.0.0")));
    world.stop().await;
}
