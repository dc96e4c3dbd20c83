//! `cargo xtask package`: builds the zips that `sam deploy` uploads, one per function, and says how large they are.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};

use crate::python::Tool;
use crate::workspace::Workspace;
use crate::{process, zip};

/// Brings zig, which links against glibc 2.30: the functions start on Lambda whatever the build machine's own glibc is.
/// Rust 1.98 and later need 1.9.2 for arm64 (cargo-lambda issue 937).
const CARGO_LAMBDA: Tool = Tool {
    package: "cargo-lambda",
    version: "1.9.2",
    beside: &[],
    program: "cargo-lambda",
};

/// Where the template's `CodeUri`s point, below the root, whatever cargo's own target folder is.
const FOLDER: &str = "target/lambda";

/// The options of `cargo xtask package`.
#[derive(Args)]
pub struct Options {
    /// The processor to build for. Without it: arm64 if its Rust target is or can be installed, else x86-64.
    #[arg(long)]
    arch: Option<Arch>,
}

impl Options {
    /// What the template asks for.
    pub const fn arm64() -> Self {
        Self {
            arch: Some(Arch::Arm64),
        }
    }
}

/// A processor that Lambda offers.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Arch {
    /// Graviton: what the template asks for, and about a fifth cheaper.
    Arm64,
    /// Intel and AMD.
    #[value(name = "x86-64")]
    X86_64,
}

impl Arch {
    fn option(self) -> &'static str {
        match self {
            Self::Arm64 => "--arm64",
            Self::X86_64 => "--x86-64",
        }
    }

    fn rust_target(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64-unknown-linux-gnu",
            Self::X86_64 => "x86_64-unknown-linux-gnu",
        }
    }

    /// Names it as the template's `Architectures` does.
    fn in_template(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X86_64 => "x86_64",
        }
    }
}

/// Builds the zips and prints their sizes. *Errors*: no target, no cargo-lambda, a failed build, or a template that names
/// other files than the ones built.
pub fn run(options: &Options, workspace: &Workspace) -> Result<()> {
    let arch = choose(options.arch, workspace)?;
    let functions = functions(workspace)?;
    println!(
        "cargo-lambda {} (the first time, it is fetched with zig: some 500 MB) …",
        CARGO_LAMBDA.version
    );
    build(arch, &functions, workspace)?;
    print_sizes(arch, &functions, workspace)?;
    match_template(&functions, workspace)?;
    println!(
        "\nbuilt for {0}: Architectures in infra/template.yaml must say {0}",
        arch.in_template()
    );
    Ok(())
}

/// Takes the wanted processor or finds one that this machine can build for, and says which.
fn choose(wanted: Option<Arch>, workspace: &Workspace) -> Result<Arch> {
    let order = wanted.map_or(vec![Arch::Arm64, Arch::X86_64], |arch| vec![arch]);
    for arch in order {
        if has_target(arch.rust_target(), workspace) {
            println!("building for {}", arch.in_template());
            return Ok(arch);
        }
        println!(
            "not building for {}: rustup could not add {}",
            arch.in_template(),
            arch.rust_target()
        );
    }
    bail!("no Rust target to build for; install rustup (https://rustup.rs) and try again")
}

/// Tells whether the standard library for a target is installed, after trying to install it.
fn has_target(target: &str, workspace: &Workspace) -> bool {
    let run = |line: &str| {
        process::quiet(workspace.command_line(line))
            .ok()
            .filter(|finished| finished.success)
    };
    let installed = || {
        run("rustup target list --installed")
            .is_some_and(|finished| finished.output.lines().any(|line| line.trim() == target))
    };
    installed() || run(&format!("rustup target add {target}")).is_some()
}

/// Lists the functions by their folders, so that a new one is packaged without a word here.
pub fn functions(workspace: &Workspace) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(workspace.root.join("functions")).context("cannot list functions/")? {
        let entry = entry?;
        if entry.path().join("Cargo.toml").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Builds all functions in one cargo run: they share one build of the dependencies, and zig's wrappers, which clash when
/// two builds start at once (cargo-lambda issue 867), have one user.
fn build(arch: Arch, functions: &[String], workspace: &Workspace) -> Result<()> {
    let tool = CARGO_LAMBDA.ready(workspace)?;
    for name in functions {
        // A zip of an earlier build, or of the other processor, must not be deployed after a failed one.
        let folder = workspace.root.join(FOLDER).join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot clear {}", folder.display()))?;
        }
    }
    // Started by its path: through `cargo lambda`, a version of the user's own in cargo's folder could come first.
    let mut command = tool.command(workspace);
    command.args([
        "lambda",
        "build",
        "--release",
        arch.option(),
        "--output-format",
        "zip",
        "--lambda-dir",
        FOLDER,
    ]);
    for name in functions {
        command.arg("--package").arg(format!("eclips-{name}"));
    }
    let status = command.status().context("cannot start cargo-lambda")?;
    ensure!(
        status.success(),
        "cargo-lambda could not build the functions; its message is above"
    );
    Ok(())
}

fn zip_path(workspace: &Workspace, function: &str) -> PathBuf {
    workspace.root.join(FOLDER).join(function).join("bootstrap.zip")
}

/// Prints a line per function: what is uploaded and what is loaded.
fn print_sizes(arch: Arch, functions: &[String], workspace: &Workspace) -> Result<()> {
    println!(
        "\n{:<10} {:<7} {:>12} {:>14}",
        "function", "arch", "zip bytes", "binary bytes"
    );
    for name in functions {
        let path = zip_path(workspace, name);
        let packed = fs::read(&path).with_context(|| format!("cargo-lambda wrote no {}", path.display()))?;
        let unpacked = zip::unpacked_bytes(&packed, "bootstrap")
            .with_context(|| format!("{} holds no file named bootstrap", path.display()))?;
        println!(
            "{name:<10} {:<7} {:>12} {unpacked:>14}",
            arch.in_template(),
            packed.len()
        );
    }
    Ok(())
}

/// Compares the template's `CodeUri`s with the zips. `sam deploy` uploads a file as it is but zips a folder once more, and
/// Lambda finds no program in a zip that holds a zip; no linter looks into that.
fn match_template(functions: &[String], workspace: &Workspace) -> Result<()> {
    let path = workspace.root.join("infra/template.yaml");
    let template = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let missing: Vec<String> = functions
        .iter()
        .map(|name| format!("CodeUri: ../{FOLDER}/{name}/bootstrap.zip"))
        .filter(|wanted| !template.lines().any(|line| line.trim() == wanted))
        .collect();
    ensure!(
        missing.is_empty(),
        "infra/template.yaml would not deploy these zips; it has no line\n  {}",
        missing.join("\n  ")
    );
    Ok(())
}
