//! `cargo xtask test`: runs the parts in order, each on a line of its own, and sums them up. A failed part does not stop
//! the others, so that one run shows everything there is to mend.

mod browser;
mod build;
mod docs;
mod emulator;
mod faults;
mod format;
mod fuzz;
mod lints;
mod model;
mod node;
mod operator;
mod policy;
pub mod sam;
mod sdk;
mod template;
mod tests;

use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::counts::Counts;
use crate::process::Finished;
use crate::workspace::Workspace;
use crate::{environment, summary};

/// The options of `cargo xtask test`.
#[derive(Args)]
pub struct Options {
    /// Runs only this part; may be given more than once. What starts programs brings `build` with it.
    #[arg(long, value_name = "PART")]
    only: Vec<Part>,
    /// Lists the parts and what each one runs.
    #[arg(long)]
    list: bool,
    /// Runs the part `model` too, which no other wish includes: its first time downloads 270 MB and builds for minutes.
    #[arg(long)]
    with_model: bool,
    /// Runs the part `emulator` too, which no other wish includes: it takes minutes, and what it emulates is AWS as others read it.
    #[arg(long)]
    with_emulator: bool,
}

/// A part of the check, in the order they run. Clippy's and rustdoc's work on the dependencies is shared with each other
/// but not with a build, so no order saves time; the one that says soonest what is wrong comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// The sources are formatted.
    Format,
    /// No warning from the compiler or clippy.
    Lints,
    /// The programs that the tests start.
    Build,
    /// Every test, unit and black box; the contract's also over a store that refuses and lags.
    Tests,
    /// The dashboard in a real browser.
    Browser,
    /// The client in TypeScript, at a real server.
    Sdk,
    /// `docs/openapi.json`, played against a system of its own.
    Fuzz,
    /// The documentation builds without a warning.
    Docs,
    /// The deployment template is valid CloudFormation.
    Template,
    /// The deployment template is valid for `sam deploy`.
    Sam,
    /// What SAM makes of the template keeps to our rules and to those of a checker.
    Policy,
    /// A run that a real model answers, on this machine.
    Model,
    /// The stack deployed to an emulator of AWS, and tried there.
    Emulator,
}

/// What became of a part.
pub enum Outcome {
    /// Everything held.
    Passed(Counts),
    /// Something did not hold.
    Failed {
        /// How much of it.
        counts: Counts,
        /// What the part's program wrote, or of one that was shown while it ran, what it said of its faults.
        output: String,
        /// What to do next, a sentence.
        next: String,
    },
    /// It could not be tried, and why.
    NotRun(String),
}

impl Outcome {
    /// Judges a part that is one check by how its program ended.
    fn of(finished: Finished, next: &str) -> Self {
        if finished.success {
            return Self::Passed(Counts::ONE_PASSED);
        }
        Self::failed(finished.output, next)
    }

    /// A part that is one check, and did not hold.
    fn failed(output: String, next: &str) -> Self {
        Self::Failed {
            counts: Counts::ONE_FAILED,
            output,
            next: next.into(),
        }
    }
}

/// A part that is over.
pub struct Report {
    /// Which one.
    pub part: Part,
    /// What became of it.
    pub outcome: Outcome,
    /// How long it took.
    pub time: Duration,
}

impl Part {
    /// Names the part as `--only` and the summary do.
    pub fn name(self) -> String {
        let value = self.to_possible_value().expect("no part is hidden");
        value.get_name().to_owned()
    }

    /// Shows the command line it runs, for whoever wants to run it by hand.
    pub fn command_line(self) -> &'static str {
        match self {
            Self::Format => format::COMMAND,
            Self::Lints => lints::COMMAND,
            Self::Build => build::COMMAND,
            Self::Tests => tests::SHOWN,
            Self::Browser => browser::COMMAND,
            Self::Sdk => sdk::SHOWN,
            Self::Fuzz => fuzz::SHOWN,
            Self::Docs => docs::SHOWN,
            Self::Template => template::COMMAND,
            Self::Sam => sam::COMMAND,
            Self::Policy => policy::COMMAND,
            Self::Model => model::SHOWN,
            Self::Emulator => emulator::SHOWN,
        }
    }

    /// Whether it starts programs from the target folder, and shows what it does while it does it.
    fn starts_programs(self) -> bool {
        matches!(
            self,
            Self::Tests | Self::Browser | Self::Sdk | Self::Fuzz | Self::Model | Self::Emulator
        )
    }

    fn run(self, workspace: &Workspace) -> Result<Outcome> {
        match self {
            Self::Format => format::run(workspace),
            Self::Lints => lints::run(workspace),
            Self::Build => build::run(workspace),
            Self::Tests => tests::run(workspace),
            Self::Browser => browser::run(workspace),
            Self::Sdk => sdk::run(workspace),
            Self::Fuzz => fuzz::run(workspace),
            Self::Docs => docs::run(workspace),
            Self::Template => template::run(workspace),
            Self::Sam => sam::run(workspace),
            Self::Policy => policy::run(workspace),
            Self::Model => model::run(workspace),
            Self::Emulator => emulator::run(workspace),
        }
    }
}

/// Runs the chosen parts and prints the summary. The exit code is 1 if anything failed, and on a build machine also if
/// anything could not run.
pub fn run(options: &Options, workspace: &Workspace) -> Result<ExitCode> {
    let mut only = options.only.clone();
    let wishes = [
        (options.with_model, Part::Model),
        (options.with_emulator, Part::Emulator),
    ];
    only.extend(wishes.iter().filter(|(is_wished, _)| *is_wished).map(|(_, part)| *part));
    if options.only.is_empty() && !only.is_empty() {
        only.extend(usual());
    }
    let parts = chosen(&only);
    if options.list {
        for part in parts {
            println!("{:<9} {}", part.name(), part.command_line());
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut reports: Vec<Report> = Vec::new();
    for part in parts {
        let report = run_one(part, &reports, workspace)?;
        show(&report);
        reports.push(report);
    }
    let total = summary::print(&reports, environment::on_build_machine());
    Ok(if total.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The parts that run without a wish: all but those that ask for much that no other one needs.
fn usual() -> impl Iterator<Item = Part> {
    Part::value_variants()
        .iter()
        .copied()
        .filter(|part| !matches!(part, Part::Model | Part::Emulator))
}

/// Puts the wanted parts in their order; no wish means the usual ones. What starts programs from the target folder would, without a
/// build before it, try yesterday's.
fn chosen(only: &[Part]) -> Vec<Part> {
    let needs_build = only.iter().any(|part| part.starts_programs());
    let wanted = |part: Part| match only.is_empty() {
        true => usual().any(|usual| usual == part),
        false => only.contains(&part) || (part == Part::Build && needs_build),
    };
    Part::value_variants()
        .iter()
        .copied()
        .filter(|part| wanted(*part))
        .collect()
}

fn run_one(part: Part, before: &[Report], workspace: &Workspace) -> Result<Report> {
    print!("{:<9} {} … ", part.name(), part.command_line());
    if part.starts_programs() {
        println!();
    }
    std::io::stdout().flush()?;
    let start = Instant::now();
    let build_failed = before
        .iter()
        .any(|report| report.part == Part::Build && matches!(report.outcome, Outcome::Failed { .. }));
    let outcome = if part.starts_programs() && build_failed {
        Outcome::NotRun("the build failed; the tests would start the programs of an older one".into())
    } else {
        part.run(workspace).unwrap_or_else(|error| Outcome::Failed {
            counts: Counts::ONE_FAILED,
            output: format!("{error:#}\n"),
            next: "This part could not do its work; mend what the message names.".into(),
        })
    };
    Ok(Report {
        part,
        outcome,
        time: start.elapsed(),
    })
}

/// Ends the part's line; a failed part shows its whole output below.
fn show(report: &Report) {
    if report.part.starts_programs() {
        print!("{:<9} ", report.part.name());
    }
    println!(
        "{}, {:.1} s",
        summary::verdict(&report.outcome),
        report.time.as_secs_f64()
    );
    if let Outcome::Failed { output, next, .. } = &report.outcome {
        println!("{}\n  next: {next}\n", output.trim_end());
    }
}

#[cfg(test)]
mod promises {
    use super::{Part, chosen};

    #[test]
    fn a_model_and_an_emulator_are_asked_on_demand_only() {
        assert!(!chosen(&[]).contains(&Part::Model) && !chosen(&[]).contains(&Part::Emulator));
        assert_eq!(chosen(&[Part::Emulator]), [Part::Build, Part::Emulator]);
        assert_eq!(chosen(&[Part::Model]), [Part::Build, Part::Model]);
    }

    #[test]
    fn what_starts_programs_brings_the_build() {
        assert_eq!(chosen(&[Part::Browser]), [Part::Build, Part::Browser]);
        assert_eq!(chosen(&[Part::Sdk]), [Part::Build, Part::Sdk]);
        assert_eq!(chosen(&[Part::Tests]), [Part::Build, Part::Tests]);
        assert_eq!(chosen(&[Part::Fuzz]), [Part::Build, Part::Fuzz]);
        assert_eq!(chosen(&[Part::Docs, Part::Format]), [Part::Format, Part::Docs]);
    }
}
