//! `cargo admin`: organizations, keys, members, limits, usage and the default secret of webhooks, on a laptop or in AWS.
//!
//! It finds the tables by the same settings as the functions. On a laptop it reads them from `<data>/dev.env`, which a
//! running `cargo dev` wrote; in AWS they are `ECLIPS_TABLE_MAIN` and `ECLIPS_TABLE_KEYS`, and for secrets `ECLIPS_VAULT`, with the
//! usual AWS credentials.

mod dev_env;
mod key;
mod member;
mod org;
mod print;
mod usage;
mod webhook;

use std::process::ExitCode;

use aws_config::BehaviorVersion;
use clap::{Parser, Subcommand};
use eclips_shared::config::Config;
use eclips_shared::store::{Actor, Store, StoreError};

use crate::print::Output;

/// Who the audit log says it was.
const OPERATOR: Actor = Actor::Tool("cargo admin");

/// Administers eClips API: organizations, keys, members, limits, usage, webhooks.
#[derive(Parser)]
#[command(bin_name = "cargo admin")]
struct CommandLine {
    /// Prints one JSON object instead of text.
    #[arg(long, global = true)]
    json: bool,
    /// The data folder of a running `cargo dev`; used when no table is set in the environment.
    #[arg(long, global = true, value_name = "DIR", default_value = ".eclips")]
    data: std::path::PathBuf,
    #[command(subcommand)]
    room: Room,
}

/// What is administered.
#[derive(Subcommand)]
enum Room {
    /// Organizations: create, list, set-plan, set-limit, suspend, resume, delete.
    #[command(subcommand)]
    Org(org::Command),
    /// Keys: create, list, revoke, roll.
    #[command(subcommand)]
    Key(key::Command),
    /// Members: add, list, remove.
    #[command(subcommand)]
    Member(member::Command),
    /// Usage: verify, count.
    #[command(subcommand)]
    Usage(usage::Command),
    /// Webhooks: default-secret.
    #[command(subcommand)]
    Webhook(webhook::Command),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let line = CommandLine::parse();
    let output = if line.json { Output::Json } else { Output::Text };
    match run(line, output).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(line: CommandLine, output: Output) -> anyhow::Result<()> {
    let config = match Config::operator() {
        Ok(config) => Config {
            account: Some(aws_config::load_defaults(BehaviorVersion::latest()).await),
            ..config
        },
        Err(missing) => dev_env::read(&line.data.join("dev.env")).map_err(|cause| cause.context(missing))?,
    };
    let store = Store::open(&config);
    match line.room {
        Room::Org(command) => org::run(&store, command, output).await,
        Room::Key(command) => key::run(&store, command, output).await,
        Room::Member(command) => member::run(&store, command, output).await,
        Room::Usage(command) => usage::run(&store, command, output).await,
        Room::Webhook(command) => webhook::run(&config, &store, command, output).await,
    }
}

/// What a refusal of the store means to whoever sits at the keyboard.
fn explain(error: StoreError, lost: &str) -> anyhow::Error {
    match error {
        StoreError::Lost => anyhow::anyhow!("{lost}"),
        StoreError::Unavailable { .. } => anyhow::Error::new(error)
            .context("the tables do not answer; is `cargo dev` running, or are the AWS credentials right?"),
        StoreError::Corrupt { .. } => anyhow::Error::new(error),
    }
}

#[cfg(test)]
mod tests {
    use clap::error::ErrorKind;

    use super::*;

    /// The pages that tell somebody what to type.
    const PAGES: [&str; 6] = [
        include_str!("../../../README.md"),
        include_str!("../../../ARCHITECTURE.md"),
        include_str!("../../../CONTRIBUTING.md"),
        include_str!("../../../infra/README.md"),
        include_str!("../../../docs/contract.md"),
        include_str!("../../../docs/runbook.md"),
    ];
    const ID: &str = "01980000-0000-7000-8000-000000000001";

    /// A word of a page's command as somebody would type it.
    fn typed(word: &str) -> &str {
        match word.trim_matches('"') {
            "<org_id>" | "<key_id>" | "$ORG" | "ORG" => ID,
            "DAY" => "2026-06-06",
            word => word,
        }
    }

    #[test]
    fn the_pages_name_no_command_that_there_is_not() {
        let mut commands = 0;
        for command in PAGES.iter().flat_map(|page| page.split("cargo admin").skip(1)) {
            let command = command.split(" > ").next().unwrap_or_default();
            let end = command
                .find(['\n', '`', '#', '|', ')', ';', '\u{2026}'])
                .unwrap_or(command.len());
            let words = command[..end].split_whitespace().map(typed);
            let parsed = CommandLine::try_parse_from(std::iter::once("cargo admin").chain(words));
            let Err(error) = parsed else {
                commands += 1;
                continue;
            };
            // A page may speak of a command without all that it takes.
            let is_cut_short = matches!(
                error.kind(),
                ErrorKind::DisplayHelp
                    | ErrorKind::MissingRequiredArgument
                    | ErrorKind::MissingSubcommand
                    | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            );
            assert!(is_cut_short, "cargo admin{}\n{error}", &command[..end]);
        }
        assert!(commands > 20, "{commands}");
    }
}
