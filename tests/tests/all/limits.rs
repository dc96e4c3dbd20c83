//! Plan, suspension, rate and daily limit: who passes, who does not, and what is consumed.

use std::time::Duration;

use eclips_shared::auth::{Mode, Scope};
use eclips_shared::plan::Plan;
use eclips_shared::routes::Limiter;
use eclips_shared::store::{Override, Store, Suspension};
use eclips_shared::time::Timestamp;
use eclips_shared::window::CELL_MS;
use eclips_tests::world::{Person, World, reply, unknown_key};
use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::json;

async fn limited(world: &World, number: Override, value: u64) -> Person {
    let person = world.somebody().await;
    world
        .store
        .orgs()
        .set_override(person.org, number, value)
        .await
        .unwrap();
    person
}

fn count(statuses: &[StatusCode], status: u16) -> usize {
    statuses.iter().filter(|got| got.as_u16() == status).count()
}

#[tokio::test]
async fn exactly_the_limit_passes_of_fifty_more_in_parallel() {
    let world = World::start().await;
    for (number, limit, path) in [
        (Override::StandardPerMinute, 40, "/v1/runs"),
        (Override::RequestsPerDay, 25, "/v1/runs"),
        (Override::StrictPerMinute, 30, "/v1/run"),
    ] {
        let person = limited(&world, number, limit).await;
        // A second key of the organization counts against the same limit.
        let second = world.person(person.org, Mode::Test, &Scope::ALL, None).await;
        let calls = (0..limit + 50).map(|n| {
            let caller = if n % 2 == 0 { &person } else { &second };
            match path {
                "/v1/run" => world.send(Method::POST, path, caller, Some(json!({ "task": "x" }))),
                _ => world.send(Method::GET, path, caller, None),
            }
        });
        let replies = join_all(calls).await;
        let statuses: Vec<StatusCode> = replies.iter().map(|reply| reply.status).collect();
        let passed = if path == "/v1/run" { 202 } else { 200 };
        assert_eq!(
            (count(&statuses, passed), count(&statuses, 429)),
            (usize::try_from(limit).unwrap(), 50),
            "{number:?}"
        );
        let refused = replies.iter().find(|reply| reply.status == 429).unwrap();
        let (text, code, longest_s) = match number {
            Override::RequestsPerDay => ("Daily limit exceeded", "daily_limit", 86_400),
            _ => ("Rate limit exceeded", "rate_limited", 63),
        };
        assert_eq!(refused.json(), json!({ "error": text }));
        assert_eq!(refused.header("x-eclips-error-code"), code);
        let wait: u64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=longest_s).contains(&wait), "{wait}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_refusal_before_the_limiter_consumes_nothing() {
    let world = World::start().await;
    let person = limited(&world, Override::StandardPerMinute, 3).await;
    let scopeless = world.person(person.org, Mode::Live, &[], None).await;
    for _ in 0..10 {
        assert_eq!(world.get("/v1/runs", &scopeless).await.status, 403);
        let unknown = world
            .request(Method::GET, "/v1/runs")
            .bearer_auth(unknown_key(Mode::Live));
        assert_eq!(reply(unknown).await.status, 401);
        assert_eq!(world.get("/v1/nothing", &person).await.status, 404);
    }
    let mut left = Vec::new();
    for _ in 0..4 {
        let reply = world.get("/v1/runs", &person).await;
        left.push((reply.status.as_u16(), reply.header("ratelimit").to_owned()));
    }
    assert_eq!(
        left.iter().map(|(status, _)| *status).collect::<Vec<_>>(),
        [200, 200, 200, 429]
    );
    assert!(left[0].1.starts_with(r#""standard";r=2;t="#), "{}", left[0].1);
    assert!(left[2].1.starts_with(r#""standard";r=0;t="#), "{}", left[2].1);
    world.stop().await;
}

#[tokio::test]
async fn plans_suspension_and_raised_limits_hold_from_the_next_request() {
    let world = World::start().await;
    let person = world.somebody().await;
    let orgs = world.store.orgs();
    assert_eq!(world.get("/v1/runs", &person).await.status, 200);

    orgs.set_suspended(person.org, Suspension::On).await.unwrap();
    let suspended = world.get("/v1/runs", &person).await;
    assert_eq!(suspended.pair(), (403, r#"{"error":"Organization is suspended"}"#));
    assert_eq!(suspended.header("x-eclips-error-code"), "organization_suspended");
    orgs.set_suspended(person.org, Suspension::Off).await.unwrap();
    assert_eq!(world.get("/v1/runs", &person).await.status, 200);

    for plan in [Plan::Starter, Plan::Pro] {
        orgs.set_plan(person.org, plan).await.unwrap();
        let refused = world.get("/v1/runs", &person).await;
        let body = format!(
            r#"{{"error":"API access is not included in your plan","plan":"{}"}}"#,
            plan.as_str()
        );
        assert_eq!(refused.pair(), (403, body.as_str()));
        // The missing scope is said first: it is the key's owner who can do something about it.
        let scopeless = world.person(person.org, Mode::Live, &[], None).await;
        assert_eq!(
            world.get("/v1/runs", &scopeless).await.header("x-eclips-error-code"),
            "insufficient_scope"
        );
    }
    orgs.set_plan(person.org, Plan::Team).await.unwrap();
    let team = world.get("/v1/runs", &person).await;
    assert_eq!(
        team.header("ratelimit-policy"),
        r#""standard";q=600;w=60, "daily";q=20000;w=86400"#
    );
    orgs.set_plan(person.org, Plan::Enterprise).await.unwrap();
    let raised = world.get("/v1/runs", &person).await;
    assert_eq!(
        raised.header("ratelimit-policy"),
        r#""standard";q=12000;w=60, "daily";q=2000000;w=86400"#
    );
    world.stop().await;
}

#[tokio::test]
async fn used_up_credits_refuse_live_runs_only_and_after_validation() {
    let world = World::start().await;
    let person = limited(&world, Override::CreditsPerMonth, 0).await;
    let tester = world.person(person.org, Mode::Test, &Scope::ALL, None).await;
    let refused = world
        .send(Method::POST, "/v1/run", &person, Some(json!({ "task": "x" })))
        .await;
    assert_eq!(refused.pair(), (429, r#"{"error":"Credit limit exceeded"}"#));
    assert_eq!(refused.header("x-eclips-error-code"), "credits_exhausted");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() <= 31 * 86_400);
    let invalid = world.send(Method::POST, "/v1/run", &person, Some(json!({}))).await;
    assert_eq!(invalid.pair(), (400, r#"{"error":"task is required","field":"task"}"#));
    world.run(&tester, json!({ "task": "x" })).await;
    assert_eq!(world.get("/v1/runs", &person).await.json()["total"], 0);
    world.stop().await;
}

#[tokio::test]
async fn a_process_with_an_old_memory_loses_no_counts_when_a_new_cell_begins() {
    let world = World::start().await;
    let person = limited(&world, Override::StandardPerMinute, 20).await;
    let (one, other) = (Store::open(world.config()), Store::open(world.config()));
    let passes = async |store: &Store| store.limits().admit(person.org, Limiter::Standard).await.is_ok();
    let mut passed = usize::from(passes(&one).await);
    for _ in 0..14 {
        passed += usize::from(passes(&other).await);
    }
    assert_eq!(passed, 15);
    // `one` still remembers a single request, and is the first to write in the next cell.
    let cell = Timestamp::now().ms() / CELL_MS;
    while Timestamp::now().ms() / CELL_MS == cell {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for _ in 0..20 {
        passed += usize::from(passes(&one).await);
    }
    assert_eq!(passed, 20);
    world.stop().await;
}
