//! The `build` part: the functions and tools as programs, where the black-box tests start them.

use anyhow::Result;

use super::Outcome;
use crate::process;
use crate::workspace::Workspace;

/// What this part runs. This tool is left out because it is running: some systems do not let it be replaced.
pub const COMMAND: &str = "cargo build --workspace --bins --exclude eclips-xtask";

/// Builds every program in the profile that the tests use.
pub fn run(workspace: &Workspace) -> Result<Outcome> {
    let finished = process::quiet(workspace.command_line(COMMAND))?;
    Ok(Outcome::of(
        finished,
        "Mend the first error; the ones below it often follow from it.",
    ))
}
