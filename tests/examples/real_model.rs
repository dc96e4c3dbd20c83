//! One run that a real model answers: starts the whole system with the model that is named, drives a run to its end and prints
//! its event log, its result and what it took.
//!
//! `cargo run -p eclips-tests --example real_model -- openai:http://127.0.0.1:8080/v1#gemma [agent] [task]`, or `bedrock:<model id>`.
//! A key comes from `ECLIPS_MODEL_KEY`. Fails unless the model answered at least once and the run ended.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use eclips_local::{Local, Options};
use eclips_shared::config::laptop_models;
use eclips_tests::records;
use eclips_tests::world::{PASSWORD, World};
use serde_json::{Value, json};

/// Three attempts of 120 s, and the pauses between them; an escalation to the same model on top.
const PATIENCE: Duration = Duration::from_secs(800);

#[tokio::main]
async fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let Some(model) = words.next() else {
        eprintln!("which model? openai:<base url>#<model name> or bedrock:<model id>");
        return ExitCode::FAILURE;
    };
    let agent = words.next().unwrap_or_else(|| "summariser".to_owned());
    let task = words.next().unwrap_or_else(|| {
        "Sum up: the board met on 3 June, approved the budget of 40 000 dollars and moved the launch to September."
            .to_owned()
    });
    let (_, model_key) = laptop_models();
    let started = Local::start(Options {
        models: [(); 3].map(|()| model.clone()),
        model_key,
        password: PASSWORD.to_owned(),
        ..Options::default()
    });
    let world = match started.await {
        Ok(local) => World::over(local).await,
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    println!("{agent}: {task}");
    let ended = drive(&world, &agent, &task).await;
    world.stop().await;
    ended
}

async fn drive(world: &World, agent: &str, task: &str) -> ExitCode {
    let person = world.somebody().await;
    let run = world.run(&person, json!({ "task": task, "agent_type": agent })).await;
    let began = Instant::now();
    let mut told = 0;
    loop {
        // The run first: what it says has happened is among the events then.
        let shown = world.get(&format!("/v1/runs/{run}"), &person).await.json();
        let events = records::events(world.config(), run).await;
        for event in &events[told..] {
            println!("{:>7} ms  {event}", began.elapsed().as_millis());
        }
        told = events.len();
        if !matches!(shown["status"].as_str(), Some("queued" | "running")) {
            return judge(&shown);
        }
        if began.elapsed() > PATIENCE {
            eprintln!("it has not ended: {shown}");
            return ExitCode::FAILURE;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// A small model's answer may end before a person or be malformed; what counts is that it came and was metered.
fn judge(shown: &Value) -> ExitCode {
    println!("{}", serde_json::to_string_pretty(shown).expect("JSON can be written"));
    let answered = shown["usage"]["output_tokens"]
        .as_u64()
        .is_some_and(|tokens| tokens > 0);
    if answered {
        ExitCode::SUCCESS
    } else {
        eprintln!("the model never answered");
        ExitCode::FAILURE
    }
}
