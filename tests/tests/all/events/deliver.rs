//! The `deliver` function's events. The real process posts to the Internet alone, so a try here is one of an address on loopback,
//! to which nothing goes; what it does with answers is tested in `webhooks/`. What it did is asked of the `webhooks` function.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use eclips_shared::time::{HOUR_MS, Timestamp};
use eclips_tests::receiver::Receiver;
use eclips_tests::records;
use serde_json::{Value, json};

use super::scene::{Scene, nothing_failed};
use super::webhooks::{deliveries, errand, make, tell};

pub async fn makes_a_delivery_for_who_asked_once(mut scene: Scene) {
    make(&mut scene).await;
    let before = scene.stores.kms.calls();
    // Nothing has happened to the run yet.
    assert_eq!(scene.play().await, nothing_failed());
    assert_eq!(deliveries(&mut scene).await, Vec::<Value>::new());
    tell(&mut scene).await;
    // The same message again, as SQS may send it, makes nothing new.
    assert_eq!(scene.play().await, nothing_failed());
    assert_eq!(deliveries(&mut scene).await.len(), 1);
    let messages = scene.stores.take_messages("DeliveriesQueue").into_iter();
    let sent: Vec<(String, Option<String>)> = messages.map(|message| (message.body, message.group)).collect();
    let hint = json!({ "errand": errand(&scene).to_string() }).to_string();
    assert_eq!(sent, [(hint, Some(scene.webhook.to_string()))]);
    assert_eq!(scene.stores.kms.calls(), before, "no secret is opened before a try");
    let log = scene.log("deliver");
    assert_eq!(log.matches(r#""message":"told""#).count(), 1, "{log}");
}

pub async fn notes_a_try_that_went_nowhere_and_when_the_next_one_is(mut scene: Scene) {
    let secret = make(&mut scene).await["secret"].clone();
    tell(&mut scene).await;
    // Registered with another setting, or when less was private: here it is judged once more.
    let receiver = Receiver::start().await;
    let (config, errand) = (scene.stores.config(), errand(&scene));
    let url = receiver.url("/hook?token=t0ken");
    let place = format!("H#{}", errand.tenant);
    let webhook = scene.webhook.to_string();
    records::set(&config, &place, &webhook, &[("url", AttributeValue::S(url))]).await;
    assert_eq!(scene.stores.take_messages("DeliveriesQueue").len(), 1);

    let before = Timestamp::now();
    assert_eq!(scene.play().await, nothing_failed());
    let after = Timestamp::now();
    assert!(receiver.arrivals().is_empty());
    let shown = deliveries(&mut scene).await.remove(0);
    let at = |value: &Value| value.as_str().and_then(Timestamp::parse).expect("a time");
    let tried = &shown["attempts"][0];
    let expected =
        json!({ "at": tried["at"], "status_code": null, "duration_ms": 0, "error": "Address is not public" });
    assert_eq!(shown["attempts"], json!([expected]));
    assert!(before <= at(&tried["at"]) && at(&tried["at"]) <= after, "{tried}");
    // The first step of the ladder: 5 s, give or take a fifth.
    assert_eq!(shown["status"], "pending");
    let next = at(&shown["next_attempt_at"]);
    assert!(
        before.plus_ms(4_000) <= next && next <= after.plus_ms(6_000),
        "{before} {next} {after}"
    );
    // Its hint waits in the queue of those that failed, which its receiver has to itself.
    assert_eq!(
        scene.stores.count_messages("DeliveriesQueue"),
        1,
        "in flight since before"
    );
    assert_eq!(scene.stores.count_messages("RetriesQueue"), 1);
    let stored = records::under(&config, &place).await.remove(0).1;
    assert!(stored.contains_key("failing_since"));

    // Before its time nobody tries it, whoever says so.
    let later = AttributeValue::N(Timestamp::now().plus_ms(HOUR_MS).ms().to_string());
    let (pk, sk) = errand.place();
    records::set(&config, &pk, &sk, &[("next_at", later)]).await;
    assert_eq!(scene.play().await, nothing_failed());
    assert_eq!(deliveries(&mut scene).await[0]["attempts"], json!([expected]));

    // Nor with a secret that does not open: the message comes back, and an operator is told.
    let (now, sealed) = (
        AttributeValue::N("0".to_owned()),
        AttributeValue::B(Blob::new("sealed elsewhere")),
    );
    records::set(&config, &pk, &sk, &[("next_at", now)]).await;
    records::set(&config, &place, &webhook, &[("secret", sealed)]).await;
    assert_ne!(scene.play().await, nothing_failed());
    assert_eq!(deliveries(&mut scene).await[0]["attempts"], json!([expected]));

    let log = scene.log("deliver");
    assert_eq!(log.matches(r#""alarm":"corrupt_secret""#).count(), 1, "{log}");
    assert_eq!(log.matches(r#""message":"posted""#).count(), 1, "{log}");
    assert!(!log.contains("t0ken"), "the query of a URL may hold a token: {log}");
    assert!(!log.contains(&secret.as_str().expect("a text")[6..]));
}

pub async fn gives_back_the_message_that_is_no_hint_and_tells_the_other(mut scene: Scene) {
    make(&mut scene).await;
    assert_eq!(scene.play_also("worker-one-run").await, nothing_failed());
    let failed = json!({ "batchItemFailures": [{ "itemIdentifier": "059f36b4-87a3-44ab-83d2-661975040002" }] });
    assert_eq!(scene.play().await, failed);
    assert_eq!(deliveries(&mut scene).await.len(), 1);
    let log = scene.log("deliver");
    assert_eq!(log.matches(r#""alarm":"unreadable_message""#).count(), 1, "{log}");
}
