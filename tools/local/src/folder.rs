//! Where a laptop's data lives: a folder taken by one process at a time, or memory. Knows no file's content but its own
//! two, `lock` and `version`.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};

/// The format of the data this build reads and writes.
///
/// Raised when an older build could not read what this one writes; the tables' shapes are compared apart from it.
pub const FORMAT: &str = "1";

/// Where the data lives.
#[derive(Clone, Debug)]
pub enum Place {
    /// Gone when the process ends.
    Memory,
    /// Kept between starts.
    Folder(Folder),
}

impl Place {
    /// The path of a file of the folder; `None` in memory.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<PathBuf> {
        match self {
            Self::Memory => None,
            Self::Folder(folder) => Some(folder.path().join(name)),
        }
    }
}

/// A folder that this process holds until the last clone is dropped; the system lets go of it when the process is killed.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    // Held for its lock. The file stays when the lock goes: deleting it would let two later processes lock two files.
    _lock: Arc<File>,
}

impl Folder {
    /// Takes the folder, and makes it when it is not there.
    ///
    /// *Errors*: one line each when another process holds it, when its data has another format, or when it cannot be
    /// written.
    pub fn take(path: &Path) -> Result<Self> {
        make_private(path).with_context(|| format!("cannot make the folder {}", path.display()))?;
        let path = path
            .canonicalize()
            .with_context(|| format!("cannot read the folder {}", path.display()))?;
        let lock = lock(&path)?;
        check_format(&path)?;
        Ok(Self {
            path,
            _lock: Arc::new(lock),
        })
    }

    /// The absolute path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Other accounts of the machine have no business here: the folder holds what customers of the demo wrote.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn lock(folder: &Path) -> Result<File> {
    let path = folder.join("lock");
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // Not readable while locked on every system; then the number is left out.
            let _ = file.read_to_string(&mut holder);
            let holder = match holder.trim() {
                "" => String::new(),
                pid => format!(" (pid {pid})"),
            };
            bail!(
                "{} is in use by another eclips-local{holder}; stop it or pass --data DIR",
                folder.display()
            );
        }
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("cannot lock {}", path.display()));
        }
    }
    file.set_len(0)?;
    write!(file, "{}", std::process::id())?;
    Ok(file)
}

fn check_format(folder: &Path) -> Result<()> {
    let path = folder.join("version");
    let found = match fs::read_to_string(&path) {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return fs::write(&path, format!("{FORMAT}\n")).with_context(|| format!("cannot write {}", path.display()));
        }
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    if found.trim() != FORMAT {
        bail!(
            "{} holds data of format {}, this eclips-local reads format {FORMAT}; start with --data DIR or delete it",
            folder.display(),
            found.trim().escape_debug()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_taker_is_told_who_holds_the_folder() {
        let place = tempfile::tempdir().unwrap();
        let data = place.path().join("deep").join("data");
        let held = Folder::take(&data).unwrap();
        let refused = Folder::take(&data).unwrap_err().to_string();
        let expected = format!(
            "{} is in use by another eclips-local (pid {}); stop it or pass --data DIR",
            held.path().display(),
            std::process::id()
        );
        assert_eq!(refused, expected);
        drop(held);
        Folder::take(&data).unwrap();
    }

    #[test]
    fn data_of_another_format_is_refused_in_one_line() {
        let place = tempfile::tempdir().unwrap();
        drop(Folder::take(place.path()).unwrap());
        assert_eq!(fs::read_to_string(place.path().join("version")).unwrap(), "1\n");
        fs::write(place.path().join("version"), "2\n").unwrap();
        let refused = Folder::take(place.path()).unwrap_err().to_string();
        assert!(
            refused.ends_with(
                "holds data of format 2, this eclips-local reads format 1; start with --data DIR or delete it"
            )
        );
        assert!(!refused.contains('\n'));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_look_into_the_folder() {
        use std::os::unix::fs::PermissionsExt;
        let place = tempfile::tempdir().unwrap();
        let held = Folder::take(&place.path().join("data")).unwrap();
        assert_eq!(fs::metadata(held.path()).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
