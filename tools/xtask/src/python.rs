//! Tools written in Python, or handed out through its package index: each one pinned, in a folder of its own under the
//! target folder (their dependencies do not agree with each other), installed when first needed.
//!
//! The versions of a tool's own dependencies are not pinned: these tools judge and pack, nothing of them is deployed.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;
use crate::{environment, process};

/// A pinned package and the program in it.
pub struct Tool {
    /// The package's name in the index.
    pub package: &'static str,
    /// The one version in use.
    pub version: &'static str,
    /// What else goes into its folder, each `name==version`, or the package itself once more with its extras.
    pub beside: &'static [&'static str],
    /// The program it brings.
    pub program: &'static str,
}

/// A tool that is installed.
pub struct Installed {
    folder: PathBuf,
    program: &'static str,
    /// Where Python must look for its modules: a plain folder of packages does not know by itself, an environment does.
    modules: Option<PathBuf>,
}

/// The file written last, so that an installation that was interrupted is done again. It holds the name of the way.
const MARKER: &str = "installed";

/// The ways to get a separate place for packages, best first. Debian's Python has the first one only with the package
/// `python3-venv`, which is no part of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Venv,
    Virtualenv,
    PlainFolder,
}

impl Way {
    const ALL: [Self; 3] = [Self::Venv, Self::Virtualenv, Self::PlainFolder];

    fn name(self) -> &'static str {
        match self {
            Self::Venv => "venv",
            Self::Virtualenv => "virtualenv",
            Self::PlainFolder => "plain folder",
        }
    }
}

impl Tool {
    /// Gives the tool, installing it if need be. *Errors*: one line that says what is missing and how to get it.
    pub fn ready(&self, workspace: &Workspace) -> Result<Installed> {
        let folder = workspace
            .target
            .join("tools")
            .join(format!("{}-{}", self.package, self.version));
        if let Ok(way) = fs::read_to_string(folder.join(MARKER)) {
            return Ok(self.installed(folder, way == Way::PlainFolder.name()));
        }
        let python = python(workspace)?;
        for way in Way::ALL {
            clear(&folder)?;
            let Some(mut pip) = prepare(way, python, &folder, workspace)? else {
                continue;
            };
            pip.arg(format!("{}=={}", self.package, self.version)).args(self.beside);
            let finished = process::quiet(pip)?;
            if !finished.success {
                bail!(
                    "pip could not install {}=={} from the package index: {}",
                    self.package,
                    self.version,
                    last_line(&finished.output)
                );
            }
            fs::write(folder.join(MARKER), way.name())?;
            return Ok(self.installed(folder, way == Way::PlainFolder));
        }
        bail!("needs python3 with venv or pip: apt-get install python3-venv")
    }

    fn installed(&self, folder: PathBuf, plain: bool) -> Installed {
        Installed {
            modules: plain.then(|| folder.clone()),
            folder,
            program: self.program,
        }
    }
}

impl Installed {
    /// Its folder, for what is made of it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Prepares the tool's program to run in the root, its own folder of programs first on the search path.
    pub fn command(&self, workspace: &Workspace) -> Command {
        self.prepare(programs(&self.folder).join(self.program), workspace)
    }

    /// Prepares the interpreter to run in the root, for a script that uses the tool's own modules.
    /// *Errors*: there is no Python any more.
    pub fn interpreter(&self, workspace: &Workspace) -> Result<Command> {
        let interpreter = match self.modules {
            Some(_) => python(workspace)?.into(),
            None => programs(&self.folder).join("python"),
        };
        Ok(self.prepare(interpreter, workspace))
    }

    fn prepare(&self, program: PathBuf, workspace: &Workspace) -> Command {
        let programs = programs(&self.folder);
        let mut command = workspace.command(program);
        let search_path = environment::search_path();
        let path = std::env::join_paths(std::iter::once(programs).chain(std::env::split_paths(&search_path)));
        // Only a folder whose name holds the separator cannot be joined; then the tool must do with what is there.
        command.env("PATH", path.unwrap_or(search_path));
        match &self.modules {
            Some(folder) => command.env("PYTHONPATH", folder),
            None => command.env_remove("PYTHONPATH"),
        };
        command
    }
}

/// Finds a Python that the tools accept: 3.10 is the least that all of them name.
fn python(workspace: &Workspace) -> Result<&'static str> {
    for name in ["python3", "python"] {
        let mut command = workspace.command(name);
        command.args(["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]);
        if process::quiet(command).is_ok_and(|finished| finished.success) {
            return Ok(name);
        }
    }
    bail!("needs python3, 3.10 or newer, with pip: apt-get install python3-venv")
}

/// Makes the separate place and gives the pip command that fills it, or nothing where this Python cannot.
fn prepare(way: Way, python: &str, folder: &Path, workspace: &Workspace) -> Result<Option<Command>> {
    let module = |name: &str, arguments: &[&OsStr]| -> Result<bool> {
        let mut command = workspace.command(python);
        command.args(["-m", name]).args(arguments);
        Ok(process::quiet(command)?.success)
    };
    let (works, interpreter) = match way {
        Way::Venv => (module("venv", &[folder.as_os_str()])?, programs(folder).join("python")),
        Way::Virtualenv => (
            module("virtualenv", &[folder.as_os_str()])?,
            programs(folder).join("python"),
        ),
        Way::PlainFolder => (module("pip", &["--version".as_ref()])?, python.into()),
    };
    if !works {
        return Ok(None);
    }
    let mut pip = workspace.command(interpreter);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
    ])
    .args(["--retries", "1", "--timeout", "15"])
    .env_remove("PYTHONPATH");
    if way == Way::PlainFolder {
        pip.arg("--target").arg(folder);
    }
    Ok(Some(pip))
}

/// Removes what an interrupted installation left.
fn clear(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot clear {}", folder.display()))?;
    }
    Ok(())
}

/// Names the folder of an environment that holds its programs.
fn programs(folder: &Path) -> PathBuf {
    folder.join(if cfg!(windows) { "Scripts" } else { "bin" })
}

/// Takes the line in which pip says what went wrong.
fn last_line(output: &str) -> &str {
    output
        .lines()
        .rev()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or("it said nothing")
}

#[cfg(test)]
mod tests {
    use super::last_line;

    #[test]
    fn takes_the_last_line_that_says_something() {
        assert_eq!(
            last_line("WARNING: Retrying\nERROR: No matching distribution\n\n"),
            "ERROR: No matching distribution"
        );
    }
}
