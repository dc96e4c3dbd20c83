//! The `sam` part: the deployment template is one that `sam deploy` takes, and what SAM makes of its routes is what the
//! table of routes says. No AWS account is asked.

mod expanded;

use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::Outcome;
use crate::counts::Counts;
use crate::process;
use crate::python::{Installed, Tool};
use crate::workspace::Workspace;

/// What this part runs, from an environment of its own, before it looks at the expanded routes. A region is demanded, any
/// will do.
pub const COMMAND: &str = "sam validate --lint --template infra/template.yaml --region eu-west-1";

/// SAM's command line, and with it the translator that AWS runs.
pub const TOOL: Tool = Tool {
    package: "aws-sam-cli",
    version: "1.170.0",
    beside: &[],
    program: "sam",
};

/// Validates the template with the tool that deploys it, then expands it with that tool's own translator.
pub fn run(workspace: &Workspace) -> Result<Outcome> {
    let tool = match TOOL.ready(workspace) {
        Ok(tool) => tool,
        Err(reason) => return Ok(Outcome::NotRun(format!("{reason:#}"))),
    };
    let mut command = tool.command(workspace);
    command
        .args(COMMAND.split_whitespace().skip(1))
        .env("SAM_CLI_TELEMETRY", "0");
    let finished = process::quiet(command)?;
    if !finished.success {
        return Ok(Outcome::of(
            finished,
            "Mend infra/template.yaml; if the `template` part is content, the fault is in what SAM adds.",
        ));
    }
    judge(&expanded(&tool, &[], workspace)?, workspace)
}

/// Expands the template as SAM does in AWS, with these parameters, `NAME=VALUE`, and the defaults of all others.
/// *Errors*: the translator took it amiss, in its own words.
pub fn expanded(tool: &Installed, parameters: &[&str], workspace: &Workspace) -> Result<Value> {
    let mut command = tool.interpreter(workspace)?;
    command
        .arg("tools/xtask/src/test/sam/expand.py")
        .args(parameters)
        .env("AWS_DEFAULT_REGION", "eu-west-1");
    // Not both streams in one: the translator has something to say on the other, whatever happens.
    let said = command
        .output()
        .context("cannot start the interpreter of aws-sam-cli")?;
    if !said.status.success() {
        bail!(
            "{}\nIf `sam validate` takes the template, the translator of this version of aws-sam-cli is another: mend \
             tools/xtask/src/test/sam/expand.py.",
            String::from_utf8_lossy(&said.stderr)
        );
    }
    serde_json::from_slice(&said.stdout).context("expand.py printed no JSON")
}

/// Judges the routes as the gateway gets them.
fn judge(stack: &Value, workspace: &Workspace) -> Result<Outcome> {
    let body = &stack["Resources"]["Api"]["Properties"]["Body"];
    let readme = fs::read_to_string(workspace.root.join("README.md")).context("cannot read README.md")?;
    let faults = expanded::faults(body, &expanded::routes(&readme));
    if faults.is_empty() {
        return Ok(Outcome::Passed(Counts::ONE_PASSED));
    }
    Ok(Outcome::failed(
        faults.join("\n"),
        "Mend the Api event of each route that is named, in infra/template.yaml: the streamed one says \
         `ResponseTransferMode: RESPONSE_STREAM`, letter by letter, and `TimeoutInMillis: 120000`, the others neither. The \
         table of routes is the one in README.md.",
    ))
}
