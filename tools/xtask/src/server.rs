//! A program that serves a port of this machine for as long as a part of the check needs it. Knows no program.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How long one may take until it listens. *Source*: our choice; a model's server reads its model first.
const START: Duration = Duration::from_secs(120);

/// A running server; it stops when dropped.
pub struct Server {
    child: Child,
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
    /// What it writes, both streams in one.
    pub log: PathBuf,
}

impl Server {
    /// Starts what `command` makes of a port that is free, and waits until somebody listens there.
    /// *Errors*: it ended, or nobody listens; the message names the log.
    pub fn start(log: &Path, command: impl FnOnce(u16) -> Result<Command>) -> Result<Self> {
        // Free a moment ago; nobody else on this machine draws ports at that rate.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let words = fs::File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut command = command(port)?;
        command.stdin(Stdio::null()).stdout(words.try_clone()?).stderr(words);
        let name = command.get_program().display().to_string();
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        let mut server = Self {
            child,
            port,
            log: log.to_owned(),
        };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if server.child.try_wait()?.is_some() || began.elapsed() > START {
                bail!("{name} did not start; its words are in {}", log.display());
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
