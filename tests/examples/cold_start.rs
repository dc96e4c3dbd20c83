//! How long a cold function takes: from the start of its process to its first `/next`, and its first request.
//!
//! `cargo run -p eclips-tests --example cold_start -- <folder of release binaries> [runs]`. Health stands for the floor, as
//! it reads no store; medians, because the machine may be busy.

use std::path::PathBuf;
use std::time::Duration;

use eclips_shared::auth::Scope;
use eclips_shared::plan::Plan;
use eclips_shared::time::HOUR_MS;
use eclips_tests::function::event;
use eclips_tests::function_process::FunctionProcess;
use eclips_tests::stores::Stores;
use serde_json::json;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(
        arguments
            .next()
            .expect("usage: cold_start <folder of release binaries> [runs]"),
    );
    // The functions run in a folder of their own, so a path from here would lead nowhere.
    let folder = folder
        .canonicalize()
        .expect("no such folder; run `cargo build --release -p eclips-health -p eclips-runs -p eclips-dashboard`");
    let runs: usize = arguments
        .next()
        .map_or(30, |count| count.parse().expect("a number of runs"));
    let stores = Stores::open().await;
    let key = stores.key(Plan::Enterprise, &Scope::ALL).await;
    let cookie = stores.session(&key, HOUR_MS).await;

    println!(
        "{:<34} {:>10} {:>16} {:>10}",
        "function, request", "init ms", "first request ms", "warm ms"
    );
    for (function, method, path, body) in [
        ("health", "GET", "/v1/health", None),
        ("runs", "GET", "/v1/runs", None),
        ("runs", "POST", "/v1/run", Some(json!({ "task": "x" }))),
        ("dashboard", "GET", "/sign-in", None),
        ("dashboard", "GET", "/settings/api-keys", None),
    ] {
        let setup = stores.setup_of(function, folder.join(function));
        let mut event = event(method, path, Some(&key), body.as_ref());
        if path.starts_with("/settings") {
            event["multiValueHeaders"]["Cookie"] = json!([cookie]);
        }
        let (mut init, mut first, mut warm) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..runs {
            let mut process = FunctionProcess::start(&setup).await.expect("the function starts");
            for call in 0..10 {
                let began = std::time::Instant::now();
                let answer = process.invoke(&event).await.expect("the function answers");
                assert!(
                    answer["statusCode"].as_u64().is_some_and(|status| status < 300),
                    "{answer}"
                );
                if call > 0 {
                    warm.push(began.elapsed());
                }
            }
            init.push(process.init);
            first.push(process.first_answer.expect("it answered"));
        }
        let name = format!("{function}, {method} {path}");
        println!(
            "{name:<34} {:>10.2} {:>16.2} {:>10.2}",
            median_ms(init),
            median_ms(first),
            median_ms(warm)
        );
    }
}

fn median_ms(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1_000.0
}
