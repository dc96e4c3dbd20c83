//! Cancelling: a run ends wherever it stands, once, and whatever is said afterwards changes nothing of it.

use std::time::{Duration, Instant};

use eclips_shared::auth::{Mode, Scope};
use eclips_shared::ids::RunId;
use eclips_tests::backstage::{Backstage, ONE_CALL};
use eclips_tests::function::Function;
use eclips_tests::proxy::Fault;
use eclips_tests::records::{self, text, types};
use eclips_tests::world::{PATIENCE, Person, World};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

const TERMINAL: [&str; 3] = ["run.completed", "run.failed", "run.cancelled"];

async fn cancel(world: &World, person: &Person, run: RunId) -> (u16, Value) {
    let got = world
        .send(Method::POST, &format!("/v1/runs/{run}/cancel"), person, None)
        .await;
    (got.status.as_u16(), got.json())
}

/// Waits until a model is being asked.
async fn asked(world: &World, run: RunId) {
    let deadline = Instant::now() + PATIENCE;
    while records::events(world.config(), run).await.len() < 3 {
        assert!(Instant::now() < deadline, "no attempt begins");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A run that ended once, with events in a row.
async fn ended_once(world: &World, run: RunId) -> Vec<Value> {
    let events = records::events(world.config(), run).await;
    for (at, event) in events.iter().enumerate() {
        assert_eq!(event["seq"], json!(at + 1), "{events:?}");
    }
    let ends = types(&events)
        .into_iter()
        .filter(|kind| TERMINAL.contains(kind))
        .count();
    assert_eq!(ends, 1, "{events:?}");
    events
}

#[tokio::test]
async fn a_running_run_ends_and_its_models_answer_comes_too_late() {
    let world = World::start().await;
    let person = world.somebody().await;
    let body = json!({ "task": "x", "data": { "sandbox": { "delay_ms": 1_000 } } });
    let run = world.run(&person, body).await;
    asked(&world, run).await;
    assert_eq!(cancel(&world, &person, run).await, (200, json!({ "cancelled": true })));
    let shown = world.settled(&person, run).await;
    assert_eq!(
        (&shown["status"], &shown["error"], &shown["result"], &shown["attempts"]),
        (
            &json!("cancelled"),
            &json!("Run was cancelled"),
            &Value::Null,
            &json!(1)
        )
    );
    assert!(shown["completed_at"].is_string());

    // The answer was on its way when the run ended: it is paid, and that is all.
    let deadline = Instant::now() + PATIENCE;
    let attempt = loop {
        let attempt = records::item(world.config(), run, "A#first#1").await;
        if text(&attempt, "state") == "answered" {
            break attempt;
        }
        assert_eq!(text(&attempt, "state"), "lost");
        assert!(Instant::now() < deadline, "the late answer is not in the ledger");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(text(&attempt, "credits"), "1");
    assert_eq!(world.settled(&person, run).await, shown);
    let events = ended_once(&world, run).await;
    let kinds = types(&events);
    assert_eq!(
        kinds,
        [
            "run.queued",
            "run.started",
            "attempt.started",
            "attempt.failed",
            "run.cancelled"
        ]
    );
    assert_eq!(
        (&events[3]["error"], &events[3]["status"], &events[4]["status"]),
        (&json!("Run was cancelled"), &json!("running"), &json!("cancelled"))
    );
    world.stop().await;
}

#[tokio::test]
async fn a_long_model_call_is_dropped_soon_after_its_run_was_cancelled() {
    let world = World::start().await;
    let person = world.somebody().await;
    let body = json!({ "task": "x", "data": { "sandbox": { "delay_ms": 10_000 } } });
    let run = world.run(&person, body).await;
    asked(&world, run).await;
    let began = Instant::now();
    cancel(&world, &person, run).await;
    // The worker looks every two seconds; nothing of the call is left when it would have answered.
    while began.elapsed() < Duration::from_secs(11) {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let attempt = records::item(world.config(), run, "A#first#1").await;
    assert_eq!((text(&attempt, "state"), text(&attempt, "credits")), ("lost", ""));
    ended_once(&world, run).await;
    world.stop().await;
}

#[tokio::test]
async fn a_run_that_waits_for_a_person_ends_and_takes_its_question_along() {
    let world = World::start().await;
    let person = world.somebody().await;
    let body = json!({ "task": "x", "data": { "sandbox": { "confidence": 0.4 } } });
    let run = world.run(&person, body).await;
    let waiting = world.settled(&person, run).await;
    assert_eq!(waiting["status"], "pending_triage");
    assert_eq!(cancel(&world, &person, run).await.0, 200);
    let triage = waiting["triage_item_id"].as_str().unwrap();
    let shown = world.get(&format!("/v1/triage/{triage}"), &person).await.json();
    assert_eq!(shown["status"], "cancelled", "{shown}");
    assert!(
        shown["decided_at"].is_string() && shown["decided_by"].is_null(),
        "{shown}"
    );
    for (status, total) in [("pending", 0), ("cancelled", 1)] {
        let list = world.get(&format!("/v1/triage?status={status}"), &person).await.json();
        assert_eq!(list["total"], total, "{status}: {list}");
    }
    assert_eq!(world.settled(&person, run).await["status"], "cancelled");
    ended_once(&world, run).await;
    world.stop().await;
}

#[tokio::test]
async fn what_has_ended_is_not_cancelled_and_what_is_not_ours_is_not_there() {
    let world = World::start().await;
    let person = world.somebody().await;
    let tester = world.person(person.org, Mode::Test, &Scope::ALL, None).await;
    let stranger = world.somebody().await;
    for (directive, status) in [(json!({}), "completed"), (json!({ "fail": "model" }), "failed")] {
        let run = world
            .run(&person, json!({ "task": "x", "data": { "sandbox": directive } }))
            .await;
        let ended = world.settled(&person, run).await;
        let expected =
            json!({ "error": "Run cannot be cancelled", "status": status, "decided_at": ended["completed_at"] });
        let got = world
            .send(Method::POST, &format!("/v1/runs/{run}/cancel"), &person, None)
            .await;
        assert_eq!((got.status.as_u16(), got.json()), (409, expected));
        assert_eq!(got.header("x-eclips-error-code"), "conflict");
        let missing = cancel(&world, &person, RunId::generate()).await;
        assert_eq!(missing, (404, json!({ "error": "Run not found" })));
        for other in [&tester, &stranger] {
            assert_eq!(cancel(&world, other, run).await, missing);
        }
        assert_eq!(world.settled(&person, run).await, ended);
    }
    for (body, field) in [("{\"reason\":\"x\"}", Some("reason")), ("[]", None)] {
        let request = world
            .request(Method::POST, &format!("/v1/runs/{}/cancel", RunId::generate()))
            .bearer_auth(&person.key)
            .header("content-type", "application/json")
            .body(body);
        let got = eclips_tests::world::reply(request).await;
        assert_eq!(
            (got.status.as_u16(), got.json()["field"].as_str()),
            (400, field),
            "{body}"
        );
    }
    world.stop().await;
}

#[tokio::test]
async fn of_twenty_who_cancel_one_run_one_does() {
    let scene = Backstage::open().await;
    let run = scene.create(json!({ "task": "x" })).await;
    let answers = join_all((0..20).map(|_| scene.cancel(run))).await;
    let done = answers.iter().filter(|(status, _)| *status == 200).count();
    assert_eq!(done, 1, "{answers:?}");
    let ended = scene.show(run).await;
    for (_, body) in answers.iter().filter(|(status, _)| *status != 200) {
        let expected =
            json!({ "error": "Run cannot be cancelled", "status": "cancelled", "decided_at": ended["completed_at"] });
        assert_eq!(*body, expected);
    }
    // The hint that was on its way all along finds nothing to do.
    scene.work_on(run).await;
    let events = records::events(&scene.config(), run).await;
    assert_eq!(types(&events), ["run.queued", "run.cancelled"]);
    assert_eq!(scene.show(run).await, ended);
}

#[tokio::test]
async fn a_race_between_a_worker_and_a_cancellation_has_one_winner() {
    let world = World::start().await;
    let person = world.somebody().await;
    let mut outcomes = [0, 0];
    for round in 0..60u64 {
        let run = world.run(&person, json!({ "task": "x" })).await;
        tokio::time::sleep(Duration::from_millis(round % 20 * 3)).await;
        let (status, body) = cancel(&world, &person, run).await;
        let ended = world.settled(&person, run).await;
        let won = status == 200;
        assert_eq!(ended["status"] == "cancelled", won, "{status} {body} {ended}");
        assert!(won || status == 409, "{status} {body}");
        let events = ended_once(&world, run).await;
        let ends_with = types(&events).last().copied();
        assert_eq!(ends_with == Some("run.cancelled"), won);
        outcomes[usize::from(won)] += 1;
    }
    assert!(outcomes[0] > 0 && outcomes[1] > 0, "both must happen: {outcomes:?}");
    world.stop().await;
}

#[tokio::test]
async fn a_cancellation_outlives_conflicts_and_lost_replies() {
    for fault in [Fault::Conflict, Fault::ReplyLost] {
        let scene = Backstage::open().await;
        let run = scene.create(json!({ "task": "x" })).await;
        scene.proxy.set_after("TransactWriteItems", 0, ONE_CALL - 1, fault);
        assert_eq!(
            scene.cancel(run).await,
            (200, json!({ "cancelled": true })),
            "{fault:?}"
        );
        let events = records::events(&scene.config(), run).await;
        assert_eq!(types(&events), ["run.queued", "run.cancelled"], "{fault:?}");
    }
}

#[tokio::test]
async fn what_a_lost_reply_was_about_does_not_refuse_its_own_next_try() {
    let scene = Backstage::open().await;
    let run = scene.create(json!({ "task": "x" })).await;
    // It is written and nobody says so; told again, it meets another transaction, and is told once more.
    scene
        .proxy
        .set_both("TransactWriteItems", Fault::ReplyLost, Fault::Conflict);
    assert_eq!(scene.cancel(run).await, (200, json!({ "cancelled": true })));
    let events = records::events(&scene.config(), run).await;
    assert_eq!(types(&events), ["run.queued", "run.cancelled"]);
}

#[tokio::test]
async fn no_model_is_asked_for_a_run_that_was_cancelled_while_its_save_was_told_again() {
    let scene = Backstage::open().await;
    let run = scene.create(json!({ "task": "x" })).await;
    let config = scene.config();
    let owner = Function::runs(&config, config.dynamodb_endpoint.as_deref().unwrap()).await;
    // The claim is written, and nobody tells the worker: it sends the same again, and is told that all is well.
    scene
        .proxy
        .set_after("TransactWriteItems", 0, ONE_CALL, Fault::ReplyLost);
    let cancelled = async {
        let deadline = Instant::now() + PATIENCE;
        while records::events(&config, run).await.len() < 3 {
            assert!(Instant::now() < deadline, "no attempt begins");
            tokio::task::yield_now().await;
        }
        owner
            .call("POST", &format!("/v1/runs/{run}/cancel"), Some(&scene.key), None)
            .await
    };
    let (cancelled, ()) = tokio::join!(cancelled, scene.work_on(run));
    assert_eq!(cancelled.status, 200, "{}", cancelled.body);
    let attempt = records::item(&config, run, "A#first#1").await;
    assert_eq!((text(&attempt, "state"), text(&attempt, "credits")), ("lost", ""));
    assert_eq!(
        types(&records::events(&config, run).await).last(),
        Some(&"run.cancelled")
    );
}
