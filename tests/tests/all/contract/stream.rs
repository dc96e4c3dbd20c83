//! `GET /v1/runs/:id/stream`: a run's events, as they happen and ever after. *Source*: contract §4.

use std::time::Duration;

use eclips_tests::target::Target;
use eclips_tests::world::Reply;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{NO_RUN, assert_refused, unknown_run};

/// What every stream begins with.
const RETRY: &str = "retry: 1000\n\n";
/// How long a stream that has nothing to wait for may take. Far below the 110 s after which any stream closes.
const PROMPT: Duration = Duration::from_secs(20);

fn stream(target: &Target, run: &str) -> RequestBuilder {
    let request = target.request(Method::GET, &format!("/v1/runs/{run}/stream"));
    request.bearer_auth(target.test())
}

/// Reads a stream that has to close by itself.
async fn read(target: &Target, run: &str, last: Option<&str>) -> Reply {
    let mut request = stream(target, run);
    if let Some(last) = last {
        request = request.header("Last-Event-ID", last);
    }
    let read = tokio::time::timeout(PROMPT, target.answer(request)).await;
    let got = read.unwrap_or_else(|_| panic!("still open after {PROMPT:?}, Last-Event-ID {last:?}"));
    assert_eq!(got.status, 200, "{}", got.text);
    got
}

/// The events of a stream's text, each with the empty line at its end; comments are left out.
fn events(text: &str) -> Vec<&str> {
    let rest = text
        .strip_prefix(RETRY)
        .unwrap_or_else(|| panic!("it does not begin with retry: {text:?}"));
    assert!(rest.is_empty() || rest.ends_with("\n\n"), "cut off: {rest:?}");
    let blocks = rest.split_inclusive("\n\n");
    blocks.filter(|block| !block.starts_with(':')).collect()
}

/// An event's type and its JSON, once its three lines are what they have to be.
fn parsed<'a>(event: &'a str, run: &str) -> (&'a str, Value) {
    let lines: Vec<&str> = event.strip_suffix("\n\n").unwrap().split('\n').collect();
    let [id, kind, data] = lines[..] else {
        panic!("not three lines: {event:?}")
    };
    let seq = id.strip_prefix("id: ").unwrap();
    let kind = kind.strip_prefix("event: ").unwrap();
    let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!(
        (data["seq"].to_string().as_str(), &data["type"]),
        (seq, &json!(kind)),
        "{event}"
    );
    assert_eq!(data["run_id"], json!(run), "{event}");
    assert!(data["at"].is_string() && data["status"].is_string(), "{event}");
    (kind, data)
}

/// A whole stream's types, once it counts from 1 without a gap.
fn types<'a>(text: &'a str, run: &str) -> Vec<&'a str> {
    let parsed = events(text).into_iter().map(|event| parsed(event, run));
    let (types, data): (Vec<&str>, Vec<Value>) = parsed.unzip();
    for (seq, data) in (1..).zip(&data) {
        assert_eq!(data["seq"], json!(seq), "a gap: {text}");
    }
    types
}

/// A run that has completed.
async fn completed(target: &Target) -> String {
    let run = target.run(&json!({ "task": "Contract test" })).await;
    assert_eq!(target.settled(&run).await["status"], "completed");
    run
}

#[tokio::test]
async fn an_ended_run_is_told_whole_and_the_stream_closes() {
    let target = Target::find();
    if !target.streams() {
        return;
    }
    let run = completed(&target).await;
    let got = read(&target, &run, None).await;
    assert_eq!(got.header("content-type"), "text/event-stream");
    assert_eq!(
        (got.header("cache-control"), got.header("x-content-type-options")),
        ("no-store", "nosniff")
    );
    assert!(!got.header("x-request-id").is_empty());
    assert_eq!(
        types(&got.text, &run),
        [
            "run.queued",
            "run.started",
            "attempt.started",
            "attempt.succeeded",
            "run.completed"
        ]
    );
    let (_, last) = parsed(events(&got.text).last().unwrap(), &run);
    assert_eq!(last["status"], "completed");
}

#[tokio::test]
async fn failures_and_their_end_are_told() {
    let target = Target::find();
    if !target.streams() {
        return;
    }
    let run = target.sandbox_run(json!({ "fail": "model" })).await;
    target.settled(&run).await;
    let got = read(&target, &run, None).await;
    let attempt = ["attempt.started", "attempt.failed"];
    let expected = [
        &["run.queued", "run.started"][..],
        &attempt,
        &attempt,
        &attempt,
        &["run.failed"],
    ]
    .concat();
    assert_eq!(types(&got.text, &run), expected);
}

#[tokio::test]
async fn a_stream_closes_where_a_person_has_to_decide() {
    let target = Target::find();
    if !target.streams() {
        return;
    }
    let run = target.sandbox_run(json!({ "confidence": 0.4 })).await;
    target.settled(&run).await;
    let got = read(&target, &run, None).await;
    assert_eq!(types(&got.text, &run).last(), Some(&"run.triage_required"));
    // So that nothing is left for a person to decide.
    assert_eq!(target.cancel(&run, target.test()).await.status, 200);
    let then = read(&target, &run, None).await;
    assert_eq!(types(&then.text, &run).last(), Some(&"run.cancelled"));
    assert!(
        then.text.starts_with(&got.text),
        "what was told is told again in the same bytes"
    );
}

#[tokio::test]
async fn a_reader_resumes_after_any_event_with_the_same_bytes() {
    let target = Target::find();
    if !target.streams() {
        return;
    }
    let run = completed(&target).await;
    let whole = read(&target, &run, None).await;
    let all = events(&whole.text);
    for last in 1..=all.len() {
        let rest = read(&target, &run, Some(&last.to_string())).await;
        assert_eq!(events(&rest.text), all[last..], "after {last}");
    }
}

#[tokio::test]
async fn a_last_event_that_never_was_begins_from_the_start() {
    let target = Target::find();
    if !target.streams() {
        return;
    }
    let run = completed(&target).await;
    let whole = read(&target, &run, None).await;
    for last in ["0", "6", "99999", "99999999999999999999", "-1", "abc", "1.5"] {
        assert_eq!(
            read(&target, &run, Some(last)).await.text,
            whole.text,
            "Last-Event-ID: {last}"
        );
    }
}

#[tokio::test]
async fn an_open_run_is_told_before_it_ends_and_its_end_as_it_comes() {
    let target = Target::find();
    if !target.streams() {
        return;
    }
    let run = target.sandbox_run(json!({ "delay_ms": 10_000 })).await;
    let mut open = stream(&target, &run).send().await.unwrap();
    assert_eq!(open.status(), 200);
    let mut text = Vec::new();
    while !text.windows(10).any(|bytes| bytes == b"run.queued") {
        text.extend(open.chunk().await.unwrap().expect("it is open"));
    }
    let meanwhile = target.show(&run).await;
    assert!(
        matches!(meanwhile["status"].as_str(), Some("queued" | "running")),
        "{meanwhile}"
    );

    assert_eq!(target.cancel(&run, target.test()).await.status, 200);
    let rest = async {
        while let Some(piece) = open.chunk().await.unwrap() {
            text.extend(piece);
        }
    };
    tokio::time::timeout(PROMPT, rest)
        .await
        .expect("it closes after the run's end");
    let text = String::from_utf8(text).unwrap();
    assert_eq!(types(&text, &run).last(), Some(&"run.cancelled"));
    assert_eq!(
        events(&read(&target, &run, None).await.text),
        events(&text),
        "the same bytes for every reader"
    );
}

#[tokio::test]
async fn a_run_that_never_was_has_no_stream() {
    let target = Target::find();
    if !target.streams() {
        return;
    }
    let got = target.answer(stream(&target, &unknown_run())).await;
    assert_refused(&got, (404, "not_found", NO_RUN));
    assert_eq!(got.header("content-type"), "application/json; charset=utf-8");
}
