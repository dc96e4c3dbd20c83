//! A run's way through the whole system: accepted, dispatched, claimed, answered, ended; and its owner's view of it.

use eclips_shared::auth::{Mode, Scope, Tenant};
use eclips_shared::ids::RunId;
use eclips_shared::queue::{Hint, Line, Queues, Subject};
use eclips_shared::run::Priority;
use eclips_tests::records::{events, of_run, question, text, types};
use eclips_tests::world::World;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

/// The events of a run that goes well at once.
const PLAIN_RUN: [&str; 5] = [
    "run.queued",
    "run.started",
    "attempt.started",
    "attempt.succeeded",
    "run.completed",
];

#[tokio::test]
async fn a_run_is_accepted_executed_and_completed() {
    let world = World::start().await;
    let person = world.somebody().await;
    let accepted = world
        .send(Method::POST, "/v1/run", &person, Some(json!({
            "agent_type": "procurement_specialist", "task": "Get 3 vendor quotes for 500 laptops", "data": { "budget": 400_000 }
        })))
        .await;
    let run = RunId::parse(accepted.json()["run_id"].as_str().unwrap()).unwrap();
    let body = format!(
        r#"{{"run_id":"{run}","status":"queued","agent_type":"procurement_specialist","estimated_completion":"async"}}"#
    );
    assert_eq!(accepted.pair(), (202, body.as_str()));

    let ended = world.settled(&person, run).await;
    assert_eq!(ended["status"], "completed", "{ended}");
    assert_eq!(
        (&ended["id"], &ended["mode"], &ended["priority"]),
        (&json!(run), &json!("live"), &json!("normal"))
    );
    assert_eq!(ended["data"], json!({ "budget": 400_000 }));
    assert_eq!(ended["result"]["vendors"].as_array().unwrap().len(), 3);
    assert_eq!(ended["result"]["simulated"], true);
    assert!(ended["confidence_score"].as_f64().unwrap() >= 0.9);
    assert_eq!(
        (&ended["attempts"], &ended["requires_triage"], &ended["error"]),
        (&json!(1), &json!(false), &Value::Null)
    );
    assert!(ended["credits"].as_u64().unwrap() >= 1 && ended["usage"]["input_tokens"].as_u64().unwrap() > 0);
    for time in ["created_at", "started_at", "completed_at"] {
        assert!(
            eclips_shared::time::Timestamp::parse(ended[time].as_str().unwrap()).is_some(),
            "{time}"
        );
    }

    let events = events(world.config(), run).await;
    assert_eq!(types(&events), PLAIN_RUN);
    for (at, event) in events.iter().enumerate() {
        assert_eq!((&event["seq"], &event["run_id"]), (&json!(at + 1), &json!(run)));
    }
    let (_, attempt) = of_run(world.config(), run)
        .await
        .into_iter()
        .find(|(sk, _)| sk == "A#first#1")
        .unwrap();
    assert_eq!(attempt["state"].as_s().unwrap(), "answered");
    assert_eq!(attempt["credits"].as_n().unwrap(), &ended["credits"].to_string());
    assert_eq!(
        attempt["input_tokens"].as_n().unwrap(),
        &ended["usage"]["input_tokens"].to_string()
    );
    world.stop().await;
}

#[tokio::test]
async fn the_sandbox_produces_every_outcome_at_will() {
    let world = World::start().await;
    let person = world.somebody().await;
    let run = async |directives: Value| {
        let run = world
            .run(&person, json!({ "task": "x", "data": { "sandbox": directives } }))
            .await;
        (run, world.settled(&person, run).await)
    };
    let (_, warned) = run(json!({ "confidence": 0.7 })).await;
    assert_eq!(
        (&warned["status"], &warned["confidence_score"]),
        (&json!("completed"), &json!(0.7))
    );
    let (doubtful_run, doubtful) = run(json!({ "confidence": 0.4 })).await;
    assert_eq!(
        (&doubtful["status"], &doubtful["requires_triage"]),
        (&json!("pending_triage"), &json!(true))
    );
    assert_eq!(
        (&doubtful["completed_at"], &doubtful["result"]),
        (&Value::Null, &Value::Null)
    );
    let item = question(world.config(), doubtful["triage_item_id"].as_str().unwrap()).await;
    assert_eq!(text(&item, "of_run"), doubtful_run.to_string());
    assert_eq!((text(&item, "status"), text(&item, "run_id")), ("pending", ""));
    let (acting_run, acting) =
        run(json!({ "action": { "kind": "submit", "description": "Send the order", "value_usd": 10 } })).await;
    assert_eq!(acting["status"], "pending_triage");
    assert_eq!(
        types(&events(world.config(), acting_run).await).last(),
        Some(&"run.triage_required")
    );
    let (failed_run, failed) = run(json!({ "fail": "model" })).await;
    assert_eq!(
        (&failed["status"], &failed["attempts"], &failed["result"]),
        (&json!("failed"), &json!(3), &Value::Null)
    );
    assert_eq!(
        (&failed["error"], &failed["credits"]),
        (&json!("Model call failed"), &json!(0))
    );
    assert_eq!(
        types(&events(world.config(), failed_run).await),
        [
            "run.queued",
            "run.started",
            "attempt.started",
            "attempt.failed",
            "attempt.started",
            "attempt.failed",
            "attempt.started",
            "attempt.failed",
            "run.failed"
        ]
    );
    let (_, once) = run(json!({ "fail": "once" })).await;
    assert_eq!((&once["status"], &once["attempts"]), (&json!("completed"), &json!(2)));
    let (_, tiny) = run(json!({ "confidence": 1e-200 })).await;
    assert_eq!(
        (&tiny["status"], &tiny["confidence_score"], &tiny["attempts"]),
        (&json!("pending_triage"), &json!(0.0), &json!(2))
    );
    // What waits for a person is a run in the lists, once.
    let listed = world.get("/v1/runs", &person).await.json();
    assert_eq!(
        (&listed["total"], listed["data"].as_array().unwrap().len()),
        (&json!(6), 6)
    );
    assert_eq!(
        world.get("/v1/runs?status=pending_triage", &person).await.json()["total"],
        3
    );
    world.stop().await;
}

#[tokio::test]
async fn high_priority_runs_take_the_other_queue_and_end_as_well() {
    let world = World::start().await;
    let person = world.somebody().await;
    for priority in ["low", "high", "urgent", "critical"] {
        let run = world.run(&person, json!({ "task": "x", "priority": priority })).await;
        let ended = world.settled(&person, run).await;
        assert_eq!(
            (&ended["status"], &ended["priority"]),
            (&json!("completed"), &json!(priority))
        );
    }
    world.stop().await;
}

#[tokio::test]
async fn large_input_comes_back_byte_for_byte() {
    let world = World::start().await;
    let person = world.somebody().await;
    let task = format!("Summarise: {}", "äöü€ ".repeat(3_990));
    let raw = format!(r#"{{"n": 12345678901234567890123, "text": "{}"}}"#, "z".repeat(100_000));
    let body = format!(r#"{{"task":{},"data":{raw}}}"#, serde_json::to_string(&task).unwrap());
    let request = world
        .request(Method::POST, "/v1/run")
        .bearer_auth(&person.key)
        .header("content-type", "application/json");
    let accepted = eclips_tests::world::reply(request.body(body)).await;
    assert_eq!(accepted.status, 202, "{}", accepted.text);
    let run = RunId::parse(accepted.json()["run_id"].as_str().unwrap()).unwrap();
    world.settled(&person, run).await;
    let shown = world.get(&format!("/v1/runs/{run}"), &person).await;
    assert!(shown.text.contains(&raw), "data is not what was sent");
    assert_eq!(shown.json()["task"], task.trim());
    let listed = world.get("/v1/runs", &person).await.json();
    assert_eq!(listed["data"][0]["task"].as_str().unwrap().chars().count(), 280);
    assert!(listed["data"][0].get("data").is_none() && listed["data"][0].get("result").is_none());
    world.stop().await;
}

#[tokio::test]
async fn test_and_live_data_and_organizations_never_meet() {
    let world = World::start().await;
    let person = world.somebody().await;
    let tester = world.person(person.org, Mode::Test, &Scope::ALL, None).await;
    let stranger = world.somebody().await;
    let live = world.run(&person, json!({ "task": "live" })).await;
    let test = world.run(&tester, json!({ "task": "test" })).await;
    for (owner, run, others) in [
        (&person, live, [&tester, &stranger]),
        (&tester, test, [&person, &stranger]),
    ] {
        let ended = world.settled(owner, run).await;
        assert_eq!(
            ended["credits"].as_u64().unwrap() > 0,
            ended["mode"] == "live",
            "{ended}"
        );
        let missing = world.get(&format!("/v1/runs/{}", RunId::generate()), owner).await;
        for other in others {
            let hidden = world.get(&format!("/v1/runs/{run}"), other).await;
            assert_eq!(
                hidden.pair(),
                missing.pair(),
                "the same bytes as for a run that never was"
            );
        }
        let listed = world.get("/v1/runs", owner).await.json();
        assert_eq!((&listed["total"], &listed["data"][0]["id"]), (&json!(1), &json!(run)));
    }
    world.stop().await;
}

#[tokio::test]
async fn a_run_is_executed_once_however_often_it_is_hinted_at() {
    let world = World::start().await;
    let person = world.somebody().await;
    let queues = Queues::open(world.config());
    let tenant = Tenant {
        org: person.org,
        mode: Mode::Live,
    };
    let slow = json!({ "task": "x", "data": { "sandbox": { "delay_ms": 300 } } });
    let runs = join_all((0..8).map(|_| world.run(&person, slow.clone()))).await;
    for run in &runs {
        for priority in [Priority::Normal, Priority::Urgent] {
            assert!(
                queues
                    .send(&vec![Hint::of(Subject::Run(*run), tenant, Line::of(priority)); 5])
                    .await
                    .is_empty(),
                "every hint is taken"
            );
        }
    }
    for run in runs {
        let ended = world.settled(&person, run).await;
        assert_eq!(
            (&ended["status"], &ended["attempts"]),
            (&json!("completed"), &json!(1)),
            "{ended}"
        );
        assert!(
            queues
                .send(&[Hint::of(Subject::Run(run), tenant, Line::Runs)])
                .await
                .is_empty()
        );
        let events = events(world.config(), run).await;
        assert_eq!(types(&events), PLAIN_RUN);
        let ledger = of_run(world.config(), run)
            .await
            .into_iter()
            .filter(|(sk, _)| sk.starts_with("A#"))
            .count();
        assert_eq!(ledger, 1);
    }
    world.stop().await;
}
