//! The secrets of webhooks on a laptop: the key above them, in a file of the data folder, and what the receiver of webhooks tries.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use eclips_shared::auth::{Mode, Tenant};
use eclips_shared::config::Config;
use eclips_shared::store::{Store, place_of_secret};
use eclips_shared::vault::{KeyFile, Vault};
use tempfile::TempDir;

use crate::folder::Place;
use crate::receiver::Secrets;

/// The file of the data folder that holds the key above the secrets.
const KEY: &str = "secrets.key";

/// The file with the key, which is made at the first start; in memory, in a folder that goes when it is dropped.
pub fn key(place: &Place) -> Result<(PathBuf, Option<TempDir>)> {
    let (path, folder) = match place.file(KEY) {
        Some(path) => (path, None),
        None => {
            let folder = tempfile::tempdir()?;
            (folder.path().join(KEY), Some(folder))
        }
    };
    KeyFile::make(&path)?;
    Ok((path, folder))
}

/// Every secret that signs at the moment, of every organization here, by the webhook that it is of.
///
/// *Errors*: the vault's setting is wrong.
pub async fn all(config: &Config) -> Result<Secrets> {
    let (store, vault) = (Store::open(config), Vault::open(config).await?);
    let room = Arc::new((store, vault));
    Ok(Arc::new(move || {
        let room = Arc::clone(&room);
        Box::pin(async move {
            let (store, vault) = &*room;
            read(store, vault).await.unwrap_or_else(|error| {
                tracing::warn!(error = format!("{error:#}"), "the secrets of webhooks cannot be read");
                Vec::new()
            })
        })
    }))
}

async fn read(store: &Store, vault: &Vault) -> Result<Vec<(String, String)>> {
    let mut secrets = Vec::new();
    for org in store.orgs().list().await? {
        for mode in [Mode::Live, Mode::Test] {
            let tenant = Tenant { org: org.org_id, mode };
            for receiver in store.webhooks().all(tenant).await? {
                let (id, place) = (receiver.webhook.id, place_of_secret(tenant, receiver.webhook.id));
                for (age, sealed) in receiver.secrets.iter().enumerate() {
                    let name = if age == 0 {
                        format!("webhook {id}")
                    } else {
                        format!("webhook {id}, before its rotation")
                    };
                    secrets.push((name, vault.unseal(&place, sealed).await?.reveal().to_owned()));
                }
            }
        }
        if store.webhooks().default_secret(org.org_id).await?.is_some() {
            let secret = vault.default_secret(store, org.org_id).await?;
            secrets.push((format!("default secret of {}", org.name), secret.reveal().to_owned()));
        }
    }
    Ok(secrets)
}
