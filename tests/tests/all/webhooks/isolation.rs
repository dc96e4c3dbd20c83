//! One receiver's trouble is no other's: who failed goes through another queue, under a group of its own.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use eclips_shared::ids::RunId;
use eclips_shared::queue::{self, Subject};
use eclips_shared::time::Timestamp;
use eclips_shared::webhook::{Source, Target};
use eclips_tests::backstage::Backstage;
use eclips_tests::receiver::{Receiver, Reply};
use eclips_tests::records;
use eclips_tests::world::PATIENCE;
use serde_json::json;

use super::{id_of, told_run};

/// Over the second after which a receiver is slow.
const LATE: Duration = Duration::from_millis(1_300);

/// To whom the deliveries in a queue go.
fn targets(scene: &Backstage, queue: &str) -> Vec<Target> {
    let messages = scene.stores.take_messages(queue).into_iter();
    messages
        .map(|message| match queue::read(&message.body) {
            Some(Subject::Errand(errand)) => errand.target,
            other => panic!("{other:?}"),
        })
        .collect()
}

/// A run that ended and is told to a URL of its own.
async fn told_own(scene: &Backstage, url: &str) -> RunId {
    let run = scene.create(json!({ "task": "x", "webhook_url": url })).await;
    scene.work_on(run).await;
    scene.tell(Source::Run(run)).await;
    run
}

/// How often a tenant's items under this partition key are said to be slow, and until when.
async fn slow_until(scene: &Backstage, pk: &str) -> Vec<(String, AttributeValue)> {
    let items = records::under(&scene.config(), pk).await.into_iter();
    items
        .filter_map(|(sk, item)| Some((sk, item.get("slow_until")?.clone())))
        .collect()
}

#[tokio::test]
async fn what_is_for_a_receiver_that_failed_takes_the_other_queue() {
    let (scene, dead, well) = (
        Backstage::open().await,
        Receiver::start().await,
        Receiver::start().await,
    );
    dead.always(Reply::Status(500));
    let failing = scene.webhook(&dead.url("/"), &["run.completed"]).await;
    let healthy = scene.webhook(&well.url("/"), &["run.completed"]).await;
    // The first that is told: nobody has failed yet.
    told_run(&scene).await;
    assert_eq!(scene.stores.count_messages("DeliveriesQueue"), 2);
    scene.deliver_all("DeliveriesQueue").await;
    // From now on it is known.
    told_run(&scene).await;
    assert_eq!(targets(&scene, "DeliveriesQueue"), [Target::Webhook(id_of(&healthy))]);
    assert_eq!(targets(&scene, "RetriesQueue"), [Target::Webhook(id_of(&failing))]);
}

#[tokio::test]
async fn what_came_through_the_quick_queue_changes_over_when_its_receiver_has_failed_meanwhile() {
    let (scene, dead) = (Backstage::open().await, Receiver::start().await);
    dead.always(Reply::Status(500));
    let webhook = scene.webhook(&dead.url("/"), &["run.completed"]).await;
    for _ in 0..3 {
        told_run(&scene).await;
    }
    // The first one finds out; the other two are not tried here.
    assert_eq!(scene.deliver_all("DeliveriesQueue").await, 3);
    assert_eq!(dead.arrivals().len(), 1);
    assert_eq!(scene.deliver_all("RetriesQueue").await, 2);
    assert_eq!(dead.arrivals().len(), 3);
    let tried = scene.deliveries(&webhook).await;
    assert!(
        tried.iter().all(|one| one["attempts"].as_array().unwrap().len() == 1),
        "{tried:?}"
    );
}

#[tokio::test]
async fn each_receiver_is_a_group_of_its_own_and_own_urls_are_their_organizations() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    let webhook = scene.webhook(&receiver.url("/"), &["run.completed"]).await;
    told_own(&scene, &receiver.url("/own")).await;
    let mut groups: Vec<String> = scene
        .stores
        .take_messages("DeliveriesQueue")
        .into_iter()
        .map(|message| message.group.expect("a group"))
        .collect();
    groups.sort_unstable();
    let mut expected = [id_of(&webhook).to_string(), scene.tenant().to_string()];
    expected.sort_unstable();
    assert_eq!(groups, expected);
}

#[tokio::test]
async fn what_is_for_a_receiver_that_is_slow_takes_the_other_queue_for_a_minute() {
    let (scene, late) = (Backstage::open().await, Receiver::start().await);
    late.always(Reply::Late(200, LATE));
    let webhook = scene.webhook(&late.url("/"), &["run.completed"]).await;
    told_run(&scene).await;
    told_run(&scene).await;
    // The second one comes when the first has found out, and changes over; both are taken.
    assert_eq!(scene.deliver_all("DeliveriesQueue").await, 2);
    assert_eq!(late.arrivals().len(), 1);
    assert_eq!(scene.deliver_all("RetriesQueue").await, 1);
    assert_eq!(late.arrivals().len(), 2);
    for one in scene.deliveries(&webhook).await {
        assert_eq!(one["status"], "delivered", "{one}");
        assert_eq!(one["attempts"].as_array().unwrap().len(), 1, "{one}");
    }
    told_run(&scene).await;
    assert_eq!(targets(&scene, "RetriesQueue"), [Target::Webhook(id_of(&webhook))]);
    let (pk, sk) = (format!("H#{}", scene.tenant()), id_of(&webhook).to_string());
    let now = AttributeValue::N(Timestamp::now().ms().to_string());
    records::set(&scene.config(), &pk, &sk, &[("slow_until", now)]).await;
    told_run(&scene).await;
    assert_eq!(targets(&scene, "DeliveriesQueue"), [Target::Webhook(id_of(&webhook))]);
}

#[tokio::test]
async fn a_slow_receiver_is_known_before_its_try_is_over() {
    let (scene, late) = (Backstage::open().await, Receiver::start().await);
    late.always(Reply::Late(200, Duration::from_secs(6)));
    let webhook = scene.webhook(&late.url("/"), &["run.completed"]).await;
    told_run(&scene).await;
    let list = format!("H#{}", scene.tenant());
    let known = async {
        let deadline = Instant::now() + PATIENCE;
        while slow_until(&scene, &list).await.is_empty() {
            assert!(Instant::now() < deadline, "nobody noted it");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        scene.deliveries(&webhook).await
    };
    let (_, meanwhile) = tokio::join!(scene.deliver_all("DeliveriesQueue"), known);
    assert_eq!(meanwhile[0]["status"], "pending", "{meanwhile:?}");
    assert_eq!(scene.deliveries(&webhook).await[0]["status"], "delivered");
}

#[tokio::test]
async fn what_answers_late_at_urls_of_a_tenant_s_own_is_known_by_its_origin() {
    let (scene, late, well) = (
        Backstage::open().await,
        Receiver::start().await,
        Receiver::start().await,
    );
    late.always(Reply::Late(200, LATE));
    told_own(&scene, &late.url("/a")).await;
    let second = told_own(&scene, &late.url("/b?token=t")).await;
    assert_eq!(scene.deliver_all("DeliveriesQueue").await, 2);
    assert_eq!(late.arrivals().len(), 1, "the second one changes over");
    assert_eq!(targets(&scene, "RetriesQueue"), [Target::Own(Source::Run(second))]);
    let third = told_own(&scene, &late.url("/c")).await;
    let other = told_own(&scene, &well.url("/a")).await;
    assert_eq!(targets(&scene, "RetriesQueue"), [Target::Own(Source::Run(third))]);
    assert_eq!(targets(&scene, "DeliveriesQueue"), [Target::Own(Source::Run(other))]);
    let noted = slow_until(&scene, &format!("H#{}#slow", scene.tenant())).await;
    let origins: Vec<&str> = noted.iter().map(|(origin, _)| origin.as_str()).collect();
    assert_eq!(origins, [late.url("")], "no path and no query");
    // Its minute is over.
    let now = AttributeValue::N(Timestamp::now().ms().to_string());
    let pk = format!("H#{}#slow", scene.tenant());
    records::set(&scene.config(), &pk, origins[0], &[("slow_until", now)]).await;
    let last = told_own(&scene, &late.url("/d")).await;
    assert_eq!(targets(&scene, "DeliveriesQueue"), [Target::Own(Source::Run(last))]);
}

#[tokio::test]
async fn a_receiver_that_stays_slow_is_noted_anew_and_not_at_every_try() {
    let (scene, late) = (Backstage::open().await, Receiver::start().await);
    late.always(Reply::Late(200, LATE));
    let webhook = scene.webhook(&late.url("/"), &["run.completed"]).await;
    let (list, id) = (format!("H#{}", scene.tenant()), id_of(&webhook).to_string());
    let at = |seconds: i64| AttributeValue::N(Timestamp::now().plus_ms(seconds * 1_000).ms().to_string());
    for (until, is_renewed) in [(at(50), false), (at(20), true)] {
        records::set(&scene.config(), &list, &id, &[("slow_until", until.clone())]).await;
        told_run(&scene).await;
        assert_eq!(scene.deliver_all("RetriesQueue").await, 1);
        let noted = slow_until(&scene, &list).await;
        assert_eq!(noted[0].1 != until, is_renewed, "{noted:?}");
    }
}
