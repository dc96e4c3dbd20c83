//! `cargo xtask`: what a contributor and the build machine run on this repository. It never touches an AWS account and
//! is never deployed. One file per command, and under `test/` one file per part.

mod counts;
mod environment;
mod package;
mod process;
mod python;
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
}

fn main() -> ExitCode {
    let workspace = Workspace::find();
    let outcome = match CommandLine::parse().command {
        Command::Test(options) => test::run(&options, &workspace),
        Command::Package(options) => package::run(&options, &workspace).map(|()| ExitCode::SUCCESS),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
