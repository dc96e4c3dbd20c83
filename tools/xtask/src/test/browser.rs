//! The `browser` part: the dashboard in a real Chromium, driven by Node's own test runner. A browser is never downloaded.

use std::path::Path;

use anyhow::{Result, bail};

use super::{Outcome, node};
use crate::environment;
use crate::workspace::Workspace;

/// What this part runs.
pub const COMMAND: &str = "node --test tests/browser";

/// Where the tests and their lock file are.
const FOLDER: &str = "tests/browser";
/// Where Debian and others put a browser. `tests/browser/world/chromium.js` looks there too.
const PLACES: [&str; 3] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
];

/// Runs the tests, passes their output on as it comes, and counts.
pub fn run(workspace: &Workspace) -> Result<Outcome> {
    if let Err(reason) = ready(workspace) {
        return Ok(Outcome::NotRun(format!("{reason:#}")));
    }
    node::test(
        workspace,
        FOLDER,
        "Read the output above; the last picture of each failed test is in target/browser, and tests/browser/README.md \
         says how to run one room alone.",
    )
}

/// Makes sure of a browser, Node and the packages. *Errors*: one line that says what is missing and how to get it.
fn ready(workspace: &Workspace) -> Result<()> {
    if environment::chromium().is_none() && !PLACES.iter().any(|place| Path::new(place).exists()) {
        bail!("needs Chromium: apt-get install chromium, or name one in CHROMIUM");
    }
    node::ready(workspace, FOLDER)
}
