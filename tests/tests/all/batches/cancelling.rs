//! A batch is cancelled: once, for good, and with every row that can still end.

use aws_sdk_dynamodb::types::AttributeValue;
use eclips_shared::batch::BatchStatus;
use eclips_shared::ids::RunId;
use eclips_shared::store::{BatchCancelled, Store};
use eclips_shared::time::Timestamp;
use eclips_tests::backstage::Backstage;
use eclips_tests::proxy::Fault;
use eclips_tests::records::{self, types};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{events, over_the_faulty_road, plain, runs, waiting, wish};

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
    let store = Store::open(&over_the_faulty_road(&scene));
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
    let store = Store::open(&over_the_faulty_road(&scene));
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
