//! A `cargo dev` that lives as long as a part of the check needs it, with an organization whose limits nobody reaches and a test key with
//! every scope.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use crate::test::operator::{self, Operator, SCOPES};
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};

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
        let mut command = operator::program("eclips-local", workspace);
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
        let data = folder.join("data");
        let operator = Operator::of_folder(&data, workspace);
        let org = operator.org("Fuzz")?;
        operator.unlimit(&org)?;
        system.key = operator.key(&org, SCOPES, &["--test"])?;
        Ok(system)
    }

    /// Where its log is.
    pub fn log(&self) -> PathBuf {
        self.folder.join("log")
    }
}

impl Drop for System {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
