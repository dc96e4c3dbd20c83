//! What each condition of the transactions is for: something changes between the reads and the write, and the write is
//! refused. Each of these fails when its condition is taken away.

use aws_sdk_dynamodb::types::AttributeValue;
use eclips_shared::config::Config;
use eclips_shared::ids::{RunId, TriageId};
use eclips_shared::store::{Store, StoreError};
use eclips_shared::time::Timestamp;
use eclips_tests::backstage::Backstage;
use eclips_tests::records::{self, text, types};
use serde_json::{Value, json};

async fn set(scene: &Backstage, pk: String, name: &str, value: AttributeValue) {
    records::set(&scene.config(), &pk, "M", &[(name, value)]).await;
}

fn word(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// The run as it lies in the table: status, number of the last event, events told.
async fn stands(scene: &Backstage, run: RunId) -> (String, String, usize) {
    let main = records::item(&scene.config(), run, "M").await;
    let events = records::events(&scene.config(), run).await;
    (
        text(&main, "status").to_owned(),
        text(&main, "seq").to_owned(),
        types(&events).len(),
    )
}

#[tokio::test]
async fn an_item_that_ends_meanwhile_is_not_decided() {
    for verb in ["approve", "reject"] {
        let scene = Backstage::open().await;
        let (run, triage) = scene.waiting().await;
        let before = stands(&scene, run).await;
        // The item alone, as no code of ours does it: only its own condition stands in the way.
        let change = set(&scene, format!("Q#{triage}"), "status", word("cancelled"));
        let (status, body) = scene
            .meanwhile("TransactWriteItems", scene.decide(&triage, verb, json!({})), change)
            .await;
        assert_eq!((status, &body["status"]), (409, &json!("cancelled")), "{body}");
        assert_eq!(stands(&scene, run).await, before);
    }
}

#[tokio::test]
async fn an_item_whose_time_ends_meanwhile_is_not_decided() {
    for verb in ["approve", "reject"] {
        let scene = Backstage::open().await;
        let (run, triage) = scene.waiting().await;
        let before = stands(&scene, run).await;
        let change = set(
            &scene,
            format!("Q#{triage}"),
            "expires_at",
            AttributeValue::N("1".into()),
        );
        let (status, body) = scene
            .meanwhile("TransactWriteItems", scene.decide(&triage, verb, json!({})), change)
            .await;
        assert_eq!((status, &body["status"]), (409, &json!("expired")), "{body}");
        assert_eq!(stands(&scene, run).await, before);
    }
}

#[tokio::test]
async fn a_run_that_takes_a_step_meanwhile_is_looked_at_again() {
    for verb in ["approve", "reject"] {
        let scene = Backstage::open().await;
        let (run, triage) = scene.waiting().await;
        let (_, seq, _) = stands(&scene, run).await;
        let seq: u64 = seq.parse().unwrap();
        let change = set(
            &scene,
            format!("R#{run}"),
            "seq",
            AttributeValue::N((seq + 10).to_string()),
        );
        let (status, body) = scene
            .meanwhile("TransactWriteItems", scene.decide(&triage, verb, json!({})), change)
            .await;
        assert_eq!(status, 200, "{body}");
        assert_eq!(stands(&scene, run).await.1, (seq + 12).to_string());
    }
}

#[tokio::test]
async fn a_run_that_does_not_wait_is_not_ended() {
    for verb in ["approve", "reject"] {
        let scene = Backstage::open().await;
        let (run, triage) = scene.waiting().await;
        set(&scene, format!("R#{run}"), "status", word("running")).await;
        let before = stands(&scene, run).await;
        let (status, body) = scene.decide(&triage, verb, json!({})).await;
        assert_eq!(status, 503, "{body}");
        assert_eq!(stands(&scene, run).await, before);
        let item = records::question(&scene.config(), &triage).await;
        assert_eq!(text(&item, "status"), "pending");
    }
}

/// The store over the faulty road.
async fn store(scene: &Backstage) -> Store {
    Store::open(&Config {
        dynamodb_endpoint: Some(scene.proxy.url().to_owned()),
        ..scene.config()
    })
}

#[tokio::test]
async fn what_ends_meanwhile_does_not_expire() {
    let scene = Backstage::open().await;
    let store = store(&scene).await;
    for what in ["item", "run", "seq"] {
        let (run, triage) = scene.waiting().await;
        let id = TriageId::parse(&triage).unwrap();
        set(
            &scene,
            format!("Q#{triage}"),
            "expires_at",
            AttributeValue::N("1".into()),
        )
        .await;
        let before = stands(&scene, run).await;
        let change = async {
            match what {
                "item" => set(&scene, format!("Q#{triage}"), "status", word("approved")).await,
                "run" => set(&scene, format!("R#{run}"), "status", word("running")).await,
                _ => set(&scene, format!("R#{run}"), "seq", AttributeValue::N("99".into())).await,
            }
        };
        let triages = store.triages();
        let refused = scene
            .meanwhile("TransactWriteItems", triages.expire(id, Timestamp::now()), change)
            .await;
        assert!(matches!(refused, Err(StoreError::Lost)), "{what}: {refused:?}");
        let after = stands(&scene, run).await;
        assert_eq!(after.2, before.2, "{what}");
        assert!(
            ["pending_triage", "running"].contains(&after.0.as_str()),
            "{what}: {after:?}"
        );
        let item = records::question(&scene.config(), &triage).await;
        assert_ne!(text(&item, "status"), "expired", "{what}");
    }
}

#[tokio::test]
async fn a_question_whose_time_is_over_is_not_withdrawn() {
    let scene = Backstage::open().await;
    let (run, triage) = scene.waiting().await;
    let over = Timestamp::now().plus_ms(-1_000);
    let ended = AttributeValue::N(over.ms().to_string());
    set(&scene, format!("Q#{triage}"), "expires_at", ended.clone()).await;
    // Nobody has swept, and everybody was told that it has expired: the run has failed, and cannot be cancelled.
    let (status, body) = scene.cancel(run).await;
    assert_eq!((status, &body["status"]), (409, &json!("failed")), "{body}");
    assert_eq!(scene.show(run).await["error"], "Triage expired");
    let item = records::question(&scene.config(), &triage).await;
    assert_eq!((text(&item, "status"), &item["decided_at"]), ("expired", &ended));
    let events = records::events(&scene.config(), run).await;
    assert_eq!(types(&events).last(), Some(&"run.failed"));
}

#[tokio::test]
async fn a_question_that_is_withdrawn_was_open() {
    let scene = Backstage::open().await;
    let (run, triage) = scene.waiting().await;
    let before = stands(&scene, run).await;
    // As no code of ours leaves it: the cancellation gives up, and ends nothing.
    set(&scene, format!("Q#{triage}"), "status", word("approved")).await;
    let (status, body): (u64, Value) = scene.cancel(run).await;
    assert_eq!(status, 503, "{body}");
    assert_eq!(stands(&scene, run).await, before);
    let item = records::question(&scene.config(), &triage).await;
    assert_eq!(text(&item, "status"), "approved");
}
