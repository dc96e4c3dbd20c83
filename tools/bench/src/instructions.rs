//! How many instructions a function takes for a request, as Valgrind's callgrind counts them in user space: those of many requests less those of
//! few, so that the start is not in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use eclips_tests::function_process::{FunctionProcess, Setup};
use serde_json::Value;

/// Where distributions put it.
const VALGRIND: &str = "/usr/bin/valgrind";

/// Requests before those that are counted: the first ones of a process do more.
const FEW: usize = 20;

/// Whether it can be counted here.
pub fn can_be_counted() -> bool {
    Path::new(VALGRIND).is_file()
}

/// Counts what one request takes, as the mean of so many. `sent` is done after each one, in between nothing is counted.
pub async fn of_a_request(setup: &Setup, event: &Value, many: usize) -> Result<f64> {
    let few = counted(setup, event, FEW).await?;
    let more = counted(setup, event, FEW + many).await?;
    Ok((more - few) / many as f64)
}

async fn counted(setup: &Setup, event: &Value, requests: usize) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let out = folder.path().join("callgrind");
    let setup = Setup {
        program: PathBuf::from(VALGRIND),
        arguments: vec![
            "--tool=callgrind".to_owned(),
            format!("--callgrind-out-file={}", out.display()),
            setup.program.display().to_string(),
        ],
        ..setup.clone()
    };
    let mut process = FunctionProcess::start(&setup).await?;
    for _ in 0..requests {
        let answer = process.invoke(event).await?;
        let status = answer["statusCode"].as_u64().unwrap_or_default();
        ensure!(status < 300, "{} answered {answer}", setup.name);
    }
    // It writes what it has counted when it is asked to end.
    let kill = Command::new("kill")
        .args(["-TERM", &process.id().to_string()])
        .stderr(Stdio::null())
        .status();
    ensure!(kill.context("no `kill`")?.success(), "the process is gone");
    let log = process.ended().await;
    let written =
        std::fs::read_to_string(&out).with_context(|| format!("callgrind wrote nothing:\n{}", log.join("\n")))?;
    total(&written).context("callgrind wrote no total")
}

/// The total of a callgrind file.
fn total(written: &str) -> Option<f64> {
    let line = written.lines().rev().find_map(|line| line.strip_prefix("totals: "))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn reads_the_total_at_the_end() {
        assert_eq!(
            super::total("events: Ir\nsummary: 1\n\nfn=x\n1 2\ntotals: 12345\n"),
            Some(12_345.0)
        );
        assert_eq!(super::total("events: Ir\n"), None);
    }
}
