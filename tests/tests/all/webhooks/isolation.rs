//! One receiver's trouble is no other's: who failed goes through another queue, under a group of its own.

use eclips_shared::queue::{self, Subject};
use eclips_shared::webhook::Target;
use eclips_tests::backstage::Backstage;
use eclips_tests::receiver::{Receiver, Reply};
use serde_json::json;

use super::{id_of, told_run};

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
    let targets = |queue: &str| -> Vec<Target> {
        let messages = scene.stores.take_messages(queue).into_iter();
        messages
            .map(|message| match queue::read(&message.body) {
                Some(Subject::Errand(errand)) => errand.target,
                other => panic!("{other:?}"),
            })
            .collect()
    };
    assert_eq!(targets("DeliveriesQueue"), [Target::Webhook(id_of(&healthy))]);
    assert_eq!(targets("RetriesQueue"), [Target::Webhook(id_of(&failing))]);
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
    let run = scene
        .create(json!({ "task": "x", "webhook_url": receiver.url("/own") }))
        .await;
    scene.work_on(run).await;
    scene.tell(eclips_shared::webhook::Source::Run(run)).await;
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
