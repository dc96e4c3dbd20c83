//! A webhook that fails too long, or says that it is gone, is disabled; one that takes something again is well.

use aws_sdk_dynamodb::types::AttributeValue;
use eclips_shared::time::Timestamp;
use eclips_tests::backstage::Backstage;
use eclips_tests::receiver::{Receiver, Reply};
use eclips_tests::records;
use serde_json::{Value, json};

use super::{attempt, due, errand, id_of, only_delivery, told_run};

const HOUR_MS: i64 = 3_600_000;

async fn status(scene: &Backstage, webhook: &Value) -> Value {
    let listed = scene
        .webhooks
        .call("GET", "/v1/webhooks", Some(&scene.key), None)
        .await
        .json();
    let data = listed["data"].as_array().unwrap().clone();
    data.iter()
        .find(|one| one["id"] == webhook["id"])
        .expect("it is listed")["status"]
        .clone()
}

async fn item(scene: &Backstage, webhook: &Value) -> records::Item {
    let all = records::under(&scene.config(), &format!("H#{}", scene.tenant())).await;
    let id = id_of(webhook).to_string();
    all.into_iter().find(|(sk, _)| *sk == id).expect("it is stored").1
}

/// Lets a webhook have failed for so long.
async fn failing_for(scene: &Backstage, webhook: &Value, ms: i64) {
    let since = AttributeValue::N(Timestamp::now().plus_ms(-ms).ms().to_string());
    let pk = format!("H#{}", scene.tenant());
    records::set(
        &scene.config(),
        &pk,
        &id_of(webhook).to_string(),
        &[("failing_since", since)],
    )
    .await;
}

/// A delivery to a new webhook, whose first try failed.
async fn failed_once(scene: &Backstage, receiver: &Receiver) -> (Value, eclips_shared::webhook::Errand) {
    receiver.always(Reply::Status(500));
    let webhook = scene.webhook(&receiver.url("/"), &["run.completed"]).await;
    told_run(scene).await;
    scene.deliver_all("DeliveriesQueue").await;
    let errand = errand(scene, &webhook, &only_delivery(scene, &webhook).await);
    (webhook, errand)
}

#[tokio::test]
async fn who_says_gone_is_not_sent_anything_more() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    receiver.always(Reply::Status(410));
    let webhook = scene.webhook(&receiver.url("/"), &["run.completed"]).await;
    told_run(&scene).await;
    scene.deliver_all("DeliveriesQueue").await;
    assert_eq!(only_delivery(&scene, &webhook).await["status"], "failed");
    assert_eq!(status(&scene, &webhook).await, "disabled");
    told_run(&scene).await;
    assert_eq!(scene.deliver_all("DeliveriesQueue").await, 0, "nothing is made for it");
    assert_eq!(receiver.arrivals().len(), 1);
}

#[tokio::test]
async fn after_120_hours_without_a_success_it_is_disabled_and_what_waits_is_given_up() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    let (webhook, first) = failed_once(&scene, &receiver).await;
    assert!(item(&scene, &webhook).await.contains_key("failing_since"));
    failing_for(&scene, &webhook, 120 * HOUR_MS - 60_000).await;
    due(&scene, first).await;
    attempt(&scene, first).await;
    assert_eq!(status(&scene, &webhook).await, "active", "not a minute too early");
    failing_for(&scene, &webhook, 120 * HOUR_MS + 1_000).await;
    due(&scene, first).await;
    attempt(&scene, first).await;
    assert_eq!(status(&scene, &webhook).await, "disabled");
    due(&scene, first).await;
    attempt(&scene, first).await;
    assert_eq!(receiver.arrivals().len(), 3, "disabled, it gets no other try");
    assert_eq!(only_delivery(&scene, &webhook).await["status"], "failed");
}

#[tokio::test]
async fn one_success_begins_the_time_anew() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    let (webhook, errand) = failed_once(&scene, &receiver).await;
    failing_for(&scene, &webhook, 119 * HOUR_MS).await;
    receiver.always(Reply::Status(200));
    due(&scene, errand).await;
    attempt(&scene, errand).await;
    assert_eq!(only_delivery(&scene, &webhook).await["status"], "delivered");
    assert!(!item(&scene, &webhook).await.contains_key("failing_since"));
}

#[tokio::test]
async fn a_resend_that_is_taken_makes_a_disabled_webhook_well() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    receiver.always(Reply::Status(410));
    let webhook = scene.webhook(&receiver.url("/"), &["run.completed"]).await;
    told_run(&scene).await;
    scene.deliver_all("DeliveriesQueue").await;
    let delivery = only_delivery(&scene, &webhook).await;
    let errand = errand(&scene, &webhook, &delivery);
    let path = format!("/v1/webhooks/{}/deliveries/{}/resend", id_of(&webhook), errand.id);
    // Still gone: nothing changes, and there is no ladder for it.
    for (reply, delivered, now) in [
        (410, "failed", "disabled"),
        (500, "failed", "disabled"),
        (200, "delivered", "active"),
    ] {
        receiver.always(Reply::Status(reply));
        let asked = scene.webhooks.call("POST", &path, Some(&scene.key), None).await;
        assert_eq!(
            (asked.status, asked.json()),
            (202, json!({ "id": errand.id, "status": "pending" }))
        );
        attempt(&scene, errand).await;
        assert_eq!(only_delivery(&scene, &webhook).await["status"], delivered);
        assert_eq!(status(&scene, &webhook).await, now);
    }
    let ids: Vec<String> = receiver
        .arrivals()
        .iter()
        .map(|one| one.header("webhook-id").to_owned())
        .collect();
    assert_eq!(
        ids,
        vec![errand.id.to_string(); 4],
        "the same id, and with it the same bytes"
    );
    assert!(
        receiver
            .arrivals()
            .iter()
            .all(|one| one.body == receiver.arrivals()[0].body)
    );
}

#[tokio::test]
async fn a_delivered_one_can_be_sent_again_with_a_ladder_of_its_own() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    let webhook = scene.webhook(&receiver.url("/"), &["run.completed"]).await;
    told_run(&scene).await;
    scene.deliver_all("DeliveriesQueue").await;
    let errand = errand(&scene, &webhook, &only_delivery(&scene, &webhook).await);
    let path = format!("/v1/webhooks/{}/deliveries/{}/resend", id_of(&webhook), errand.id);
    assert_eq!(
        scene.webhooks.call("POST", &path, Some(&scene.key), None).await.status,
        202
    );
    let pending = only_delivery(&scene, &webhook).await;
    assert_eq!(pending["status"], "pending");
    receiver.next([Reply::Status(500)]);
    attempt(&scene, errand).await;
    assert!(
        super::wait_ms(&only_delivery(&scene, &webhook).await) <= 6_000,
        "the first step"
    );
    due(&scene, errand).await;
    attempt(&scene, errand).await;
    let delivery = only_delivery(&scene, &webhook).await;
    assert_eq!(
        (
            delivery["status"].as_str(),
            delivery["attempts"].as_array().unwrap().len()
        ),
        (Some("delivered"), 3)
    );
}
