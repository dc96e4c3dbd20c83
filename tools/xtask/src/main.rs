//! `cargo xtask`: what a contributor, the build machine and an operator run on this repository. Only `deploy`, `destroy` and `smoke
//! --stack` ask an AWS account. It is never deployed. One file per command, and under `test/` one file per part.

mod bench;
mod counts;
mod environment;
mod package;
mod process;
mod python;
mod server;
mod stack;
mod summary;
mod test;
mod workspace;
mod zip;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use workspace::Workspace;

/// Checks and packages this repository.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

/// One variant per command; its own file holds the options.
#[derive(Subcommand)]
enum Command {
    /// Runs every check, one line per part; ends with `N passed, N failed, N skipped`.
    Test(test::Options),
    /// Builds the release zips of the functions into target/lambda.
    Package(package::Options),
    /// Measures what the functions take and cost, beside floors; writes tools/bench/README.md.
    Bench(bench::Options),
    /// Builds the zips and deploys them as a stack.
    Deploy(stack::Deploy),
    /// Tries a system as a client meets it: the contract's tests against its address.
    Smoke(stack::Smoke),
    /// Deletes a stack; tables, accounts and the key of the secrets stay.
    Destroy(stack::Destroy),
}

fn main() -> ExitCode {
    let workspace = Workspace::find();
    let outcome = match CommandLine::parse().command {
        Command::Test(options) => test::run(&options, &workspace),
        Command::Package(options) => package::run(&options, &workspace).map(|()| ExitCode::SUCCESS),
        Command::Bench(options) => bench::run(&options, &workspace),
        Command::Deploy(options) => stack::deploy(&options, &workspace),
        Command::Smoke(options) => stack::smoke(&options, &workspace),
        Command::Destroy(options) => stack::destroy(&options, &workspace),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
