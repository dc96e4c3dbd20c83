//! The `stream` function's events. The worker ends the run before: a stream of an open run waits for what comes.

use serde_json::{Value, json};

use super::scene::{Answer, Scene, nothing_failed, request_id};

/// What happens to a run that goes well.
const KINDS: [&str; 5] = [
    "run.queued",
    "run.started",
    "attempt.started",
    "attempt.succeeded",
    "run.completed",
];

pub async fn tells_a_run_from_its_beginning_to_its_end(mut scene: Scene) {
    let mut answer = told(&mut scene).await;
    check_events(&answer.body, &scene, 1);
    answer.take_rate_limit("standard", 3_000, 2_999, 199_998);
    let content_type = answer
        .headers
        .insert("content-type".into(), "application/json; charset=utf-8".into());
    assert_eq!(content_type.as_deref(), Some("text/event-stream"));
    answer.has_headers(&request_id(&scene.event()), &[]);
    // The same bytes to whoever asks again.
    assert_eq!(scene.ask().await.body, answer.body);

    let stranger = scene.stranger().await;
    let event = eclips_tests::event_file::read("stream-show", &stranger, scene.run);
    let refused = Answer::read(&scene.send("stream", &event).await);
    assert_eq!(
        (refused.status, refused.body.as_str()),
        (404, r#"{"error":"Run not found"}"#)
    );
    assert_eq!(refused.headers["content-type"], "application/json; charset=utf-8");
    assert!(!scene.log("stream").contains(&scene.key), "the log holds the key");
}

pub async fn goes_on_after_the_last_event_that_was_seen(mut scene: Scene) {
    assert_eq!(scene.event()["headers"]["Last-Event-ID"], "1");
    let answer = told(&mut scene).await;
    check_events(&answer.body, &scene, 2);
}

/// Ends the run and asks for its stream.
async fn told(scene: &mut Scene) -> Answer {
    assert_eq!(scene.play_also("worker-one-run").await, nothing_failed());
    let answer = scene.ask().await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer
}

/// Compares a body with the events of a run that went well, from the one with a number on.
fn check_events(body: &str, scene: &Scene, first: usize) {
    let mut blocks = body.split_terminator("\n\n");
    assert_eq!(blocks.next(), Some("retry: 1000"), "{body}");
    assert!(body.ends_with("\n\n"), "the last event is not finished: {body}");
    let mut numbers = first..;
    for (block, seq) in blocks.by_ref().zip(numbers.by_ref()) {
        let kind = KINDS
            .get(seq - 1)
            .unwrap_or_else(|| panic!("an event too many: {block}"));
        let data = block.strip_prefix(&format!("id: {seq}\nevent: {kind}\ndata: "));
        let data: Value = serde_json::from_str(data.unwrap_or_else(|| panic!("{seq} {kind}: {block}"))).expect("JSON");
        let said = ["run_id", "seq", "type"].map(|name| &data[name]);
        assert_eq!(
            said,
            [&json!(scene.run.to_string()), &json!(seq), &json!(kind)],
            "{block}"
        );
        let status = match *kind {
            "run.queued" => "queued",
            "run.completed" => "completed",
            _ => "running",
        };
        assert_eq!(data["status"], status, "{block}");
    }
    let told = body.matches("\nevent: ").count();
    assert_eq!(told, KINDS.len() + 1 - first, "{body}");
}
