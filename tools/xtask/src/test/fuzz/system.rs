//! A `cargo dev` that lives as long as a part of the check needs it, with an organization whose limits nobody reaches and a test key with
//! every scope.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::workspace::Workspace;

/// What the organization may do of everything: more than any part asks for.
const LIMIT: &str = "1000000";
/// Every number that `cargo admin org set-limit` knows.
const LIMITS: [&str; 4] = [
    "strict-per-minute",
    "standard-per-minute",
    "requests-per-day",
    "credits-per-month",
];
/// *Source*: contract §1.
const SCOPES: &str =
    "agents:read,agents:run,batch:read,batch:run,triage:read,triage:write,webhooks:read,webhooks:write";

/// A running system; it stops when dropped.
pub struct System {
    child: Child,
    folder: PathBuf,
    /// Where its API listens.
    pub url: String,
    /// Where its receiver of webhooks listens.
    pub receiver_url: String,
    /// The key.
    pub key: String,
}

impl System {
    /// Starts it over a folder that is not there yet, and waits until it answers.
    pub fn start(workspace: &Workspace, folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let log = fs::File::create(folder.join("log"))?;
        let mut command = program("eclips-local", workspace);
        command
            .args(["--port", "0", "--dashboard-port", "0", "--receiver-port", "0", "--data"])
            .arg(folder.join("data"))
            .stdout(Stdio::piped())
            .stderr(log);
        let mut child = command
            .spawn()
            .context("cannot start `cargo dev`; it is built by `cargo build --workspace --bins`")?;
        let said = child.stdout.take().context("its output is piped")?;
        let mut system = Self {
            child,
            folder: folder.to_owned(),
            url: String::new(),
            receiver_url: String::new(),
            key: String::new(),
        };
        let mut lines = BufReader::new(said).lines().map_while(std::io::Result::ok);
        if !lines.any(|line| line.contains("ready in")) {
            bail!(
                "`cargo dev` ended before it was ready; its words are in {}",
                system.log().display()
            );
        }
        // What it prints later is read away, so that the pipe never fills.
        std::thread::spawn(move || lines.for_each(drop));
        let settings = fs::read_to_string(folder.join("data/dev.env")).context("it writes dev.env")?;
        let setting = |name: &str| {
            let value = settings
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            value
                .map(str::to_owned)
                .with_context(|| format!("dev.env has no {name}"))
        };
        system.url = setting("ECLIPS_BASE_URL")?;
        system.receiver_url = setting("ECLIPS_RECEIVER_URL")?;
        system.key = system.make_key(workspace)?;
        Ok(system)
    }

    /// Where its log is.
    pub fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    fn make_key(&self, workspace: &Workspace) -> Result<String> {
        let made = self.admin(workspace, &["org", "create", "--name", "Fuzz", "--plan", "growth"])?;
        let org = text(&made, "org_id")?;
        for limit in LIMITS {
            self.admin(workspace, &["org", "set-limit", &org, limit, LIMIT])?;
        }
        let made = self.admin(
            workspace,
            &["key", "create", "--org", &org, "--test", "--scopes", SCOPES],
        )?;
        text(&made, "key")
    }

    fn admin(&self, workspace: &Workspace, arguments: &[&str]) -> Result<Value> {
        let mut command = program("eclips-admin", workspace);
        command
            .arg("--json")
            .arg("--data")
            .arg(self.folder.join("data"))
            .args(arguments);
        let said = command.output().context("cannot start `cargo admin`")?;
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

impl Drop for System {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program of this build, without any setting of the caller's: no model is asked but the sandbox, and no AWS account.
fn program(name: &str, workspace: &Workspace) -> Command {
    let mut command = workspace.command(
        workspace
            .target
            .join("debug")
            .join(format!("{name}{}", std::env::consts::EXE_SUFFIX)),
    );
    command.env_clear();
    command
}

fn text(object: &Value, name: &str) -> Result<String> {
    let value = object[name].as_str().map(str::to_owned);
    value.with_context(|| format!("it names no {name}: {object}"))
}
