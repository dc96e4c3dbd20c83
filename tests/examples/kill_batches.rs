//! Kills `cargo dev` while it works on large batches, again and again: `cargo build --workspace --bins && cargo run --release -p
//! eclips-tests --example kill_batches`.
//!
//! 20 batches of 500 rows are sent by one organization, and after each the process is killed as `kill -9` does, a little later each
//! time. Then every row must end, once, and the counts of every answer on the way must be those of its rows. Meanwhile another
//! organization sends single runs; how long each of them takes is told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use eclips_tests::batches::adds_up;
use eclips_tests::process::Dev;
use eclips_tests::reader::events_in;
use futures_util::stream::{self, StreamExt};
use reqwest::Method;
use serde_json::{Value, json};

const BATCHES: u64 = 20;
const ROWS: usize = 500;
const PATIENCE: Duration = Duration::from_secs(1_800);
const ENDS: [&str; 3] = ["run.completed", "run.failed", "run.cancelled"];

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let mut dev = Dev::start(folder.path());
    let other = key(&dev);
    let own = dev.settings["ECLIPS_TEST_KEY"].clone();
    let rows: Vec<Value> = (0..ROWS).map(|row| json!({ "task": format!("Row {row}") })).collect();
    let body = json!({ "agent_type": "summariser", "rows": rows });
    let (began, mut batches, mut singles, mut reads) = (Instant::now(), Vec::new(), Vec::new(), 0);
    for round in 0..BATCHES {
        let made = dev.send(Method::POST, "/v1/batches", &own, Some(&body)).await;
        assert_eq!(made.status, 201, "{}", made.text);
        batches.push(made.json()["job"]["id"].as_str().expect("an id").to_owned());
        singles.push(single(&dev, &other).await);
        tokio::time::sleep(Duration::from_millis(round * 97 % 1_700)).await;
        for batch in &batches {
            look(&dev, &own, batch).await;
            reads += 1;
        }
        dev.kill();
        dev = Dev::start(folder.path());
    }
    println!(
        "{BATCHES} batches of {ROWS} rows, {BATCHES} kills in {:.1} s",
        began.elapsed().as_secs_f64()
    );

    let mut runs = BTreeSet::new();
    let mut rows: BTreeMap<String, usize> = BTreeMap::new();
    for batch in &batches {
        let ended = loop {
            let shown = look(&dev, &own, batch).await;
            reads += 1;
            if !shown["job"]["completed_at"].is_null() {
                break shown;
            }
            assert!(began.elapsed() < PATIENCE, "still open: {}", shown["job"]);
            singles.push(single(&dev, &other).await);
            tokio::time::sleep(Duration::from_millis(1_000)).await;
        };
        for row in ended["rows"].as_array().expect("rows") {
            *rows
                .entry(row["status"].as_str().expect("a status").to_owned())
                .or_default() += 1;
            runs.insert(row["run_id"].as_str().expect("each row has its run").to_owned());
        }
    }
    println!(
        "all rows ended after {:.1} s: {rows:?}; counts were right in {reads} reads",
        began.elapsed().as_secs_f64()
    );
    assert_eq!(runs.len(), batches.len() * ROWS, "each row has a run of its own");
    let seen = stream::iter(&runs).map(|run| whole(&dev, &own, run));
    let lost: usize = seen.buffer_unordered(8).collect::<Vec<_>>().await.into_iter().sum();
    println!(
        "each of {} runs ended once; {lost} model calls were cut off",
        runs.len()
    );
    singles.sort_unstable();
    println!(
        "{} single runs of another organization meanwhile: median {} ms, slowest {} ms",
        singles.len(),
        singles[singles.len() / 2].as_millis(),
        singles[singles.len() - 1].as_millis()
    );
}

/// A live key of another organization.
fn key(dev: &Dev) -> String {
    let org = dev.admin(&["org", "create", "--name", "Other", "--plan", "growth"]);
    let org = org["org_id"].as_str().expect("an organization").to_owned();
    let key = dev.admin(&["key", "create", "--org", &org, "--scopes", "agents:run,agents:read"]);
    key["key"].as_str().expect("a key").to_owned()
}

/// A batch as it is; its counts are those of its rows.
async fn look(dev: &Dev, key: &str, batch: &str) -> Value {
    let got = dev.send(Method::GET, &format!("/v1/batches/{batch}"), key, None).await;
    assert_eq!(got.status, 200, "{}", got.text);
    let shown = got.json();
    adds_up(&shown);
    shown
}

/// Starts a run and waits for its end; gives how long that took.
async fn single(dev: &Dev, key: &str) -> Duration {
    let began = Instant::now();
    let accepted = dev
        .send(Method::POST, "/v1/run", key, Some(&json!({ "task": "x" })))
        .await;
    assert_eq!(accepted.status, 202, "{}", accepted.text);
    let path = format!("/v1/runs/{}", accepted.json()["run_id"].as_str().expect("an id"));
    loop {
        let shown = dev.send(Method::GET, &path, key, None).await.json();
        if shown["status"] == "completed" {
            return began.elapsed();
        }
        assert!(began.elapsed() < PATIENCE, "{shown}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

/// Looks at a run's events: numbered without a gap, with one end; gives how many of its model calls were cut off.
async fn whole(dev: &Dev, key: &str, run: &str) -> usize {
    let events = loop {
        let got = dev
            .send(Method::GET, &format!("/v1/runs/{run}/stream"), key, None)
            .await;
        if got.status == 200 {
            break events_in(&got.text);
        }
    };
    assert!(
        events.iter().map(|event| event.id).eq(1..=events.len() as u64),
        "{events:?}"
    );
    let ends = events
        .iter()
        .filter(|event| ENDS.contains(&event.name.as_str()))
        .count();
    assert_eq!(ends, 1, "{run}: {events:?}");
    events.iter().filter(|event| event.name == "attempt.failed").count()
}
