//! `/v1/webhooks`: made, listed, given another secret, deleted; whose it is, what is on its way to it, and what is no webhook.
//! That anything arrives is not looked at here: a deployed system cannot reach a test. *Source*: contract §6.

use eclips_shared::webhook::SigningSecret;
use eclips_tests::target::{Target, until};
use eclips_tests::world::Reply;
use reqwest::Method;
use serde_json::{Value, json};

use super::shape::Is::{Id, List, Null, Text, Time, Whole, Word, Words};
use super::shape::{Shape, assert_shape};
use super::{assert_names, assert_refused, unique, unknown_run};

const NO_WEBHOOK: (u16, &str, &str) = (404, "not_found", r#"{"error":"Webhook not found"}"#);
const EVENTS: &[&str] = &["run.completed", "run.failed", "run.triage_required", "batch.completed"];

const WEBHOOK: Shape = &[
    ("id", &[Id]),
    ("url", &[Text]),
    ("events", &[Words(EVENTS)]),
    ("status", &[Word(&["active", "disabled"])]),
    ("created_at", &[Time]),
];
const DELIVERY: Shape = &[
    ("id", &[Id]),
    ("event", &[Word(EVENTS)]),
    ("run_id", &[Id, Null]),
    ("batch_id", &[Id, Null]),
    ("status", &[Word(&["pending", "delivered", "failed"])]),
    ("attempts", &[List]),
    ("next_attempt_at", &[Time, Null]),
];
const TRY: Shape = &[
    ("at", &[Time]),
    ("status_code", &[Whole, Null]),
    ("duration_ms", &[Whole]),
    ("error", &[Text, Null]),
];
/// Nobody's address, so that what happens meanwhile is posted to nobody. *Source*: RFC 6761 §6.4.
const RECEIVER: &str = "https://contract-test.invalid/hook";

async fn send(target: &Target, method: Method, path: &str, key: &str) -> Reply {
    target.answer(target.request(method, path).bearer_auth(key)).await
}

/// Makes a webhook with the test key; gives its path and the answer.
async fn make(target: &Target, events: &[&str]) -> (String, Value) {
    // A URL of its own, with a query, which is part of it.
    let url = format!("{RECEIVER}?of={}", unique());
    let body = json!({ "url": url, "events": events });
    let made = target.post("/v1/webhooks", target.test(), &body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made = made.json();
    assert_eq!(made["url"], url, "as it was sent");
    (format!("/v1/webhooks/{}", made["id"].as_str().unwrap()), made)
}

async fn delete(target: &Target, path: &str) {
    let got = send(target, Method::DELETE, path, target.test()).await;
    assert_eq!(got.pair(), (200, r#"{"deleted":true}"#));
}

/// All webhooks that a key sees, page by page, newest first.
async fn list(target: &Target, key: &str, limit: usize) -> Vec<Value> {
    let (mut walked, mut path) = (Vec::<Value>::new(), format!("/v1/webhooks?limit={limit}"));
    loop {
        let got = target.get(&path, key).await;
        assert_eq!(got.status, 200, "{}", got.text);
        let page = got.json();
        let members: Vec<&String> = page.as_object().unwrap().keys().collect();
        assert_eq!(members, ["data", "limit", "next_cursor", "offset", "total"]);
        assert_eq!((&page["limit"], &page["offset"]), (&json!(limit), &json!(0)));
        let data = page["data"].as_array().unwrap();
        assert!(
            data.len() <= limit && page["total"].as_u64() >= Some(data.len() as u64),
            "{page}"
        );
        for webhook in data {
            assert_shape(webhook, WEBHOOK);
        }
        walked.extend(data.iter().cloned());
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/v1/webhooks?limit={limit}&cursor={cursor}"),
            None => break,
        }
    }
    let ids: Vec<&str> = walked.iter().map(|webhook| webhook["id"].as_str().unwrap()).collect();
    assert!(ids.is_sorted_by(|newer, older| newer > older), "{ids:?}");
    walked
}

/// A webhook in a list, by its path.
fn listed<'l>(list: &'l [Value], path: &str) -> Option<&'l Value> {
    list.iter()
        .find(|webhook| path.ends_with(webhook["id"].as_str().unwrap()))
}

fn assert_secret(secret: &Value) {
    assert!(
        secret.as_str().and_then(SigningSecret::parse).is_some(),
        "whsec_ and the base64 of 32 bytes"
    );
}

#[tokio::test]
async fn a_webhook_is_made_and_its_secret_shown_once() {
    let target = Target::find();
    // Each event once, in the contract's order.
    let asked = ["batch.completed", "run.failed", "run.completed", "run.failed"];
    let (path, mut made) = make(&target, &asked).await;
    let secret = made.as_object_mut().unwrap().remove("secret").unwrap();
    assert_secret(&secret);
    assert_shape(&made, WEBHOOK);
    assert_eq!(
        (&made["status"], &made["events"]),
        (
            &json!("active"),
            &json!(["run.completed", "run.failed", "batch.completed"])
        )
    );
    let list = list(&target, target.test(), 100).await;
    assert_eq!(listed(&list, &path), Some(&made), "the same without its secret");
    delete(&target, &path).await;
}

#[tokio::test]
async fn webhooks_are_listed_newest_first_and_walked_once() {
    let target = Target::find();
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(make(&target, &["run.failed"]).await.0);
    }
    let walked = list(&target, target.test(), 2).await;
    let places: Vec<usize> = made
        .iter()
        .map(|path| {
            let all = walked.iter().filter(|one| path.ends_with(one["id"].as_str().unwrap()));
            assert_eq!(all.count(), 1, "{path}");
            let is_this = |one: &Value| path.ends_with(one["id"].as_str().unwrap());
            walked.iter().position(is_this).unwrap()
        })
        .collect();
    assert!(places.is_sorted_by(|older, newer| older > newer), "{places:?}");
    for query in ["limit=0", "limit=101", "offset=10001", "cursor=x", "status=active"] {
        let got = target.get(&format!("/v1/webhooks?{query}"), target.test()).await;
        assert_names(&got, query.split_once('=').unwrap().0);
    }
    for path in &made {
        delete(&target, path).await;
    }
}

#[tokio::test]
async fn rotating_gives_another_secret_four_times_in_a_day() {
    let target = Target::find();
    let (path, made) = make(&target, &["run.failed"]).await;
    let (rotate, mut secrets) = (format!("{path}/rotate"), vec![made["secret"].clone()]);
    for body in [None, Some(json!({})), None, None] {
        let mut request = target.request(Method::POST, &rotate).bearer_auth(target.test());
        if let Some(body) = body {
            request = request.json(&body);
        }
        let got = target.answer(request).await;
        assert_eq!(got.status, 200, "{}", got.text);
        let rotated = got.json();
        assert_eq!(rotated.as_object().unwrap().len(), 1);
        assert_secret(&rotated["secret"]);
        assert!(!secrets.contains(&rotated["secret"]));
        secrets.push(rotated["secret"].clone());
    }
    let got = send(&target, Method::POST, &rotate, target.test()).await;
    let too_often = r#"{"error":"At most 4 rotations in 24 hours"}"#;
    assert_refused(&got, (409, "conflict", too_often));
    let with_member = target.post(&rotate, target.test(), &json!({ "secret": "mine" })).await;
    assert_names(&with_member, "secret");
    delete(&target, &path).await;
}

#[tokio::test]
async fn what_happened_to_a_run_is_on_its_way_and_can_be_sent_again() {
    let target = Target::find();
    let (path, _) = make(&target, &["run.completed", "run.failed"]).await;
    let deliveries = format!("{path}/deliveries");
    let run = target.sandbox_run(json!({ "fail": "model" })).await;
    // Others may have told it something, too: what is this organization's is told to all its webhooks.
    let delivery = until("a delivery tells of the run", async || {
        let got = target.get(&format!("{deliveries}?limit=100"), target.test()).await;
        assert_eq!(got.status, 200, "{}", got.text);
        let page = got.json();
        let members: Vec<&String> = page.as_object().unwrap().keys().collect();
        assert_eq!(members, ["data", "limit", "next_cursor", "offset", "total"]);
        let data = page["data"].as_array().unwrap();
        assert!(page["total"].as_u64() >= Some(data.len() as u64), "{page}");
        data.iter().find(|delivery| delivery["run_id"] == run).cloned()
    })
    .await;
    assert_shape(&delivery, DELIVERY);
    assert_eq!(
        (&delivery["event"], &delivery["batch_id"], &delivery["status"]),
        (&json!("run.failed"), &Value::Null, &json!("pending")),
        "nobody is there to take it"
    );
    for tried in delivery["attempts"].as_array().unwrap() {
        assert_shape(tried, TRY);
    }
    let resend = format!("{deliveries}/{}/resend", delivery["id"].as_str().unwrap());
    let got = send(&target, Method::POST, &resend, target.test()).await;
    let expected = json!({ "id": delivery["id"], "status": "pending" });
    assert_eq!((got.status.as_u16(), got.json()), (202, expected));
    delete(&target, &path).await;
}

#[tokio::test]
async fn a_wrong_query_of_deliveries_names_its_parameter() {
    let target = Target::find();
    let (path, _) = make(&target, &["batch.completed"]).await;
    let deliveries = format!("{path}/deliveries");
    for query in ["limit=0", "limit=101", "offset=10001", "cursor=x", "status=failed"] {
        let got = target.get(&format!("{deliveries}?{query}"), target.test()).await;
        assert_names(&got, query.split_once('=').unwrap().0);
    }
    for id in [unknown_run(), "x".to_owned()] {
        let resend = format!("{deliveries}/{id}/resend");
        let got = send(&target, Method::POST, &resend, target.test()).await;
        assert_refused(&got, (404, "not_found", r#"{"error":"Delivery not found"}"#));
    }
    delete(&target, &path).await;
}

/// What can be done with a webhook by its path.
fn verbs(path: &str) -> [(Method, String); 4] {
    [
        (Method::POST, format!("{path}/rotate")),
        (Method::GET, format!("{path}/deliveries")),
        (Method::POST, format!("{path}/deliveries/{}/resend", unknown_run())),
        (Method::DELETE, path.to_owned()),
    ]
}

#[tokio::test]
async fn a_deleted_webhook_does_not_exist_any_more() {
    let target = Target::find();
    let (path, _) = make(&target, &["run.failed"]).await;
    delete(&target, &path).await;
    for gone in [
        path.as_str(),
        &format!("/v1/webhooks/{}", unknown_run()),
        "/v1/webhooks/x",
    ] {
        for (method, path) in verbs(gone) {
            assert_refused(&send(&target, method, &path, target.test()).await, NO_WEBHOOK);
        }
    }
    assert_eq!(listed(&list(&target, target.test(), 100).await, &path), None);
}

#[tokio::test]
async fn a_webhook_does_not_exist_for_others() {
    let target = Target::find();
    let (path, mut made) = make(&target, &["run.failed"]).await;
    for key in [Some(target.live()), target.stranger()].into_iter().flatten() {
        for (method, path) in verbs(&path) {
            assert_refused(&send(&target, method, &path, key).await, NO_WEBHOOK);
        }
        assert_eq!(listed(&list(&target, key, 100).await, &path), None);
    }
    made.as_object_mut().unwrap().remove("secret");
    let list = list(&target, target.test(), 100).await;
    assert_eq!(listed(&list, &path), Some(&made), "nobody else could delete it");
    delete(&target, &path).await;
}

#[tokio::test]
async fn without_its_scope_every_route_refuses() {
    let target = Target::find();
    let Some(scopeless) = target.scopeless() else { return };
    let path = format!("/v1/webhooks/{}", unknown_run());
    let both = [Method::GET, Method::POST].map(|method| (method, "/v1/webhooks".to_owned()));
    for (method, path) in both.into_iter().chain(verbs(&path)) {
        let scope = if method == Method::GET {
            "webhooks:read"
        } else {
            "webhooks:write"
        };
        let refused = format!(r#"{{"error":"Insufficient scope","required":"{scope}","provided":[]}}"#);
        let got = send(&target, method, &path, scopeless).await;
        assert_refused(&got, (403, "insufficient_scope", &refused));
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_with_its_field() {
    let target = Target::find();
    let (good, failed) = (RECEIVER, json!(["run.failed"]));
    let long = format!("{RECEIVER}?{}", "x".repeat(2_048 - RECEIVER.len()));
    let with_url = |url: &str| json!({ "url": url, "events": failed });
    let with_events = |events: Value| json!({ "url": good, "events": events });
    let among = format!("events must be among {}", EVENTS.join(", "));
    for (body, field, message) in [
        (json!({}), "url", "url is required"),
        (json!({ "url": null, "events": failed }), "url", "url is required"),
        (json!({ "url": 7, "events": failed }), "url", "url must be a string"),
        (with_url(""), "url", "url must be https"),
        (with_url("example.com/hook"), "url", "url must be https"),
        (with_url("http://example.com/hook"), "url", "url must be https"),
        (with_url("ftp://example.com/hook"), "url", "url must be https"),
        (with_url("https:example.com"), "url", "url must be https"),
        (with_url("https://exa mple.com/"), "url", "url must be https"),
        (with_url("https://example.com\\@10.0.0.1/"), "url", "url must be https"),
        (with_url(&long), "url", "url must be at most 2048 characters"),
        (
            with_url("https://user:pass@example.com/"),
            "url",
            "url must have no user name and no password",
        ),
        (
            with_url("https://example.com/#token"),
            "url",
            "url must have no fragment",
        ),
        (
            with_url("https://example.com:80/"),
            "url",
            "url must have port 443 or a port from 1024 on",
        ),
        (
            with_url("https://example.com:1023/"),
            "url",
            "url must have port 443 or a port from 1024 on",
        ),
        (json!({ "url": good }), "events", "events is required"),
        (with_events(Value::Null), "events", "events is required"),
        (with_events(json!([])), "events", "events is required"),
        (
            with_events(json!("run.failed")),
            "events",
            "events must be a list of strings",
        ),
        (with_events(json!([7])), "events", "events must be a list of strings"),
        (with_events(json!(["run.failed", "run.started"])), "events", &among),
        (with_events(json!(["RUN.FAILED"])), "events", &among),
        (
            json!({ "url": good, "events": failed, "secret": "mine" }),
            "secret",
            "Unknown field secret",
        ),
    ] {
        let got = target.post("/v1/webhooks", target.test(), &body).await;
        let refused = json!({ "error": message, "field": field });
        assert_eq!((got.status.as_u16(), got.json()), (400, refused), "{body}");
        assert_eq!(got.header("x-eclips-error-code"), "validation_error");
    }
}

#[tokio::test]
async fn an_address_that_is_not_public_is_impossible_in_every_spelling() {
    let target = Target::find();
    let hosts = [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[::ffff:10.0.0.1]",
        "[64:ff9b::a00:1]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "localhost",
        "LOCALHOST.",
        "x.localhost",
        "metadata.google.internal",
        "printer",
    ];
    for (host, port) in hosts.into_iter().zip(["", ":443", ":8443"].into_iter().cycle()) {
        let url = format!("https://{host}{port}/hook");
        let body = json!({ "url": url, "events": ["run.failed"] });
        let got = target.post("/v1/webhooks", target.test(), &body).await;
        let refused = r#"{"error":"url must name a public host","field":"url"}"#;
        assert_eq!(got.pair(), (422, refused), "{url}");
        assert_eq!(got.header("x-eclips-error-code"), "unprocessable", "{url}");
    }
    // The same of a run's own URL.
    let body = json!({ "task": "Contract test", "webhook_url": "https://169.254.169.254/latest/meta-data/" });
    let got = target.post("/v1/run", target.test(), &body).await;
    let refused = r#"{"error":"webhook_url must name a public host","field":"webhook_url"}"#;
    assert_refused(&got, (422, "unprocessable", refused));
}
