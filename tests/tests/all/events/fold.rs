//! The `fold` function's events. What it counted is asked of the `usage` function, as an owner would.

use eclips_tests::event_file;
use serde_json::{Value, json};

use super::dispatch::types;
use super::scene::{Answer, Scene, nothing_failed};

/// The organization and the key of the records.
const ORG: &str = "019a1c2d-0a10-7b21-9c3d-2e4f60718293";
const KEY: &str = "019a1c2d-0b20-7d42-8e5f-304152637485";

pub async fn counts_a_run_and_its_answer_once(mut scene: Scene) {
    let event = of_the_scene(&scene, "fold-run-ended").await;
    // Lambda hands a batch over again when its answer got lost, and from its middle when a part of it failed.
    let mut rest = event.clone();
    rest["Records"].as_array_mut().expect("records").remove(0);
    for batch in [&event, &event, &rest] {
        assert_eq!(scene.send("fold", batch).await, nothing_failed());
        let day = &days(&mut scene).await[1];
        let runs = json!({ "total": 1, "completed": 1, "failed": 0, "cancelled": 0, "pending_triage": 0 });
        assert_eq!((&day["credits"], &day["runs"]), (&json!(1), &runs), "{day}");
        assert_eq!(day["tokens"], json!({ "input": 412, "output": 236 }), "{day}");
    }
}

pub async fn counts_the_requests_of_the_day_before(mut scene: Scene) {
    let event = of_the_scene(&scene, "fold-day-began").await;
    for _ in 0..2 {
        assert_eq!(scene.send("fold", &event).await, nothing_failed());
        assert_eq!(days(&mut scene).await[0]["requests"], 1_234);
    }
}

pub async fn counts_nothing_of_other_records(mut scene: Scene) {
    // Of a run that it has not met, fold counts whatever it sees first.
    let ended = of_the_scene(&scene, "fold-run-ended").await;
    assert_eq!(scene.send("fold", &ended).await, nothing_failed());
    let before = days(&mut scene).await;
    let event = of_the_scene(&scene, "fold-other-records").await;
    assert_eq!(scene.send("fold", &event).await, nothing_failed());
    assert_eq!(days(&mut scene).await, before);
}

/// The images' attributes and their types, against items that the functions wrote.
pub async fn records_look_as_the_store_writes_them(mut scene: Scene) {
    let ended = event_file::read("fold-run-ended", &scene.key, scene.run);
    let queued = scene.stores.item_types(scene.run, "M").await;
    assert_eq!(image(&ended, 0, "NewImage"), queued, "a new run");
    assert_eq!(scene.play_also("worker-one-run").await, nothing_failed());
    assert_eq!(
        image(&ended, 2, "NewImage"),
        scene.stores.item_types(scene.run, "M").await,
        "an ended run"
    );
    let mut attempt = scene.stores.item_types(scene.run, "A#first#1").await;
    assert_eq!(image(&ended, 1, "NewImage"), attempt, "an answer");
    // What an attempt has only at its end.
    for name in ["ended_at", "model", "input_tokens", "output_tokens", "credits"] {
        assert!(attempt.remove(name).is_some(), "{name}");
    }
    assert_eq!(image(&ended, 1, "OldImage"), attempt, "an attempt that begins");

    let (org, _) = scene.stores.owner(&scene.key).await;
    let limits = scene.stores.types_at(&format!("L#{org}"), "M").await;
    let began = event_file::read("fold-day-began", &scene.key, scene.run);
    for name in ["OldImage", "NewImage"] {
        assert_eq!(image(&began, 0, name), limits, "the limits: {name}");
    }
    let others = scene.event();
    assert_eq!(image(&others, 1, "NewImage"), attempt, "an attempt that begins, alone");
    assert_eq!(
        image(&others, 2, "NewImage"),
        image(&ended, 2, "OldImage"),
        "a run whose lease is renewed"
    );
    assert_eq!(image(&others, 3, "NewImage"), limits, "limits that somebody changed");
}

/// The event of a file, as one of the scene's own organization and key.
pub async fn of_the_scene(scene: &Scene, file: &str) -> Value {
    let (org, key) = scene.stores.owner(&scene.key).await;
    let event = event_file::read(file, &scene.key, scene.run).to_string();
    let event = event.replace(ORG, &org.to_string()).replace(KEY, &key.to_string());
    serde_json::from_str(&event).expect("only ids became others")
}

/// The two days of the records, as `GET /v1/usage/daily` shows them.
async fn days(scene: &mut Scene) -> Vec<Value> {
    let answer = Answer::read(&scene.play_also("usage-daily").await);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let days = answer.json()["data"].as_array().expect("a list").clone();
    let dates: Vec<&Value> = days.iter().map(|day| &day["date"]).collect();
    assert_eq!(dates, [&json!("2026-06-05"), &json!("2026-06-06")]);
    days
}

fn image<'e>(event: &'e Value, record: usize, name: &str) -> std::collections::BTreeMap<String, &'e str> {
    types(&event["Records"][record]["dynamodb"][name])
}
