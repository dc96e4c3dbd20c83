//! What a dead receiver does to a healthy one: `cargo build --workspace --bins && cargo run -p eclips-tests --example dead_receiver`.
//!
//! 20 batches of 500 rows end (or as many as its argument says), and two webhooks are told of each row: one whose receiver takes the connection and never answers, one
//! that answers at once. How long the second one waited for each event, from its moment to its arrival, is told for the first half
//! of what it got and for the second, beside how much of the first one's still waits.

use std::time::{Duration, Instant};

use eclips_shared::time::Timestamp;
use eclips_tests::process::Dev;
use eclips_tests::receiver::Receiver;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

const BATCHES: usize = 20;
const ROWS: usize = 500;
const PATIENCE: Duration = Duration::from_secs(1_800);

#[tokio::main]
async fn main() {
    let batches = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(BATCHES);
    let (folder, healthy) = (
        tempfile::tempdir().expect("a folder can be made"),
        Receiver::start().await,
    );
    let dead = silent().await;
    let dev = Dev::start(folder.path());
    for url in [dead, healthy.url("/hook")] {
        let hook = json!({ "url": url, "events": ["run.completed"] });
        dev.answer(Method::POST, "/v1/webhooks", Some(&hook)).await;
    }
    let rows: Vec<Value> = (0..ROWS).map(|row| json!({ "task": format!("Row {row}") })).collect();
    let body = json!({ "agent_type": "summariser", "rows": rows });
    let began = Instant::now();
    for _ in 0..batches {
        dev.answer(Method::POST, "/v1/batches", Some(&body)).await;
    }
    while healthy.arrivals().len() < batches * ROWS {
        assert!(began.elapsed() < PATIENCE, "{} arrived", healthy.arrivals().len());
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    println!(
        "{} events arrived after {:.1} s",
        batches * ROWS,
        began.elapsed().as_secs_f64()
    );
    let mut waits: Vec<i64> = healthy
        .arrivals()
        .iter()
        .map(|arrival| {
            let body = arrival.json();
            let at = body["timestamp"].as_str().and_then(Timestamp::parse).expect("a time");
            arrival.at.ms() - at.ms()
        })
        .collect();
    let second = waits.split_off(waits.len() / 2);
    for (name, mut waits) in [("first half", waits), ("second half", second)] {
        waits.sort_unstable();
        let at = |share: f64| waits[((waits.len() - 1) as f64 * share) as usize];
        println!(
            "{name}: median {} ms, 99 % {} ms, slowest {} ms",
            at(0.5),
            at(0.99),
            at(1.0)
        );
    }
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
