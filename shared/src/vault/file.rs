//! A key that is kept in a file of the data folder: a laptop's, where whoever reads the folder has everything anyway.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use super::{KEY_LEN, Key, VaultError};

/// The key of a file. *Shape* of the file: 64 hexadecimal digits and a line's end.
pub struct KeyFile([u8; KEY_LEN]);

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyFile(…)")
    }
}

impl KeyFile {
    /// Makes the file with a new key, readable by its owner alone; leaves one that is there as it is.
    ///
    /// *Errors*: [`VaultError::Setting`] where it cannot be written.
    ///
    /// # Panics
    /// When the system has no randomness.
    pub fn make(path: &Path) -> Result<(), VaultError> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = match options.open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
            Err(error) => return Err(unusable(path, &error)),
        };
        let mut key = [0u8; KEY_LEN];
        getrandom::fill(&mut key).expect("the system has randomness");
        let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        // In one write: a process that is killed here leaves a file that is not read as a key.
        file.write_all(format!("{digits}\n").as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(|error| unusable(path, &error))
    }

    /// Reads the key.
    ///
    /// *Errors*: [`VaultError::Setting`] where there is no such file, or what it holds is no key.
    pub fn read(path: &Path) -> Result<Self, VaultError> {
        let text = std::fs::read_to_string(path).map_err(|error| unusable(path, &error))?;
        let digits = text.trim_end();
        let mut key = [0u8; KEY_LEN];
        let is_key = digits.len() == 2 * KEY_LEN && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_key {
            return Err(VaultError::Setting(format!(
                "{} holds no key; restore it, or delete it and rotate the secrets of all webhooks",
                path.display()
            )));
        }
        for (byte, at) in key.iter_mut().zip((0..).step_by(2)) {
            *byte = u8::from_str_radix(&digits[at..at + 2], 16).expect("two hexadecimal digits");
        }
        Ok(Self(key))
    }

    pub(super) fn key(&self) -> Key {
        Key(self.0)
    }
}

fn unusable(path: &Path, error: &std::io::Error) -> VaultError {
    VaultError::Setting(format!("cannot use {}: {error}", path.display()))
}
