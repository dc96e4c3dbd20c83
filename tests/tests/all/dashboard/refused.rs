//! What a caller is not told, its owner reads: refused requests of a known key, a write now and then, never in the way.

use std::time::{Duration, Instant};

use eclips_shared::auth::{Mode, Scope};
use eclips_shared::ids::KeyId;
use eclips_shared::plan::Plan;
use eclips_shared::role::Role;
use eclips_shared::time::Timestamp;
use eclips_tests::function::Function;
use eclips_tests::proxy::{Fault, Proxy};
use eclips_tests::visitor::Visitor;
use eclips_tests::world::{OPERATOR, PATIENCE, Person, World, unknown_key, wrong_checksum};
use serde_json::json;

async fn told(world: &World, person: &Person) -> Vec<(&'static str, String, u64, String)> {
    let rows = world.store.keys().refused(person.org, person.key_id).await.unwrap();
    rows.into_iter()
        .map(|row| (row.cause.as_str(), row.route, row.seen, row.ip))
        .collect()
}

#[tokio::test]
async fn the_owner_sees_which_of_the_three_it_was_and_on_which_route() {
    let world = World::start().await;
    let org = world.org(Plan::Growth).await;
    let reader = world.person(org, Mode::Live, &[Scope::AgentsRead], None).await;
    let expired = world
        .person(org, Mode::Test, &Scope::ALL, Some(Timestamp::from_ms(1)))
        .await;
    assert_eq!(world.get("/v1/runs", &reader).await.status, 200);
    assert!(told(&world, &reader).await.is_empty());

    let run = Some(json!({ "task": "x" }));
    assert_eq!(
        world.send(reqwest::Method::POST, "/v1/run", &reader, run).await.status,
        403
    );
    assert_eq!(world.get("/v1/runs", &expired).await.status, 401);
    world.store.keys().revoke(org, reader.key_id, &OPERATOR).await.unwrap();
    assert_eq!(
        world
            .get(&format!("/v1/runs/{}", KeyId::generate()), &reader)
            .await
            .status,
        401
    );

    let ip = "127.0.0.1".to_owned();
    assert_eq!(
        told(&world, &reader).await,
        [
            ("revoked", "GET /v1/runs/{id}".to_owned(), 1, ip.clone()),
            ("scope", "POST /v1/run".to_owned(), 1, ip.clone()),
        ]
    );
    assert_eq!(
        told(&world, &expired).await,
        [("expired", "GET /v1/runs".to_owned(), 1, ip)]
    );

    let mut owner = Visitor::member(&world, org, "owner@example.com", Role::Owner).await;
    let page = owner.get(&format!("/settings/api-keys/{}", reader.key_id)).await;
    for text in [
        "the key was revoked",
        "the key lacks the route&#39;s scope",
        "POST /v1/run",
        "127.0.0.1",
    ] {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
    world.stop().await;
}

#[tokio::test]
async fn a_storm_is_one_write_a_minute_and_unknown_keys_are_none() {
    let world = World::start().await;
    let org = world.org(Plan::Growth).await;
    let revoked = world.person(org, Mode::Live, &Scope::ALL, None).await;
    world.store.keys().revoke(org, revoked.key_id, &OPERATOR).await.unwrap();
    let proxy = Proxy::before(world.config().dynamodb_endpoint.as_deref().unwrap()).await;
    let runs = Function::runs(world.config(), proxy.url()).await;
    for _ in 0..50 {
        let got = runs.call("GET", "/v1/runs", Some(&revoked.key), None).await;
        assert_eq!(got.status, 401);
    }
    let calls = proxy.take_calls();
    assert_eq!(calls.iter().filter(|call| *call == "GetItem").count(), 50);
    assert_eq!(calls.iter().filter(|call| *call == "UpdateItem").count(), 1);
    for key in [unknown_key(Mode::Live), wrong_checksum()] {
        runs.call("GET", "/v1/runs", Some(&key), None).await;
    }
    assert_eq!(proxy.take_calls(), ["GetItem"], "an unknown key has no owner to tell");
    world.stop().await;
}

#[tokio::test]
async fn a_note_that_cannot_be_written_changes_no_answer_and_is_tried_again() {
    let world = World::start().await;
    let org = world.org(Plan::Growth).await;
    let revoked = world.person(org, Mode::Live, &Scope::ALL, None).await;
    world.store.keys().revoke(org, revoked.key_id, &OPERATOR).await.unwrap();
    let proxy = Proxy::before(world.config().dynamodb_endpoint.as_deref().unwrap()).await;
    for fault in [Fault::Broken, Fault::Silent, Fault::Throttled] {
        let runs = Function::runs(world.config(), proxy.url()).await;
        proxy.set_for("UpdateItem", fault);
        let began = Instant::now();
        let got = runs.call("GET", "/v1/runs", Some(&revoked.key), None).await;
        assert_eq!(
            got.body, r#"{"error":"Invalid, expired or revoked API key"}"#,
            "{fault:?}"
        );
        assert!(
            began.elapsed() < Duration::from_secs(3),
            "{fault:?} {:?}",
            began.elapsed()
        );
        proxy.set(Fault::None);
        let before = told(&world, &revoked).await;
        let deadline = Instant::now() + PATIENCE;
        while told(&world, &revoked).await == before {
            assert!(Instant::now() < deadline, "{fault:?}: no later one was noted");
            runs.call("GET", "/v1/runs", Some(&revoked.key), None).await;
        }
    }
    world.stop().await;
}
