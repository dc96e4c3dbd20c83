//! Webhooks: told once what happened, tried as the ladder says, signed so that others can verify it. Nothing happens but what a test
//! does, and time passes by moving what is stored.

mod health;
mod isolation;
pub(in crate::all) mod life;
mod lost;
mod telling;
mod tries;
mod whole;

use aws_sdk_dynamodb::types::AttributeValue;
use eclips_shared::ids::{DeliveryId, RunId, WebhookId};
use eclips_shared::time::Timestamp;
use eclips_shared::webhook::{Errand, Source, Target};
use eclips_tests::backstage::Backstage;
use eclips_tests::records;
use serde_json::{Value, json};

/// A webhook's id.
fn id_of(webhook: &Value) -> WebhookId {
    webhook["id"].as_str().and_then(WebhookId::parse).expect("an id")
}

/// A delivery that a list shows.
fn errand(scene: &Backstage, webhook: &Value, delivery: &Value) -> Errand {
    Errand {
        tenant: scene.tenant(),
        target: Target::Webhook(id_of(webhook)),
        id: delivery["id"].as_str().and_then(DeliveryId::parse).expect("an id"),
    }
}

/// A run that has ended, and whose end was told, which is not delivered yet.
async fn told_run(scene: &Backstage) -> RunId {
    let run = scene.create(json!({ "task": "x", "data": { "sandbox": {} } })).await;
    scene.work_on(run).await;
    scene.tell(Source::Run(run)).await;
    run
}

fn ms(at: Timestamp) -> AttributeValue {
    AttributeValue::N(at.ms().to_string())
}

/// Lets the time pass until a delivery is to be tried again, and so the sweep finds it.
async fn due(scene: &Backstage, errand: Errand) {
    let (pk, sk) = errand.place();
    let now = ms(Timestamp::now());
    records::set(&scene.config(), &pk, &sk, &[("next_at", now.clone()), ("due_at", now)]).await;
}

/// How long it is until a delivery is tried again, by what its owner sees.
fn wait_ms(delivery: &Value) -> i64 {
    let next = delivery["next_attempt_at"].as_str().and_then(Timestamp::parse);
    next.expect("it is tried again").ms() - Timestamp::now().ms()
}

/// Has a deliverer look at a delivery as the queue of retries would.
async fn attempt(scene: &Backstage, errand: Errand) {
    let body = json!({ "errand": errand.to_string() }).to_string();
    assert!(scene.deliver("RetriesQueue", &body).await);
}

/// The only delivery to a webhook.
async fn only_delivery(scene: &Backstage, webhook: &Value) -> Value {
    let deliveries = scene.deliveries(webhook).await;
    assert_eq!(deliveries.len(), 1, "{deliveries:?}");
    deliveries[0].clone()
}

/// Takes what waits in the queues of deliveries, as somebody who is never heard of again.
fn lose_hints(scene: &Backstage) -> usize {
    let queues = ["DeliveriesQueue", "RetriesQueue"];
    queues.iter().map(|queue| scene.stores.take_messages(queue).len()).sum()
}
