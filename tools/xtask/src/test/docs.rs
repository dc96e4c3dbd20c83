//! The `docs` part: the documentation of our crates builds, and no link in it is broken.

use anyhow::Result;

use super::Outcome;
use crate::process;
use crate::workspace::Workspace;

/// What this part runs, with the variable it sets.
pub const SHOWN: &str = "RUSTDOCFLAGS=\"-D warnings\" cargo doc --workspace --no-deps";

const COMMAND: &str = "cargo doc --workspace --no-deps";

/// Builds the documentation with every warning an error. The dependencies' own pages are not built.
pub fn run(workspace: &Workspace) -> Result<Outcome> {
    let mut command = workspace.command_line(COMMAND);
    command.env("RUSTDOCFLAGS", "-D warnings");
    let finished = process::quiet(command)?;
    Ok(Outcome::of(
        finished,
        "Mend the link or the comment that the message names.",
    ))
}
