//! The secrets of webhooks at rest: sealed before they reach the store, opened by whoever signs. The only room that knows the key
//! above them.
//!
//! Each secret is encrypted by AES-256-GCM under a key of its own, which a key of KMS wraps (in AWS) or which is the key of a file
//! (on a laptop). What it belongs to is part of what is checked: a sealed secret that is copied to another organization, or to
//! another of its webhooks, opens nowhere.

mod file;
mod kms;

use std::collections::HashMap;
use std::fmt;
use std::sync::Mutex;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::config::Config;
use crate::error::ApiError;
use crate::ids::OrgId;
use crate::store::{Store, StoreError, place_of_default};
use crate::time::{MINUTE_MS, Timestamp};
use crate::webhook::SigningSecret;

pub use self::file::KeyFile;

/// How long a process remembers what it has opened: enough for a burst, and little for a key that was taken from us. Our choice.
const REMEMBERED_MS: i64 = 5 * MINUTE_MS;
/// How many it remembers.
const REMEMBERED_MAX: usize = 256;

/// Why a secret could not be sealed or opened. It never holds a piece of one.
#[derive(Debug)]
pub enum VaultError {
    /// The key's keeper did not answer, or refused us.
    Unavailable {
        /// The SDK's word for it.
        cause: String,
    },
    /// What is sealed is not what we wrote, or not for this place.
    Corrupt,
    /// The setting, or the file that it names, is none of ours.
    Setting(String),
    /// The store, where what is sealed is kept.
    Store(StoreError),
}

impl From<StoreError> for VaultError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl fmt::Display for VaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable { cause } => write!(f, "key of the secrets: {cause}"),
            Self::Corrupt => f.write_str("a sealed secret cannot be opened"),
            Self::Setting(what) => f.write_str(what),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for VaultError {}

impl VaultError {
    /// Writes the cause into the log; once, where something ends because of it.
    pub fn log(&self) {
        match self {
            Self::Unavailable { .. } => tracing::warn!(error = %self, "key of the secrets unavailable"),
            Self::Store(error) => error.log(),
            Self::Corrupt | Self::Setting(_) => tracing::error!(alarm = "corrupt_secret", error = %self),
        }
    }
}

impl From<VaultError> for ApiError {
    /// Logs the cause, once, and gives the client none of it.
    fn from(error: VaultError) -> Self {
        error.log();
        Self::Unavailable
    }
}

/// Who keeps the key above the secrets.
#[derive(Debug)]
enum Keeper {
    Kms(kms::Kms),
    File(KeyFile),
}

/// Seals secrets, and opens them.
#[derive(Debug)]
pub struct Vault {
    keeper: Keeper,
    opened: Mutex<Opened>,
}

/// What was opened lately, by what was sealed and where.
#[derive(Default)]
struct Opened(HashMap<(String, Vec<u8>), (Timestamp, SigningSecret)>);

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opened({})", self.0.len())
    }
}

impl Vault {
    /// Opens the vault that the setting names: `kms:<key ARN>` or `file:<path>`. No call is made yet; the file is read.
    ///
    /// *Errors*: [`VaultError::Setting`].
    pub async fn open(config: &Config) -> Result<Self, VaultError> {
        let keeper = match config.vault.split_once(':') {
            Some(("kms", key)) if !key.is_empty() => Keeper::Kms(kms::Kms::open(config, key)),
            Some(("file", path)) if !path.is_empty() => Keeper::File(KeyFile::read(path.as_ref())?),
            _ => {
                let what = "ECLIPS_VAULT must be kms:<key ARN> or file:<path>";
                return Err(VaultError::Setting(what.to_owned()));
            }
        };
        Ok(Self {
            keeper,
            opened: Mutex::default(),
        })
    }

    /// An organization's default secret, by which what goes to a run's or a batch's own URL is signed. It is made when it is needed
    /// first.
    ///
    /// *Errors*: [`VaultError::Unavailable`], [`VaultError::Store`], [`VaultError::Corrupt`].
    pub async fn default_secret(&self, store: &Store, org: OrgId) -> Result<SigningSecret, VaultError> {
        let (webhooks, place) = (store.webhooks(), place_of_default(org));
        let sealed = match webhooks.default_secret(org).await? {
            Some(sealed) => sealed,
            None => {
                let new = self.seal(&place, &SigningSecret::generate()).await?;
                webhooks.set_default_secret(org, &new).await?;
                // Whoever's it is that was first.
                webhooks.default_secret(org).await?.ok_or(VaultError::Corrupt)?
            }
        };
        self.unseal(&place, &sealed).await
    }

    /// Seals a secret for a place: whose it is and of what.
    ///
    /// *Errors*: [`VaultError::Unavailable`].
    pub async fn seal(&self, place: &str, secret: &SigningSecret) -> Result<Vec<u8>, VaultError> {
        let (key, mut sealed) = match &self.keeper {
            Keeper::Kms(kms) => kms.new_key(place).await?,
            Keeper::File(file) => (file.key(), vec![FILE]),
        };
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).expect("the system has randomness");
        let mut text = secret.reveal().as_bytes().to_vec();
        cipher(&key)
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place), &mut text)
            .map_err(|_| VaultError::Corrupt)?;
        sealed.extend(nonce);
        sealed.extend(text);
        Ok(sealed)
    }

    /// Opens what [`Vault::seal`] gave for the same place.
    ///
    /// *Errors*: [`VaultError::Unavailable`]; [`VaultError::Corrupt`] also where the key is another.
    pub async fn unseal(&self, place: &str, sealed: &[u8]) -> Result<SigningSecret, VaultError> {
        let (now, name) = (Timestamp::now(), (place.to_owned(), sealed.to_vec()));
        if let Some((until, secret)) = self.opened().0.get(&name)
            && *until > now
        {
            return Ok(secret.clone());
        }
        let (key, rest) = match (&self.keeper, sealed.split_first()) {
            (Keeper::Kms(kms), Some((&KMS, rest))) => kms.old_key(place, rest).await?,
            (Keeper::File(file), Some((&FILE, rest))) => (file.key(), rest),
            _ => return Err(VaultError::Corrupt),
        };
        let (nonce, text) = rest.split_at_checked(NONCE_LEN).ok_or(VaultError::Corrupt)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError::Corrupt)?;
        let mut text = text.to_vec();
        let text = cipher(&key)
            .open_in_place(nonce, Aad::from(place), &mut text)
            .map_err(|_| VaultError::Corrupt)?;
        let text = str::from_utf8(text).map_err(|_| VaultError::Corrupt)?;
        let secret = SigningSecret::parse(text).ok_or(VaultError::Corrupt)?;
        let mut opened = self.opened();
        if opened.0.len() >= REMEMBERED_MAX {
            opened.0.clear();
        }
        opened.0.insert(name, (now.plus_ms(REMEMBERED_MS), secret.clone()));
        Ok(secret)
    }

    fn opened(&self) -> std::sync::MutexGuard<'_, Opened> {
        self.opened.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// What the first byte of a sealed secret says of the key above it: wrapped by KMS, two bytes of length, then the wrapped key.
const KMS: u8 = 2;
/// The same: it is the file's.
const FILE: u8 = 1;
/// *Units*: bytes.
const KEY_LEN: usize = 32;

/// A key that encrypts, gone from the memory as soon as it is dropped is too much to ask: it is not printed.
struct Key([u8; KEY_LEN]);

fn cipher(key: &Key) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key.0).expect("a key has 32 bytes"))
}

#[cfg(test)]
mod tests;
