//! Whatever is lost, an event arrives: hints, deliverers, answers of the store, the key above the secrets.

use aws_sdk_dynamodb::types::AttributeValue;
use eclips_shared::webhook::Source;
use eclips_tests::backstage::{Backstage, ONE_CALL};
use eclips_tests::proxy::Fault;
use eclips_tests::receiver::{Receiver, Reply};
use eclips_tests::records;
use serde_json::json;

use super::{attempt, due, errand, id_of, lose_hints, ms, only_delivery, told_run};

#[tokio::test]
async fn a_delivery_whose_hint_was_lost_is_found_by_the_sweep() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    let webhook = scene.webhook(&receiver.url("/"), &["run.completed"]).await;
    told_run(&scene).await;
    assert_eq!(lose_hints(&scene), 1);
    assert_eq!(scene.sweep().await["due"], 0, "not at once");
    let errand = errand(&scene, &webhook, &only_delivery(&scene, &webhook).await);
    due(&scene, errand).await;
    assert_eq!(scene.sweep().await["hinted"], 1);
    scene.deliver_all("RetriesQueue").await;
    assert_eq!(only_delivery(&scene, &webhook).await["status"], "delivered");
}

#[tokio::test]
async fn one_who_dies_between_the_post_and_its_note_lets_it_be_posted_again_under_the_same_id() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    let webhook = scene.webhook(&receiver.url("/"), &["run.completed"]).await;
    told_run(&scene).await;
    let errand = errand(&scene, &webhook, &only_delivery(&scene, &webhook).await);
    // The claim is the first update, and what came of the post is the second; that one never gets through.
    receiver.always(Reply::Late(200, std::time::Duration::from_millis(5_000)));
    let dies = tokio::time::timeout(std::time::Duration::from_millis(1_500), attempt(&scene, errand)).await;
    assert!(dies.is_err(), "it is dropped while it posts");
    assert_eq!(receiver.arrivals().len(), 1);
    // Under its lease nobody else posts.
    receiver.always(Reply::Status(200));
    attempt(&scene, errand).await;
    assert_eq!(receiver.arrivals().len(), 1);
    let (pk, sk) = errand.place();
    let past = ms(eclips_shared::time::Timestamp::now().plus_ms(-1));
    records::set(
        &scene.config(),
        &pk,
        &sk,
        &[("lease_until", past.clone()), ("due_at", past)],
    )
    .await;
    assert_eq!(scene.sweep().await["hinted"], 1);
    scene.deliver_all("RetriesQueue").await;
    let arrivals = receiver.arrivals();
    assert_eq!(arrivals.len(), 2);
    assert_eq!(arrivals[0].header("webhook-id"), arrivals[1].header("webhook-id"));
    assert_eq!(arrivals[0].body, arrivals[1].body);
    assert_eq!(only_delivery(&scene, &webhook).await["status"], "delivered");
}

#[tokio::test]
async fn a_crash_while_telling_is_made_good_by_telling_again() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    let webhooks = [
        scene.webhook(&receiver.url("/1"), &["run.completed"]).await,
        scene.webhook(&receiver.url("/2"), &["run.completed"]).await,
    ];
    let run = scene.create(json!({ "task": "x" })).await;
    scene.work_on(run).await;
    let body = json!({ "news_of": Source::Run(run).to_string() }).to_string();
    // Cut off before, at and after each call of telling: the message is not done with, or is sent anew.
    for call in 0..8 {
        scene.proxy.set_after("PutItem", call, ONE_CALL, Fault::Broken);
        scene.deliver("DeliveriesQueue", &body).await;
        scene.proxy.set(Fault::None);
    }
    scene.tell(Source::Run(run)).await;
    for webhook in &webhooks {
        let errand = errand(&scene, webhook, &only_delivery(&scene, webhook).await);
        attempt(&scene, errand).await;
        assert_eq!(only_delivery(&scene, webhook).await["status"], "delivered");
    }
    assert_eq!(receiver.arrivals().len(), 2);
}

#[tokio::test]
async fn without_the_key_nothing_is_posted_and_nothing_is_lost() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    let webhook = scene.webhook(&receiver.url("/"), &["run.completed"]).await;
    told_run(&scene).await;
    let errand = errand(&scene, &webhook, &only_delivery(&scene, &webhook).await);
    scene.stores.kms.set_down(true);
    attempt(&scene, errand).await;
    assert!(receiver.arrivals().is_empty());
    assert_eq!(
        only_delivery(&scene, &webhook).await["attempts"],
        json!([]),
        "it does not count as a try"
    );
    assert!(
        scene.stores.count_messages("RetriesQueue") >= 1,
        "it is sent anew, for a little later"
    );
    scene.stores.kms.set_down(false);
    attempt(&scene, errand).await;
    assert_eq!(only_delivery(&scene, &webhook).await["status"], "delivered");
}

#[tokio::test]
async fn after_the_loss_of_the_key_another_secret_is_enough() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    let webhook = scene.webhook(&receiver.url("/"), &["run.completed"]).await;
    // What was sealed by the old key is no key's any more.
    let (pk, id) = (format!("H#{}", scene.tenant()), id_of(&webhook).to_string());
    let sealed = AttributeValue::B(vec![2; 120].into());
    records::set(&scene.config(), &pk, &id, &[("secret", sealed)]).await;
    told_run(&scene).await;
    let errand = errand(&scene, &webhook, &only_delivery(&scene, &webhook).await);
    let body = json!({ "errand": errand.to_string() }).to_string();
    assert!(!scene.deliver("DeliveriesQueue", &body).await, "it comes back");
    assert!(receiver.arrivals().is_empty(), "nothing is posted unsigned");
    let path = format!("/v1/webhooks/{id}/rotate");
    let rotated = scene.webhooks.call("POST", &path, Some(&scene.key), None).await.json();
    // Not a day later, when the one before would have stopped signing.
    attempt(&scene, errand).await;
    assert_eq!(only_delivery(&scene, &webhook).await["status"], "delivered");
    let secret = rotated["secret"].as_str().unwrap();
    super::life::assert_signed(&receiver.arrivals()[0], &[secret]);
}

#[tokio::test]
async fn a_dead_letter_of_deliveries_ends_no_run() {
    let scene = Backstage::open().await;
    let run = scene.create(json!({ "task": "x" })).await;
    let news = json!({ "news_of": Source::Run(run).to_string() }).to_string();
    let kept = eclips_tests::function::bury(&scene.config(), scene.proxy.url(), &news).await;
    assert_eq!(
        kept,
        json!({ "batchItemFailures": [{ "itemIdentifier": "m" }] }),
        "it stays for an operator"
    );
    assert_eq!(scene.show(run).await["status"], "queued");
}
