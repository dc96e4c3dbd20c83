//! Where this repository and its build folder are, and how cargo is started in it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::environment;

/// The repository this tool was compiled in.
pub struct Workspace {
    /// The folder of the workspace's `Cargo.toml`.
    pub root: PathBuf,
    /// Cargo's target folder, absolute.
    pub target: PathBuf,
}

impl Workspace {
    /// Finds the repository by where this crate was compiled, and the target folder as cargo finds it.
    pub fn find() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .nth(2)
            .expect("tools/xtask is two folders below the root")
            .to_path_buf();
        let target = match environment::cargo_target_dir() {
            // Cargo takes a relative one from the caller's folder; our children run in the root, so it is fixed here.
            Some(folder) => std::path::absolute(&folder).unwrap_or_else(|_| folder.into()),
            None => root.join("target"),
        };
        Self { root, target }
    }

    /// Prepares a program to run in the root, with the target folder everybody else uses.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &self.target)
            .stdin(std::process::Stdio::null());
        command
    }

    /// Prepares a command line without quotes, such as `cargo fmt --all --check`.
    pub fn command_line(&self, line: &str) -> Command {
        let mut words = line.split_whitespace();
        let mut command = self.command(words.next().expect("a command line is not empty"));
        command.args(words);
        command
    }
}
