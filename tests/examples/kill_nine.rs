//! Kills `cargo dev` in the middle of things, again and again, and sees whether every run ends exactly once:
//! `cargo build --workspace --bins && cargo run -p eclips-tests --example kill_nine`.
//!
//! 20 times ten runs are started, some of which take a while, and the process is killed as `kill -9` does, a little later
//! each time. Then every run must end, and its events, as its owner reads them, must be whole: numbered without a gap, with
//! one end. What the ledger says of the day must be what the totals say.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use eclips_tests::process::Dev;
use eclips_tests::reader::events_in;
use eclips_tests::world::{client, reply};
use futures_util::future::join_all;
use serde_json::{Value, json};

const ROUNDS: u64 = 20;
const RUNS_PER_ROUND: u64 = 10;
/// A killed worker's run waits for its lease, 30 s, and a lost one for the minute's sweep.
const PATIENCE: Duration = Duration::from_secs(600);
const ENDS: [&str; 3] = ["run.completed", "run.failed", "run.cancelled"];

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let mut dev = Dev::start(folder.path());
    let began = Instant::now();
    let mut runs = Vec::new();
    for round in 0..ROUNDS {
        let started = join_all((0..RUNS_PER_ROUND).map(|number| start(&dev, number))).await;
        runs.extend(started);
        tokio::time::sleep(Duration::from_millis(round * 41 % 700)).await;
        dev.kill();
        dev = Dev::start(folder.path());
    }
    println!(
        "{} runs, {ROUNDS} kills in {:.1} s",
        runs.len(),
        began.elapsed().as_secs_f64()
    );

    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    let mut attempts_lost = 0;
    for run in &runs {
        let (end, lost) = whole(&dev, run, began).await;
        *ends.entry(end).or_default() += 1;
        attempts_lost += lost;
    }
    let took = began.elapsed().as_secs_f64();
    println!("all ended once after {took:.1} s: {ends:?}; {attempts_lost} model calls were cut off");
    verify(&dev, began).await;
}

/// Starts a run; every third one takes a while.
async fn start(dev: &Dev, number: u64) -> String {
    let delay_ms = if number.is_multiple_of(3) { 400 * number } else { 0 };
    let body = json!({ "task": "x", "data": { "sandbox": { "delay_ms": delay_ms } } });
    let url = format!("{}/v1/run", dev.settings["ECLIPS_BASE_URL"]);
    let request = client().post(url).bearer_auth(&dev.settings["ECLIPS_API_KEY"]);
    let accepted = reply(request.json(&body)).await;
    assert_eq!(accepted.status, 202, "{}", accepted.text);
    accepted.json()["run_id"].as_str().expect("a run id").to_owned()
}

/// Waits for a run's end; gives how it ended and how many of its model calls were cut off.
async fn whole(dev: &Dev, run: &str, began: Instant) -> (String, usize) {
    let get = async |path: String| {
        let url = format!("{}{path}", dev.settings["ECLIPS_BASE_URL"]);
        reply(client().get(url).bearer_auth(&dev.settings["ECLIPS_API_KEY"])).await
    };
    loop {
        let shown = get(format!("/v1/runs/{run}")).await.json();
        if !matches!(shown["status"].as_str(), Some("queued" | "running")) {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "still open: {shown}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let events = events_in(&get(format!("/v1/runs/{run}/stream")).await.text);
    assert!(
        events.iter().map(|event| event.id).eq(1..=events.len() as u64),
        "{events:?}"
    );
    let ended: Vec<&str> = events
        .iter()
        .map(|event| event.name.as_str())
        .filter(|name| ENDS.contains(name))
        .collect();
    let [end] = ended.as_slice() else {
        panic!("{run} ended as {ended:?}")
    };
    assert_eq!(events.last().map(|event| event.name.as_str()), Some(*end));
    let lost = events.iter().filter(|event| event.name == "attempt.failed").count();
    ((*end).to_owned(), lost)
}

/// Compares the day's totals with its ledger; the last batch of the stream may still be on its way.
async fn verify(dev: &Dev, began: Instant) {
    let url = format!("{}/v1/usage", dev.settings["ECLIPS_BASE_URL"]);
    let used = reply(client().get(url).bearer_auth(&dev.settings["ECLIPS_API_KEY"]))
        .await
        .json();
    let org = used["organization_id"].as_str().expect("an organization").to_owned();
    loop {
        let output = dev.admin_output(&["usage", "verify", "--org", &org]);
        let counted: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
        if output.status.success() {
            println!("usage verify: {counted}");
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{counted}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
