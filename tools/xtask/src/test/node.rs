//! Node for the parts that use it: whether it is there, the packages of a folder, and its own test runner. Packages are those of the
//! folder's lock file, installed when that changed; none of their scripts runs.

use std::fs;

use anyhow::{Context, Result, bail};

use super::Outcome;
use super::faults::Faults;
use crate::counts::Counts;
use crate::process;
use crate::workspace::Workspace;

/// The oldest Node that the packages name.
const NODE_MIN: u32 = 20;
/// The lock file as it was when the packages were installed; written last, so that an interrupted installation is done again.
const MARKER: &str = "node_modules/installed.json";

/// Makes sure of Node and of a folder's packages. *Errors*: one line that says what is missing and how to get it.
pub fn ready(workspace: &Workspace, folder: &str) -> Result<()> {
    let version = process::quiet(workspace.command_line("node --version"));
    let major = version.ok().and_then(|finished| node_major(&finished.output));
    if major.is_none_or(|major| major < NODE_MIN) {
        bail!("needs node {NODE_MIN} or newer, with npm: apt-get install nodejs npm, or https://nodejs.org");
    }
    install(workspace, folder)
}

/// Installs a folder's packages, unless they are those of its lock file already. *Errors*: one line, the first of npm's own.
pub fn install(workspace: &Workspace, folder: &str) -> Result<()> {
    let place = workspace.root.join(folder);
    let wanted = fs::read(place.join("package-lock.json")).context("cannot read the lock file")?;
    if fs::read(place.join(MARKER)).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let mut npm = workspace.command_line("npm ci --ignore-scripts --no-audit --no-fund");
    npm.current_dir(&place);
    let finished = process::quiet(npm).context("needs npm: apt-get install npm")?;
    if !finished.success {
        bail!(
            "npm could not install the packages of {folder}: {}",
            first_fault(&finished.output)
        );
    }
    fs::write(place.join(MARKER), wanted).context("cannot write beside the packages")
}

/// Runs the tests of a path, passes their output on as it comes, and counts. `next` is what to do where some fail.
pub fn test(workspace: &Workspace, path: &str, next: &str) -> Result<Outcome> {
    let mut command = workspace.command("node");
    // Without it, older ones write TAP into a pipe, which nobody likes to read.
    command.args(["--test", "--test-reporter=spec", path]);
    let mut counts = Counts::default();
    let mut failed = Vec::new();
    let mut faults = Faults::default();
    let success = process::aloud(command, |line| {
        counts = counts + Counts::from_node_line(line).unwrap_or_default();
        failed.extend(failed_test(line).map(|name| format!("  failed: {name}\n")));
        faults.see(line);
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
        output: failed.concat() + &faults.told(),
        next: next.into(),
    })
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
