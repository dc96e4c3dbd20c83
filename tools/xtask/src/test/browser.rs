//! The `browser` part: the dashboard in a real Chromium, driven by Node's own test runner. The packages that it needs are
//! pinned in `tests/browser/package-lock.json` and installed when that file changed; a browser is never downloaded.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::Outcome;
use crate::counts::Counts;
use crate::workspace::Workspace;
use crate::{environment, process};

/// What this part runs.
pub const COMMAND: &str = "node --test tests/browser";

/// The oldest Node that the packages name.
const NODE_MIN: u32 = 20;
/// Where Debian and others put a browser. `tests/browser/world/chromium.js` looks there too.
const PLACES: [&str; 3] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
];
/// The lock file as it was when the packages were installed; written last, so that an interrupted installation is done again.
const MARKER: &str = "node_modules/installed.json";

/// Runs the tests, passes their output on as it comes, and counts.
pub fn run(workspace: &Workspace) -> Result<Outcome> {
    if let Err(reason) = ready(workspace) {
        return Ok(Outcome::NotRun(format!("{reason:#}")));
    }
    let mut command = workspace.command("node");
    // Without it, older ones write TAP into a pipe, which nobody likes to read.
    command.args(["--test", "--test-reporter=spec", "tests/browser"]);
    let mut counts = Counts::default();
    let mut failed = Vec::new();
    let success = process::aloud(command, |line| {
        counts = counts + Counts::from_node_line(line).unwrap_or_default();
        failed.extend(failed_test(line).map(|name| format!("  failed: {name}\n")));
    })?;
    if success && counts.failed == 0 && counts.passed > 0 {
        return Ok(Outcome::Passed(counts));
    }
    if counts.failed == 0 {
        // It found no test, or ended before its summary.
        counts = counts + Counts::ONE_FAILED;
    }
    Ok(Outcome::Failed {
        counts,
        output: failed.concat(),
        next: "Read the output above; the last picture of each failed test is in target/browser, and tests/browser/README.md \
               says how to run one room alone."
            .into(),
    })
}

/// Makes sure of Node, a browser and the packages. *Errors*: one line that says what is missing and how to get it.
fn ready(workspace: &Workspace) -> Result<()> {
    let version = process::quiet(workspace.command_line("node --version"));
    let major = version.ok().and_then(|finished| node_major(&finished.output));
    if major.is_none_or(|major| major < NODE_MIN) {
        bail!("needs node {NODE_MIN} or newer, with npm: apt-get install nodejs npm, or https://nodejs.org");
    }
    if environment::chromium().is_none() && !PLACES.iter().any(|place| Path::new(place).exists()) {
        bail!("needs Chromium: apt-get install chromium, or name one in CHROMIUM");
    }
    install(workspace)
}

/// Installs the packages, unless they are those of the lock file already.
fn install(workspace: &Workspace) -> Result<()> {
    let folder = workspace.root.join("tests/browser");
    let wanted = fs::read(folder.join("package-lock.json")).context("cannot read the lock file")?;
    if fs::read(folder.join(MARKER)).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let mut npm = workspace.command_line("npm ci --ignore-scripts --no-audit --no-fund");
    npm.current_dir(&folder);
    let finished = process::quiet(npm).context("needs npm: apt-get install npm")?;
    if !finished.success {
        bail!(
            "npm could not install the packages of tests/browser: {}",
            first_fault(&finished.output)
        );
    }
    fs::write(folder.join(MARKER), wanted).context("cannot write beside the packages")
}

/// Reads 20 in `v20.20.2`.
fn node_major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// Takes the line in which npm says what went wrong; the last ones only name a log file.
fn first_fault(output: &str) -> &str {
    output
        .lines()
        .find(|line| line.starts_with("npm error") && !line.starts_with("npm error code"))
        .unwrap_or("it said nothing")
}

/// Reads the name in `  ✖ <name> (12.3ms)`. Rooms, which fail with their tests, are not set in.
fn failed_test(line: &str) -> Option<&str> {
    let (name, time) = line.strip_prefix("  ✖ ")?.rsplit_once(" (")?;
    time.ends_with("ms)").then_some(name)
}

#[cfg(test)]
mod promises {
    use super::{failed_test, first_fault, node_major};

    #[test]
    fn reads_the_name_of_a_failed_test_only() {
        assert_eq!(
            failed_test("  ✖ a form (any) is refused (12.345ms)"),
            Some("a form (any) is refused")
        );
        for line in [
            "✖ forgery (99.1ms)",
            "  ✔ a form is refused (12.3ms)",
            "✖ failing tests:",
            "  ✖ cut",
        ] {
            assert_eq!(failed_test(line), None, "{line}");
        }
    }

    #[test]
    fn reads_the_version_of_node() {
        assert_eq!(node_major("v20.20.2\n"), Some(20));
        assert_eq!(node_major("sh: node: not found"), None);
    }

    #[test]
    fn takes_the_line_in_which_npm_says_what_went_wrong() {
        let output = "npm error code E404\nnpm error 404 Not Found\nnpm error A complete log of this run is in: /x\n";
        assert_eq!(first_fault(output), "npm error 404 Not Found");
    }
}
