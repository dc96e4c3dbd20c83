//! The `format` part: the sources are as rustfmt writes them.

use anyhow::Result;

use super::Outcome;
use crate::process;
use crate::workspace::Workspace;

/// What this part runs.
pub const COMMAND: &str = "cargo fmt --all --check";

/// Compares every source file with rustfmt's form of it; changes nothing.
pub fn run(workspace: &Workspace) -> Result<Outcome> {
    if !process::quiet(workspace.command_line("cargo fmt --version"))?.success {
        return Ok(Outcome::NotRun("needs rustfmt: rustup component add rustfmt".into()));
    }
    let mut command = workspace.command_line(COMMAND);
    // It colours even what goes into a pipe.
    command.args(["--", "--color", "never"]);
    let finished = process::quiet(command)?;
    Ok(Outcome::of(
        finished,
        "Run `cargo fmt --all` and look at what it changed.",
    ))
}
