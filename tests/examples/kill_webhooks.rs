//! Kills `cargo dev` while it tells a receiver of ended runs, again and again: `cargo build --workspace --bins && cargo run -p
//! eclips-tests --example kill_webhooks`.
//!
//! 20 times ten runs are started, and after each ten the process is killed as `kill -9` does, a little later each time; the receiver
//! refuses every fifth of what it gets. Then each run must have been told, each under one id and in the same bytes, however often.
//! What waits for a retry waits as long as the ladder says.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use eclips_tests::process::Dev;
use eclips_tests::receiver::{Receiver, Reply};
use reqwest::Method;
use serde_json::json;

const ROUNDS: u64 = 20;
const RUNS: usize = 10;
const PATIENCE: Duration = Duration::from_secs(1_200);

#[tokio::main]
async fn main() {
    let (folder, receiver) = (
        tempfile::tempdir().expect("a folder can be made"),
        Receiver::start().await,
    );
    let mut dev = Dev::start(folder.path());
    let hook = json!({ "url": receiver.url("/hook"), "events": ["run.completed"] });
    let made = dev.answer(Method::POST, "/v1/webhooks", Some(&hook)).await;
    let webhook = made["id"].as_str().expect("a webhook").to_owned();
    let (began, mut runs) = (Instant::now(), BTreeSet::new());
    for round in 0..ROUNDS {
        receiver.next((0..RUNS).map(|at| Reply::Status(if at % 5 == 4 { 503 } else { 200 })));
        for _ in 0..RUNS {
            let run = dev.answer(Method::POST, "/v1/run", Some(&json!({ "task": "x" }))).await;
            runs.insert(run["run_id"].as_str().expect("an id").to_owned());
        }
        tokio::time::sleep(Duration::from_millis(round * 97 % 1_300)).await;
        dev.kill();
        dev = Dev::start(folder.path());
    }
    println!(
        "{} runs, {ROUNDS} kills in {:.1} s",
        runs.len(),
        began.elapsed().as_secs_f64()
    );

    let path = format!("/v1/webhooks/{webhook}/deliveries");
    loop {
        let delivered = delivered(&dev, &path).await;
        if runs.is_subset(&delivered) {
            break;
        }
        assert!(
            began.elapsed() < PATIENCE,
            "{} of {} are delivered",
            delivered.len(),
            runs.len()
        );
        tokio::time::sleep(Duration::from_millis(1_000)).await;
    }
    println!("all delivered after {:.1} s", began.elapsed().as_secs_f64());
    let mut told: BTreeMap<String, Vec<(String, Vec<u8>)>> = BTreeMap::new();
    for arrival in receiver.arrivals() {
        let run = arrival.json()["run_id"].as_str().expect("a run").to_owned();
        let letter = (arrival.header("webhook-id").to_owned(), arrival.body.to_vec());
        told.entry(run).or_default().push(letter);
    }
    for run in &runs {
        let letters = &told[run];
        assert!(
            letters.iter().all(|letter| letter == &letters[0]),
            "{run}: one id, the same bytes"
        );
    }
    let posts: usize = told.values().map(Vec::len).sum();
    println!(
        "each of {} runs was told, each under one id and in the same bytes: {posts} posts",
        told.len()
    );
}

/// The runs whose events the receiver has taken.
async fn delivered(dev: &Dev, path: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut page = format!("{path}?limit=100");
    loop {
        let listed = dev.answer(Method::GET, &page, None).await;
        for one in listed["data"].as_array().expect("a list") {
            if one["status"] == "delivered" {
                seen.insert(one["run_id"].as_str().expect("a run").to_owned());
            }
        }
        match listed["next_cursor"].as_str() {
            Some(cursor) => page = format!("{path}?limit=100&cursor={cursor}"),
            None => return seen,
        }
    }
}
