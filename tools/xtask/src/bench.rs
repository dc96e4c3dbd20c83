//! `cargo xtask bench`: builds what is measured as it is packaged, and lets `eclips-bench` measure it.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::package;
use crate::workspace::Workspace;

/// The profile of what measures, which is not what is measured.
const TOOLS: &str = "bench-tools";

/// The options of `cargo xtask bench`.
#[derive(Args)]
pub struct Options {
    /// What `eclips-bench` is told: `--quick`, `--only SECTION`; `--help` lists them all.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<String>,
}

/// Builds and measures.
///
/// *Errors*: something cannot be built or started.
pub fn run(options: &Options, workspace: &Workspace) -> Result<ExitCode> {
    // In one cargo run, as `cargo xtask package` builds them: features are those of all functions together. The floors ask for
    // nothing that the functions do not have. The tools do, so they come by themselves.
    let functions = package::functions(workspace)?;
    let measured = functions.iter().map(String::as_str).chain(["floors"]);
    build("the functions and the floors", "release", measured, workspace)?;
    build("the bench and `cargo dev`", TOOLS, ["bench", "local"], workspace)?;
    let mut bench = workspace.command(workspace.target.join(TOOLS).join("eclips-bench"));
    bench
        .arg("--programs")
        .arg(workspace.target.join("release"))
        .args(&options.words);
    let status = bench.status().context("cannot start eclips-bench")?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn build<'a>(
    what: &str,
    profile: &str,
    crates: impl IntoIterator<Item = &'a str>,
    workspace: &Workspace,
) -> Result<()> {
    let began = Instant::now();
    println!("building {what}, some minutes the first time …");
    let mut cargo = workspace.command("cargo");
    cargo.args(["build", "--profile", profile]);
    for name in crates {
        cargo.arg("--package").arg(format!("eclips-{name}"));
    }
    let status = cargo.status().context("cannot start cargo")?;
    ensure!(status.success(), "cargo could not build {what}; its message is above");
    println!("built {what} in {:.0} s", began.elapsed().as_secs_f64());
    Ok(())
}
