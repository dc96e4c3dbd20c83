//! The `dispatch` function's events, and whether their records are what the main table's stream would really carry.

use std::collections::BTreeMap;

use eclips_shared::ids::RunId;
use eclips_tests::event_file;
use serde_json::{Value, json};

use super::scene::{Scene, nothing_failed};

pub async fn sends_a_normal_run_to_the_runs_queue(scene: Scene) {
    sends(scene, "RunsQueue", "PriorityQueue").await;
}

pub async fn sends_an_urgent_run_to_the_priority_queue(scene: Scene) {
    sends(scene, "PriorityQueue", "RunsQueue").await;
}

async fn sends(mut scene: Scene, queue: &str, other: &str) {
    assert_eq!(scene.play().await, nothing_failed());
    let bodies: Vec<String> = scene
        .stores
        .take_messages(queue)
        .into_iter()
        .map(|message| message.body)
        .collect();
    assert_eq!(bodies, [json!({ "run_id": scene.run.to_string() }).to_string()]);
    assert_eq!(scene.stores.count_messages(other), 0);
}

pub async fn sends_a_hint_of_a_batch_that_is_made_or_cancelled(mut scene: Scene) {
    assert_eq!(scene.play().await, nothing_failed());
    let messages = scene.stores.take_messages("RunsQueue").into_iter();
    let bodies: Vec<String> = messages.map(|message| message.body).collect();
    let hint = json!({ "batch_id": scene.batch.to_string() }).to_string();
    assert_eq!(bodies, [hint.clone(), hint], "its rows are no news");
}

pub async fn has_told_what_happened_to_a_run(mut scene: Scene) {
    let hint = json!({ "news_of": format!("R#{}", scene.run) });
    // The organization of the records: all that it tells waits in one group.
    has_told(
        &mut scene,
        "NewsQueue",
        hint,
        "019a1c2d-0a10-7b21-9c3d-2e4f60718293#live",
    )
    .await;
}

pub async fn has_a_delivery_tried_that_somebody_wants_again(mut scene: Scene) {
    let tenant = "019a1c2d-0a10-7b21-9c3d-2e4f60718293#live";
    let (webhook, delivery) = (scene.webhook.to_string(), scene.delivery);
    let hint = json!({ "errand": format!("{tenant}/H#{webhook}/{delivery}") });
    has_told(&mut scene, "DeliveriesQueue", hint, &webhook).await;
}

const QUEUES: [&str; 5] = [
    "RunsQueue",
    "PriorityQueue",
    "NewsQueue",
    "DeliveriesQueue",
    "RetriesQueue",
];

/// Of all records, one leads to a hint in this queue, and none to one in another.
async fn has_told(scene: &mut Scene, queue: &str, hint: Value, group: &str) {
    assert_eq!(scene.play().await, nothing_failed());
    let messages = scene.stores.take_messages(queue).into_iter();
    let sent: Vec<(String, Option<String>)> = messages.map(|message| (message.body, message.group)).collect();
    assert_eq!(sent, [(hint.to_string(), Some(group.to_owned()))]);
    for other in QUEUES.into_iter().filter(|other| *other != queue) {
        assert_eq!(scene.stores.count_messages(other), 0, "{other}");
    }
}

pub async fn sends_nothing_for_other_records(mut scene: Scene) {
    assert_eq!(scene.play().await, nothing_failed());
    for queue in QUEUES {
        assert_eq!(scene.stores.count_messages(queue), 0, "{queue}");
    }
}

/// The images' attributes and their types, against items that the functions wrote.
pub async fn records_look_as_the_store_writes_them(mut scene: Scene) {
    let run = scene.run;
    let written = scene.stores.item_types(run, "M").await;
    for file in ["dispatch-queued-run", "dispatch-urgent-run"] {
        let event = event_file::read(file, &scene.key, run);
        assert_eq!(types(&event["Records"][0]["dynamodb"]["NewImage"]), written, "{file}");
    }
    let records = scene.event();
    let image = |number: usize, name: &str| types(&records["Records"][number]["dynamodb"][name]);
    assert_eq!(
        image(0, "NewImage"),
        scene.stores.item_types(run, "E#00000001").await,
        "the event item"
    );
    assert_eq!(image(1, "OldImage"), written, "before the claim");
    assert_eq!(image(2, "OldImage"), written, "before the deletion");

    let one_message = event_file::read("worker-one-run", &scene.key, run);
    scene.send("worker", &one_message).await;
    let mut claimed = scene.stores.item_types(run, "M").await;
    let ended = event_file::read("dispatch-run-ended", &scene.key, run);
    let ended = &ended["Records"][0]["dynamodb"];
    assert_eq!(types(&ended["NewImage"]), claimed, "an ended run");
    // What a run has only at its end, and what it has only while somebody holds it.
    for name in ["result", "confidence_score", "model", "completed_at", "counts"] {
        assert!(claimed.remove(name).is_some(), "{name}");
    }
    claimed.extend([("lease_until".to_owned(), "N"), ("open_attempt".to_owned(), "S")]);
    // What it has until its end.
    claimed.extend([
        ("due".to_owned(), "S"),
        ("due_at".to_owned(), "N"),
        ("progress".to_owned(), "S"),
    ]);
    assert_eq!(image(1, "NewImage"), claimed, "after the claim");
    assert_eq!(types(&ended["OldImage"]), claimed, "before its end");
    assert_eq!(
        nobody(&records),
        Vec::<String>::new(),
        "ids that the product would not read"
    );
}

/// Attribute names and types of a stream image.
pub fn types(image: &Value) -> BTreeMap<String, &str> {
    let attributes = image.as_object().unwrap_or_else(|| panic!("no image: {image}"));
    let kind = |value: &'_ Value| value.as_object().and_then(|typed| typed.keys().next().cloned());
    attributes
        .iter()
        .map(|(name, value)| {
            (
                name.clone(),
                known(&kind(value).unwrap_or_else(|| panic!("no type: {value}"))),
            )
        })
        .collect()
}

fn known(kind: &str) -> &'static str {
    ["S", "N", "BOOL", "L", "M", "B", "SS"]
        .into_iter()
        .find(|known| *known == kind)
        .unwrap_or("another")
}

/// The run ids of the records that are none.
fn nobody(event: &Value) -> Vec<String> {
    let records = event["Records"].as_array().expect("records");
    let keys = records
        .iter()
        .filter_map(|record| record["dynamodb"]["Keys"]["pk"]["S"].as_str()?.strip_prefix("R#"));
    keys.filter(|id| RunId::parse(id).is_none())
        .map(str::to_owned)
        .collect()
}
