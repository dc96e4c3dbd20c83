//! The store down, slow, throttled or lying: always 503 within 3 s, never 401, never 200.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use eclips_tests::function::Function;
use eclips_tests::proxy::{Fault, Proxy};
use eclips_tests::receiver::Receiver;
use eclips_tests::world::{World, unknown_key};
use reqwest::Method;
use serde_json::json;

/// What the contract promises when the store does not answer.
const PROMISED: Duration = Duration::from_secs(3);
const DOWN: &str = r#"{"error":"Service temporarily unavailable"}"#;

#[tokio::test]
async fn a_store_that_fails_is_a_503_in_time_whatever_the_key() {
    let world = World::start().await;
    let person = world.somebody().await;
    let proxy = Proxy::before(world.config().dynamodb_endpoint.as_deref().unwrap()).await;
    let unknown = unknown_key(eclips_shared::auth::Mode::Live);
    for fault in [
        Fault::Broken,
        Fault::Throttled,
        Fault::Silent,
        Fault::Denied,
        Fault::NoTable,
    ] {
        for key in [&person.key, &unknown] {
            let runs = Function::runs(world.config(), proxy.url()).await;
            proxy.set(fault);
            for (method, path, body) in [
                ("GET", "/v1/runs", None),
                ("POST", "/v1/run", Some(json!({ "task": "x" }))),
            ] {
                let began = Instant::now();
                let got = runs.call(method, path, Some(key), body).await;
                assert!(
                    began.elapsed() < PROMISED,
                    "{fault:?} {method} took {:?}",
                    began.elapsed()
                );
                assert_eq!((got.status, got.body.as_str()), (503, DOWN), "{fault:?} {method}");
                assert!(got.header("retry-after").parse::<u64>().is_ok(), "{fault:?} {method}");
                assert!(got.header("www-authenticate").is_empty());
            }
            proxy.set(Fault::None);
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn a_store_that_fails_behind_authentication_is_a_503_too() {
    let world = World::start().await;
    let person = world.somebody().await;
    let proxy = Proxy::before(world.config().dynamodb_endpoint.as_deref().unwrap()).await;
    for (operation, method, path) in [
        ("UpdateItem", "GET", "/v1/runs"),
        ("Query", "GET", "/v1/runs"),
        ("TransactWriteItems", "POST", "/v1/run"),
    ] {
        let runs = Function::runs(world.config(), proxy.url()).await;
        let body = (method == "POST").then(|| json!({ "task": "x" }));
        proxy.set_for(operation, Fault::Broken);
        assert_eq!(
            runs.call(method, path, Some(&person.key), body.clone()).await.status,
            503,
            "{operation}"
        );
        proxy.set(Fault::None);
        let healed = runs.call(method, path, Some(&person.key), body).await.status;
        assert!(healed < 300, "{operation}: {healed} after the store came back");
    }
    world.stop().await;
}

#[tokio::test]
async fn nobody_listening_at_all_is_a_503() {
    let world = World::start().await;
    let person = world.somebody().await;
    let runs = Function::runs(world.config(), "http://127.0.0.1:9").await;
    let began = Instant::now();
    assert_eq!(runs.call("GET", "/v1/runs", Some(&person.key), None).await.status, 503);
    assert!(began.elapsed() < PROMISED);
    assert_eq!(
        runs.call("GET", "/v1/runs", None, None).await.status,
        401,
        "no credential needs no store"
    );
    world.stop().await;
}

#[tokio::test]
async fn a_corrupt_key_record_is_a_503_and_an_unknown_scope_is_ignored() {
    let world = World::start().await;
    let person = world.somebody().await;
    let tables = eclips_tests::function::tables(world.config()).await;
    let good = eclips_tests::function::key_item(&tables, world.config(), person.key_id).await;
    let s = |text: &str| AttributeValue::S(text.to_owned());
    let corruptions: Vec<(&str, Option<AttributeValue>, u16)> = vec![
        ("scopes", Some(s("agents:read")), 503),
        ("scopes", Some(AttributeValue::L(vec![s("agents:read")])), 503),
        ("scopes", Some(AttributeValue::Null(true)), 503),
        (
            "scopes",
            Some(AttributeValue::Ss(vec![
                "agents:read".into(),
                "agents:everything".into(),
            ])),
            200,
        ),
        (
            "scopes",
            Some(AttributeValue::Ss(vec![
                "agents:read agents:run".into(),
                "AGENTS:READ".into(),
            ])),
            403,
        ),
        ("scopes", None, 403),
        ("org_id", None, 503),
        ("org_id", Some(s("someone")), 503),
        ("key_id", None, 503),
        ("mode", Some(s("test")), 503),
        ("mode", Some(s("LIVE")), 503),
        ("revoked", None, 503),
        ("revoked", Some(s("false")), 503),
        ("revoked", Some(AttributeValue::Bool(true)), 401),
        ("expires_at", Some(s("2999-01-01")), 503),
        ("expires_at", Some(AttributeValue::N("1.5".into())), 503),
        ("expires_at", Some(AttributeValue::N("-1".into())), 401),
        ("expires_at", Some(AttributeValue::N("0".into())), 401),
        (
            "org_id",
            Some(s(&eclips_shared::ids::OrgId::generate().to_string())),
            503,
        ),
    ];
    for (attribute, value, status) in corruptions {
        let mut item = good.clone();
        match &value {
            Some(value) => item.insert(attribute.to_owned(), value.clone()),
            None => item.remove(attribute),
        };
        let put = tables
            .put_item()
            .table_name(&world.config().table_keys)
            .set_item(Some(item));
        put.send().await.unwrap();
        let got = world.get("/v1/runs", &person).await;
        assert_eq!(got.status.as_u16(), status, "{attribute} = {value:?}: {}", got.text);
    }
    world.stop().await;
}

#[tokio::test]
async fn store_calls_per_route_are_what_the_table_says() {
    let world = World::start().await;
    let person = world.somebody().await;
    let proxy = Proxy::before(world.config().dynamodb_endpoint.as_deref().unwrap()).await;
    let runs = Function::runs(world.config(), proxy.url()).await;
    let triage = Function::triage(world.config(), proxy.url()).await;
    let usage = Function::usage(world.config(), proxy.url()).await;
    let webhooks = Function::webhooks(world.config(), proxy.url()).await;
    let receiver = Receiver::start().await;
    let hook = json!({ "url": receiver.url("/"), "events": ["run.completed"] });
    let webhook = world
        .send(Method::POST, "/v1/webhooks", &person, Some(hook.clone()))
        .await;
    let webhook = format!("/v1/webhooks/{}", webhook.json()["id"].as_str().expect("it is made"));
    let run = world.run(&person, json!({ "task": "x" })).await;
    world.settled(&person, run).await;
    let waiting = json!({ "task": "x", "data": { "sandbox": { "confidence": 0.4 } } });
    let open = world.run(&person, waiting.clone()).await;
    world.settled(&person, open).await;
    let item = async || {
        let run = world.run(&person, waiting.clone()).await;
        let id = world.settled(&person, run).await["triage_item_id"].clone();
        format!("/v1/triage/{}", id.as_str().expect("it waits"))
    };
    let (question, other) = (item().await, item().await);
    let (deliveries, rotate) = (format!("{webhook}/deliveries"), format!("{webhook}/rotate"));
    let resend = loop {
        let delivery = world.get(&deliveries, &person).await.json()["data"][0]["id"].clone();
        if let Some(id) = delivery.as_str() {
            break format!("{deliveries}/{id}/resend");
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    };
    let (approve, reject) = (format!("{question}/approve"), format!("{other}/reject"));
    let decided = format!("{question}/reject");
    let task = Some(json!({ "task": "x" }));
    let show = format!("/v1/runs/{run}");
    let (too_late, cancel) = (format!("{show}/cancel"), format!("/v1/runs/{open}/cancel"));
    // ARCHITECTURE.md has this table; a new 3-second cell makes no further call in a process that saw the last one.
    let key_and_limits = ["GetItem", "UpdateItem"];
    let decision = vec!["GetItem", "GetItem", "TransactWriteItems"];
    let (runs, triage, usage) = ((&runs, show.as_str()), (&triage, "/v1/triage"), (&usage, "/v1/usage"));
    let webhooks = (&webhooks, "/v1/webhooks");
    for ((function, warm_up), method, path, body, own) in [
        (runs, "GET", "/v1/runs", None, vec!["Query", "GetItem"]),
        (runs, "GET", show.as_str(), None, vec!["Query"]),
        (runs, "POST", "/v1/run", task, vec!["TransactWriteItems"]),
        (
            runs,
            "POST",
            cancel.as_str(),
            None,
            vec!["GetItem", "TransactWriteItems"],
        ),
        (runs, "POST", too_late.as_str(), None, vec!["GetItem"]),
        (
            triage,
            "GET",
            "/v1/triage",
            None,
            vec!["Query", "Query", "BatchGetItem"],
        ),
        (triage, "GET", question.as_str(), None, vec!["GetItem"]),
        (triage, "POST", approve.as_str(), None, decision.clone()),
        (triage, "POST", reject.as_str(), None, decision),
        (triage, "POST", decided.as_str(), None, vec!["GetItem"]),
        (webhooks, "POST", "/v1/webhooks", Some(hook), vec!["TransactWriteItems"]),
        (webhooks, "GET", "/v1/webhooks", None, vec!["Query"]),
        (
            webhooks,
            "POST",
            rotate.as_str(),
            None,
            vec!["GetItem", "TransactWriteItems"],
        ),
        (
            webhooks,
            "GET",
            deliveries.as_str(),
            None,
            vec!["GetItem", "Query", "Query"],
        ),
        (
            webhooks,
            "POST",
            resend.as_str(),
            None,
            vec!["GetItem", "GetItem", "UpdateItem"],
        ),
        (webhooks, "DELETE", webhook.as_str(), None, vec!["TransactWriteItems"]),
        (usage, "GET", "/v1/usage", None, vec!["Query", "GetItem"]),
        (usage, "GET", "/v1/usage/daily", None, vec!["Query", "Query", "GetItem"]),
        (usage, "GET", "/v1/usage/agents", None, vec!["Query"]),
        (usage, "GET", "/v1/usage/keys", None, vec!["Query"]),
    ] {
        let expected = [key_and_limits.to_vec(), own].concat();
        // The first request of a process also touches `last_used_at`, and learns the limits item from a refused update; and
        // so does one whose last request was before the others' and in another cell.
        function.call("GET", warm_up, Some(&person.key), None).await;
        proxy.take_calls();
        let got = function.call(method, path, Some(&person.key), body).await;
        let is_too_late = path == too_late || path == decided;
        assert_eq!(got.status >= 300, is_too_late, "{}", got.body);
        let mut calls = proxy.take_calls();
        let mut expected = expected;
        assert_eq!(
            calls.first().map(String::as_str),
            Some("GetItem"),
            "authentication comes first"
        );
        calls.sort();
        expected.sort_unstable();
        assert_eq!(calls, expected, "{method} {path}");
    }
    let scopeless = world
        .person(person.org, eclips_shared::auth::Mode::Live, &[], None)
        .await
        .key;
    let unknown = unknown_key(eclips_shared::auth::Mode::Live);
    let wrong = eclips_tests::world::wrong_checksum();
    for (key, path, expected) in [
        (None, "/v1/runs", vec![]),
        (Some("eck_live_short"), "/v1/runs", vec![]),
        (Some(wrong.as_str()), "/v1/runs", vec![]),
        (Some(&unknown), "/v1/runs", vec!["GetItem"]),
        (Some(&person.key), "/v1/nothing", vec![]),
        // The first refusal of a known key in a minute is noted for its owner; the next ones are not.
        (Some(&scopeless), "/v1/runs", vec!["GetItem", "UpdateItem"]),
        (Some(&scopeless), "/v1/runs", vec!["GetItem"]),
    ] {
        let got = runs.0.call("GET", path, key, None).await;
        assert_eq!(proxy.take_calls(), expected, "{path}: {} {}", got.status, got.body);
    }
    world.stop().await;
}
