//! Batches when something goes wrong: lost messages, crashes at any chunk, half-done writes, cancelling in the middle. Over HTTP they are
//! in `contract/batches.rs`.

mod cancelling;
mod ending;
mod showing;

use std::time::Instant;

use aws_sdk_dynamodb::types::AttributeValue;
use eclips_shared::config::Config;
use eclips_shared::ids::{BatchId, RunId};
use eclips_shared::queue::{Subject, read};
use eclips_shared::store::{BatchCancelled, Change};
use eclips_shared::time::Timestamp;
use eclips_tests::backstage::{Backstage, ONE_CALL};
use eclips_tests::proxy::Fault;
use eclips_tests::records::{self, types};
use serde_json::{Value, json};

/// Plain rows.
fn plain(rows: usize) -> Vec<Value> {
    vec![json!({}); rows]
}

/// The runs of a batch's rows that there are, each of which has its first event once and no other run's.
async fn runs(scene: &Backstage, batch: BatchId, rows: u16) -> Vec<RunId> {
    let mut found = Vec::new();
    for run in (0..rows).map(|row| RunId::of_row(batch, row)) {
        let parts = records::of_run(&scene.config(), run).await;
        if parts.iter().any(|(sk, _)| sk == "M") {
            let events = records::events(&scene.config(), run).await;
            assert_eq!(types(&events)[0], "run.queued");
            found.push(run);
        }
    }
    found
}

/// Works on every row.
async fn work_on(scene: &Backstage, batch: BatchId, rows: u16) {
    for row in 0..rows {
        scene.work_on(RunId::of_row(batch, row)).await;
    }
}

/// Tells `fold` of every row, as the stream would.
async fn fold(scene: &Backstage, batch: BatchId, rows: u16) {
    let mut changes: Vec<Change> = Vec::new();
    for row in 0..rows {
        changes.extend(
            scene
                .stores
                .store
                .fold()
                .told_by(RunId::of_row(batch, row))
                .await
                .unwrap(),
        );
    }
    scene.stores.store.batches().hear(&changes).await.unwrap();
}

/// A batch whose one row waits for a person; gives it and the triage item.
async fn waiting(scene: &Backstage) -> (BatchId, String) {
    let batch = scene.batch(&[json!({ "confidence": 0.4 })]).await;
    scene.tend(batch).await;
    scene.work_on(RunId::of_row(batch, 0)).await;
    let run = scene.show(RunId::of_row(batch, 0)).await;
    let triage = run["triage_item_id"].as_str();
    (batch, triage.expect("it waits for a person").to_owned())
}

/// Wishes that a batch be cancelled, and leaves its rows as they are, as after a crash.
async fn wish(scene: &Backstage, batch: BatchId) {
    let (cancelled, _) = scene
        .stores
        .store
        .batches()
        .cancel(scene.tenant(), batch)
        .await
        .unwrap();
    assert_eq!(cancelled, BatchCancelled::Now);
}

/// The settings with which a store reaches the tables over the faulty road.
fn over_the_faulty_road(scene: &Backstage) -> Config {
    Config {
        dynamodb_endpoint: Some(scene.proxy.url().to_owned()),
        ..scene.config()
    }
}

/// The batch's events, of which there is one at its end.
async fn events(scene: &Backstage, batch: BatchId) -> Vec<Value> {
    let items = records::under(&scene.config(), &format!("B#{batch}")).await;
    let events = items.iter().filter(|(sk, _)| sk.starts_with("E#"));
    let texts = events.flat_map(|(_, item)| item["events"].as_l().unwrap().iter().map(|event| event.as_s().unwrap()));
    texts.map(|event| serde_json::from_str(event).unwrap()).collect()
}

#[tokio::test]
async fn a_crash_at_any_chunk_loses_and_doubles_nothing() {
    // 60 rows are three chunks: each writes its events, its runs one by one, and how far it is.
    for (operation, skip) in [
        ("BatchWriteItem", 0),
        ("BatchWriteItem", 1),
        ("BatchWriteItem", 2),
        ("PutItem", 0),
        ("PutItem", 13),
        ("PutItem", 41),
        ("UpdateItem", 0),
        ("UpdateItem", 2),
    ] {
        let scene = Backstage::open().await;
        let batch = scene.batch(&plain(60)).await;
        scene.proxy.set_after(operation, skip, 40 * ONE_CALL, Fault::Broken);
        scene.tend(batch).await;
        let some = runs(&scene, batch, 60).await.len();
        assert!(
            some < 60 || operation == "UpdateItem",
            "{operation} {skip}: it was interrupted"
        );
        scene.proxy.set(Fault::None);
        scene.show_batch(batch).await;
        assert!(scene.tend(batch).await);
        assert_eq!(runs(&scene, batch, 60).await.len(), 60, "{operation} {skip}");
        assert_eq!(scene.show_batch(batch).await["job"]["status"], "pending");
    }
}

#[tokio::test]
async fn what_the_store_leaves_undone_or_does_without_an_answer_is_done_once() {
    for fault in [Fault::Halved, Fault::ReplyLost] {
        let scene = Backstage::open().await;
        let batch = scene.batch(&plain(60)).await;
        scene.proxy.set_after("BatchWriteItem", 0, 4, fault);
        if fault == Fault::ReplyLost {
            scene.proxy.set_after("PutItem", 5, 4, fault);
        }
        assert!(scene.tend(batch).await || scene.tend(batch).await);
        assert_eq!(runs(&scene, batch, 60).await.len(), 60);
    }
}

#[tokio::test]
async fn what_is_left_undone_again_and_again_does_not_wait_longer_each_time() {
    let scene = Backstage::open().await;
    // Six rows, each with its event and an input of its own, of which each call puts one.
    let batch = scene.batch(&vec![json!({ "filler": "x".repeat(700) }); 6]).await;
    scene.proxy.take_calls();
    scene.proxy.set_for("BatchWriteItem", Fault::Thinned);
    let began = Instant::now();
    assert!(scene.tend(batch).await);
    let calls = scene.proxy.take_calls();
    assert_eq!(calls.iter().filter(|call| *call == "BatchWriteItem").count(), 12);
    // Eleven waits of 2.2 s together at the most; doubled each time they were 30 s at least.
    assert!(began.elapsed().as_secs() < 15, "{:?}", began.elapsed());
    assert_eq!(runs(&scene, batch, 6).await.len(), 6);
}

#[tokio::test]
async fn a_row_that_has_moved_on_is_not_made_again() {
    let scene = Backstage::open().await;
    let batch = scene.batch(&plain(3)).await;
    assert!(scene.tend(batch).await);
    work_on(&scene, batch, 3).await;
    let before = scene.show_batch(batch).await;
    assert_eq!(before["job"]["completed_rows"], 3);
    // As if nobody had noted how far it was.
    let none = AttributeValue::N("0".into());
    records::set(&scene.config(), &format!("B#{batch}"), "M", &[("expanded", none)]).await;
    assert!(scene.tend(batch).await);
    assert_eq!(scene.show_batch(batch).await, before);
    for row in 0..3 {
        let events = records::events(&scene.config(), RunId::of_row(batch, row)).await;
        assert_eq!(types(&events).last(), Some(&"run.completed"));
        assert!(
            events
                .iter()
                .enumerate()
                .all(|(at, event)| event["seq"] == json!(at + 1))
        );
    }
}

#[tokio::test]
async fn who_is_behind_another_at_making_runs_does_not_bring_the_batch_back() {
    let scene = Backstage::open().await;
    let batch = scene.batch(&plain(26)).await;
    let batches = scene.stores.store.batches();
    let mut read = batches.load(batch).await.unwrap().unwrap();
    let input = batches.input(&read).await.unwrap();
    // Another one has made all of them meanwhile.
    let all = AttributeValue::N("26".into());
    records::set(&scene.config(), &format!("B#{batch}"), "M", &[("expanded", all)]).await;
    batches.expand(&mut read, &input).await.unwrap();
    assert_eq!(read.expanded, 25);
    assert_eq!(batches.load(batch).await.unwrap().unwrap().expanded, 26);
}

#[tokio::test]
async fn a_batch_whose_message_was_lost_is_swept() {
    let scene = Backstage::open().await;
    let batch = scene.batch(&plain(2)).await;
    scene.stores.drop_messages("RunsQueue");
    assert_eq!(scene.sweep().await["hinted"], 0, "it is not due yet");
    let past = AttributeValue::N(Timestamp::now().plus_ms(-1).ms().to_string());
    records::set(&scene.config(), &format!("B#{batch}"), "M", &[("due_at", past)]).await;
    assert_eq!(scene.sweep().await["hinted"], 1);
    let messages = scene.stores.take_messages("RunsQueue");
    let hints: Vec<Subject> = messages.iter().filter_map(|message| read(&message.body)).collect();
    assert_eq!(hints, [Subject::Batch(batch)]);
    assert_eq!(scene.sweep().await["hinted"], 0, "and is put off");
}

#[tokio::test]
async fn a_bad_batch_leaves_nothing_behind() {
    let scene = Backstage::open().await;
    let mut rows = vec![json!({ "task": "x" }); 20];
    rows[17] = json!({});
    let body = json!({ "agent_type": "center", "rows": rows });
    scene.proxy.take_calls();
    let got = scene
        .batches
        .call("POST", "/v1/batches", Some(&scene.key), Some(body))
        .await;
    assert_eq!((got.status, &got.json()["field"]), (400, &json!("rows[17].task")));
    let calls = scene.proxy.take_calls();
    assert!(
        !calls
            .iter()
            .any(|call| call.contains("Put") || call.contains("Transact")),
        "{calls:?}"
    );
}
