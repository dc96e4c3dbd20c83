//! How large the functions are: the binary that Lambda loads, the zip that is uploaded, and what a process holds in memory after some work.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};
use eclips_tests::function_process::FunctionProcess;
use eclips_tests::repository;

use crate::door::Door;
use crate::processor::{self, Memory};
use crate::report::{Goal, Section, Verdict};
use crate::scene::{Road, Scene, ask};
use crate::{Pace, say};

/// *Source*: the goals of the bench.
const ZIP_BYTES_MAX: u64 = 5_000_000;
const RESIDENT_BYTES_MAX: u64 = 20 * 1024 * 1024;

/// As `zip` and cargo-lambda pack.
const LEVEL: u8 = 6;

/// What of one function was found.
struct Size {
    name: String,
    binary: u64,
    packed: u64,
    /// The zip for arm64, if `cargo xtask package` made one of this commit.
    zip: Option<u64>,
    memory: Option<Memory>,
}

/// Measures every function's binary, and each API function's memory.
pub async fn measure(scene: &Scene, folder: &Path, pace: Pace) -> Result<Section> {
    let requests = match pace {
        Pace::Full => 500,
        Pace::Quick => 20,
    };
    let began = Instant::now();
    let mut sizes = Vec::new();
    for name in repository::names("functions") {
        let path = folder.join(&name);
        let bytes =
            fs::read(&path).with_context(|| format!("{} is missing; `cargo xtask bench` builds it", path.display()))?;
        say(began, &format!("size: {name}"));
        sizes.push(Size {
            memory: memory_of(scene, &name, requests).await?,
            binary: bytes.len() as u64,
            packed: miniz_oxide::deflate::compress_to_vec(&bytes, LEVEL).len() as u64,
            zip: packaged(&name),
            name,
        });
    }
    let mut section = Section::default();
    section.words(format!(
        "Release binaries as they are built for this machine ({}), stripped; packed with deflate at level {LEVEL}, as a zip has them. Memory of a process after {requests} \
         requests of each kind above: the most that was resident, and what of it is the process's own and no page of a file. arm64: what `cargo xtask package` left in \
         `target/lambda`, if that is newer than the last commit.",
        std::env::consts::ARCH
    ));
    let mb = |bytes: u64| format!("{:.2}", bytes as f64 / 1e6);
    let mib = |bytes: u64| format!("{:.1}", bytes as f64 / (1024.0 * 1024.0));
    let none = || "–".to_owned();
    let rows = sizes.iter().map(|size| {
        vec![
            size.name.clone(),
            mb(size.binary),
            mb(size.packed),
            size.zip.map_or_else(none, mb),
            size.memory.map_or_else(none, |memory| mib(memory.peak)),
            size.memory.map_or_else(none, |memory| mib(memory.own)),
        ]
    });
    section.table(
        &[
            "Function",
            "binary, MB",
            "packed, MB",
            "zip for arm64, MB",
            "peak resident, MiB",
            "own, MiB",
        ],
        rows.collect(),
    );
    section.goals(goals(&sizes));
    Ok(section)
}

fn goals(sizes: &[Size]) -> Vec<Goal> {
    let largest = |what: String, max: u64, of: fn(&Size) -> Option<u64>| {
        let all = sizes.iter().filter_map(|size| Some((of(size)?, size.name.as_str())));
        match all.max() {
            None => Goal {
                what,
                measured: "run `cargo xtask package --arch arm64` first".into(),
                verdict: Verdict::Unknown,
            },
            Some((bytes, name)) => Goal {
                what,
                measured: format!("{:.2} MB at most: {name}", bytes as f64 / 1e6),
                verdict: Verdict::of(bytes <= max),
            },
        }
    };
    vec![
        largest("packed within 5 MB, this machine".into(), ZIP_BYTES_MAX, |size| {
            Some(size.packed)
        }),
        largest("zip within 5 MB, arm64".into(), ZIP_BYTES_MAX, |size| size.zip),
        largest("resident within 20 MiB (20.97 MB)".into(), RESIDENT_BYTES_MAX, |size| {
            Some(size.memory?.peak)
        }),
    ]
}

/// What a process of an API function holds after so many requests of each kind; nothing of functions that queues and streams call.
async fn memory_of(scene: &Scene, name: &str, requests: usize) -> Result<Option<Memory>> {
    let subjects: Vec<_> = scene
        .functions()
        .into_iter()
        .filter(|subject| subject.name == name)
        .collect();
    let Some(first) = subjects.first() else {
        return Ok(None);
    };
    let endpoint = scene.backstage.config().dynamodb_endpoint.unwrap_or_default();
    let door = Door::plain(&endpoint).await?;
    let road = Road::plain(&door);
    let mut process = FunctionProcess::start(&scene.setup(first, road)).await?;
    for subject in &subjects {
        for _ in 0..requests {
            ask(&mut process, subject).await?;
        }
    }
    Ok(Some(processor::memory(process.id())?))
}

/// The size of a function's zip for arm64, unless it is older than the last commit.
fn packaged(name: &str) -> Option<u64> {
    let zip = fs::metadata(repository::path(&format!("target/lambda/{name}/bootstrap.zip"))).ok()?;
    let git = std::process::Command::new("git")
        .args(["log", "-1", "--format=%ct"])
        .current_dir(repository::path("."))
        .output()
        .ok()?;
    let committed: u64 = String::from_utf8(git.stdout).ok()?.trim().parse().ok()?;
    let made = zip.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    (made >= Duration::from_secs(committed)).then_some(zip.len())
}
