//! The `triage` function's events. A run of the scene's organization waits for a person before each.

use eclips_shared::ids::{RunId, TriageId};
use eclips_tests::event_file;
use serde_json::{Value, json};

use super::scene::{Answer, Scene, nothing_failed, request_id};

pub async fn lists_what_waits_for_a_person(mut scene: Scene) {
    let run = waiting(&mut scene).await;
    let mut answer = scene.ask().await;
    assert_eq!(answer.status, 200, "{}\n{}", answer.body, scene.log("triage"));
    let item = play_with(&mut scene, "triage-show").await.json();
    assert_eq!(item["run_id"], run.to_string());
    let expected = json!({ "data": [item], "total": 1, "limit": 20, "offset": 0, "next_cursor": null });
    assert_eq!(answer.json(), expected);
    answer.take_rate_limit("standard", 3_000, 2_998, 199_996);
    answer.has_headers(&request_id(&scene.event()), &[]);
}

pub async fn shows_an_item_to_its_own_organization_only(mut scene: Scene) {
    let run = waiting(&mut scene).await;
    let answer = scene.ask().await;
    assert_eq!(answer.status, 200, "{}\n{}", answer.body, scene.log("triage"));
    let shown = answer.json();
    let named = [
        &shown["id"],
        &shown["run_id"],
        &shown["status"],
        &shown["confidence_score"],
    ];
    let expected = [&json!(scene.triage), &json!(run), &json!("pending"), &json!(0.4)];
    assert_eq!(named, expected, "{shown}");

    let stranger = scene.stranger().await;
    let event = event_file::read_with("triage-show", &scene.filling().with_key(&stranger));
    let refused = Answer::read(&scene.send("triage", &event).await);
    assert_eq!(
        (refused.status, refused.body.as_str()),
        (404, r#"{"error":"Triage item not found"}"#)
    );
}

pub async fn completes_the_run_with_an_edited_output_once(mut scene: Scene) {
    let run = waiting(&mut scene).await;
    let answer = decided(&mut scene, "approved", run).await;
    let again = scene.ask().await;
    assert_eq!((again.status, &again.body), (200, &answer.body));

    let sent: Value = serde_json::from_str(scene.event()["body"].as_str().expect("a body")).expect("JSON");
    let shown = scene.shown(run).await;
    assert_eq!(
        (&shown["status"], &shown["result"]),
        (&json!("completed"), &sent["output"])
    );
    let item = play_with(&mut scene, "triage-show").await.json();
    assert_eq!(item["note"], sent["note"], "{item}");

    let refused = play_with(&mut scene, "triage-reject").await;
    let decided = answer.json();
    let expected = json!({
        "error": "Triage item already approved", "status": "approved",
        "decided_at": decided["decided_at"], "decided_by": decided["decided_by"],
    });
    assert_eq!((refused.status, refused.json()), (409, expected));
    assert_eq!(refused.headers["x-eclips-error-code"], "conflict");
}

pub async fn ends_the_run_without_a_result(mut scene: Scene) {
    let run = waiting(&mut scene).await;
    decided(&mut scene, "rejected", run).await;
    let shown = scene.shown(run).await;
    let expected = json!("Rejected in triage: The invoices of May are not in yet");
    let told = (&shown["status"], &shown["error"], &shown["result"]);
    assert_eq!(told, (&json!("cancelled"), &expected, &Value::Null));
}

/// Makes a run that waits for a person, and its item that of the scene.
async fn waiting(scene: &mut Scene) -> RunId {
    let mut event = event_file::read("runs-create-minimal", &scene.key, scene.run);
    let body = json!({ "task": "Pay the open invoices of May", "data": { "sandbox": { "confidence": 0.4 } } });
    event["body"] = json!(body.to_string());
    let run = Answer::read(&scene.send("runs", &event).await).run();
    let message = event_file::read("worker-one-run", &scene.key, run);
    assert_eq!(scene.send("worker", &message).await, nothing_failed());
    let shown = scene.shown(run).await;
    let triage = shown["triage_item_id"].as_str().and_then(TriageId::parse);
    scene.triage = triage.unwrap_or_else(|| panic!("it does not wait: {shown}"));
    run
}

/// Hands over another file's event about the scene's item.
async fn play_with(scene: &mut Scene, file: &str) -> Answer {
    Answer::read(&scene.play_also(file).await)
}

/// Decides by the scene's event, and gives the answer.
async fn decided(scene: &mut Scene, status: &str, run: RunId) -> Answer {
    let answer = scene.ask().await;
    assert_eq!(answer.status, 200, "{}\n{}", answer.body, scene.log("triage"));
    let (_, key) = scene.stores.owner(&scene.key).await;
    let done = answer.json();
    let expected = json!({
        "id": scene.triage, "status": status, "run_id": run, "decided_at": done["decided_at"], "decided_by": key,
    });
    assert_eq!(done, expected);
    answer
}
