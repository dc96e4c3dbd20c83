//! `cargo admin` of this build, as the parts use it: an organization, what it may do, and keys of it.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::workspace::Workspace;

/// Every scope. *Source*: contract §1.
pub const SCOPES: &str =
    "agents:read,agents:run,batch:read,batch:run,triage:read,triage:write,webhooks:read,webhooks:write";
/// What an organization may do of everything that is not limited: more than any part asks for.
const LIMIT: &str = "1000000";
/// Every number that `cargo admin org set-limit` knows.
const LIMITS: [&str; 4] = [
    "strict-per-minute",
    "standard-per-minute",
    "requests-per-day",
    "credits-per-month",
];

/// Whoever administers a system.
pub struct Operator<'a>(Box<dyn Fn() -> Command + 'a>);

impl<'a> Operator<'a> {
    /// That of a running `cargo dev`, by its data folder.
    pub fn of_folder(data: &'a Path, workspace: &'a Workspace) -> Self {
        Self(Box::new(move || {
            let mut command = program("eclips-admin", workspace);
            command.arg("--json").arg("--data").arg(data);
            command
        }))
    }

    /// That of a stack, by the settings that reach its tables.
    pub fn of_stack(settings: &'a [(&'static str, String)], workspace: &'a Workspace) -> Self {
        Self(Box::new(move || {
            let mut command = program("eclips-admin", workspace);
            command
                .arg("--json")
                .envs(settings.iter().map(|(name, value)| (name, value)));
            command
        }))
    }

    /// Makes an organization on plan `growth`; gives its id.
    pub fn org(&self, name: &str) -> Result<String> {
        let made = self.run(&["org", "create", "--name", name, "--plan", "growth"])?;
        text(&made, "org_id")
    }

    /// Lets an organization do whatever a part asks for.
    pub fn unlimit(&self, org: &str) -> Result<()> {
        LIMITS
            .iter()
            .try_for_each(|limit| self.run(&["org", "set-limit", org, limit, LIMIT]).map(drop))
    }

    /// Makes a key; gives it.
    pub fn key(&self, org: &str, scopes: &str, more: &[&str]) -> Result<String> {
        let made = self.run(&[&["key", "create", "--org", org, "--scopes", scopes], more].concat())?;
        text(&made, "key")
    }

    fn run(&self, arguments: &[&str]) -> Result<Value> {
        let mut command = (self.0)();
        let said = command.args(arguments).output().context("cannot start `cargo admin`")?;
        if !said.status.success() {
            bail!(
                "cargo admin {}: {}",
                arguments.join(" "),
                String::from_utf8_lossy(&said.stderr)
            );
        }
        serde_json::from_slice(&said.stdout).context("`cargo admin --json` prints one object")
    }
}

/// A program of this build, without any setting of the caller's: no model is asked but the sandbox, and no AWS account.
pub fn program(name: &str, workspace: &Workspace) -> Command {
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let mut command = workspace.command(workspace.target.join("debug").join(name));
    command.env_clear();
    command
}

fn text(object: &Value, name: &str) -> Result<String> {
    let value = object[name].as_str().map(str::to_owned);
    value.with_context(|| format!("it names no {name}: {object}"))
}
