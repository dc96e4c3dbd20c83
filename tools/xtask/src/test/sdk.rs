//! The `sdk` part: the client in TypeScript, built and tried against the system that the build part made. What is published, its types
//! and what `publint` and `attw` say of both are among its tests.

use anyhow::Result;

use super::{Outcome, node};
use crate::process;
use crate::workspace::Workspace;

/// What this part runs.
pub const SHOWN: &str = "npm --prefix sdk/typescript run build; node --test sdk/typescript/tests/index.test.js";

/// Where the client and its lock file are.
const FOLDER: &str = "sdk/typescript";
/// Where the lock file of other runtimes is.
const RUNTIMES: &str = "sdk/typescript/tests/runtimes";

/// Builds the package, runs its tests, passes their output on as it comes, and counts.
pub fn run(workspace: &Workspace) -> Result<Outcome> {
    if let Err(reason) = node::ready(workspace, FOLDER) {
        return Ok(Outcome::NotRun(format!("{reason:#}")));
    }
    if let Err(reason) = node::install(workspace, RUNTIMES) {
        // Half a gigabyte that a machine may not want: their tests are skipped, and counted as that.
        println!("sdk       without other runtimes: {reason:#}");
    }
    let (build, _) = SHOWN.split_once("; ").expect("there are two commands");
    let finished = process::quiet(workspace.command_line(build))?;
    if !finished.success {
        return Ok(Outcome::of(
            finished,
            "Mend the first error; where src/schema.ts lacks something, npm --prefix sdk/typescript run schema writes it anew.",
        ));
    }
    node::test(
        workspace,
        "sdk/typescript/tests/index.test.js",
        "Read the output above; sdk/typescript/README.md says how to run one room alone. If docs/openapi.json was changed, \
         npm --prefix sdk/typescript run schema writes the types anew.",
    )
}
