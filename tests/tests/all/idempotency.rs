//! Idempotency keys: whatever a named request makes is made once in a day.

use std::collections::HashSet;

use aws_sdk_dynamodb::types::AttributeValue;
use eclips_shared::auth::{Mode, Scope, Tenant};
use eclips_shared::ids::RunId;
use eclips_shared::time::{DAY_MS, Timestamp};
use eclips_tests::backstage::{Backstage, ONE_CALL};
use eclips_tests::function::tables;
use eclips_tests::proxy::Fault;
use eclips_tests::records;
use eclips_tests::world::{Person, Reply, World, reply};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

const BODY: &str = r#"{"task":"Order 500 laptops","data":{"n":500}}"#;

async fn create(world: &World, person: &Person, name: &str, body: &str) -> Reply {
    let request = world
        .request(Method::POST, "/v1/run")
        .bearer_auth(&person.key)
        .header("idempotency-key", name)
        .header("content-type", "application/json");
    reply(request.body(body.to_owned())).await
}

fn made(got: &Reply) -> RunId {
    assert_eq!(got.status, 202, "{}", got.text);
    RunId::parse(got.json()["run_id"].as_str().unwrap()).unwrap()
}

/// Moves the end of every name of a tenant.
async fn end_names(world: &World, tenant: Tenant, at: Timestamp) {
    let items = tables(world.config())
        .await
        .scan()
        .table_name(&world.config().table_main)
        .filter_expression("begins_with(pk, :names)")
        .expression_attribute_values(":names", AttributeValue::S(format!("I#{tenant}#")))
        .send()
        .await
        .unwrap();
    assert!(items.count() > 0);
    for item in items.items() {
        let pk = item["pk"].as_s().unwrap();
        let end = [("expires_at", AttributeValue::N(at.ms().to_string()))];
        records::set(world.config(), pk, "M", &end).await;
    }
}

#[tokio::test]
async fn fifty_who_send_one_named_request_make_one_run() {
    let world = World::start().await;
    let person = world.somebody().await;
    let replies = join_all((0..50).map(|_| create(&world, &person, "order-7", BODY))).await;
    let runs: HashSet<RunId> = replies.iter().map(made).collect();
    assert_eq!(runs.len(), 1);
    let fresh = replies.iter().filter(|got| got.header("idempotent-replay").is_empty());
    assert_eq!(fresh.count(), 1);
    let first = replies
        .iter()
        .find(|got| got.header("idempotent-replay").is_empty())
        .unwrap();
    for replay in replies.iter().filter(|got| !got.header("idempotent-replay").is_empty()) {
        assert_eq!(replay.header("idempotent-replay"), "true");
        assert_eq!(replay.pair(), first.pair(), "the same answer");
    }
    let listed = world.get("/v1/runs", &person).await.json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    // Long after it has ended the answer is still the first one.
    world.settled(&person, made(first)).await;
    assert_eq!(create(&world, &person, "order-7", BODY).await.pair(), first.pair());
    world.stop().await;
}

#[tokio::test]
async fn a_name_stands_for_one_request_however_it_is_written() {
    let world = World::start().await;
    let person = world.somebody().await;
    let run = made(&create(&world, &person, "a", BODY).await);
    let same = "{ \"data\": {\"n\": 5e2},\n \"task\": \"Order 500 l\\u0061ptops\" }";
    assert_eq!(made(&create(&world, &person, "a", same).await), run);
    for other in [
        r#"{"task":"Order 501 laptops","data":{"n":500}}"#,
        r#"{"task":"Order 500 laptops","data":{"n":500},"priority":"normal"}"#,
        r#"{"task":"Order 500 laptops"}"#,
    ] {
        let got = create(&world, &person, "a", other).await;
        let body = r#"{"error":"Idempotency-Key was used for another request","field":"Idempotency-Key"}"#;
        assert_eq!(got.pair(), (422, body), "{other}");
        assert_eq!(got.header("x-eclips-error-code"), "unprocessable");
    }
    assert_ne!(
        made(&create(&world, &person, "A", BODY).await),
        run,
        "names are compared whole"
    );
    world.stop().await;
}

#[tokio::test]
async fn a_name_belongs_to_one_organization_in_one_mode() {
    let world = World::start().await;
    let person = world.somebody().await;
    let colleague = world.person(person.org, Mode::Live, &Scope::ALL, None).await;
    let tester = world.person(person.org, Mode::Test, &Scope::ALL, None).await;
    let stranger = world.somebody().await;
    let run = made(&create(&world, &person, "a", BODY).await);
    assert_eq!(made(&create(&world, &colleague, "a", BODY).await), run);
    let other: HashSet<RunId> = [
        made(&create(&world, &tester, "a", BODY).await),
        made(&create(&world, &stranger, "a", BODY).await),
        run,
    ]
    .into();
    assert_eq!(other.len(), 3);
    world.stop().await;
}

#[tokio::test]
async fn a_name_whose_day_is_over_is_new_although_it_is_still_there() {
    let world = World::start().await;
    let person = world.somebody().await;
    let tenant = Tenant {
        org: person.org,
        mode: Mode::Live,
    };
    let run = made(&create(&world, &person, "a", BODY).await);
    let now = Timestamp::now();
    end_names(&world, tenant, now.plus_ms(60_000)).await;
    assert_eq!(made(&create(&world, &person, "a", BODY).await), run, "a minute is left");
    end_names(&world, tenant, now.plus_ms(-1)).await;
    let again = create(&world, &person, "a", r#"{"task":"Something else"}"#).await;
    assert_ne!(made(&again), run);
    assert_eq!(again.header("idempotent-replay"), "");
    // And it holds for another day from then on.
    let item = &records::under(world.config(), &name_item(&world, tenant).await).await[0].1;
    let left = records::text(item, "expires_at").parse::<i64>().unwrap() - Timestamp::now().ms();
    assert!((DAY_MS - 60_000..=DAY_MS).contains(&left), "{left}");
    world.stop().await;
}

/// The partition key of the only name of a tenant.
async fn name_item(world: &World, tenant: Tenant) -> String {
    let items = tables(world.config())
        .await
        .scan()
        .table_name(&world.config().table_main)
        .filter_expression("begins_with(pk, :names)")
        .expression_attribute_values(":names", AttributeValue::S(format!("I#{tenant}#")))
        .send()
        .await
        .unwrap();
    assert_eq!(items.count(), 1);
    items.items()[0]["pk"].as_s().unwrap().clone()
}

#[tokio::test]
async fn a_name_is_given_once_and_is_visible_ascii() {
    let world = World::start().await;
    let person = world.somebody().await;
    for name in ["", "two words", "é", &"x".repeat(256)] {
        let got = create(&world, &person, name, BODY).await;
        assert_eq!(
            (got.status.as_u16(), got.json()["field"].as_str()),
            (400, Some("Idempotency-Key")),
            "{name:?}: {}",
            got.text
        );
    }
    assert_eq!(create(&world, &person, &"x".repeat(255), BODY).await.status, 202);
    let twice = world
        .request(Method::POST, "/v1/run")
        .bearer_auth(&person.key)
        .header("idempotency-key", "a")
        .header("idempotency-key", "a")
        .json(&json!({ "task": "x" }));
    assert_eq!(reply(twice).await.status, 400);
    world.stop().await;
}

#[tokio::test]
async fn conflicts_and_lost_replies_make_no_second_run_and_no_error() {
    for fault in [Fault::Conflict, Fault::ReplyLost] {
        let scene = Backstage::open().await;
        let body = json!({ "task": "x" });
        // Once as often as the SDK bears, and once beyond that: then the name itself tells.
        for (name, times) in [("a", ONE_CALL - 1), ("b", ONE_CALL)] {
            scene.proxy.set_after("TransactWriteItems", 0, times, fault);
            let first = scene.runs.create_named(&scene.key, name, &body).await;
            let again = scene.runs.create_named(&scene.key, name, &body).await;
            assert_eq!(
                (first.status, again.status),
                (202, 202),
                "{fault:?} {times}: {}",
                first.body
            );
            assert_eq!(first.run(), again.run(), "{fault:?} {times}");
        }
        assert_eq!(scene.count().await, 2, "{fault:?}");
    }
}
