//! `POST /v1/runs/:id/cancel`: what can be ended, once, and what it looks like then. *Source*: contract §3.

use eclips_tests::target::Target;
use serde_json::{Value, json};

use super::shape::Is::{Text, Time, Word};
use super::shape::{assert_run, assert_shape};
use super::{NO_RUN, assert_refused, unknown_run};

/// A model call that lasts longer than a test takes to cancel it. *Source*: the longest that contract §10 has.
const SLOW_MS: u64 = 10_000;

#[tokio::test]
async fn a_run_that_has_not_ended_is_cancelled_once() {
    let target = Target::find();
    let run = target.sandbox_run(json!({ "delay_ms": SLOW_MS })).await;
    assert_eq!(
        target.cancel(&run, target.test()).await.pair(),
        (200, r#"{"cancelled":true}"#)
    );

    let shown = target.show(&run).await;
    assert_run(&shown);
    assert_eq!(
        (&shown["status"], &shown["result"]),
        (&json!("cancelled"), &Value::Null),
        "{shown}"
    );
    assert!(
        shown["error"].as_str().is_some_and(|error| !error.is_empty()),
        "{shown}"
    );
    assert!(shown["completed_at"].is_string(), "{shown}");

    let again = target.cancel(&run, target.test()).await;
    assert_too_late(&again.json(), &shown);
    assert_eq!(
        (again.status.as_u16(), again.header("x-eclips-error-code")),
        (409, "conflict")
    );
    assert_eq!(target.show(&run).await, shown, "nothing changed");
}

#[tokio::test]
async fn a_run_that_has_ended_stays_as_it_is() {
    let target = Target::find();
    let run = target.run(&json!({ "task": "Contract test" })).await;
    let ended = target.settled(&run).await;
    let got = target.cancel(&run, target.test()).await;
    assert_eq!(
        (got.status.as_u16(), got.header("x-eclips-error-code")),
        (409, "conflict"),
        "{}",
        got.text
    );
    assert_too_late(&got.json(), &ended);
    assert_eq!(target.show(&run).await, ended, "nothing changed");
}

/// A 409 says what was decided, and when.
fn assert_too_late(error: &Value, run: &Value) {
    assert_shape(
        error,
        &[
            ("error", &[Word(&["Run cannot be cancelled"])]),
            ("status", &[Text]),
            ("decided_at", &[Time]),
        ],
    );
    assert_eq!(
        (&error["status"], &error["decided_at"]),
        (&run["status"], &run["completed_at"])
    );
}

#[tokio::test]
async fn a_run_in_triage_can_be_cancelled() {
    let target = Target::find();
    let run = target.sandbox_run(json!({ "confidence": 0.4 })).await;
    assert_eq!(target.settled(&run).await["status"], "pending_triage");
    assert_eq!(
        target.cancel(&run, target.test()).await.pair(),
        (200, r#"{"cancelled":true}"#)
    );
    assert_eq!(target.show(&run).await["status"], "cancelled");
}

#[tokio::test]
async fn a_run_that_never_was_cannot_be_cancelled() {
    let target = Target::find();
    let got = target.cancel(&unknown_run(), target.test()).await;
    assert_refused(&got, (404, "not_found", NO_RUN));
}
