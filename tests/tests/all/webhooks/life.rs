//! A webhook from its first day to its last: made, listed, signed for, rotated, deleted.

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use eclips_shared::time::Timestamp;
use eclips_shared::webhook::SigningSecret;
use eclips_tests::backstage::Backstage;
use eclips_tests::receiver::{Arrival, Receiver};
use eclips_tests::records;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{attempt, errand, id_of, only_delivery, told_run};

fn hmac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

/// Both signatures are by these secrets, the newest first, and by no others; reckoned by another library.
pub(in crate::all) fn assert_signed(arrival: &Arrival, secrets: &[&str]) {
    let manual: String = hmac(secrets[0].as_bytes(), &[&arrival.body])
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(arrival.header("x-eclips-signature"), format!("sha256={manual}"));
    let signed = format!(
        "{}.{}.",
        arrival.header("webhook-id"),
        arrival.header("webhook-timestamp")
    );
    let expected: Vec<String> = secrets
        .iter()
        .map(|secret| {
            let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
            format!(
                "v1,{}",
                STANDARD.encode(hmac(&key, &[signed.as_bytes(), &arrival.body]))
            )
        })
        .collect();
    assert_eq!(arrival.header("webhook-signature"), expected.join(" "));
    let seconds: i64 = arrival.header("webhook-timestamp").parse().unwrap();
    assert!(
        (Timestamp::now().seconds() - seconds).abs() < 60,
        "the time is that of the try"
    );
}

async fn list(scene: &Backstage) -> Value {
    scene
        .webhooks
        .call("GET", "/v1/webhooks", Some(&scene.key), None)
        .await
        .json()
}

async fn rotate(scene: &Backstage, webhook: &Value) -> (u64, Value) {
    let path = format!("/v1/webhooks/{}/rotate", id_of(webhook));
    let got = scene.webhooks.call("POST", &path, Some(&scene.key), None).await;
    (got.status, got.json())
}

#[tokio::test]
async fn its_secret_is_shown_once_and_stored_nowhere() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    let webhook = scene
        .webhook(&receiver.url("/"), &["run.completed", "run.failed"])
        .await;
    let secret = webhook["secret"].as_str().unwrap();
    assert!(
        SigningSecret::parse(secret).is_some(),
        "whsec_ and the base64 of 32 bytes"
    );
    let listed = list(&scene).await;
    let mut shown = webhook.clone();
    shown.as_object_mut().unwrap().remove("secret");
    assert_eq!(listed["data"], json!([shown]));
    assert_eq!((&listed["total"], &listed["next_cursor"]), (&json!(1), &Value::Null));
    // In the whole table there is no piece of it, in whatever spelling.
    let bytes = STANDARD.decode(&secret[6..]).unwrap();
    let items = records::under(&scene.config(), &format!("H#{}", scene.tenant())).await;
    for (name, value) in items.into_iter().flat_map(|(_, item)| item) {
        let stored = match &value {
            AttributeValue::B(blob) => blob.as_ref().to_vec(),
            other => format!("{other:?}").into_bytes(),
        };
        for piece in bytes.windows(6).chain(secret.as_bytes()[6..].windows(8)) {
            assert!(!stored.windows(piece.len()).any(|part| part == piece), "{name}");
        }
    }
}

#[tokio::test]
async fn after_a_rotation_both_secrets_sign_for_24_hours() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    let webhook = scene.webhook(&receiver.url("/"), &["run.completed"]).await;
    let first = webhook["secret"].as_str().unwrap();
    told_run(&scene).await;
    scene.deliver_all("DeliveriesQueue").await;
    assert_signed(&receiver.arrivals()[0], &[first]);

    let (status, rotated) = rotate(&scene, &webhook).await;
    assert_eq!((status, rotated.as_object().unwrap().len()), (200, 1));
    let second = rotated["secret"].as_str().unwrap();
    assert_ne!(second, first);
    told_run(&scene).await;
    scene.deliver_all("DeliveriesQueue").await;
    assert_signed(&receiver.arrivals()[1], &[second, first]);
    // Rotated once more within the day: what was promised the first secret still holds.
    let third = rotate(&scene, &webhook).await.1["secret"].as_str().unwrap().to_owned();
    told_run(&scene).await;
    scene.deliver_all("DeliveriesQueue").await;
    assert_signed(&receiver.arrivals()[2], &[&third, second, first]);

    // A day later.
    let pk = format!("H#{}", scene.tenant());
    let item = records::under(&scene.config(), &pk).await.remove(0).1;
    let mut old = item["replaced"].as_l().unwrap().clone();
    for (at, entry) in old.iter_mut().enumerate() {
        let AttributeValue::M(entry) = entry else {
            panic!("{entry:?}")
        };
        let until: i64 = entry["until"].as_n().unwrap().parse().unwrap();
        let day_ms = 24 * 3_600_000;
        assert!(
            (until - Timestamp::now().ms() - day_ms).abs() < 60_000,
            "24 h from the rotation"
        );
        let left_ms = if at == 0 { 60_000 } else { 0 };
        entry.insert("until".to_owned(), super::ms(Timestamp::now().plus_ms(left_ms)));
    }
    records::set(
        &scene.config(),
        &pk,
        &id_of(&webhook).to_string(),
        &[("replaced", AttributeValue::L(old))],
    )
    .await;
    told_run(&scene).await;
    scene.deliver_all("DeliveriesQueue").await;
    assert_signed(&receiver.arrivals()[3], &[&third, second]);
}

#[tokio::test]
async fn two_rotations_at_once_both_sign_and_too_many_are_refused() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    let webhook = scene.webhook(&receiver.url("/"), &["run.completed"]).await;
    let (one, other) = futures_util::future::join(rotate(&scene, &webhook), rotate(&scene, &webhook)).await;
    assert_eq!((one.0, other.0), (200, 200));
    told_run(&scene).await;
    scene.deliver_all("DeliveriesQueue").await;
    let secrets = [&one.1, &other.1].map(|answer| answer["secret"].as_str().unwrap());
    let first = webhook["secret"].as_str().unwrap();
    let arrival = &receiver.arrivals()[0];
    let signed = format!(
        "{}.{}.",
        arrival.header("webhook-id"),
        arrival.header("webhook-timestamp")
    );
    for secret in secrets.into_iter().chain([first]) {
        let key = STANDARD.decode(&secret[6..]).unwrap();
        let expected = format!(
            "v1,{}",
            STANDARD.encode(hmac(&key, &[signed.as_bytes(), &arrival.body]))
        );
        assert!(
            arrival
                .header("webhook-signature")
                .split(' ')
                .any(|one| one == expected)
        );
    }
    assert_eq!(rotate(&scene, &webhook).await.0, 200);
    assert_eq!(rotate(&scene, &webhook).await.0, 200);
    let (status, refused) = rotate(&scene, &webhook).await;
    assert_eq!(
        (status, refused),
        (409, json!({ "error": "At most 4 rotations in 24 hours" }))
    );
}

#[tokio::test]
async fn deleted_it_is_not_found_and_no_try_begins() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    let webhook = scene.webhook(&receiver.url("/"), &["run.completed"]).await;
    told_run(&scene).await;
    let waiting = errand(&scene, &webhook, &only_delivery(&scene, &webhook).await);
    let path = format!("/v1/webhooks/{}", id_of(&webhook));
    let deleted = scene.webhooks.call("DELETE", &path, Some(&scene.key), None).await;
    assert_eq!((deleted.status, deleted.json()), (200, json!({ "deleted": true })));
    scene.deliver_all("DeliveriesQueue").await;
    attempt(&scene, waiting).await;
    told_run(&scene).await;
    scene.deliver_all("DeliveriesQueue").await;
    assert!(receiver.arrivals().is_empty());
    for (method, path) in [
        ("DELETE", path.clone()),
        ("POST", format!("{path}/rotate")),
        ("GET", format!("{path}/deliveries")),
        ("POST", format!("{path}/deliveries/{}/resend", waiting.id)),
    ] {
        let got = scene.webhooks.call(method, &path, Some(&scene.key), None).await;
        assert_eq!(
            (got.status, got.body.as_str()),
            (404, r#"{"error":"Webhook not found"}"#),
            "{path}"
        );
    }
    assert_eq!(list(&scene).await["data"], json!([]));
}

#[tokio::test]
async fn an_organization_has_twenty_whoever_makes_them_at_once() {
    let scene = Backstage::open().await;
    let body = json!({ "url": "https://hooks.example.com/", "events": ["run.completed"] });
    let makes = (0..24).map(|_| {
        scene
            .webhooks
            .call("POST", "/v1/webhooks", Some(&scene.key), Some(body.clone()))
    });
    let made = futures_util::future::join_all(makes).await;
    let created: Vec<Value> = made
        .iter()
        .filter(|one| one.status == 201)
        .map(|one| one.json())
        .collect();
    assert_eq!(created.len(), 20);
    for refused in made.iter().filter(|one| one.status != 201) {
        let expected = json!({ "error": "At most 20 webhooks per organization", "field": "url" });
        assert_eq!((refused.status, refused.json()), (422, expected));
    }
    assert_eq!(list(&scene).await["total"], 20);
    // Deleting one makes room for one.
    let path = format!("/v1/webhooks/{}", id_of(&created[0]));
    for _ in 0..2 {
        scene.webhooks.call("DELETE", &path, Some(&scene.key), None).await;
    }
    let again = |body: Value| {
        scene
            .webhooks
            .call("POST", "/v1/webhooks", Some(&scene.key), Some(body))
    };
    assert_eq!(again(body.clone()).await.status, 201);
    assert_eq!(again(body).await.status, 422);
}

#[tokio::test]
async fn lists_go_page_by_page_newest_first() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    let mut webhooks = Vec::new();
    for number in 0..5 {
        webhooks.push(
            scene
                .webhook(&receiver.url(&format!("/{number}")), &["run.completed"])
                .await,
        );
    }
    let mut runs = Vec::new();
    for _ in 0..5 {
        runs.push(told_run(&scene).await.to_string());
    }
    let deliveries = format!("/v1/webhooks/{}/deliveries", id_of(&webhooks[0]));
    let newest_first: Vec<String> = runs.into_iter().rev().collect();
    let urls: Vec<String> = (0..5).rev().map(|number| receiver.url(&format!("/{number}"))).collect();
    for (path, member, expected) in [
        ("/v1/webhooks", "url", urls),
        (deliveries.as_str(), "run_id", newest_first),
    ] {
        let mut seen = Vec::new();
        let mut query = "limit=2".to_owned();
        loop {
            let page = scene.webhooks.query(&scene.key, path, &query).await.json();
            assert_eq!(page["total"], 5, "{page}");
            seen.extend(
                page["data"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|one| one[member].as_str().unwrap().to_owned()),
            );
            match page["next_cursor"].as_str() {
                Some(cursor) => query = format!("limit=2&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!(seen, expected, "{path}");
        let skipped = scene
            .webhooks
            .query(&scene.key, path, "offset=3&limit=100")
            .await
            .json();
        let skipped: Vec<&str> = skipped["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one[member].as_str().unwrap())
            .collect();
        assert_eq!(skipped, expected[3..], "{path}");
    }
}

#[tokio::test]
async fn the_audit_log_says_who_made_rotated_and_deleted_it() {
    use eclips_shared::store::Backwards;
    let scene = Backstage::open().await;
    let webhook = scene
        .webhook(
            "https://hooks.example.com/in?token=top-secret",
            &["run.completed", "run.failed"],
        )
        .await;
    assert_eq!(rotate(&scene, &webhook).await.0, 200);
    let path = format!("/v1/webhooks/{}", id_of(&webhook));
    scene.webhooks.call("DELETE", &path, Some(&scene.key), None).await;
    let page = Backwards {
        before: None,
        items_max: 3,
    };
    let (_, key) = scene.stores.owner(&scene.key).await;
    let entries = scene.stores.store.audit().list(scene.org, page).await.unwrap().items;
    let told: Vec<(&str, &str)> = entries
        .iter()
        .map(|entry| (entry.action.as_str(), entry.detail.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("webhook.deleted", "It is told nothing more"),
            ("webhook.rotated", "The one before still signs for 24 hours"),
            (
                "webhook.created",
                "https://hooks.example.com/in is told of run.completed, run.failed"
            ),
        ]
    );
    for entry in &entries {
        assert_eq!(
            (entry.actor.as_str(), entry.subject.as_str()),
            (key.to_string().as_str(), webhook["id"].as_str().unwrap())
        );
    }
}
