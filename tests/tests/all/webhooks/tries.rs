//! A delivery is tried as the ladder says, whatever the receiver does.

use std::time::Duration;

use eclips_tests::backstage::Backstage;
use eclips_tests::receiver::{Receiver, Reply};
use serde_json::{Value, json};

use super::{attempt, due, errand, only_delivery, told_run, wait_ms};

/// A webhook that was told of a run, tried once; gives the delivery.
async fn tried_once(scene: &Backstage, receiver: &Receiver) -> (Value, Value) {
    let webhook = scene.webhook(&receiver.url("/"), &["run.completed"]).await;
    told_run(scene).await;
    assert_eq!(scene.deliver_all("DeliveriesQueue").await, 1);
    let delivery = only_delivery(scene, &webhook).await;
    (webhook, delivery)
}

#[tokio::test]
async fn a_receiver_that_fails_gets_eight_tries_of_the_same_bytes_under_one_id() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    receiver.always(Reply::Status(500));
    let (webhook, first) = tried_once(&scene, &receiver).await;
    let errand = errand(&scene, &webhook, &first);
    let steps_s = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000];
    let mut delivery = first;
    for (tries, step_s) in (1..).zip(steps_s) {
        assert_eq!(delivery["status"], "pending");
        assert_eq!(delivery["attempts"].as_array().unwrap().len(), tries);
        let wait = wait_ms(&delivery);
        let (least, most) = (step_s * 800 - 2_000, step_s * 1_200);
        assert!((least..=most).contains(&wait), "after {tries} tries {wait} ms");
        // Before its time nothing is posted, whoever says so.
        attempt(&scene, errand).await;
        assert_eq!(
            receiver.arrivals().len(),
            if step_s > 5 { tries } else { receiver.arrivals().len() }
        );
        due(&scene, errand).await;
        attempt(&scene, errand).await;
        delivery = only_delivery(&scene, &webhook).await;
    }
    assert_eq!(
        (&delivery["status"], &delivery["next_attempt_at"]),
        (&json!("failed"), &Value::Null)
    );
    attempt(&scene, errand).await;
    let arrivals = receiver.arrivals();
    assert_eq!(arrivals.len(), 8);
    for arrival in &arrivals {
        assert_eq!(arrival.body, arrivals[0].body);
        assert_eq!(arrival.header("webhook-id"), arrivals[0].header("webhook-id"));
    }
    for tried in delivery["attempts"].as_array().unwrap() {
        assert_eq!(
            (&tried["status_code"], &tried["error"]),
            (&json!(500), &json!("Answered 500")),
            "{tried}"
        );
    }
    // It is in nobody's way any more.
    let place = errand.place();
    let item = eclips_tests::records::under(&scene.config(), &place.0).await;
    assert!(!item[0].1.contains_key("due") && !item[0].1.contains_key("due_at"));
}

#[tokio::test]
async fn a_second_try_that_is_taken_ends_it() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    receiver.next([Reply::Status(503)]);
    let (webhook, first) = tried_once(&scene, &receiver).await;
    let errand = errand(&scene, &webhook, &first);
    due(&scene, errand).await;
    attempt(&scene, errand).await;
    let delivery = only_delivery(&scene, &webhook).await;
    assert_eq!(delivery["status"], "delivered");
    let codes: Vec<&Value> = delivery["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tried| &tried["status_code"])
        .collect();
    assert_eq!(codes, [&json!(503), &json!(200)]);
    // Said again, it is not sent again.
    attempt(&scene, errand).await;
    assert_eq!(receiver.arrivals().len(), 2);
}

#[tokio::test]
async fn every_2xx_is_a_success_and_nothing_else_is() {
    for (code, is_taken) in [
        (200, true),
        (201, true),
        (202, true),
        (204, true),
        (299, true),
        (301, false),
        (304, false),
        (307, false),
        (400, false),
        (404, false),
        (500, false),
    ] {
        let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
        receiver.next([Reply::With(code, "location", receiver.url("/elsewhere"))]);
        let (_, delivery) = tried_once(&scene, &receiver).await;
        let expected = if is_taken { "delivered" } else { "pending" };
        assert_eq!(delivery["status"], expected, "{code}");
        assert_eq!(delivery["attempts"][0]["status_code"], code);
        assert_eq!(receiver.arrivals().len(), 1, "{code}: no redirect is followed");
    }
}

#[tokio::test]
async fn a_receiver_says_when_to_come_back_within_bounds() {
    for (value, least_s, most_s) in [
        ("1", 5, 5),
        ("7", 7, 7),
        ("86400", 10, 10),
        ("-1", 4, 6),
        ("soon", 4, 6),
    ] {
        let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
        receiver.next([Reply::With(429, "retry-after", value.to_owned())]);
        let (_, delivery) = tried_once(&scene, &receiver).await;
        let wait = wait_ms(&delivery);
        assert!(
            (least_s * 1_000 - 2_000..=most_s * 1_000).contains(&wait),
            "{value}: {wait} ms"
        );
    }
}

#[tokio::test]
async fn two_who_are_told_at_once_post_once() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    receiver.always(Reply::Late(200, Duration::from_millis(300)));
    let webhook = scene.webhook(&receiver.url("/"), &["run.completed"]).await;
    told_run(&scene).await;
    let delivery = only_delivery(&scene, &webhook).await;
    let errand = errand(&scene, &webhook, &delivery);
    futures_util::future::join_all((0..6).map(|_| attempt(&scene, errand))).await;
    assert_eq!(receiver.arrivals().len(), 1);
    assert_eq!(
        only_delivery(&scene, &webhook).await["attempts"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn who_is_not_there_is_tried_again() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    let gone = receiver.url("/");
    drop(receiver);
    tokio::time::sleep(Duration::from_millis(20)).await;
    let webhook = scene.webhook(&gone, &["run.completed"]).await;
    told_run(&scene).await;
    scene.deliver_all("DeliveriesQueue").await;
    let delivery = only_delivery(&scene, &webhook).await;
    assert_eq!(delivery["status"], "pending");
    let tried = &delivery["attempts"][0];
    assert_eq!(
        (&tried["status_code"], &tried["error"]),
        (&Value::Null, &json!("Could not connect"))
    );
}

#[tokio::test]
async fn a_retry_soon_has_a_hint_and_a_later_one_is_found_by_the_sweep() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    receiver.always(Reply::Status(500));
    let (webhook, first) = tried_once(&scene, &receiver).await;
    let errand = errand(&scene, &webhook, &first);
    assert_eq!(
        scene.stores.count_messages("RetriesQueue"),
        1,
        "after 5 s, by the queue itself"
    );
    due(&scene, errand).await;
    attempt(&scene, errand).await;
    assert_eq!(scene.stores.count_messages("RetriesQueue"), 2, "after 5 min, as well");
    due(&scene, errand).await;
    attempt(&scene, errand).await;
    assert_eq!(
        scene.stores.count_messages("RetriesQueue"),
        2,
        "SQS holds nothing back for 30 min"
    );
    let swept = scene.sweep().await;
    assert_eq!(swept["due"], 0, "{swept}");
    due(&scene, errand).await;
    let swept = scene.sweep().await;
    assert_eq!(
        (&swept["due"], &swept["hinted"], &swept["put_off"]),
        (&json!(1), &json!(1), &json!(1))
    );
    // The next minute sends nothing more.
    assert_eq!(scene.sweep().await["due"], 0);
    assert_eq!(scene.stores.count_messages("RetriesQueue"), 3);
    scene.deliver_all("RetriesQueue").await;
    assert_eq!(receiver.arrivals().len(), 4);
    assert!(wait_ms(&only_delivery(&scene, &webhook).await) > 90 * 60 * 1_000);
}
