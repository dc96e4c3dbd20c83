//! Batches when something goes wrong: lost messages, crashes at any chunk, half-done writes, cancelling in the middle. Over HTTP they are
//! in `contract/batches.rs`.

use std::collections::BTreeSet;
use std::time::Instant;

use aws_sdk_dynamodb::types::AttributeValue;
use eclips_shared::auth::{Mode, Scope};
use eclips_shared::batch::BatchStatus;
use eclips_shared::config::Config;
use eclips_shared::ids::{BatchId, RunId};
use eclips_shared::queue::{Subject, read};
use eclips_shared::store::{BatchCancelled, Change, Store, StoreError};
use eclips_shared::time::Timestamp;
use eclips_tests::backstage::{Backstage, ONE_CALL};
use eclips_tests::batches::adds_up;
use eclips_tests::function::Function;
use eclips_tests::proxy::Fault;
use eclips_tests::records::{self, text, types};
use eclips_tests::world::{PATIENCE, World};
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
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
async fn five_hundred_rows_end_once_and_add_up_at_every_look() {
    let world = World::start().await;
    let owner = world.somebody().await;
    let person = world.person(owner.org, Mode::Test, &Scope::ALL, None).await;
    let row = |number: usize| json!({ "task": format!("Row {number}"), "data": { "n": number } });
    let rows: Vec<Value> = (0..500).map(row).collect();
    let body = json!({ "agent_type": "summariser", "name": "All", "rows": rows });
    let batch = world.batch(&person, body).await;
    let (deadline, mut seen) = (Instant::now() + 6 * PATIENCE, 0);
    let ended = loop {
        let got = world.get(&format!("/v1/batches/{batch}"), &person).await;
        assert!(Instant::now() < deadline, "{}", got.text);
        if got.status == 503 {
            // 500 rows and everything else on this machine: the answer took more than its 2.5 s, and a client comes back.
            continue;
        }
        let shown = got.json();
        adds_up(&shown);
        let done = shown["job"]["completed_rows"].as_u64().unwrap();
        assert!(done >= seen, "no row comes back");
        seen = done;
        if !shown["job"]["completed_at"].is_null() {
            break shown;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    };
    assert_eq!(
        (&ended["job"]["status"], &ended["job"]["completed_rows"]),
        (&json!("completed"), &json!(500))
    );
    let runs: BTreeSet<&str> = ended["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["run_id"].as_str().unwrap())
        .collect();
    assert_eq!(runs.len(), 500);
    for (number, row) in ended["rows"].as_array().unwrap().iter().enumerate() {
        assert_eq!(
            (&row["task"], &row["status"]),
            (&json!(format!("Row {number}")), &json!("completed"))
        );
    }
    // The list comes to the same, a moment later.
    let deadline = Instant::now() + PATIENCE;
    loop {
        let listed = world.get("/v1/batches", &person).await.json();
        if listed["jobs"][0] == ended["job"] {
            break;
        }
        assert!(
            Instant::now() < deadline,
            "{} is not {}",
            listed["jobs"][0],
            ended["job"]
        );
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    world.stop().await;
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
async fn a_batch_of_which_a_piece_is_lost_is_not_shown_without_its_rows() {
    let scene = Backstage::open().await;
    let batch = scene.batch(&plain(2)).await;
    records::remove(&scene.config(), &format!("B#{batch}"), "IN#00").await;
    let path = format!("/v1/batches/{batch}");
    let got = scene.batches.call("GET", &path, Some(&scene.key), None).await;
    assert_eq!(got.status, 503, "{}", got.body);
    assert!(!scene.tend(batch).await, "nor are its runs made");
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
async fn nobody_hears_of_the_last_row_and_the_batch_ends_all_the_same() {
    let scene = Backstage::open().await;
    let batch = scene.batch(&plain(2)).await;
    scene.tend(batch).await;
    work_on(&scene, batch, 2).await;
    // The rows say so already; the batch itself has not been told.
    let shown = scene.show_batch(batch).await;
    assert_eq!(shown["job"]["status"], "completed");
    assert!(events(&scene, batch).await.is_empty());
    scene.tend(batch).await;
    let told = events(&scene, batch).await;
    assert_eq!(told.len(), 1);
    assert_eq!(
        (
            &told[0]["type"],
            &told[0]["status"],
            &told[0]["completed_rows"],
            &told[0]["at"]
        ),
        (
            &json!("batch.completed"),
            &json!("completed"),
            &json!(2),
            &shown["job"]["completed_at"]
        )
    );
    assert_eq!(scene.show_batch(batch).await, shown);
}

#[tokio::test]
async fn of_many_who_end_a_batch_at_once_one_does() {
    let scene = Backstage::open().await;
    let batch = scene.batch(&plain(4)).await;
    scene.tend(batch).await;
    work_on(&scene, batch, 4).await;
    join_all((0..6).map(|_| async {
        fold(&scene, batch, 4).await;
        scene.tend(batch).await;
    }))
    .await;
    assert_eq!(events(&scene, batch).await.len(), 1);
    let items = records::under(&scene.config(), &format!("B#{batch}")).await;
    let main = &items.iter().find(|(sk, _)| sk == "M").unwrap().1;
    assert_eq!((text(main, "completed_rows"), text(main, "status")), ("4", "completed"));
    assert!(!main.contains_key("due"), "nobody has to look at it any more");
}

#[tokio::test]
async fn an_outage_is_told_also_where_another_batch_is_corrupt() {
    let scene = Backstage::open().await;
    let mut changes = Vec::new();
    let (corrupt, whole) = (scene.batch(&plain(1)).await, scene.batch(&plain(1)).await);
    for batch in [corrupt, whole] {
        scene.tend(batch).await;
        work_on(&scene, batch, 1).await;
        let fold = scene.stores.store.fold();
        changes.extend(fold.told_by(RunId::of_row(batch, 0)).await.unwrap());
    }
    let word = AttributeValue::S("one".into());
    records::set(&scene.config(), &format!("B#{corrupt}"), "P", &[("total_rows", word)]).await;
    let store = Store::open(&over_the_faulty_road(&scene)).await;
    // The progress of both is noted; the batch that may have ended cannot be read.
    scene.proxy.set_after("GetItem", 0, ONE_CALL, Fault::Broken);
    let told = store.batches().hear(&changes).await;
    assert!(matches!(told, Err(StoreError::Unavailable { .. })), "{told:?}");
    // So it comes again, and what is not corrupt is done.
    let told = store.batches().hear(&changes).await;
    assert!(matches!(told, Err(StoreError::Corrupt { .. })), "{told:?}");
    assert_eq!(
        (events(&scene, corrupt).await.len(), events(&scene, whole).await.len()),
        (0, 1)
    );
}

#[tokio::test]
async fn no_row_begins_once_a_batch_is_cancelled() {
    let scene = Backstage::open().await;
    let batch = scene.batch(&plain(3)).await;
    scene.tend(batch).await;
    wish(&scene, batch).await;
    let (status, refused) = scene.cancel_batch(batch).await;
    assert_eq!(
        (status, &refused["status"]),
        (409, &json!("cancelled")),
        "once is enough"
    );
    let shown = scene.show_batch(batch).await;
    assert_eq!(refused["decided_at"], shown["job"]["completed_at"]);
    assert_eq!(
        (&shown["job"]["status"], &shown["job"]["cancelled_rows"]),
        (&json!("cancelled"), &json!(3))
    );
    scene.work_on(RunId::of_row(batch, 1)).await;
    let events_of_row = records::events(&scene.config(), RunId::of_row(batch, 1)).await;
    assert_eq!(types(&events_of_row), ["run.queued", "run.cancelled"]);
    assert!(events(&scene, batch).await.is_empty(), "two rows are still open");
    // The worker that hears of it does the rest.
    scene.tend(batch).await;
    assert_eq!(events(&scene, batch).await.len(), 1);
    for row in [0, 2] {
        let told = records::events(&scene.config(), RunId::of_row(batch, row)).await;
        assert_eq!(types(&told), ["run.queued", "run.cancelled"]);
    }
    let (status, refused) = scene.cancel_batch(batch).await;
    assert_eq!((status, &refused["status"]), (409, &json!("cancelled")));
}

#[tokio::test]
async fn no_row_begins_that_was_taken_before_its_batch_was_cancelled() {
    let scene = Backstage::open().await;
    let batch = scene.batch(&plain(1)).await;
    scene.tend(batch).await;
    let run = RunId::of_row(batch, 0);
    // The worker has the row, and reads what else it has to know before it claims it.
    scene
        .meanwhile_after("GetItem", 1, scene.work_on(run), wish(&scene, batch))
        .await;
    let told = records::events(&scene.config(), run).await;
    assert_eq!(types(&told), ["run.queued", "run.cancelled"]);
}

#[tokio::test]
async fn what_is_shown_of_a_cancelled_batch_does_not_change_once_it_is_over() {
    let scene = Backstage::open().await;
    let batch = scene.batch(&plain(3)).await;
    scene.tend(batch).await;
    assert_eq!(scene.cancel(RunId::of_row(batch, 0)).await.0, 200);
    wish(&scene, batch).await;
    // Two rows have still to end, and are shown as what they will be.
    let shown = scene.show_batch(batch).await;
    let errors: Vec<&Value> = (0..3).map(|row| &shown["rows"][row]["error_message"]).collect();
    assert_eq!(
        errors,
        ["Run was cancelled", "Batch was cancelled", "Batch was cancelled"]
    );
    // So that no row ends in the millisecond of the wish.
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    scene.work_on(RunId::of_row(batch, 1)).await;
    assert_eq!(scene.show_batch(batch).await, shown, "a worker met one of them");
    scene.tend(batch).await;
    assert_eq!(scene.show_batch(batch).await, shown, "and another ended the rest");
    let told = events(&scene, batch).await;
    assert_eq!(
        (told.len(), &told[0]["at"], &shown["job"]["completed_at"]),
        (1, &shown["job"]["completed_at"], &told[0]["at"])
    );
    for row in 1..3 {
        let run = scene.show(RunId::of_row(batch, row)).await;
        assert_eq!(run["error"], "Batch was cancelled", "{run}");
    }
}

#[tokio::test]
async fn rows_that_cannot_be_ended_hold_up_no_other() {
    let scene = Backstage::open().await;
    let batch = scene.batch(&plain(20)).await;
    scene.tend(batch).await;
    // As many as are ended at once.
    for row in 0..16 {
        let pk = format!("R#{}", RunId::of_row(batch, row));
        let word = AttributeValue::S("one".into());
        records::set(&scene.config(), &pk, "M", &[("seq", word)]).await;
    }
    // The wish stands, whatever comes of its rows.
    assert_eq!(scene.cancel_batch(batch).await, (200, json!({ "cancelled": true })));
    assert!(!scene.tend(batch).await, "an operator has to look");
    for row in 16..20 {
        assert_eq!(
            scene.show(RunId::of_row(batch, row)).await["status"],
            "cancelled",
            "{row}"
        );
    }
}

#[tokio::test]
async fn a_batch_that_is_cancelled_while_it_is_expanded_leaves_no_row_behind() {
    let scene = Backstage::open().await;
    let batch = scene.batch(&plain(60)).await;
    assert!(
        scene
            .meanwhile("BatchWriteItem", scene.tend(batch), wish(&scene, batch))
            .await
    );
    let made = runs(&scene, batch, 60).await;
    assert!(made.len() < 60, "it was cancelled in between");
    for run in made {
        assert_eq!(scene.show(run).await["status"], "cancelled");
    }
    let shown = scene.show_batch(batch).await;
    assert_eq!(
        (&shown["job"]["status"], &shown["job"]["cancelled_rows"]),
        (&json!("cancelled"), &json!(60))
    );
    assert_eq!(events(&scene, batch).await.len(), 1);
}

#[tokio::test]
async fn of_many_who_cancel_a_batch_at_once_one_does() {
    let scene = Backstage::open().await;
    let batch = scene.batch(&plain(2)).await;
    let (batches, tenant) = (scene.stores.store.batches(), scene.tenant());
    let told = join_all((0..6).map(|_| batches.cancel(tenant, batch))).await;
    let told: Vec<BatchCancelled> = told.into_iter().map(|told| told.unwrap().0).collect();
    let now = told.iter().filter(|told| **told == BatchCancelled::Now).count();
    assert_eq!(now, 1, "{told:?}");
    let late = |told: &&BatchCancelled| {
        matches!(
            told,
            BatchCancelled::TooLate {
                status: BatchStatus::Cancelled,
                at: Some(_)
            }
        )
    };
    assert_eq!(told.iter().filter(late).count(), 5, "{told:?}");
}

#[tokio::test]
async fn a_batchs_cancellation_outlives_conflicts_and_lost_replies() {
    for (fault, then) in [
        (Fault::Conflict, Fault::Conflict),
        (Fault::ReplyLost, Fault::None),
        (Fault::ReplyLost, Fault::Conflict),
    ] {
        let scene = Backstage::open().await;
        let batch = scene.batch(&plain(2)).await;
        scene.proxy.set_both("TransactWriteItems", fault, then);
        let told = scene.cancel_batch(batch).await;
        assert_eq!(told, (200, json!({ "cancelled": true })), "{fault:?}, {then:?}");
        assert_eq!(scene.show_batch(batch).await["job"]["status"], "cancelled");
    }
}

#[tokio::test]
async fn a_batch_that_is_cancelled_while_it_is_read_is_not_shown_as_completed() {
    let scene = Backstage::open().await;
    // The rows end by the cancellation.
    let batch = scene.batch(&plain(2)).await;
    scene.tend(batch).await;
    let cancel = async {
        wish(&scene, batch).await;
        let (store, tenant) = (&scene.stores.store, scene.tenant());
        for row in 0..2 {
            store
                .runs()
                .cancel_row(tenant, RunId::of_row(batch, row))
                .await
                .unwrap();
        }
    };
    let shown = scene.meanwhile("BatchGetItem", scene.show_batch(batch), cancel).await;
    assert_eq!(shown["job"]["status"], "cancelled", "{shown}");
    assert_eq!(scene.show_batch(batch).await, shown);

    // The last row ends by itself, after the wish.
    let (batch, triage) = waiting(&scene).await;
    let cancel = async {
        wish(&scene, batch).await;
        assert_eq!(scene.decide(&triage, "approve", json!({})).await.0, 200);
    };
    let shown = scene.meanwhile("BatchGetItem", scene.show_batch(batch), cancel).await;
    assert_eq!(
        (&shown["job"]["status"], &shown["job"]["completed_rows"]),
        (&json!("cancelled"), &json!(1)),
        "{shown}"
    );
    assert_eq!(scene.show_batch(batch).await, shown);
}

#[tokio::test]
async fn a_batch_that_was_shown_as_completed_is_not_cancelled() {
    let scene = Backstage::open().await;
    let (batch, triage) = waiting(&scene).await;
    let store = Store::open(&over_the_faulty_road(&scene)).await;
    // The row is open when it is read and not when the wish is written, and nobody has ended the batch.
    let approve = async { assert_eq!(scene.decide(&triage, "approve", json!({})).await.0, 200) };
    let batches = store.batches();
    let cancel = batches.cancel(scene.tenant(), batch);
    let (told, _) = scene.meanwhile("TransactWriteItems", cancel, approve).await.unwrap();
    let shown = scene.show_batch(batch).await;
    assert_eq!(shown["job"]["status"], "completed", "{shown}");
    assert!(
        matches!(
            told,
            BatchCancelled::TooLate {
                status: BatchStatus::Completed,
                ..
            }
        ),
        "{told:?}"
    );
    assert_eq!(
        events(&scene, batch).await.len(),
        1,
        "who came too late has said so of the batch"
    );
}

#[tokio::test]
async fn a_batch_that_has_ended_is_not_cancelled() {
    let scene = Backstage::open().await;
    let batch = scene.batch(&plain(1)).await;
    let store = Store::open(&over_the_faulty_road(&scene)).await;
    // Somebody ends it between the look at it and the wish. That its row is open all the same must not matter.
    let n = |number: i64| AttributeValue::N(number.to_string());
    let (config, pk) = (scene.config(), format!("B#{batch}"));
    let ended = [
        ("status", AttributeValue::S("failed".into())),
        ("completed_at", n(Timestamp::now().ms())),
        ("completed_rows", n(0)),
        ("failed_rows", n(1)),
        ("cancelled_rows", n(0)),
    ];
    let (batches, end) = (store.batches(), records::set(&config, &pk, "M", &ended));
    let cancel = batches.cancel(scene.tenant(), batch);
    let (told, _) = scene.meanwhile("TransactWriteItems", cancel, end).await.unwrap();
    let is_told = matches!(
        told,
        BatchCancelled::TooLate {
            status: BatchStatus::Failed,
            ..
        }
    );
    assert!(is_told, "{told:?}");
}

#[tokio::test]
async fn who_has_not_seen_the_wish_does_not_end_the_batch_without_it() {
    let scene = Backstage::open().await;
    let (batch, triage) = waiting(&scene).await;
    let batches = scene.stores.store.batches();
    let before = batches.load(batch).await.unwrap().unwrap();
    wish(&scene, batch).await;
    assert_eq!(scene.decide(&triage, "approve", json!({})).await.0, 200);
    assert!(!batches.finish(&before).await.unwrap());
    assert!(events(&scene, batch).await.is_empty());
    scene.tend(batch).await;
    assert_eq!(events(&scene, batch).await[0]["status"], "cancelled");
}

#[tokio::test]
async fn what_has_ended_does_not_end_again_whatever_became_of_its_event() {
    let scene = Backstage::open().await;
    let batch = scene.batch(&plain(1)).await;
    scene.tend(batch).await;
    work_on(&scene, batch, 1).await;
    let batches = scene.stores.store.batches();
    let before = batches.load(batch).await.unwrap().unwrap();
    assert!(batches.finish(&before).await.unwrap());
    // DynamoDB deletes what is over in any order.
    records::remove(&scene.config(), &format!("B#{batch}"), "E#00000001").await;
    assert!(batches.finish(&before).await.unwrap(), "it has ended");
    assert!(events(&scene, batch).await.is_empty(), "and nobody is told again");
}

#[tokio::test]
async fn a_batch_that_was_deleted_does_not_come_back_in_part() {
    let scene = Backstage::open().await;
    let store = Store::open(&over_the_faulty_road(&scene)).await;
    let (config, batches) = (scene.config(), store.batches());
    for deleted_while in ["it is cancelled", "it ends", "its runs are made", "its row is heard of"] {
        let batch = scene.batch(&plain(1)).await;
        let pk = format!("B#{batch}");
        let read = batches.load(batch).await.unwrap().unwrap();
        let delete = async {
            records::remove(&config, &pk, "M").await;
            records::remove(&config, &pk, "P").await;
        };
        match deleted_while {
            "it is cancelled" => {
                let cancel = batches.cancel(scene.tenant(), batch);
                let (told, _) = scene.meanwhile("TransactWriteItems", cancel, delete).await.unwrap();
                assert_eq!(told, BatchCancelled::NoSuchBatch);
            }
            "it ends" => {
                scene.tend(batch).await;
                work_on(&scene, batch, 1).await;
                delete.await;
                assert!(batches.finish(&read).await.unwrap(), "nobody has to end it any more");
            }
            "its runs are made" => {
                let (mut read, input) = (read.clone(), batches.input(&read).await.unwrap());
                delete.await;
                batches.expand(&mut read, &input).await.unwrap();
            }
            _ => {
                scene.tend(batch).await;
                work_on(&scene, batch, 1).await;
                delete.await;
                fold(&scene, batch, 1).await;
            }
        }
        let left: Vec<String> = records::under(&config, &pk)
            .await
            .into_iter()
            .map(|(sk, _)| sk)
            .collect();
        assert_eq!(left, ["IN#00"], "{deleted_while}");
    }
}

#[tokio::test]
async fn a_cancellation_and_the_last_row_have_one_outcome() {
    let scene = Backstage::open().await;
    for round in 0..12 {
        let batch = scene.batch(&plain(1)).await;
        scene.tend(batch).await;
        let (_, (status, _)) =
            futures_util::future::join(scene.work_on(RunId::of_row(batch, 0)), scene.cancel_batch(batch)).await;
        scene.tend(batch).await;
        let shown = scene.show_batch(batch).await;
        let told = events(&scene, batch).await;
        assert_eq!(told.len(), 1, "round {round}");
        assert_eq!(told[0]["status"], shown["job"]["status"]);
        let expected = if status == 200 { "cancelled" } else { "completed" };
        assert_eq!(shown["job"]["status"], expected, "round {round}: {shown}");
    }
}

#[tokio::test]
async fn a_row_that_is_cancelled_before_it_begins_begins_no_batch() {
    let scene = Backstage::open().await;
    let listed = async || {
        let got = scene.batches.call("GET", "/v1/batches", Some(&scene.key), None).await;
        got.json()["jobs"][0].clone()
    };
    let batch = scene.batch(&plain(3)).await;
    scene.tend(batch).await;
    assert_eq!(scene.cancel(RunId::of_row(batch, 0)).await.0, 200);
    fold(&scene, batch, 3).await;
    let shown = scene.show_batch(batch).await;
    assert_eq!(
        (&shown["job"]["status"], &shown["job"]["cancelled_rows"]),
        (&json!("pending"), &json!(1))
    );
    assert_eq!(listed().await, shown["job"]);

    // One that has begun has, also when nothing but that is left of it.
    let waiting = scene.batch(&[json!({ "confidence": 0.4 }), json!({})]).await;
    scene.tend(waiting).await;
    scene.work_on(RunId::of_row(waiting, 0)).await;
    fold(&scene, waiting, 2).await;
    assert_eq!(scene.cancel(RunId::of_row(waiting, 0)).await.0, 200);
    fold(&scene, waiting, 2).await;
    let shown = scene.show_batch(waiting).await;
    assert_eq!(shown["job"]["status"], "running", "{shown}");
    assert_eq!(listed().await["status"], "running");
}

#[tokio::test]
async fn large_results_are_left_to_their_runs() {
    let scene = Backstage::open().await;
    let batch = scene.batch(&plain(2)).await;
    scene.tend(batch).await;
    work_on(&scene, batch, 2).await;
    for (row, bytes) in [(0, 8 * 1024), (1, 8 * 1024 + 1)] {
        let result = format!("{{\"summary\":\"{}\"}}", "x".repeat(bytes - 14));
        assert_eq!(result.len(), bytes);
        let pk = format!("R#{}", RunId::of_row(batch, row));
        let size = AttributeValue::N(bytes.to_string());
        records::set(&scene.config(), &pk, "OUT", &[("result", AttributeValue::S(result))]).await;
        records::set(&scene.config(), &pk, "M", &[("result_bytes", size)]).await;
        let tables = eclips_tests::function::tables(&scene.config()).await;
        let take = tables.update_item().table_name(scene.config().table_main);
        let take = take
            .key("pk", AttributeValue::S(pk))
            .key("sk", AttributeValue::S("M".into()));
        take.update_expression("REMOVE #result")
            .expression_attribute_names("#result", "result")
            .send()
            .await
            .unwrap();
    }
    let shown = scene.show_batch(batch).await;
    let (small, large) = (&shown["rows"][0], &shown["rows"][1]);
    assert!(
        small["result"].is_object() && small.get("result_truncated").is_none(),
        "{small}"
    );
    assert_eq!(
        (&large["result"], &large["result_truncated"]),
        (&Value::Null, &json!(true))
    );
}

#[tokio::test]
async fn the_largest_batch_is_an_answer_that_lambda_takes() {
    let scene = Backstage::open().await;
    let batch = scene.batch(&plain(500)).await;
    assert!(scene.tend(batch).await);
    let (config, s) = (&scene.config(), AttributeValue::S);
    // As from a body of 1 MiB, of characters that are twice as long in an answer as they were sent.
    let task = "\"".repeat(1_040);
    for (piece, rows) in [167, 167, 166].into_iter().enumerate() {
        let sent = json!(vec![json!({ "task": task }); rows]).to_string();
        assert!(sent.len() <= 350 * 1024);
        records::set(
            config,
            &format!("B#{batch}"),
            &format!("IN#{piece:02}"),
            &[("rows", s(sent))],
        )
        .await;
    }
    let error = format!("Rejected in triage: {}", "\"".repeat(2_000));
    let rejected = &[
        ("status", s("cancelled".into())),
        ("completed_at", AttributeValue::N(Timestamp::now().ms().to_string())),
        ("error", s(error.clone())),
    ];
    let reject = |run: RunId| async move { records::set(config, &format!("R#{run}"), "M", rejected).await };
    let runs = stream::iter((0..500).map(|row| RunId::of_row(batch, row)));
    runs.map(reject).buffer_unordered(16).collect::<()>().await;
    // Past the faulty road, which takes its time with so much.
    let function = Function::batches(config, config.dynamodb_endpoint.as_deref().unwrap()).await;
    let (path, deadline) = (format!("/v1/batches/{batch}"), Instant::now() + PATIENCE);
    let got = loop {
        let got = function.call("GET", &path, Some(&scene.key), None).await;
        // It is much for a debug build: a busy machine may not do it within the time of a request.
        if got.status != 503 || Instant::now() > deadline {
            break got;
        }
    };
    assert_eq!(got.status, 200, "{}", got.body);
    assert!((5_700_000..6_000_000).contains(&got.bytes), "{}", got.bytes);
    let shown = got.json();
    adds_up(&shown);
    for row in shown["rows"].as_array().unwrap() {
        assert_eq!(row["task"], task);
        let said = row["error_message"].as_str().unwrap().trim_end_matches('…');
        assert!(said.len() > 1_500 && error.starts_with(said), "{said}");
    }
    // In a small one it is whole.
    let small = scene.batch(&plain(1)).await;
    assert!(scene.tend(small).await);
    reject(RunId::of_row(small, 0)).await;
    assert_eq!(scene.show_batch(small).await["rows"][0]["error_message"], error);
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
