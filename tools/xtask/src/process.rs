//! Runs a child process to its end: quietly with its output kept, or aloud line by line.

use std::io::{BufRead, BufReader, PipeReader, Read};
use std::process::{Child, Command};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context, Result};

/// A child that ended.
pub struct Finished {
    /// Whether it exited with 0.
    pub success: bool,
    /// What it wrote to both streams, in the order it was written.
    pub output: String,
}

/// Runs a command and keeps what it writes. *Errors*: the program could not be started.
pub fn quiet(command: Command) -> Result<Finished> {
    let (mut reader, mut child) = start(command)?;
    let mut output = Vec::new();
    reader.read_to_end(&mut output)?;
    Ok(Finished {
        success: child.wait()?.success(),
        output: String::from_utf8_lossy(&output).into_owned(),
    })
}

/// How long nothing may come from a child that has ended before its output counts as whole.
const SILENCE: Duration = Duration::from_secs(1);

/// Runs a command, passes each line of both its streams on at once and shows it to `seen` too. One pipe carries both, or
/// cargo's own words would land in the middle of a test binary's line. Returns whether it exited with 0.
/// *Errors*: the program could not be started.
pub fn aloud(command: Command, mut seen: impl FnMut(&str)) -> Result<bool> {
    let (reader, mut child) = start(command)?;
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        let mut reader = BufReader::new(reader);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0) {
            if sender.send(std::mem::take(&mut line)).is_err() {
                return;
            }
        }
    });
    loop {
        match lines.recv_timeout(SILENCE) {
            Ok(line) => {
                let line = String::from_utf8_lossy(&line);
                print!("{line}");
                seen(line.trim_end());
            }
            Err(RecvTimeoutError::Disconnected) => return Ok(child.wait()?.success()),
            // A server that a failed test left behind would hold the pipe open for ever.
            Err(RecvTimeoutError::Timeout) => {
                if let Some(status) = child.try_wait()? {
                    return Ok(status.success());
                }
            }
        }
    }
}

/// Starts a command with both its streams in one pipe.
fn start(mut command: Command) -> Result<(PipeReader, Child)> {
    let (reader, writer) = std::io::pipe()?;
    command.stdout(writer.try_clone()?).stderr(writer);
    let child = command
        .spawn()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    // The command, dropped here, holds our two ends of the pipe; while they are open the reader would never see its end.
    Ok((reader, child))
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Command;
    use std::time::{Duration, Instant};

    use super::{aloud, quiet};

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn keeps_both_streams_in_order() {
        let finished = quiet(shell("echo one; echo two >&2; echo three; exit 3")).expect("sh starts");
        assert!(!finished.success);
        assert_eq!(finished.output, "one\ntwo\nthree\n");
    }

    #[test]
    fn does_not_wait_for_a_process_left_behind() {
        let start = Instant::now();
        let mut lines = Vec::new();
        let success = aloud(shell("sleep 20 & echo one"), |line| {
            lines.push(line.to_owned());
        })
        .expect("sh starts");
        assert!(success);
        assert_eq!(lines, ["one"]);
        assert!(start.elapsed() < Duration::from_secs(10));
    }
}
