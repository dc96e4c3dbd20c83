//! The `tests` part: every test of every crate, shown while it runs; then the contract's once more, behind the unrest.

use std::process::Command;

use anyhow::Result;

use super::Outcome;
use super::faults::Faults;
use crate::counts::Counts;
use crate::process;
use crate::workspace::Workspace;

/// What this part runs, with the variable it sets.
pub const SHOWN: &str = "cargo test --workspace --no-fail-fast; \
                         ECLIPS_UNREST=1 cargo test --workspace --test all -- contract::";

/// All test binaries run even when one fails, so that the counts are whole.
const ALL: &str = "cargo test --workspace --no-fail-fast";
/// The contract's tests, over a store that says what DynamoDB does and the embedded engine never: `tests/src/unrest.rs`. Of the whole
/// workspace, as above: for one package alone cargo chooses other features, and builds everything anew.
const AGAIN: &str = "cargo test --workspace --test all -- contract::";

/// Runs the tests, passes their output on as it comes, and counts.
pub fn run(workspace: &Workspace) -> Result<Outcome> {
    let mut restless = workspace.command_line(AGAIN);
    restless.env("ECLIPS_UNREST", "1");
    counted([(workspace.command_line(ALL), ""), (restless, ", with ECLIPS_UNREST=1")])
}

/// Runs commands of cargo's tests, one after the other, and counts over all of them. With each is said where a failed test of it ran.
pub fn counted(commands: impl IntoIterator<Item = (Command, &'static str)>) -> Result<Outcome> {
    let (mut counts, mut failed, mut faults) = (Counts::default(), Vec::new(), Faults::default());
    for (command, where_from) in commands {
        let mut found = Counts::default();
        let success = process::aloud(command, |line| {
            found = found + Counts::from_result_line(line).unwrap_or_default();
            failed.extend(failed_test(line).map(|name| format!("  failed: {name}{where_from}\n")));
            faults.see(line);
        })?;
        let compiled = found != Counts::default();
        if found.failed == 0 && (!success || found.passed == 0) {
            // It did not compile, a test binary died before its last line, or the filter found no test.
            found = found + Counts::ONE_FAILED;
        }
        counts = counts + found;
        if !compiled {
            break;
        }
    }
    if counts.failed == 0 {
        return Ok(Outcome::Passed(counts));
    }
    Ok(Outcome::Failed {
        counts,
        output: failed.concat() + &faults.told(),
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
