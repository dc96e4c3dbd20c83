//! The `lints` part: no warning from the compiler or clippy, in any target.

use anyhow::Result;

use super::Outcome;
use crate::process;
use crate::workspace::Workspace;

/// What this part runs.
pub const COMMAND: &str = "cargo clippy --workspace --all-targets -- -D warnings";

/// Lints the libraries, programs and tests of every crate.
pub fn run(workspace: &Workspace) -> Result<Outcome> {
    if !process::quiet(workspace.command_line("cargo clippy --version"))?.success {
        return Ok(Outcome::NotRun("needs clippy: rustup component add clippy".into()));
    }
    let finished = process::quiet(workspace.command_line(COMMAND))?;
    Ok(Outcome::of(
        finished,
        "Mend each warning; where one is wrong, `#[expect(the_lint, reason = \"why\")]` beside it.",
    ))
}
