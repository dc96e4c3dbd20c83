//! Whose secret a signature fits, and what is said of one that fits none.

use super::*;

/// The names that both verdicts give: Standard Webhooks' and the manual's.
async fn judged(receiver: &Receiver, delivery: &Delivery) -> (Option<String>, Option<String>) {
    delivery.send(receiver).await;
    let latest = arrivals(receiver).await.remove(0);
    let name = |member: &str| latest[member].as_str().map(str::to_owned);
    (name("standard_webhooks"), name("manual"))
}

fn both(name: &str) -> (Option<String>, Option<String>) {
    (Some(name.to_owned()), Some(name.to_owned()))
}

#[tokio::test]
async fn a_delivery_is_verified_by_both_signatures() {
    let receiver = start().await;
    assert_eq!(judged(&receiver, &Delivery::new()).await, both("mine"));
    let page = text(&receiver, "/").await;
    assert!(page.contains(">verified</span>"));
    assert_eq!(page.matches("<dd>fits mine</dd>").count(), 2);
}

#[tokio::test]
async fn the_secret_that_fits_is_named() {
    let receiver = knowing(&[("broken", "whsec_?"), ("hook", OTHER), ("default secret", SECRET)]).await;
    let delivery = Delivery::new();
    assert_eq!(judged(&receiver, &delivery).await, both("default secret"));
    let delivery = Delivery::signed(OTHER, "d-2", Timestamp::now().seconds(), BODY);
    assert_eq!(judged(&receiver, &delivery).await, both("hook"));
}

#[tokio::test]
async fn no_secret_fits_a_foreign_signature_or_a_changed_body() {
    let receiver = start().await;
    let foreign = Delivery::signed(OTHER, "d-1", Timestamp::now().seconds(), BODY);
    let changed = Delivery::new().saying(BODY.replace("r-1", "r-2"));
    for delivery in [foreign, changed] {
        assert_eq!(judged(&receiver, &delivery).await, (None, None));
        let page = text(&receiver, "/").await;
        assert!(page.contains(">not verified</span>") && !page.contains(">verified</span>"));
        assert_eq!(page.matches("<dd>no secret fits</dd>").count(), 2);
        forget(&receiver).await;
    }
}

#[tokio::test]
async fn no_secret_fits_where_none_is_known() {
    let receiver = knowing(&[]).await;
    assert_eq!(judged(&receiver, &Delivery::new()).await, (None, None));
    assert_eq!(text(&receiver, "/").await.matches("<dd>no secret fits</dd>").count(), 2);
}

#[tokio::test]
async fn every_signed_part_counts_and_each_scheme_for_itself() {
    let receiver = start().await;
    let mine = both("mine");
    let (only_manual, only_standard) = ((None, mine.1), (mine.0, None));
    let at = Timestamp::now().seconds() - 1;
    for (delivery, expected) in [
        (Delivery::new().with("webhook-id", "d-2"), &only_manual),
        (Delivery::new().with("webhook-timestamp", at.to_string()), &only_manual),
        (Delivery::new().with("webhook-signature", "v1,"), &only_manual),
        (Delivery::new().without("webhook-id"), &only_manual),
        (Delivery::new().without("webhook-timestamp"), &only_manual),
        (Delivery::new().without("webhook-signature"), &only_manual),
        (Delivery::new().with("X-eClips-Signature", "sha256="), &only_standard),
        (Delivery::new().without("X-eClips-Signature"), &only_standard),
    ] {
        assert_eq!(judged(&receiver, &delivery).await, *expected, "{:?}", delivery.headers);
        assert!(text(&receiver, "/").await.contains("one signature verified"));
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_signature_is_said_whatever_the_secret() {
    // Also where none is known.
    let receiver = knowing(&[]).await;
    let now = Timestamp::now().seconds();
    let of = |at: i64| Delivery::signed(SECRET, "d-1", at, BODY);
    for (delivery, words) in [
        (of(now).without("webhook-id"), "webhook-id is missing"),
        (of(now).without("webhook-timestamp"), "webhook-timestamp is missing"),
        (of(now).without("webhook-signature"), "webhook-signature is missing"),
        (of(now).with("webhook-signature", "é"), "webhook-signature is no text"),
        (
            of(now).with("webhook-timestamp", "now"),
            "webhook-timestamp is no number of seconds",
        ),
        (of(now - 400), "webhook-timestamp is more than five minutes ago"),
        (of(now + 400), "webhook-timestamp is more than five minutes ahead"),
        (of(now).saying([b'"', 0xFF, b'"']), "the body is no UTF-8"),
        (of(now).without("X-eClips-Signature"), "X-eClips-Signature is missing"),
    ] {
        delivery.send(&receiver).await;
        assert!(
            text(&receiver, "/").await.contains(&format!("<dd>{words}</dd>")),
            "{words}"
        );
        forget(&receiver).await;
    }
}

#[tokio::test]
async fn a_rotation_is_verified_by_either_of_two_signatures() {
    let (old, new) = (
        Delivery::new(),
        Delivery::signed(OTHER, "d-1", Timestamp::now().seconds(), BODY),
    );
    let value = |delivery: &Delivery| {
        delivery
            .headers
            .iter()
            .find(|(name, _)| *name == "webhook-signature")
            .unwrap()
            .1
            .clone()
    };
    let two = new
        .clone()
        .with("webhook-signature", format!("{} {}", value(&new), value(&old)));
    for secret in [SECRET, OTHER] {
        let receiver = knowing(&[("one", secret)]).await;
        assert_eq!(judged(&receiver, &two).await.0.as_deref(), Some("one"));
    }
}

#[tokio::test]
async fn the_manuals_signature_is_what_others_compute() {
    // printf '%s' "$BODY" | openssl dgst -sha256 -hmac "$SECRET"
    let made = "6e491a2de1d90c0a95fa26961dd67d7d8d3d09f61a1ac7fe470f1b9a50733c07";
    let receiver = start().await;
    let with = |signature: String| Delivery::new().with("X-eClips-Signature", signature);
    assert_eq!(judged(&receiver, &with(format!("sha256={made}"))).await, both("mine"));
    let decoded = STANDARD.decode(SECRET.strip_prefix("whsec_").unwrap()).unwrap();
    for wrong in [
        made.to_owned(),
        format!("sha256={}", made.to_uppercase()),
        format!("SHA256={made}"),
        format!("sha256={}", &made[..63]),
        format!("sha256={made}0"),
        format!("sha256={}", hex(&hmac(&decoded, BODY.as_bytes()))),
    ] {
        assert_eq!(judged(&receiver, &with(wrong.clone())).await.1, None, "{wrong}");
    }
}

#[tokio::test]
async fn two_signatures_of_the_manual_are_none() {
    let receiver = start().await;
    let delivery = Delivery::new();
    let (name, value) = delivery.headers.last().unwrap().clone();
    assert_eq!(name, "X-eClips-Signature");
    status(delivery.at(&receiver).header(name, value)).await;
    assert_eq!(arrival(&receiver).await["manual"], Value::Null);
    assert!(
        text(&receiver, "/")
            .await
            .contains("<dd>X-eClips-Signature came more than once</dd>")
    );
}

#[tokio::test]
async fn secrets_are_asked_for_at_every_arrival() {
    let known = Arc::new(Mutex::new(OTHER.to_owned()));
    let asked = Arc::clone(&known);
    let secrets = Arc::new(move || -> BoxFuture<'static, _> {
        let secret = asked.lock().unwrap().clone();
        Box::pin(async move { vec![("hook".to_owned(), secret)] })
    });
    let receiver = Receiver::start(0, secrets).await.unwrap();
    assert_eq!(judged(&receiver, &Delivery::new()).await, (None, None));
    SECRET.clone_into(&mut known.lock().unwrap());
    assert_eq!(judged(&receiver, &Delivery::new()).await, both("hook"));
    let verdicts: Vec<_> = arrivals(&receiver)
        .await
        .iter()
        .map(|kept| kept["manual"].clone())
        .collect();
    assert_eq!(verdicts, [Value::from("hook"), Value::Null], "a verdict is of its time");
}
