//! The bench: what the functions take and cost, each figure beside its floor, measured in the same run on the same machine. `cargo xtask bench` builds what is
//! measured and starts this; `README.md` says what each figure means. It measures, and judges nothing but the goals.

mod authority;
mod chart;
mod cold;
mod cost;
mod crowd;
mod door;
mod growth;
mod instructions;
mod load;
mod page;
mod processor;
mod quota;
mod report;
mod requests;
mod sample;
mod scene;
mod size;
mod warm;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use eclips_shared::time::Timestamp;
use eclips_tests::repository;

use page::Page;
use report::Section;
use scene::Scene;

/// Measures the functions; `cargo xtask bench` builds them first.
#[derive(Parser)]
#[command(bin_name = "cargo xtask bench")]
struct CommandLine {
    /// Does everything a few times only, to see that it works, and writes nothing.
    #[arg(long)]
    quick: bool,
    /// One section alone; may be given several times.
    #[arg(long, value_enum)]
    only: Vec<Part>,
    /// Where the functions' release binaries are; without it, beside this one.
    #[arg(long)]
    programs: Option<PathBuf>,
}

/// The sections, in the page's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Cold starts, plain and as a small Lambda with TLS.
    Cold,
    /// Warm requests: time, processor, instructions.
    Warm,
    /// What requests and runs cost in the store, and in dollars.
    Cost,
    /// Binaries, zips, memory.
    Size,
    /// `cargo dev` under load.
    Load,
    /// Pages of an organization with a hundred thousand runs.
    Growth,
}

impl Part {
    /// As the page calls it.
    fn name(self) -> &'static str {
        match self {
            Self::Cold => "cold",
            Self::Warm => "warm",
            Self::Cost => "cost",
            Self::Size => "size",
            Self::Load => "load",
            Self::Growth => "growth",
        }
    }
}

/// How thorough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// So that the figures mean something.
    Full,
    /// So that everything has been done.
    Quick,
}

// One thread: what answers the functions must not take the processor from them on a machine that has two.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&CommandLine::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &CommandLine) -> Result<()> {
    let pace = if options.quick { Pace::Quick } else { Pace::Full };
    let folder = match &options.programs {
        Some(folder) => folder
            .canonicalize()
            .with_context(|| format!("no folder {}", folder.display()))?,
        None => beside_this_one()?,
    };
    let parts = Part::value_variants().iter().copied();
    for part in parts.filter(|part| options.only.is_empty() || options.only.contains(part)) {
        let began = Instant::now();
        // Stores of its own for each, so that one section's runs are not in another's lists.
        let scene = Scene::open(&folder).await?;
        let section = match part {
            Part::Cold => cold::measure(&scene, pace).await?,
            Part::Warm => warm::measure(&scene, pace).await?,
            Part::Cost => cost::measure(&scene, pace).await?,
            Part::Size => size::measure(&scene, &folder, pace).await?,
            Part::Load => load::measure(pace).await?,
            Part::Growth => growth::measure(&scene, pace).await?,
        };
        println!(
            "\n== {} ({:.0} s)\n\n{}",
            part.name(),
            began.elapsed().as_secs_f64(),
            section.plain()
        );
        if pace == Pace::Full {
            keep(part, began, &section)?;
        }
    }
    Ok(())
}

/// Writes a section into the page at once: a later one may fail, and this one took its time.
fn keep(part: Part, began: Instant, section: &Section) -> Result<()> {
    let mut page = Page::read()?;
    page.put(part.name(), &stamp(began), section)?;
    page.write()
}

/// Says when, of what and on what it was measured.
fn stamp(began: Instant) -> String {
    let line = |program: &str, arguments: &[&str]| {
        let output = Command::new(program)
            .args(arguments)
            .current_dir(repository::path("."))
            .output();
        output.map_or_else(
            |_| "unknown".to_owned(),
            |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        )
    };
    let changed = if line("git", &["status", "--porcelain", "--", ":!tools/bench"]).is_empty() {
        ""
    } else {
        " with changes"
    };
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    let model = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("", |(_, name)| name);
    format!(
        "*{} at `{}`{changed}; {processors} processors ({model}), {}, {}; {:.0} s.*",
        &Timestamp::now().to_string()[..10],
        line("git", &["rev-parse", "--short", "HEAD"]),
        line("uname", &["-srm"]),
        line("rustc", &["--version"]),
        began.elapsed().as_secs_f64(),
    )
}

fn beside_this_one() -> Result<PathBuf> {
    let this = std::env::current_exe()?;
    Ok(this.parent().context("a program lies in a folder")?.to_owned())
}

/// Says how far it is.
fn say(began: Instant, what: &str) {
    eprintln!("{:>6.1} s  {what}", began.elapsed().as_secs_f64());
}
