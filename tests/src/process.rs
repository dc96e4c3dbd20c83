//! The built programs as processes: `eclips-local` in a folder of its own, `eclips-admin` against it.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;

use crate::world::{PATIENCE, Reply, client, reply};

/// Where the programs of this build lie: beside the folder of the test binary or example.
pub fn program(name: &str) -> PathBuf {
    let this = std::env::current_exe().expect("a running program has a path");
    let folder = this.parent().expect("a program lies in a folder");
    let profile = folder
        .parent()
        .filter(|_| folder.ends_with("deps") || folder.ends_with("examples"))
        .unwrap_or(folder);
    let path = profile.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.exists(),
        "{} is missing; run `cargo build --workspace --bins` or `cargo xtask test`",
        path.display()
    );
    path
}

/// A running `cargo dev`.
pub struct Dev {
    child: Child,
    data: PathBuf,
    /// What it wrote to `dev.env`.
    pub settings: HashMap<String, String>,
}

impl Dev {
    /// Starts it over a folder and waits until it answers. Its log, as talkative as it can be, goes to `<folder>/log`.
    pub fn start(data: &Path) -> Self {
        Self::logging(data, "debug")
    }

    /// The same, with a log of another level.
    ///
    /// # Panics
    /// When it ends before it is ready.
    pub fn logging(data: &Path, level: &str) -> Self {
        std::fs::create_dir_all(data).expect("the folder can be made");
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(data.join("log"))
            .expect("a log file");
        let mut child = command(data)
            .args(["--port", "0", "--log", level])
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("it can be started");
        let stdout = child.stdout.take().expect("it is piped");
        let mut lines = BufReader::new(stdout).lines();
        let ready = lines
            .by_ref()
            .map_while(Result::ok)
            .find(|line| line.contains("ready in"));
        assert!(ready.is_some(), "cargo dev ended before it was ready");
        // What it prints later is read away, so that the pipe never fills.
        std::thread::spawn(move || lines.for_each(drop));
        let text = std::fs::read_to_string(data.join("dev.env")).expect("dev.env is written");
        let settings = text
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(k, v)| (k.to_owned(), v.to_owned()));
        Self {
            child,
            data: data.to_owned(),
            settings: settings.collect(),
        }
    }

    /// Sends its API a request with a key; one that the rate limit or a busy engine refuses is sent again, as a client would.
    pub async fn send(&self, method: Method, path: &str, key: &str, body: Option<&Value>) -> Reply {
        let url = format!("{}{path}", self.settings["ECLIPS_BASE_URL"]);
        loop {
            let mut request = client().request(method.clone(), &url).bearer_auth(key);
            if let Some(body) = body {
                request = request.json(body);
            }
            let got = reply(request).await;
            if got.status != 429 && got.status != 503 {
                return got;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Sends a request with the test key, which must be taken; gives the answer.
    pub async fn answer(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let got = self.send(method, path, &self.settings["ECLIPS_TEST_KEY"], body).await;
        assert!(got.status.is_success(), "{}: {}", got.status, got.text);
        got.json()
    }

    /// Everything that it logged so far, over all its starts.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.data.join("log")).expect("it has a log")
    }

    /// Kills it as `kill -9` does: no destructor, no flush.
    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it was started");
    }

    /// Runs `cargo admin --json …` against it and reads what it printed.
    pub fn admin(&self, arguments: &[&str]) -> Value {
        let output = self.admin_output(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("one JSON object")
    }

    /// Runs `cargo admin --json …` whatever comes of it.
    pub fn admin_output(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(program("eclips-admin"));
        command
            .env_clear()
            .arg("--json")
            .arg("--data")
            .arg(&self.data)
            .args(arguments);
        command.output().expect("it can be started")
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs `cargo dev` where it must refuse; gives what it printed to standard error.
pub fn refused(data: &Path, arguments: &[&str]) -> String {
    let mut child = command(data)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it can be started");
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait().expect("it was started").is_none() {
        assert!(Instant::now() < deadline, "it did not refuse");
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output().expect("it ended");
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn command(data: &Path) -> Command {
    let mut command = Command::new(program("eclips-local"));
    let ports = ["--dashboard-port", "0", "--receiver-port", "0"];
    command.env_clear().args(ports).arg("--data").arg(data);
    command
}
