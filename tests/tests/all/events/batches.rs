//! The `batches` function's events.

use eclips_shared::ids::BatchId;
use eclips_tests::event_file;
use serde_json::{Value, json};

use super::scene::{Answer, Scene};

pub async fn accepts_a_batch(mut scene: Scene) {
    let answer = scene.ask().await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let made = answer.json();
    let job = &made["job"];
    let id = job["id"].as_str().and_then(BatchId::parse).expect("an id");
    assert_eq!(
        *job,
        json!({
            "id": id.to_string(), "name": "Laptops 2026", "agent_type": "procurement_specialist", "status": "pending",
            "total_rows": 2, "completed_rows": 0, "failed_rows": 0, "cancelled_rows": 0, "triage_rows": 0,
            "created_at": id.created_at(), "completed_at": null,
        })
    );
}

pub async fn lists_batches(mut scene: Scene) {
    let id = make(&mut scene).await;
    let answer = scene.ask().await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let list = answer.json();
    assert_eq!(
        (&list["total"], &list["limit"], &list["offset"], &list["next_cursor"]),
        (&json!(1), &json!(20), &json!(0), &Value::Null)
    );
    assert_eq!(list["jobs"][0]["id"], id.to_string());
}

pub async fn shows_a_batch_to_its_own_organization_only(mut scene: Scene) {
    scene.batch = make(&mut scene).await;
    let answer = scene.ask().await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let shown = answer.json();
    eclips_tests::batches::adds_up(&shown);
    assert_eq!(
        shown["rows"][1],
        json!({
            "row_index": 1, "task": "Get 2 vendor quotes for 40 docking stations", "status": "pending",
            "result": null, "error_message": null, "run_id": null,
        })
    );
    let stranger = scene.stranger().await;
    let event = event_file::read_with("batches-show", &scene.filling().with_key(&stranger));
    let answer = Answer::read(&scene.send("batches", &event).await);
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (404, r#"{"error":"Batch not found"}"#)
    );
}

pub async fn cancels_a_batch_once(mut scene: Scene) {
    scene.batch = make(&mut scene).await;
    let answer = scene.ask().await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"cancelled":true}"#));
    let answer = scene.ask().await;
    assert_eq!(answer.status, 409, "{}", answer.body);
    let refused = answer.json();
    assert_eq!(
        (&refused["error"], &refused["status"]),
        (&json!("Batch cannot be cancelled"), &json!("cancelled"))
    );
}

/// Makes the batch of `batches-create`.
pub async fn make(scene: &mut Scene) -> BatchId {
    let answer = Answer::read(&scene.play_also("batches-create").await);
    assert_eq!(answer.status, 201, "{}", answer.body);
    let made = answer.json();
    made["job"]["id"].as_str().and_then(BatchId::parse).expect("an id")
}
