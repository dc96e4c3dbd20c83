//! The `webhooks` function's events.

use eclips_shared::auth::{Mode, Tenant};
use eclips_shared::ids::{DeliveryId, WebhookId};
use eclips_shared::time::Timestamp;
use eclips_shared::webhook::{Errand, SigningSecret, Target};
use eclips_tests::event_file;
use serde_json::{Value, json};

use super::dispatch::types;
use super::scene::{Answer, Scene, nothing_failed};

const NO_WEBHOOK: &str = r#"{"error":"Webhook not found"}"#;

pub async fn makes_a_webhook_whose_secret_is_in_no_other_answer_and_no_log(mut scene: Scene) {
    let answer = scene.ask().await;
    assert_eq!(answer.status, 201, "{}\n{}", answer.body, scene.log("webhooks"));
    let mut made = answer.json();
    let secret = made["secret"].take();
    let secret = secret.as_str().expect("a text").to_owned();
    assert!(SigningSecret::parse(&secret).is_some(), "whsec_ and 32 bytes");
    let id = made["id"].as_str().and_then(WebhookId::parse).expect("an id");
    let created_at = made["created_at"].as_str().and_then(Timestamp::parse).expect("a time");
    assert!(created_at <= Timestamp::now());
    assert_eq!(
        made,
        json!({
            "id": id, "url": "https://example.com/hooks/eclips",
            "events": ["run.completed", "run.failed", "run.triage_required", "batch.completed"],
            "secret": null, "status": "active", "created_at": created_at,
        })
    );
    let listed = Answer::read(&scene.play_also("webhooks-list").await);
    let piece = &secret[6..];
    assert!(!listed.body.contains(piece) && !scene.log("webhooks").contains(piece));
    assert_eq!(scene.stores.kms.calls(), 1, "sealed, and never opened here");
}

pub async fn lists_webhooks_without_their_secrets(mut scene: Scene) {
    let mut webhook = make(&mut scene).await;
    webhook.as_object_mut().expect("an object").remove("secret");
    let answer = scene.ask().await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let expected = json!({ "data": [webhook], "total": 1, "limit": 20, "offset": 0, "next_cursor": null });
    assert_eq!(answer.json(), expected);
}

pub async fn deletes_a_webhook_of_its_own_organization_once(mut scene: Scene) {
    make(&mut scene).await;
    refuses_a_stranger(&mut scene).await;
    let answer = scene.ask().await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"deleted":true}"#));
    let answer = scene.ask().await;
    assert_eq!((answer.status, answer.body.as_str()), (404, NO_WEBHOOK));
}

pub async fn gives_another_secret_four_times_a_day(mut scene: Scene) {
    let mut secrets = vec![make(&mut scene).await["secret"].clone()];
    refuses_a_stranger(&mut scene).await;
    for _ in 0..4 {
        let answer = scene.ask().await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let rotated = answer.json();
        assert_eq!(rotated.as_object().expect("an object").len(), 1);
        let secret = rotated["secret"].clone();
        assert!(secret.as_str().and_then(SigningSecret::parse).is_some());
        assert!(!secrets.contains(&secret));
        secrets.push(secret);
    }
    let answer = scene.ask().await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (409, r#"{"error":"At most 4 rotations in 24 hours"}"#)
    );
}

pub async fn lists_what_was_sent_to_a_webhook(mut scene: Scene) {
    make(&mut scene).await;
    let answer = scene.ask().await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let empty = json!({ "data": [], "total": 0, "limit": 20, "offset": 0, "next_cursor": null });
    assert_eq!(answer.json(), empty);
    refuses_a_stranger(&mut scene).await;
    tell(&mut scene).await;
    let shown = scene.ask().await.json();
    let delivery = &shown["data"][0];
    assert_eq!(
        *delivery,
        json!({
            "id": scene.delivery, "event": "run.completed", "run_id": scene.run, "batch_id": null, "status": "pending",
            "attempts": [], "next_attempt_at": delivery["next_attempt_at"],
        })
    );
    assert!(
        delivery["next_attempt_at"]
            .as_str()
            .and_then(Timestamp::parse)
            .is_some()
    );
}

pub async fn has_a_delivery_sent_again(mut scene: Scene) {
    make(&mut scene).await;
    refuses_a_stranger(&mut scene).await;
    let answer = scene.ask().await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (404, r#"{"error":"Delivery not found"}"#)
    );
    tell(&mut scene).await;
    let answer = scene.ask().await;
    let expected = json!({ "id": scene.delivery, "status": "pending" });
    assert_eq!((answer.status, answer.json()), (202, expected));
    // What the stream carries on is what the dispatcher's file shows.
    let (pk, sk) = errand(&scene).place();
    let written = scene.stores.types_at(&pk, &sk).await;
    let record = event_file::read("dispatch-delivery-asked", &scene.key, scene.run);
    assert_eq!(types(&record["Records"][0]["dynamodb"]["NewImage"]), written);
}

/// Makes the webhook of `webhooks-create`, which becomes the scene's; gives it as it was answered, with its secret.
pub async fn make(scene: &mut Scene) -> Value {
    let answer = Answer::read(&scene.play_also("webhooks-create").await);
    assert_eq!(answer.status, 201, "{}", answer.body);
    let made = answer.json();
    scene.webhook = made["id"].as_str().and_then(WebhookId::parse).expect("an id");
    made
}

/// Has the scene's run end, and the scene's webhook told of it; the delivery becomes the scene's.
pub async fn tell(scene: &mut Scene) {
    assert_eq!(scene.play_also("worker-one-run").await, nothing_failed());
    assert_eq!(scene.play_also("deliver-news").await, nothing_failed());
    let shown = deliveries(scene).await;
    assert_eq!(shown.len(), 1, "{shown:?}");
    scene.delivery = shown[0]["id"].as_str().and_then(DeliveryId::parse).expect("an id");
}

/// What the list of deliveries to the scene's webhook shows.
pub async fn deliveries(scene: &mut Scene) -> Vec<Value> {
    let answer = Answer::read(&scene.play_also("webhooks-deliveries").await);
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["data"].as_array().expect("a list").clone()
}

/// The scene's delivery to the scene's webhook.
pub fn errand(scene: &Scene) -> Errand {
    Errand {
        tenant: Tenant {
            org: scene.org,
            mode: Mode::Live,
        },
        target: Target::Webhook(scene.webhook),
        id: scene.delivery,
    }
}

/// Another organization's key hears of the scene's webhook what it would of none.
async fn refuses_a_stranger(scene: &mut Scene) {
    let own = scene.key.clone();
    scene.key = scene.stranger().await;
    let refused = scene.ask().await;
    assert_eq!((refused.status, refused.body.as_str()), (404, NO_WEBHOOK));
    scene.key = own;
}
