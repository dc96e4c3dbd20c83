//! The `template` part: the deployment template is CloudFormation that AWS would take, as far as can be told offline.

use anyhow::Result;

use super::Outcome;
use crate::process;
use crate::python::Tool;
use crate::workspace::Workspace;

/// What this part runs, from an environment of its own.
pub const COMMAND: &str = "cfn-lint infra/template.yaml";

const TOOL: Tool = Tool {
    package: "cfn-lint",
    version: "1.58.0",
    beside: &[],
    program: "cfn-lint",
};

/// Lints the template; the linter expands SAM's shorthand itself.
pub fn run(workspace: &Workspace) -> Result<Outcome> {
    let tool = match TOOL.ready(workspace) {
        Ok(tool) => tool,
        Err(reason) => return Ok(Outcome::NotRun(format!("{reason:#}"))),
    };
    let mut command = tool.command(workspace);
    command.args(COMMAND.split_whitespace().skip(1));
    Ok(Outcome::of(
        process::quiet(command)?,
        "Mend the line of infra/template.yaml that each message names; its rules are explained at \
         https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/rules.md.",
    ))
}
