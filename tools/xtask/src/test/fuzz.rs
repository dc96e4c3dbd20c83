//! The `fuzz` part: `docs/openapi.json`, once it is known to be OpenAPI, played against a `cargo dev` of its own by schemathesis, which sends
//! what the document allows and what it forbids, follows its links, and holds every answer against it. The same seed each time.
//!
//! The system runs on free ports of loopback, over a folder that is made anew, with the sandbox model and a test key. What is posted to
//! webhooks goes to its own receiver: see `fuzz/hooks.py`.

mod system;

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use self::system::System;
use super::Outcome;
use crate::counts::Counts;
use crate::process;
use crate::python::{Installed, Tool};
use crate::workspace::Workspace;

/// What this part runs, each from an environment of its own: whether the document is OpenAPI at all, then the play against the system that
/// is started for it.
pub const SHOWN: &str = "openapi-spec-validator docs/openapi.json; \
                         schemathesis --config-file tools/xtask/src/test/fuzz/schemathesis.toml run docs/openapi.json";

const VALIDATOR: Tool = Tool {
    package: "openapi-spec-validator",
    version: "0.9.0",
    beside: &[],
    program: "openapi-spec-validator",
};

const PLAYER: Tool = Tool {
    package: "schemathesis",
    version: "4.32.5",
    beside: &[],
    program: "schemathesis",
};

/// Reads the document, starts the system, has it played with, stops it.
pub fn run(workspace: &Workspace) -> Result<Outcome> {
    let ready = VALIDATOR
        .ready(workspace)
        .and_then(|validator| Ok((validator, PLAYER.ready(workspace)?)));
    let (validator, player) = match ready {
        Ok(ready) => ready,
        Err(reason) => return Ok(Outcome::NotRun(format!("{reason:#}"))),
    };
    let (read, played) = SHOWN.split_once("; ").expect("there are two commands");
    let finished = process::quiet(command(&validator, read, workspace))?;
    if !finished.success {
        return Ok(Outcome::of(
            finished,
            "Mend docs/openapi.json where the message says; its form is that of https://spec.openapis.org/oas/v3.1.1.html.",
        ));
    }
    let folder = workspace.target.join("fuzz");
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot clear {}", folder.display()));
        }
        _ => {}
    }
    let system = System::start(workspace, &folder)?;
    let mut play = command(&player, played, workspace);
    play.args(["--url", &system.url])
        .env("ECLIPS_API_KEY", &system.key)
        .env("ECLIPS_RECEIVER_URL", &system.receiver_url)
        // No compiled Python beside the sources.
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let finished = process::quiet(play)?;
    fs::write(folder.join("report"), &finished.output).context("cannot keep what schemathesis wrote")?;
    if let (true, Some(said)) = (finished.success, summary(&finished.output)) {
        println!("{said}");
        return Ok(Outcome::Passed(Counts::ONE_PASSED + Counts::ONE_PASSED));
    }
    Ok(Outcome::Failed {
        counts: Counts::ONE_PASSED + Counts::ONE_FAILED,
        output: finished.output,
        next: format!(
            "Each failure has its curl line. Mend the code or docs/openapi.json, whichever is wrong, and give it a test; what the system \
             logged is in {}.",
            system.log().display()
        ),
    })
}

fn command(tool: &Installed, line: &str, workspace: &Workspace) -> Command {
    let mut command = tool.command(workspace);
    command.args(line.split_whitespace().skip(1));
    command
}

/// The line in which schemathesis says how much it tried.
fn summary(output: &str) -> Option<&str> {
    let mut lines = output.lines().skip_while(|line| line.trim() != "Test cases:");
    lines.nth(1).map(str::trim)
}

#[cfg(test)]
mod promises {
    use super::summary;

    #[test]
    fn finds_how_much_was_tried() {
        let output = "Test Phases:\n  ✅ Fuzzing\n\nTest cases:\n  1203 generated, 1195 passed, 8 skipped\n\nSeed: 1\n";
        assert_eq!(summary(output), Some("1203 generated, 1195 passed, 8 skipped"));
        assert_eq!(summary("nothing"), None);
    }
}
