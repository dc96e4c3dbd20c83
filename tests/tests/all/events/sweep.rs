//! The `sweep` function's events. What it did is asked of the `runs` function, as an owner would.

use aws_sdk_dynamodb::types::AttributeValue;
use eclips_shared::time::{DAY_MS, Timestamp};
use eclips_tests::records;
use serde_json::{Value, json};

use super::scene::Scene;

pub async fn sends_the_hint_of_a_run_that_nobody_took(mut scene: Scene) {
    assert_eq!(scene.play().await, swept(0));
    let over = AttributeValue::N(Timestamp::now().ms().to_string());
    let run = format!("R#{}", scene.run);
    records::set(&scene.stores.config(), &run, "M", &[("due_at", over)]).await;
    assert_eq!(scene.play().await, swept(1));
    let bodies: Vec<String> = scene
        .stores
        .take_messages("RunsQueue")
        .into_iter()
        .map(|message| message.body)
        .collect();
    assert_eq!(bodies, [json!({ "run_id": scene.run.to_string() }).to_string()]);
    assert!(!scene.log("sweep").contains("overdue_runs"));
    let days_ago = AttributeValue::N(Timestamp::now().plus_ms(-2 * DAY_MS).ms().to_string());
    let old = [("created_at", days_ago.clone()), ("due_at", days_ago)];
    records::set(&scene.stores.config(), &run, "M", &old).await;
    assert_eq!(scene.play().await, swept(1));
    let log = scene.log("sweep");
    assert!(
        log.contains(r#""alarm":"overdue_runs""#) && log.contains(&scene.run.to_string()),
        "{log}"
    );
}

fn swept(runs: u64) -> Value {
    json!({ "due": runs, "hinted": runs, "put_off": runs, "expired": 0, "failed": 0, "left": 0 })
}

pub async fn ends_the_run_and_gives_back_the_poisonous_message(mut scene: Scene) {
    let failed = json!({ "batchItemFailures": [{ "itemIdentifier": "059f36b4-87a3-44ab-83d2-661975030002" }] });
    for _ in 0..2 {
        assert_eq!(scene.play().await, failed);
    }
    let run = scene.shown(scene.run).await;
    assert_eq!(
        (&run["status"], &run["error"]),
        (&json!("failed"), &json!("Run could not be completed")),
        "{run}"
    );
    let log = scene.log("sweep");
    assert_eq!(log.matches(r#""alarm":"dead_letter""#).count(), 1, "{log}");
    assert_eq!(log.matches(r#""alarm":"unreadable_message""#).count(), 2, "{log}");
}
