//! A key that KMS keeps: it wraps a new one for each secret, and its use is on record there.

use aws_sdk_kms::Client;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;

use super::{KEY_LEN, KMS, Key, VaultError};
use crate::config::Config;
use crate::sdk;
use crate::store::cause;

/// A key of KMS.
#[derive(Debug)]
pub(super) struct Kms {
    client: Client,
    key: String,
}

/// Under which name KMS checks, and notes in its log, what a key is used for.
const CONTEXT: &str = "eclips:secret_of";

impl Kms {
    pub(super) fn open(config: &Config, key: &str) -> Self {
        let shared = sdk::settings(config, config.kms_endpoint.as_deref());
        Self {
            client: Client::from_conf(aws_sdk_kms::config::Builder::from(&shared).build()),
            key: key.to_owned(),
        }
    }

    /// A new key for one secret, and how what it seals begins.
    pub(super) async fn new_key(&self, place: &str) -> Result<(Key, Vec<u8>), VaultError> {
        let made = self
            .client
            .generate_data_key()
            .key_id(&self.key)
            .key_spec(DataKeySpec::Aes256)
            .encryption_context(CONTEXT, place)
            .send()
            .await
            .map_err(|error| unavailable(&error))?;
        let wrapped = made.ciphertext_blob().ok_or(VaultError::Corrupt)?.as_ref();
        let length = u16::try_from(wrapped.len()).map_err(|_| VaultError::Corrupt)?;
        let mut begin = vec![KMS];
        begin.extend(length.to_be_bytes());
        begin.extend(wrapped);
        Ok((key(made.plaintext())?, begin))
    }

    /// The key of a secret that was sealed, and what it sealed.
    pub(super) async fn old_key<'s>(&self, place: &str, sealed: &'s [u8]) -> Result<(Key, &'s [u8]), VaultError> {
        let (length, rest) = sealed.split_first_chunk().ok_or(VaultError::Corrupt)?;
        let (wrapped, rest) = rest
            .split_at_checked(usize::from(u16::from_be_bytes(*length)))
            .ok_or(VaultError::Corrupt)?;
        let opened = self
            .client
            .decrypt()
            .key_id(&self.key)
            .ciphertext_blob(Blob::new(wrapped))
            .encryption_context(CONTEXT, place)
            .send()
            .await;
        match opened {
            Ok(opened) => Ok((key(opened.plaintext())?, rest)),
            // Repeating it would not help: it was wrapped by another key, or for another place.
            Err(error)
                if matches!(
                    error.code(),
                    Some("InvalidCiphertextException" | "IncorrectKeyException")
                ) =>
            {
                Err(VaultError::Corrupt)
            }
            Err(error) => Err(unavailable(&error)),
        }
    }
}

fn key(plain: Option<&Blob>) -> Result<Key, VaultError> {
    let bytes: [u8; KEY_LEN] = plain
        .and_then(|plain| plain.as_ref().try_into().ok())
        .ok_or(VaultError::Corrupt)?;
    Ok(Key(bytes))
}

fn unavailable<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> VaultError {
    VaultError::Unavailable { cause: cause(error) }
}
