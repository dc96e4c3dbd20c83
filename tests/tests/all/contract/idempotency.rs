//! Requests that name themselves: the same one makes one run, however often it is sent. *Source*: contract §2
//! "Idempotency".

use std::collections::HashSet;

use eclips_tests::target::Target;
use eclips_tests::world::Reply;
use futures_util::future::join_all;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;

use super::{assert_names, assert_refused, unique};

const BODY: &str = r#"{"task":"Contract test","data":{"n":100,"list":[1,2]}}"#;

/// Starts a run by a name, with a body as it is written.
async fn create(target: &Target, name: &str, body: &'static str) -> Reply {
    let request = target.request(Method::POST, "/v1/run").bearer_auth(target.test());
    let named = request
        .header("Idempotency-Key", name)
        .header(CONTENT_TYPE, "application/json");
    target.answer(named.body(body)).await
}

#[tokio::test]
async fn the_same_request_again_hears_the_same_answer() {
    let target = Target::find();
    let name = unique();
    let first = create(&target, &name, BODY).await;
    assert_eq!(
        (first.status.as_u16(), first.header("idempotent-replay")),
        (202, ""),
        "{}",
        first.text
    );
    for _ in 0..2 {
        let again = create(&target, &name, BODY).await;
        assert_eq!(again.pair(), first.pair());
        assert_eq!(again.header("idempotent-replay"), "true");
    }
}

#[tokio::test]
async fn the_same_json_written_otherwise_is_the_same_request() {
    let target = Target::find();
    let name = unique();
    let first = create(&target, &name, BODY).await;
    let again = create(
        &target,
        &name,
        r#" { "data" : { "list": [1, 2], "n": 100 },  "task": "Contract test" } "#,
    )
    .await;
    assert_eq!(again.pair(), first.pair());
    assert_eq!(
        (again.status.as_u16(), again.header("idempotent-replay")),
        (202, "true")
    );
}

#[tokio::test]
async fn another_request_under_the_same_name_is_refused() {
    let target = Target::find();
    let name = unique();
    assert_eq!(create(&target, &name, BODY).await.status, 202);
    let other = create(&target, &name, r#"{"task":"Something else"}"#).await;
    let words = r#"{"error":"Idempotency-Key was used for another request","field":"Idempotency-Key"}"#;
    assert_refused(&other, (422, "unprocessable", words));
}

#[tokio::test]
async fn another_name_is_another_run() {
    let target = Target::find();
    let (one, other) = (
        create(&target, &unique(), BODY).await,
        create(&target, &unique(), BODY).await,
    );
    assert_eq!((one.status.as_u16(), other.status.as_u16()), (202, 202));
    assert_ne!(one.json()["run_id"], other.json()["run_id"]);
}

#[tokio::test]
async fn what_is_no_name_is_refused() {
    let target = Target::find();
    for name in ["two words", &"x".repeat(256)] {
        assert_names(&create(&target, name, BODY).await, "Idempotency-Key");
    }
}

#[tokio::test]
async fn the_longest_name_is_one() {
    let target = Target::find();
    let name = format!("{:~<255}", unique());
    assert_eq!(create(&target, &name, BODY).await.status, 202);
    assert_eq!(create(&target, &name, BODY).await.header("idempotent-replay"), "true");
}

#[tokio::test]
async fn a_refused_request_does_not_take_the_name() {
    let target = Target::find();
    let name = unique();
    assert_names(&create(&target, &name, r#"{"task":""}"#).await, "task");
    let then = create(&target, &name, BODY).await;
    assert_eq!(
        (then.status.as_u16(), then.header("idempotent-replay")),
        (202, ""),
        "{}",
        then.text
    );
}

#[tokio::test]
async fn ten_at_once_make_one_run() {
    let target = Target::find();
    let name = unique();
    let answers = join_all((0..10).map(|_| create(&target, &name, BODY))).await;
    let statuses: Vec<u16> = answers.iter().map(|got| got.status.as_u16()).collect();
    assert_eq!(statuses, [202; 10], "{answers:?}");
    let bodies: HashSet<&str> = answers.iter().map(|got| got.text.as_str()).collect();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    let first = answers
        .iter()
        .filter(|got| got.header("idempotent-replay").is_empty())
        .count();
    assert_eq!(first, 1, "one of them made it");
}
