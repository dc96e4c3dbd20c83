//! The `tests` part: every test of every crate, shown while it runs.

use anyhow::Result;

use super::Outcome;
use crate::counts::Counts;
use crate::process;
use crate::workspace::Workspace;

/// What this part runs. All test binaries run even when one fails, so that the counts are whole.
pub const COMMAND: &str = "cargo test --workspace --no-fail-fast";

/// Runs the tests, passes their output on as it comes, and counts.
pub fn run(workspace: &Workspace) -> Result<Outcome> {
    let mut counts = Counts::default();
    let mut failed = Vec::new();
    let success = process::aloud(workspace.command_line(COMMAND), |line| {
        counts = counts + Counts::from_result_line(line).unwrap_or_default();
        failed.extend(failed_test(line).map(|name| format!("  failed: {name}\n")));
    })?;
    if success && counts.failed == 0 {
        return Ok(Outcome::Passed(counts));
    }
    if counts.failed == 0 {
        // It did not compile, or a test binary died before its last line.
        counts = counts + Counts::ONE_FAILED;
    }
    Ok(Outcome::Failed {
        counts,
        output: failed.concat(),
        next: "Read the output above; run one test alone with `cargo test --workspace <its name> -- --nocapture`."
            .into(),
    })
}

/// Reads the name in `test <name> ... FAILED`.
fn failed_test(line: &str) -> Option<&str> {
    line.strip_prefix("test ")?.strip_suffix(" ... FAILED")
}

#[cfg(test)]
mod promises {
    use super::failed_test;

    #[test]
    fn reads_the_name_of_a_failed_test_only() {
        assert_eq!(failed_test("test runs::refuses ... FAILED"), Some("runs::refuses"));
        assert_eq!(failed_test("test runs::refuses ... ok"), None);
    }
}
