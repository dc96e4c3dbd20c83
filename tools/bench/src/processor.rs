//! What the kernel says of a running process: processor time and memory. *Source*: proc(5); `schedstat` counts nanoseconds, `stat` only ticks.

use std::fs;

use anyhow::{Context, Result};

/// The memory of a process, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// The most that was resident at once.
    pub peak: u64,
    /// What of the resident is the process's own, now.
    pub own: u64,
    /// What of it are pages of files, the binary's above all, now.
    pub files: u64,
}

/// The processor time of all threads that a process has, in nanoseconds.
pub fn time_ns(process: u32) -> Result<u64> {
    let mut sum = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task")).context("the process is gone")? {
        let text = fs::read_to_string(thread?.path().join("schedstat"));
        // A thread may end between being listed and being read.
        sum += text.ok().and_then(|text| first_number(&text)).unwrap_or_default();
    }
    Ok(sum)
}

/// The memory that a process takes.
pub fn memory(process: u32) -> Result<Memory> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).context("the process is gone")?;
    Ok(read_memory(&status))
}

fn read_memory(status: &str) -> Memory {
    let bytes = |name: &str| {
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.and_then(first_number).unwrap_or_default() * 1_024
    };
    Memory {
        peak: bytes("VmHWM"),
        own: bytes("RssAnon"),
        files: bytes("RssFile"),
    }
}

fn first_number(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_kilobytes_by_their_whole_name() {
        let status = "VmHWM:\t    9000 kB\nVmRSS:\t 8000 kB\nRssAnon:\t 1000 kB\nRssFile:\t 7000 kB\n";
        let memory = read_memory(status);
        assert_eq!(
            (memory.peak, memory.own, memory.files),
            (9_216_000, 1_024_000, 7_168_000)
        );
    }

    #[test]
    fn this_process_has_taken_time_and_memory() {
        assert!(time_ns(std::process::id()).unwrap() > 0);
        assert!(memory(std::process::id()).unwrap().peak > 0);
    }
}
