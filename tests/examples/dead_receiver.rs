//! What a dead receiver does to a healthy one: `cargo build --workspace --bins && cargo run -p eclips-tests --example dead_receiver`.
//!
//! 200 runs, four a second, are told to a webhook whose receiver answers at once, and how long each event was on its way, from its moment to
//! its arrival, is noted. Then 2 batches of 500 rows (or as many as the first argument says) are told to 19 webhooks, all of one
//! receiver, which takes every connection and never answers (with `slow` as the second argument: takes each event, after 9 s).
//! While these 19 000 are on their way, the same 200 runs are told to all.

use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use eclips_shared::time::Timestamp;
use eclips_tests::process::Dev;
use eclips_tests::receiver::Receiver;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

const BATCHES: usize = 2;
/// All that an organization may have, but for the healthy one.
const WEBHOOKS: usize = 19;
const ROWS: usize = 500;
const RUNS: usize = 200;
const PACE: Duration = Duration::from_millis(250);
const PATIENCE: Duration = Duration::from_secs(1_800);
const SLOW: Duration = Duration::from_secs(9);

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let batches = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(BATCHES);
    let is_slow = arguments.next().is_some_and(|text| text == "slow");
    let folder = tempfile::tempdir().expect("a folder can be made");
    let dev = Dev::start(folder.path());

    told("alone", &dev).await;

    let dead = if is_slow { slow().await } else { silent().await };
    let hook = json!({ "url": dead, "events": ["run.completed"] });
    for _ in 0..WEBHOOKS {
        dev.answer(Method::POST, "/v1/webhooks", Some(&hook)).await;
    }
    let rows: Vec<Value> = (0..ROWS).map(|row| json!({ "task": format!("Row {row}") })).collect();
    let body = json!({ "agent_type": "summariser", "rows": rows });
    let began = Instant::now();
    let mut ids = Vec::new();
    for _ in 0..batches {
        ids.push(dev.answer(Method::POST, "/v1/batches", Some(&body)).await["job"]["id"].clone());
    }
    for id in ids {
        let path = format!("/v1/batches/{}", id.as_str().expect("an id"));
        while dev.answer(Method::GET, &path, None).await["job"]["status"] != "completed" {
            assert!(began.elapsed() < PATIENCE, "{path} is not done");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
    // They are on their way when each is made: the telling itself is our own work, and waits for no receiver.
    while dev.log().matches("told source=").count() < RUNS + batches * ROWS {
        assert!(began.elapsed() < PATIENCE, "not all are told of");
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    println!(
        "{} events are on their way after {:.0} s",
        batches * ROWS * WEBHOOKS,
        began.elapsed().as_secs_f64()
    );
    told("beside it", &dev).await;
}

/// Runs at a steady pace, told to a healthy receiver, and how long they were on their way.
async fn told(name: &str, dev: &Dev) {
    let healthy = Receiver::start().await;
    let hook = json!({ "url": healthy.url("/hook"), "events": ["run.completed"] });
    let hook = dev.answer(Method::POST, "/v1/webhooks", Some(&hook)).await;
    let run = json!({ "agent_type": "summariser", "task": "One of a steady pace" });
    let mut tick = tokio::time::interval(PACE);
    for _ in 0..RUNS {
        tick.tick().await;
        dev.answer(Method::POST, "/v1/run", Some(&run)).await;
    }
    let began = Instant::now();
    while healthy.arrivals().len() < RUNS {
        assert!(began.elapsed() < PATIENCE, "{} arrived", healthy.arrivals().len());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let path = format!("/v1/webhooks/{}", hook["id"].as_str().expect("an id"));
    dev.send(Method::DELETE, &path, &dev.settings["ECLIPS_TEST_KEY"], None)
        .await;
    let mut waits: Vec<i64> = healthy
        .arrivals()
        .iter()
        .map(|arrival| {
            let body = arrival.json();
            let at = body["timestamp"].as_str().and_then(Timestamp::parse).expect("a time");
            arrival.at.ms() - at.ms()
        })
        .collect();
    waits.sort_unstable();
    let at = |share: f64| waits[((waits.len() - 1) as f64 * share) as usize];
    println!(
        "{name}: {RUNS} events, median {} ms, 99 % {} ms, slowest {} ms",
        at(0.5),
        at(0.99),
        at(1.0)
    );
}

/// A receiver that takes every connection and says nothing; gives its address.
async fn silent() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has ports");
    let url = format!("http://{}/dead", listener.local_addr().expect("it is bound"));
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            held.push(connection);
        }
    });
    url
}

/// A receiver that takes every event, a second before its time is over; gives its address.
async fn slow() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has ports");
    let url = format!("http://{}/slow", listener.local_addr().expect("it is bound"));
    let answer = || async {
        tokio::time::sleep(SLOW).await;
        StatusCode::NO_CONTENT
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/slow", post(answer))).await });
    url
}
