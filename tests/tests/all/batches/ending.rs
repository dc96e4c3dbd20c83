//! A batch ends when its rows have: once, whoever notices, and by what they say.

use aws_sdk_dynamodb::types::AttributeValue;
use eclips_shared::ids::RunId;
use eclips_shared::store::{BatchCancelled, Store, StoreError};
use eclips_tests::backstage::{Backstage, ONE_CALL};
use eclips_tests::proxy::Fault;
use eclips_tests::records::{self, text};
use futures_util::future::join_all;
use serde_json::json;

use super::{events, fold, over_the_faulty_road, plain, waiting, wish, work_on};

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
    let store = Store::open(&over_the_faulty_road(&scene));
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
    let store = Store::open(&over_the_faulty_road(&scene));
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
