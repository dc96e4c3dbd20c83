//! The whole way, through every function: a run ends, the stream carries it, a deliverer posts it.

use eclips_tests::receiver::{Receiver, Reply};
use eclips_tests::world::{Person, World};
use reqwest::Method;
use serde_json::{Value, json};

use super::life::assert_signed;

async fn webhook(world: &World, person: &Person, url: &str, events: &[&str]) -> Value {
    let body = json!({ "url": url, "events": events });
    let made = world.send(Method::POST, "/v1/webhooks", person, Some(body)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.json()
}

#[tokio::test]
async fn a_run_a_batch_and_a_resend_arrive() {
    let (world, receiver) = (World::start().await, Receiver::start().await);
    let person = world.somebody().await;
    let events = ["run.completed", "batch.completed"];
    let webhook = webhook(&world, &person, &receiver.url("/hook"), &events).await;
    let secret = webhook["secret"].as_str().unwrap();
    // Refused once: the next try comes after some 5 s, by the queue alone.
    receiver.next([Reply::Status(503)]);
    let run = world.run(&person, json!({ "task": "x" })).await;
    let arrivals = receiver.wait(2).await;
    for arrival in &arrivals {
        assert_eq!(arrival.json()["run_id"], json!(run));
        assert_signed(arrival, &[secret]);
    }
    let apart_ms = arrivals[1].at.ms() - arrivals[0].at.ms();
    assert!(apart_ms >= 4_000, "{apart_ms} ms");

    let batch = json!({ "agent_type": "summariser", "rows": [{ "task": "a" }, { "task": "b" }] });
    let batch = world.batch(&person, batch).await;
    let arrivals = receiver.wait(5).await;
    let told: Vec<Value> = arrivals.iter().map(eclips_tests::receiver::Arrival::json).collect();
    let ended = told
        .iter()
        .find(|body| body["event"] == "batch.completed")
        .expect("the batch is told");
    assert_eq!(
        (&ended["batch_id"], &ended["data"]["completed_rows"]),
        (&json!(batch), &json!(2))
    );

    let deliveries = format!("/v1/webhooks/{}/deliveries", webhook["id"].as_str().unwrap());
    let listed = world.get(&deliveries, &person).await.json();
    let first = listed["data"].as_array().unwrap().last().unwrap().clone();
    let path = format!("{deliveries}/{}/resend", first["id"].as_str().unwrap());
    assert_eq!(world.send(Method::POST, &path, &person, None).await.status, 202);
    let arrivals = receiver.wait(6).await;
    assert_eq!(arrivals[5].header("webhook-id"), arrivals[0].header("webhook-id"));
    assert_eq!(arrivals[5].body, arrivals[0].body);
    world.stop().await;
}

#[tokio::test]
async fn live_webhooks_are_told_nothing_of_test_runs_and_the_other_way_round() {
    use eclips_shared::auth::{Mode, Scope};
    let (world, receiver) = (World::start().await, Receiver::start().await);
    let org = world.org(eclips_shared::plan::Plan::Growth).await;
    let live = world.person(org, Mode::Live, &Scope::ALL, None).await;
    let test = world.person(org, Mode::Test, &Scope::ALL, None).await;
    for (person, path) in [(&live, "/live"), (&test, "/test")] {
        webhook(&world, person, &receiver.url(path), &["run.completed"]).await;
    }
    let live_run = world.run(&live, json!({ "task": "x" })).await;
    let test_run = world.run(&test, json!({ "task": "x" })).await;
    let mut told: Vec<(String, Value)> = receiver
        .wait(2)
        .await
        .into_iter()
        .map(|arrival| (arrival.path.clone(), arrival.json()["run_id"].clone()))
        .collect();
    told.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(
        told,
        [
            ("/live".to_owned(), json!(live_run)),
            ("/test".to_owned(), json!(test_run))
        ]
    );
    world.stop().await;
}
