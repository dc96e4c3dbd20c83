//! The `sam` part: the deployment template is one that `sam deploy` takes. No AWS account is asked.

use anyhow::Result;

use super::Outcome;
use crate::process;
use crate::python::Tool;
use crate::workspace::Workspace;

/// What this part runs, from an environment of its own. A region is demanded, any will do.
pub const COMMAND: &str = "sam validate --lint --template infra/template.yaml --region eu-west-1";

const TOOL: Tool = Tool {
    package: "aws-sam-cli",
    version: "1.170.0",
    program: "sam",
};

/// Validates the template with the tool that deploys it.
pub fn run(workspace: &Workspace) -> Result<Outcome> {
    let tool = match TOOL.ready(workspace) {
        Ok(tool) => tool,
        Err(reason) => return Ok(Outcome::NotRun(format!("{reason:#}"))),
    };
    let mut command = tool.command(workspace);
    command
        .args(COMMAND.split_whitespace().skip(1))
        .env("SAM_CLI_TELEMETRY", "0");
    Ok(Outcome::of(
        process::quiet(command)?,
        "Mend infra/template.yaml; if the `template` part is content, the fault is in what SAM adds.",
    ))
}
