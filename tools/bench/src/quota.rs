//! A share of one processor, as a small Lambda has it: a control group of cgroups v1 in which processes are started.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// How much memory stands for one whole processor. *Source*: AWS Lambda, "Configure function memory".
const MB_OF_A_CPU: u64 = 1_769;

/// How long a share lasts. *Source*: our choice. Lambda's own is not documented; with the kernel's 100 ms a whole start fits into one
/// share and is never held up.
pub const PERIOD: Duration = Duration::from_millis(20);

/// How often it is tried to remove a group, a period after the other.
const LOOKS_MAX: usize = 50;

/// Where the controller may be.
const MOUNTS: [&str; 2] = ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"];

/// The group; gone when dropped.
#[derive(Debug)]
pub struct Quota {
    folder: PathBuf,
}

impl Quota {
    /// Makes a group with a Lambda's share.
    ///
    /// *Errors*: what to do where this machine cannot.
    pub fn of_memory(mb: u64) -> Result<Self> {
        let Some(mount) = MOUNTS
            .iter()
            .map(Path::new)
            .find(|mount| mount.join("cpu.cfs_quota_us").is_file())
        else {
            bail!(
                "this needs the `cpu` controller of cgroups v1 at {}; mount it as root, or run this where it is",
                MOUNTS[0]
            );
        };
        let listed = fs::read_to_string("/proc/self/cgroup").context("no /proc")?;
        let own = own_group(&listed).context("this process is in no group of the `cpu` controller")?;
        let folder = mount
            .join(own.trim_start_matches('/'))
            .join(format!("eclips-bench-{}", std::process::id()));
        fs::create_dir(&folder).with_context(|| format!("cannot make {}: run this as root", folder.display()))?;
        let quota = Self { folder };
        let period_us = u64::try_from(PERIOD.as_micros()).expect("it is short");
        quota.set("cpu.cfs_period_us", period_us)?;
        quota.set("cpu.cfs_quota_us", period_us * mb / MB_OF_A_CPU)?;
        Ok(quota)
    }

    /// The group's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn set(&self, name: &str, value: u64) -> Result<()> {
        fs::write(self.folder.join(name), value.to_string()).with_context(|| format!("{name} cannot be {value} here"))
    }
}

impl Drop for Quota {
    fn drop(&mut self) {
        // A process that was just killed may still be in it for a moment.
        for _ in 0..LOOKS_MAX {
            if fs::remove_dir(&self.folder).is_ok() {
                return;
            }
            std::thread::sleep(PERIOD);
        }
        eprintln!("{} is left over; rmdir removes it", self.folder.display());
    }
}

/// The group of the `cpu` controller in a `/proc/<pid>/cgroup` of version 1, `4:cpu,cpuacct:/a/group`.
fn own_group(listed: &str) -> Option<&str> {
    listed.lines().find_map(|line| {
        let (controllers, group) = line.split_once(':')?.1.split_once(':')?;
        controllers.split(',').any(|name| name == "cpu").then_some(group)
    })
}

#[cfg(test)]
mod tests {
    use super::own_group;

    #[test]
    fn finds_its_own_group_among_those_of_other_controllers() {
        assert_eq!(own_group("5:cpuset:/x\n4:cpu,cpuacct:/a/b\n0::/y\n"), Some("/a/b"));
        assert_eq!(own_group("0::/unified\n"), None);
    }
}
