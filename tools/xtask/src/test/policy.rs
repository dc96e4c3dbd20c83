//! The `policy` part: what SAM makes of the deployment template keeps to our own rules, and a checker that knows what others
//! have come to grief with finds nothing in it but what `infra/checkov.md` gives a reason for. No AWS account is asked.

mod findings;
mod rules;

use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{Outcome, sam};
use crate::counts::Counts;
use crate::python::Tool;
use crate::workspace::Workspace;

/// What this part runs, from an environment of its own, over the template as SAM expands it. It would ask its vendor for
/// more rules, but for `--skip-download`.
pub const COMMAND: &str =
    "checkov --framework cloudformation --skip-download --compact --quiet --output json --file target/expanded.json";

/// Where the exceptions are, each with its reason.
const EXCEPTIONS: &str = "infra/checkov.md";

const TOOL: Tool = Tool {
    package: "checkov",
    version: "3.3.30",
    beside: &[],
    program: "checkov",
};

/// Expands the template, judges it by our rules and then by the checker's.
pub fn run(workspace: &Workspace) -> Result<Outcome> {
    let tool = match sam::TOOL.ready(workspace) {
        Ok(tool) => tool,
        Err(reason) => return Ok(Outcome::NotRun(format!("{reason:#}"))),
    };
    let stack = sam::expanded(&tool, &[], workspace)?;
    let faults = rules::faults(&stack);
    if !faults.is_empty() {
        return Ok(Outcome::failed(
            faults.join("\n"),
            "Mend infra/template.yaml; the rules are in tools/xtask/src/test/policy/rules.rs, each with its reason.",
        ));
    }
    let report = match checked(&stack, workspace)? {
        Ok(report) => report,
        Err(reason) => return Ok(Outcome::NotRun(reason)),
    };
    let exceptions = fs::read_to_string(workspace.root.join(EXCEPTIONS)).context(EXCEPTIONS)?;
    let faults = findings::faults(&report, &exceptions);
    if faults.is_empty() {
        return Ok(Outcome::Passed(Counts::ONE_PASSED));
    }
    Ok(Outcome::failed(
        faults.join("\n"),
        "Mend infra/template.yaml, or give the finding its row in infra/checkov.md, with the reason; and take out the row of \
         a finding that is no more.",
    ))
}

/// Has the checker look at the expanded template. *Shape*: its report, or why it could not look.
fn checked(stack: &Value, workspace: &Workspace) -> Result<Result<Value, String>> {
    let tool = match TOOL.ready(workspace) {
        Ok(tool) => tool,
        Err(reason) => return Ok(Err(format!("{reason:#}"))),
    };
    let file = workspace.target.join("expanded.json");
    fs::write(&file, stack.to_string()).with_context(|| format!("cannot write {}", file.display()))?;
    let mut command = tool.command(workspace);
    let words = COMMAND.split_whitespace().skip(1);
    // The last one is the file, by its name in the usual target folder.
    command
        .args(words.filter(|word| *word != "target/expanded.json"))
        .arg(&file);
    let said = command.output().context("cannot start checkov")?;
    let report: Value = serde_json::from_slice(&said.stdout)
        .with_context(|| format!("checkov printed no report: {}", String::from_utf8_lossy(&said.stderr)))?;
    // What it cannot read it calls clean.
    let resources = stack["Resources"].as_object().map_or(0, serde_json::Map::len);
    if report["summary"]["resource_count"] != resources || report["summary"]["parsing_errors"] != 0 {
        bail!("checkov did not read all {resources} resources: {}", report["summary"]);
    }
    Ok(Ok(report))
}
