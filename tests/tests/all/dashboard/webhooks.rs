//! Webhooks made, told, sent again, rotated and deleted by people; each secret is on one page, once.

use eclips_shared::plan::Plan;
use eclips_shared::role::Role;
use eclips_tests::receiver::{Receiver, Reply as Said};
use eclips_tests::visitor::{Visitor, hidden};
use eclips_tests::world::{Reply, World};
use serde_json::json;

use super::super::webhooks::life::assert_signed;
use super::whole_log;

/// The secret that a page shows.
fn secret(page: &Reply) -> String {
    let start = page.text.find("whsec_").unwrap_or_else(|| panic!("{}", page.text));
    page.text[start..].split('<').next().unwrap_or_default().to_owned()
}

/// Where a page of a secret leads.
fn next(page: &Reply) -> String {
    let (_, rest) = page.text.split_once("data-secret=\"").expect("a secret");
    rest.split('"').next().unwrap_or_default().to_owned()
}

fn form<'a>(form_id: &'a str, url: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("form_id", form_id),
        ("url", url),
        ("topic", "run.completed"),
        ("topic", "run.failed"),
    ]
}

#[tokio::test]
async fn a_webhook_is_made_told_sent_again_rotated_and_deleted() {
    let (world, receiver) = (World::start().await, Receiver::start().await);
    let person = world.somebody().await;
    let mut owner = Visitor::member(&world, person.org, "ada@example.com", Role::Owner).await;
    let token = owner.form_token().await;
    let page = owner.get("/webhooks/new").await;
    let form_id = hidden(&page.text, "form_id").unwrap();
    for (url, word) in [
        ("http://example.com/", "url must be https"),
        ("https://10.0.0.1/", "url"),
        ("", "url"),
    ] {
        let got = owner.post("/webhooks", &token, &form(&form_id, url)).await;
        assert_eq!(got.status, 422, "{url}");
        assert!(
            got.text.contains("url-fault") && got.text.contains(word),
            "{url}: {}",
            got.text
        );
    }
    let url = receiver.url("/hook");
    let made = owner.post("/webhooks", &token, &form(&form_id, &url)).await;
    assert_eq!((made.status.as_u16(), made.header("cache-control")), (201, "no-store"));
    let (first, path) = (secret(&made), next(&made));
    // A second click makes nothing and shows no secret.
    let again = owner.post("/webhooks", &token, &form(&form_id, &url)).await;
    assert_eq!((again.status.as_u16(), again.header("location")), (303, path.as_str()));
    let listed = world.get("/v1/webhooks", &person).await.json();
    assert_eq!(listed["total"], 1, "{listed}");

    let run = world.run(&person, json!({ "task": "x" })).await;
    receiver.wait(1).await;
    let mut shown = owner.get(&path).await;
    for _ in 0..100 {
        if shown.text.contains("Delivered") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        shown = owner.get(&path).await;
    }
    assert!(
        shown.text.contains("Delivered") && shown.text.contains(&run.to_string()),
        "{}",
        shown.text
    );
    assert!(!shown.text.contains("whsec_"), "the secret is shown once");
    let delivery = hidden(&shown.text, "delivery").unwrap();
    let resend = format!("{path}/resend");
    let sent = owner.post(&resend, &token, &[("delivery", &delivery)]).await;
    assert_eq!(sent.header("location"), path);
    let arrivals = receiver.wait(2).await;
    assert_eq!(arrivals[0].header("webhook-id"), arrivals[1].header("webhook-id"));

    let asked = owner.get(&format!("{path}/rotate")).await;
    assert!(asked.text.contains("For 24 hours both sign"), "{}", asked.text);
    let rotated = owner.post(&format!("{path}/rotate"), &token, &[]).await;
    assert_ne!(secret(&rotated), first);
    for _ in 0..3 {
        assert_eq!(owner.post(&format!("{path}/rotate"), &token, &[]).await.status, 201);
    }
    let often = owner.post(&format!("{path}/rotate"), &token, &[]).await;
    assert_eq!(often.status, 409, "{}", often.text);

    // Another organization, and the same one's test data, know nothing of it.
    let mut stranger = Visitor::member(&world, world.org(Plan::Growth).await, "eve@example.com", Role::Owner).await;
    let foreign = stranger.form_token().await;
    for verb in ["rotate", "delete"] {
        let path = format!("{path}/{verb}");
        assert_eq!(stranger.get(&path).await.status, 404);
        assert_eq!(stranger.post(&path, &foreign, &[]).await.status, 404);
    }
    assert_eq!(
        stranger
            .post(&resend, &foreign, &[("delivery", &delivery)])
            .await
            .status,
        404
    );
    assert_eq!(owner.get(&format!("{path}?mode=test")).await.status, 404);

    assert!(
        owner
            .get(&format!("{path}/delete"))
            .await
            .text
            .contains("Delete this webhook?")
    );
    let gone = owner.post(&format!("{path}/delete"), &token, &[]).await;
    assert_eq!(gone.header("location"), "/webhooks");
    assert_eq!(owner.get(&path).await.status, 404);
    let log = whole_log(&world, person.org).await;
    let words: Vec<&str> = log.iter().map(|entry| entry.action.as_str()).collect();
    for word in ["webhook.created", "webhook.rotated", "webhook.deleted"] {
        assert!(words.contains(&word), "{words:?}");
    }
    assert!(
        log.iter()
            .filter(|entry| entry.action.as_str() == "webhook.created")
            .all(|entry| entry.actor == "ada@example.com")
    );
}

#[tokio::test]
async fn a_new_default_secret_signs_at_once_and_its_maker_is_in_the_log() {
    let (world, receiver) = (World::start().await, Receiver::start().await);
    receiver.always(Said::Status(200));
    let person = world.somebody().await;
    let mut admin = Visitor::member(&world, person.org, "ada@example.com", Role::Admin).await;
    let token = admin.form_token().await;
    let own = || json!({ "task": "x", "webhook_url": receiver.url("/own") });
    world.run(&person, own()).await;
    receiver.wait(1).await;
    let made = admin.post("/webhooks/default-secret", &token, &[]).await;
    let secret = secret(&made);
    world.run(&person, own()).await;
    let after = receiver.wait(2).await;
    assert_signed(&after[1], &[&secret]);
    let log = whole_log(&world, person.org).await;
    assert!(
        log.iter()
            .any(|entry| entry.action.as_str() == "default_secret.renewed" && entry.actor == "ada@example.com")
    );
}
