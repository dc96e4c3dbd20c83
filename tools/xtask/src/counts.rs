//! How many checks passed, failed and were skipped, and how cargo's test harness and Node's say so.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;

/// The counts of one part or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Checks that held.
    pub passed: u64,
    /// Checks that did not.
    pub failed: u64,
    /// Checks that were not made.
    pub skipped: u64,
}

impl Counts {
    /// One check that held.
    pub const ONE_PASSED: Self = Self {
        passed: 1,
        failed: 0,
        skipped: 0,
    };
    /// One check that did not hold.
    pub const ONE_FAILED: Self = Self {
        passed: 0,
        failed: 1,
        skipped: 0,
    };
    /// One check that was not made.
    pub const ONE_SKIPPED: Self = Self {
        passed: 0,
        failed: 0,
        skipped: 1,
    };

    /// Reads `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; …`, the last line of every
    /// test binary. Any other line gives nothing. Tests that a filter left out are not counted: nobody asked for them.
    pub fn from_result_line(line: &str) -> Option<Self> {
        let (_verdict, rest) = line.strip_prefix("test result: ")?.split_once(". ")?;
        let count = |name: &str| {
            rest.split("; ")
                .find_map(|field| field.strip_suffix(name)?.trim().parse::<u64>().ok())
        };
        Some(Self {
            passed: count("passed")?,
            failed: count("failed")?,
            skipped: count("ignored")?,
        })
    }

    /// Reads one line of the summary that Node's test runner ends with, such as `ℹ pass 12` (`# pass 12` where it writes
    /// TAP); the whole is the sum. Any other line gives nothing. A test that was cancelled, because its time was over, failed.
    pub fn from_node_line(line: &str) -> Option<Self> {
        let (word, number) = line.strip_prefix("ℹ ").or(line.strip_prefix("# "))?.split_once(' ')?;
        let count = number.parse().ok()?;
        let mut counts = Self::default();
        match word {
            "pass" => counts.passed = count,
            "fail" | "cancelled" => counts.failed = count,
            "skipped" | "todo" => counts.skipped = count,
            _ => return None,
        }
        Some(counts)
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Self::add)
    }
}

/// The last line of `cargo xtask test`; build machines read it, so its form is fixed.
impl fmt::Display for Counts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn reads_the_result_line_of_a_test_binary() {
        let line =
            "test result: FAILED. 12 passed; 2 failed; 3 ignored; 0 measured; 40 filtered out; finished in 0.01s";
        assert_eq!(
            Counts::from_result_line(line),
            Some(Counts {
                passed: 12,
                failed: 2,
                skipped: 3
            })
        );
    }

    #[test]
    fn ignores_every_other_line() {
        for line in [
            "",
            "test counts::reads ... ok",
            "running 3 tests",
            "test result: unreadable",
        ] {
            assert_eq!(Counts::from_result_line(line), None, "{line}");
        }
    }

    #[test]
    fn sums_the_summary_of_nodes_runner() {
        let spec = [
            "ℹ tests 20",
            "ℹ suites 3",
            "ℹ pass 12",
            "ℹ fail 2",
            "ℹ cancelled 1",
            "ℹ skipped 4",
            "ℹ todo 1",
            "ℹ duration_ms 98620.96",
        ];
        let tap = spec.map(|line| line.replace('ℹ', "#"));
        let expected = Counts {
            passed: 12,
            failed: 3,
            skipped: 5,
        };
        for summary in [spec.map(str::to_owned), tap] {
            let sum: Counts = summary.iter().filter_map(|line| Counts::from_node_line(line)).sum();
            assert_eq!(sum, expected);
        }
        for line in ["", "pass 12", "ℹ pass", "ℹ pass twelve", "  ✔ # pass 3", "ℹ pass 1 2"] {
            assert_eq!(Counts::from_node_line(line), None, "{line}");
        }
    }

    #[test]
    fn sums_and_prints_the_final_line() {
        let all = [
            Counts::ONE_PASSED,
            Counts::ONE_FAILED,
            Counts::ONE_SKIPPED,
            Counts::ONE_PASSED,
        ];
        assert_eq!(
            all.into_iter().sum::<Counts>().to_string(),
            "2 passed, 1 failed, 1 skipped"
        );
    }
}
