//! `cargo dev`: the whole system on this machine, from one command.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use eclips_local::demo::{self, Demo};
use eclips_local::{Local, Options};
use eclips_shared::config;
use eclips_shared::log::Clock;
use eclips_shared::store::Store;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Runs eClips API on this machine: gateway, functions, embedded DynamoDB, queues, stream, schedules.
#[derive(Parser)]
#[command(bin_name = "cargo dev")]
struct CommandLine {
    /// The gateway's port on 127.0.0.1; 0 takes any.
    #[arg(long, default_value_t = 8787)]
    port: u16,
    /// The dashboard's port on 127.0.0.1; 0 takes any.
    #[arg(long, default_value_t = 8788)]
    dashboard_port: u16,
    /// The port of the receiver of webhooks on 127.0.0.1; 0 takes any.
    #[arg(long, default_value_t = 8789)]
    receiver_port: u16,
    /// Where the data lives.
    #[arg(long, value_name = "DIR", default_value = ".eclips")]
    data: PathBuf,
    /// Keeps nothing when it ends; its `dev.env` is written to DIR/memory, beside what other starts wrote.
    #[arg(long)]
    memory: bool,
    /// How much to log to standard error: error, warn, info or debug.
    #[arg(long, default_value = "info")]
    log: LevelFilter,
}

#[tokio::main]
async fn main() -> ExitCode {
    let line = CommandLine::parse();
    start_log(line.log);
    match run(line).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(line: CommandLine) -> anyhow::Result<()> {
    let began = Instant::now();
    let folder = if line.memory {
        line.data.join("memory")
    } else {
        line.data.clone()
    };
    let env = folder.join("dev.env");
    let password = demo::password(&env)?;
    let (models, model_key) = config::laptop_models();
    let local = Local::start(Options {
        port: line.port,
        dashboard_port: line.dashboard_port,
        receiver_port: line.receiver_port,
        data: (!line.memory).then_some(line.data),
        password: password.clone(),
        models,
        model_key,
        front: None,
    })
    .await?;
    let at = Instant::now();
    std::fs::create_dir_all(&folder)?;
    let demo = Demo::prepare(&Store::open(local.config()), &env).await?;
    demo.write(&env, &password, local.config(), local.receiver_url())?;
    for (what, took) in local.steps() {
        println!("  {what:<44} {:>5} ms", took.as_millis());
    }
    println!(
        "  {:<44} {:>5} ms",
        "demo organization, keys, dev.env",
        at.elapsed().as_millis()
    );
    println!("ready in {} ms: {}", began.elapsed().as_millis(), local.base_url());
    print_what_to_try(&local, &demo, &password, &env.display().to_string());
    tokio::signal::ctrl_c().await?;
    println!("stopping");
    local.stop().await;
    Ok(())
}

fn print_what_to_try(local: &Local, demo: &Demo, password: &str, env: &str) {
    let (dashboard, owner) = (&local.config().dashboard_url, demo::owner());
    let receiver = local.receiver_url();
    let (base, live, test) = (local.base_url(), demo.live.reveal(), demo.test.reveal());
    let who = if local.lineup().is_sandbox() {
        "the sandbox model answers every run; no other model is configured".to_owned()
    } else {
        format!("live runs are answered by {}; test runs by the sandbox", local.lineup())
    };
    println!(
        "
{who}
dashboard {dashboard}
receiver  {receiver}
webhooks  are posted to https:// and, here alone, to http:// on this machine
sign in   {owner}  password  {password}
live key  {live}
test key  {test}
settings  {env}

try

  curl {base}/v1/health

  curl {base}/v1/run -H 'Authorization: Bearer {live}' \\
    -H 'Content-Type: application/json' \\
    -d '{{\"agent_type\":\"procurement_specialist\",\"task\":\"Get 3 vendor quotes for 500 laptops\"}}'

  curl {base}/v1/webhooks -H 'Authorization: Bearer {live}' \\
    -H 'Content-Type: application/json' \\
    -d '{{\"url\":\"{receiver}/hook\",\"events\":[\"run.completed\",\"run.failed\",\"run.triage_required\"]}}'

  curl '{base}/v1/runs?limit=5' -H 'Authorization: Bearer {live}'

  curl {base}/v1/usage -H 'Authorization: Bearer {live}'

and, with the run_id of an answer in the place of RUN_ID, to watch a run as it happens

  curl -N {base}/v1/runs/RUN_ID/stream -H 'Authorization: Bearer {live}'
"
    );
}

/// One line per request and run step to standard error; of the embedded engine, only what is wrong with itself.
fn start_log(level: LevelFilter) {
    let ours = [
        "eclips_shared",
        "eclips_dashboard",
        "eclips_health",
        "eclips_runs",
        "eclips_stream",
        "eclips_triage",
        "eclips_webhooks",
        "eclips_batches",
        "eclips_usage",
        "eclips_worker",
        "eclips_dispatch",
        "eclips_deliver",
        "eclips_fold",
        "eclips_sweep",
        "eclips_local",
    ];
    let targets = Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target("dynoxide", level.min(LevelFilter::ERROR))
        .with_targets(ours.map(|target| (target, level)));
    let lines = tracing_subscriber::fmt::layer()
        .with_timer(Clock)
        .with_target(false)
        .with_writer(std::io::stderr);
    tracing_subscriber::registry().with(targets).with(lines).init();
}
