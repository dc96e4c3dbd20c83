//! The table at the end of `cargo xtask test`, and its last line, which build machines read.

use std::time::Duration;

use crate::counts::Counts;
use crate::test::{Outcome, Report};

/// Says in a word or two what became of a part.
pub fn verdict(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Passed(_) => "ok",
        Outcome::Failed { .. } => "FAILED",
        Outcome::NotRun(_) => "not run",
    }
}

/// How much of a failed part's output is said again at the end.
const LINES_MAX: usize = 60;

/// Prints the table, what failed once more, a line for each part that could not run, and the total alone on the last line: of
/// a long log most people have only its end. With `strict`, as on a build machine, a part that could not run counts as failed.
/// Returns the total.
pub fn print(reports: &[Report], strict: bool) -> Counts {
    println!(
        "\n{:<9} {:<8} {:>8} {:>7} {:>7} {:>8}",
        "part", "result", "time", "passed", "failed", "skipped"
    );
    for report in reports {
        let counts = counted(&report.outcome, strict);
        println!(
            "{:<9} {:<8} {:>8} {:>7} {:>7} {:>8}",
            report.part.name(),
            verdict(&report.outcome),
            seconds(report.time),
            counts.passed,
            counts.failed,
            counts.skipped
        );
    }
    println!(
        "{:<18} {:>8}\n",
        "all",
        seconds(reports.iter().map(|report| report.time).sum())
    );
    for Report { part, outcome, .. } in reports {
        match outcome {
            Outcome::Passed(_) => {}
            Outcome::Failed { output, next, .. } => {
                println!("FAILED: {}\n{}\n  next: {next}\n", part.name(), beginning(output));
            }
            Outcome::NotRun(reason) => println!("not run: {} ({reason})", part.name()),
        }
    }
    let total = reports.iter().map(|report| counted(&report.outcome, strict)).sum();
    println!("{total}");
    total
}

/// The first lines of an output; the first fault is the one to mend.
fn beginning(output: &str) -> String {
    let lines: Vec<&str> = output.trim_end().lines().take(LINES_MAX).collect();
    lines.join("\n")
}

fn counted(outcome: &Outcome, strict: bool) -> Counts {
    match outcome {
        Outcome::Passed(counts) | Outcome::Failed { counts, .. } => *counts,
        Outcome::NotRun(_) if strict => Counts::ONE_FAILED,
        Outcome::NotRun(_) => Counts::ONE_SKIPPED,
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::{Counts, Outcome, counted};

    #[test]
    fn a_part_that_could_not_run_fails_a_build_machine_only() {
        let outcome = Outcome::NotRun("needs python3".into());
        assert_eq!(counted(&outcome, false), Counts::ONE_SKIPPED);
        assert_eq!(counted(&outcome, true), Counts::ONE_FAILED);
    }
}
