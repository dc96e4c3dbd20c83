//! Usage: what customers are shown is what their runs and the ledger say, whatever happens to the stream in between.

mod fold;

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use eclips_shared::auth::{Mode, Scope, Tenant};
use eclips_shared::store::Override;
use eclips_shared::time::{Day, Timestamp};
use eclips_shared::window::CELL_MS;
use eclips_tests::records;
use eclips_tests::world::{PATIENCE, Person, World};
use reqwest::Method;
use serde_json::{Value, json};

/// Asks for usage until it is as expected; the stream is folded every second.
async fn usage_until(world: &World, person: &Person, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let shown = world.get(path, person).await.json();
        if is_so(&shown) {
            return shown;
        }
        assert!(Instant::now() < deadline, "{path}: {shown}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn of<'a>(data: &'a Value, name: &str, value: &str) -> &'a Value {
    let items = data["data"].as_array().unwrap();
    items
        .iter()
        .find(|item| item[name] == value)
        .unwrap_or_else(|| panic!("no {name} {value}: {data}"))
}

#[tokio::test]
async fn usage_is_what_the_runs_and_their_ledger_say() {
    let world = World::start().await;
    let person = world.somebody().await;
    let colleague = world.person(person.org, Mode::Live, &Scope::ALL, None).await;
    let tester = world.person(person.org, Mode::Test, &Scope::ALL, None).await;
    // Smart agents cost three credits, fast ones one; a model that fails costs nothing.
    let mut runs = Vec::new();
    for (caller, agent, directives) in [
        (&person, "center", json!({})),
        (&person, "researcher", json!({})),
        (&person, "researcher", json!({ "fail": "once" })),
        (&person, "center", json!({ "fail": "model" })),
        (&colleague, "center", json!({ "confidence": 0.4 })),
        (&colleague, "center", json!({ "confidence": 0.3 })),
    ] {
        let body = json!({ "task": "x", "agent_type": agent, "data": { "sandbox": directives } });
        runs.push(world.run(caller, body).await);
    }
    world.run(&tester, json!({ "task": "x" })).await;
    let mut ended = Vec::new();
    for run in &runs {
        ended.push(world.settled(&person, *run).await);
    }
    let withdrawn = format!("/v1/runs/{}/cancel", runs[5]);
    assert_eq!(world.send(Method::POST, &withdrawn, &person, None).await.status, 200);
    let sum = |name: &str| {
        let part = |run: &Value| run.pointer(name).and_then(Value::as_u64).unwrap();
        ended.iter().map(part).sum::<u64>()
    };
    let counted = json!({ "total": 6, "completed": 3, "failed": 1, "cancelled": 1, "pending_triage": 1 });

    let summary = usage_until(&world, &person, "/v1/usage", |shown| shown["runs"] == counted).await;
    let credits = sum("/credits");
    assert!(credits >= 5, "{credits}");
    assert_eq!(
        summary["credits"],
        json!({ "included": 50_000, "used": credits, "remaining": 50_000 - credits })
    );
    assert_eq!(
        summary["tokens"],
        json!({ "input": sum("/usage/input_tokens"), "output": sum("/usage/output_tokens") })
    );
    assert_eq!(summary["organization_id"], json!(person.org));
    assert_eq!(
        (&summary["plan"], &summary["requests"]["daily_limit"]),
        (&json!("growth"), &json!(200_000))
    );
    assert!(summary["requests"]["today"].as_u64().unwrap() >= 14);
    let now = Timestamp::now();
    let month = json!({ "start": Day::of(now).first_of_month().start(), "end": now.plus_ms(now.ms_to_next_month()) });
    assert_eq!(summary["period"]["start"], month["start"]);
    assert!(
        summary["period"]["end"]
            .as_str()
            .unwrap()
            .ends_with("-01T00:00:00.000Z")
    );

    let agents = world.get("/v1/usage/agents", &person).await.json();
    let center = of(&agents, "agent_type", "center");
    assert_eq!(
        center["runs"],
        json!({ "total": 4, "completed": 1, "failed": 1, "cancelled": 1, "pending_triage": 1 })
    );
    assert_eq!(of(&agents, "agent_type", "researcher")["runs"]["completed"], 2);
    assert_eq!(agents["data"].as_array().unwrap().len(), 2);
    let keys = world.get("/v1/usage/keys", &person).await.json();
    assert_eq!(of(&keys, "key_id", &person.key_id.to_string())["runs"]["total"], 4);
    assert_eq!(of(&keys, "key_id", &colleague.key_id.to_string())["runs"]["total"], 2);
    let of_all = |data: &Value| -> u64 {
        let items = data["data"].as_array().unwrap();
        items.iter().map(|item| item["credits"].as_u64().unwrap()).sum()
    };
    let daily = world.get("/v1/usage/daily", &person).await.json();
    assert_eq!([&agents, &keys, &daily].map(of_all), [credits; 3]);
    let today = of(&daily, "date", &Day::of(now).to_string());
    assert_eq!((&today["runs"], &today["tokens"]), (&counted, &summary["tokens"]));

    // Test data is counted apart, and costs nothing.
    let test = usage_until(&world, &tester, "/v1/usage", |shown| shown["runs"]["completed"] == 1).await;
    assert_eq!(
        (&test["credits"]["used"], &test["runs"]["total"]),
        (&json!(0), &json!(1))
    );

    let tenant = |mode| Tenant { org: person.org, mode };
    // Two unsure fast answers were asked for again on premium.
    for (mode, answers) in [(Mode::Live, 7), (Mode::Test, 1)] {
        let recount = world.store.totals().recount(tenant(mode), Day::of(now)).await.unwrap();
        assert!(recount.drift.is_empty(), "{recount:?}");
        assert_eq!(recount.answers, answers);
    }
    world.stop().await;
}

#[tokio::test]
async fn a_recount_finds_what_drifts() {
    let world = World::start().await;
    let person = world.somebody().await;
    let run = world.run(&person, json!({ "task": "x" })).await;
    world.settled(&person, run).await;
    usage_until(&world, &person, "/v1/usage", |shown| shown["runs"]["completed"] == 1).await;
    let tenant = Tenant {
        org: person.org,
        mode: Mode::Live,
    };
    let today = Day::of(Timestamp::now());
    let wrong = [("credits", AttributeValue::N("99".to_owned()))];
    records::set(
        world.config(),
        &format!("T#{tenant}"),
        &format!("A#{today}#center"),
        &wrong,
    )
    .await;
    let recount = world.store.totals().recount(tenant, today).await.unwrap();
    let [drift] = recount.drift.as_slice() else {
        panic!("{recount:?}")
    };
    assert_eq!(
        (drift.name.as_str(), drift.figure, drift.counted, drift.ledger),
        ("center", "credits", 99, 1)
    );
    world.stop().await;
}

#[tokio::test]
async fn used_up_credits_refuse_the_next_live_run_until_there_are_more() {
    let world = World::start().await;
    let person = world.somebody().await;
    let tester = world.person(person.org, Mode::Test, &Scope::ALL, None).await;
    let orgs = world.store.orgs();
    orgs.set_override(person.org, Override::CreditsPerMonth, 2)
        .await
        .unwrap();
    for _ in 0..2 {
        let run = world.run(&person, json!({ "task": "x" })).await;
        world.settled(&person, run).await;
    }
    let used_up = json!({ "included": 2, "used": 2, "remaining": 0 });
    usage_until(&world, &person, "/v1/usage", |shown| shown["credits"] == used_up).await;
    let deadline = Instant::now() + PATIENCE;
    // The guard's number is published a moment after the totals.
    loop {
        let got = world
            .send(Method::POST, "/v1/run", &person, Some(json!({ "task": "x" })))
            .await;
        if got.status == 429 {
            assert_eq!(got.text, r#"{"error":"Credit limit exceeded"}"#);
            break;
        }
        assert!(Instant::now() < deadline, "{}", got.text);
    }
    world.run(&tester, json!({ "task": "x" })).await;
    orgs.set_override(person.org, Override::CreditsPerMonth, 100)
        .await
        .unwrap();
    world.run(&person, json!({ "task": "x" })).await;
    world.stop().await;
}

#[tokio::test]
async fn a_days_requests_are_kept_when_the_next_day_begins() {
    let world = World::start().await;
    let person = world.somebody().await;
    world.get("/v1/runs", &person).await;
    let now = Timestamp::now();
    let (today, yesterday) = (Day::of(now), Day::of(now).plus(-1));
    // As if all requests so far had been yesterday's.
    let cell = (yesterday.start().ms() + 12 * 3_600_000) / CELL_MS;
    let aged = [
        ("cell", AttributeValue::N(cell.to_string())),
        ("day_used", AttributeValue::N("41".to_owned())),
    ];
    records::set(world.config(), &format!("L#{}", person.org), "M", &aged).await;
    let path = format!("/v1/usage/daily?from={yesterday}&to={today}");
    usage_until(&world, &person, &path, |shown| {
        let requests = |day: Day| of(shown, "date", &day.to_string())["requests"].as_u64().unwrap();
        requests(yesterday) == 41 && (1..41).contains(&requests(today))
    })
    .await;
    let kept = &records::under(world.config(), &format!("T#{}", person.org)).await[0];
    assert_eq!(
        (kept.0.as_str(), records::text(&kept.1, "requests")),
        (format!("D#{yesterday}").as_str(), "41")
    );
    world.stop().await;
}

#[tokio::test]
async fn the_totals_of_lists_are_the_folded_ones_and_never_below_what_is_shown() {
    let world = World::start().await;
    let person = world.somebody().await;
    for agent in ["center", "center", "researcher"] {
        let run = world.run(&person, json!({ "task": "x", "agent_type": agent })).await;
        let listed = world.get("/v1/runs?limit=2", &person).await.json();
        let shown = listed["data"].as_array().unwrap().len() as u64;
        assert!(listed["total"].as_u64().unwrap() >= shown, "{listed}");
        world.settled(&person, run).await;
    }
    for (path, total) in [
        ("/v1/runs?limit=1", 3),
        ("/v1/runs?limit=1&status=completed", 3),
        ("/v1/runs?limit=1&status=queued", 0),
        ("/v1/runs?limit=1&agent_type=center", 2),
        ("/v1/runs?limit=1&agent_type=researcher", 1),
        ("/v1/runs?limit=1&agent_type=contract_reviewer", 0),
    ] {
        usage_until(&world, &person, path, |shown| shown["total"] == total).await;
    }
    world.stop().await;
}
