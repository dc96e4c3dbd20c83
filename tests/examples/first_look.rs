//! A first look at a system, before its contract is tried: whether it is there, which version it has, how long it took, and how the
//! challenge of a refusal arrived. `cargo xtask smoke` starts it; by hand, with the settings of the contract's tests:
//! `cargo run -p eclips-tests --example first_look`.

use std::time::Instant;

use eclips_tests::target::Target;
use eclips_tests::world::reply;
use reqwest::Method;

#[tokio::main]
async fn main() {
    let target = Target::find();
    let began = Instant::now();
    let health = reply(target.request(Method::GET, "/v1/health")).await;
    println!(
        "health: {} after {} ms, version {}",
        health.status,
        began.elapsed().as_millis(),
        health.json()["version"].as_str().unwrap_or("of none")
    );
    let began = Instant::now();
    let list = reply(target.request(Method::GET, "/v1/runs").bearer_auth(target.test())).await;
    println!("list of runs: {} after {} ms", list.status, began.elapsed().as_millis());
    let refused = reply(target.request(Method::GET, "/v1/runs")).await;
    let challenges: Vec<String> = refused
        .headers
        .iter()
        .filter(|(name, _)| name.as_str().ends_with("www-authenticate"))
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    println!(
        "without a key: {}, challenge {}",
        refused.status,
        if challenges.is_empty() {
            "none".to_owned()
        } else {
            challenges.join(", ")
        }
    );
}
