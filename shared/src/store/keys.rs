//! Keys: the record that authentication reads, and the row that its owner sees.
//!
//! *Item* in the keys table, by `key_hash` (32 bytes): `org_id`, `key_id`, `mode`, `scopes` (absent when none), `expires_at`
//! (absent for never), `revoked`, `created_at`. *Item* `O#<org>` / `K#<key_id>` in the main table: the same for people, with
//! `name`, `hint`, `created_by`, `last_used_at`, `revoked_at`, `revoked_by`, `rolled_to`. *Item* `K#<key_id>` / `M`: whose key it
//! is. *Item* `F#<org>#<form>` / `M` (`key_id`, `ttl`): a form of the dashboard that made a key. What changes together is written
//! in one transaction, in `keys/life.rs`.

mod life;
mod refused;
mod sampler;

use std::fmt::Debug;
use std::time::Duration;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use serde::Serialize;

use super::item::{Attributes, Row, at, b};
use super::{Backwards, Leaf, Store, StoreError, unavailable, written};
use crate::auth::{KeyHash, Mode, ScopeSet};
use crate::ids::{KeyId, OrgId};
use crate::time::{MINUTE_MS, Timestamp};

pub use self::life::{GRACES_MS, LIFE_MS_MAX, Rolled};
pub(super) use self::refused::Kind;
pub use self::refused::{Refused, RefusedRequests};
pub(super) use self::sampler::Sampler;

/// How old `last_used_at` may grow before a process writes it again. A process whose write was refused, because another's
/// is younger than this, waits as long once more: twice this stays below the five minutes of contract §1.
const TOUCH_AFTER_MS: i64 = 2 * MINUTE_MS;
/// How long a write may take that is not the request's own; a request waits no longer for it.
const ASIDE_MAX: Duration = Duration::from_millis(200);
/// The longest name of a key, in characters. *Source*: our choice.
const NAME_CHARS_MAX: usize = 100;

/// What authentication reads.
#[derive(Clone, Copy, Debug)]
pub struct KeyRecord {
    /// The organization that the key stands for.
    pub org: OrgId,
    /// The key's id.
    pub key: KeyId,
    /// Live or test.
    pub mode: Mode,
    /// What it allows; unknown words were skipped.
    pub scopes: ScopeSet,
    /// Exclusive end; `None` for never.
    pub expires_at: Option<Timestamp>,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// A key to be made.
#[derive(Debug)]
pub struct NewKey {
    /// What its owner calls it.
    pub name: String,
    /// Live or test.
    pub mode: Mode,
    /// What it allows.
    pub scopes: ScopeSet,
    /// Exclusive end; `None` for never.
    pub expires_at: Option<Timestamp>,
}

impl NewKey {
    /// Reads a key's name: 1–100 characters after trimming, none of which steers the text around it.
    ///
    /// *Errors*: `None` for anything else.
    #[must_use]
    pub fn name(text: &str) -> Option<String> {
        let name = text.trim();
        // Beside the control characters: those that turn the direction of what follows, and those of no width.
        let steers = |c: char| {
            c.is_control()
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
        };
        let fits = !name.is_empty() && name.chars().count() <= NAME_CHARS_MAX && !name.chars().any(steers);
        fits.then(|| name.to_owned())
    }
}

/// A key as people see it.
#[derive(Clone, Debug, Serialize)]
pub struct KeySummary {
    /// The key's id.
    pub key_id: KeyId,
    /// The organization.
    pub org_id: OrgId,
    /// What its owner calls it.
    pub name: String,
    /// Prefix, first and last four characters.
    pub hint: String,
    /// Live or test.
    pub mode: Mode,
    /// What it allows.
    pub scopes: ScopeSet,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it: an e-mail address or a tool's name; null on keys that are older than this attribute.
    pub created_by: Option<String>,
    /// Exclusive end; null for never.
    pub expires_at: Option<Timestamp>,
    /// Kept within five minutes; null when never used.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
    /// Who revoked it.
    pub revoked_by: Option<String>,
    /// Its successor, if it was rolled.
    pub rolled_to: Option<KeyId>,
}

impl KeySummary {
    /// Whether a request with it could be accepted at this moment.
    #[must_use]
    pub fn is_usable(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

/// Authentication and the life of keys.
#[derive(Debug)]
pub struct Keys<'a>(pub(super) &'a Store);

impl Keys<'_> {
    /// Reads the record of a key: one strongly consistent `GetItem`, never from memory.
    ///
    /// *Errors*: [`StoreError::Corrupt`] when an attribute is missing or of another type, [`StoreError::Unavailable`].
    pub async fn find(&self, hash: &KeyHash) -> Result<Option<KeyRecord>, StoreError> {
        let read = self
            .0
            .client
            .get_item()
            .table_name(&*self.0.keys)
            .key("key_hash", b(hash.bytes()))
            .consistent_read(true);
        let answer = read.send().await.map_err(|error| unavailable("find key", &error))?;
        let Some(item) = answer.item() else { return Ok(None) };
        let row = Row::new("key", item);
        Ok(Some(KeyRecord {
            org: row.parsed("org_id", OrgId::parse)?,
            key: row.parsed("key_id", KeyId::parse)?,
            mode: row.parsed("mode", Mode::parse)?,
            scopes: ScopeSet::from_words(row.words("scopes")?.iter().map(String::as_str)),
            expires_at: row.opt_time("expires_at")?,
            revoked: row.flag("revoked")?,
        }))
    }

    /// Keeps `last_used_at`, at most once in two minutes a process, and only on a row that is there.
    ///
    /// Runs beside the request; whatever becomes of it, the request's answer stays the same.
    pub async fn touch(&self, org: OrgId, key: KeyId) {
        let now = Timestamp::now();
        if self.0.touched.due(key, now, TOUCH_AFTER_MS).is_none() {
            return;
        }
        let update = self
            .0
            .update(format!("O#{org}"), &format!("K#{key}"))
            .update_expression("SET last_used_at = :now")
            .condition_expression(
                "attribute_exists(pk) AND (attribute_not_exists(last_used_at) OR last_used_at < :due)",
            )
            .expression_attribute_values(":now", at(now))
            .expression_attribute_values(":due", at(now.plus_ms(-TOUCH_AFTER_MS)));
        match within("touch key", update.send()).await {
            // Lost: another process was first, or the row is gone. Both are well.
            Ok(()) | Err(StoreError::Lost) => {}
            Err(error) => {
                self.0.touched.delay(&key, now, TOUCH_AFTER_MS);
                tracing::warn!(%error, "last_used_at was not kept");
            }
        }
    }

    /// Finds whose key an id names; for the administrator, who has the id only.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn owner(&self, key: KeyId) -> Result<Option<OrgId>, StoreError> {
        let item = self.0.get("find key owner", format!("K#{key}"), "M").await?;
        item.map(|item| Row::new("key owner", &item).parsed("org_id", OrgId::parse))
            .transpose()
    }

    /// One page of an organization's keys, newest first.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn page(&self, org: OrgId, page: Backwards<KeyId>) -> Result<Leaf<KeySummary>, StoreError> {
        let items = self.0.newest("list keys", format!("O#{org}"), "K#", &page).await?;
        items.read(|item| summary(item).map(|(summary, _)| summary))
    }

    /// One key, strongly consistent.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn show(&self, org: OrgId, key: KeyId) -> Result<Option<KeySummary>, StoreError> {
        Ok(self.row(org, key).await?.map(|(summary, _)| summary))
    }

    /// Lists an organization's keys, oldest first.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn list(&self, org: OrgId) -> Result<Vec<KeySummary>, StoreError> {
        let items = self.0.partition("list keys", format!("O#{org}"), "K#").await?;
        items
            .iter()
            .map(|item| summary(item).map(|(summary, _)| summary))
            .collect()
    }

    async fn row(&self, org: OrgId, key: KeyId) -> Result<Option<(KeySummary, KeyHash)>, StoreError> {
        let item = self.0.get("show key", format!("O#{org}"), &format!("K#{key}")).await?;
        item.as_ref().map(summary).transpose()
    }
}

/// A write beside a request, cut off when it takes too long; a condition that did not hold is [`StoreError::Lost`].
async fn within<T, E, R>(
    call: &'static str,
    sent: impl Future<Output = Result<T, SdkError<E, R>>>,
) -> Result<(), StoreError>
where
    E: ProvideErrorMetadata + Debug,
{
    match tokio::time::timeout(ASIDE_MAX, sent).await {
        Ok(sent) => written(call, sent),
        Err(_) => Err(StoreError::Unavailable {
            call,
            cause: "took too long".to_owned(),
        }),
    }
}

fn summary(item: &Attributes) -> Result<(KeySummary, KeyHash), StoreError> {
    let row = Row::new("key row", item);
    let summary = KeySummary {
        key_id: row.parsed("sk", |sk| KeyId::parse(sk.strip_prefix("K#")?))?,
        org_id: row.parsed("pk", |pk| OrgId::parse(pk.strip_prefix("O#")?))?,
        name: row.text("name")?.to_owned(),
        hint: row.text("hint")?.to_owned(),
        mode: row.parsed("mode", Mode::parse)?,
        scopes: ScopeSet::from_words(row.words("scopes")?.iter().map(String::as_str)),
        created_at: row.time("created_at")?,
        created_by: row.opt_text("created_by")?.map(str::to_owned),
        expires_at: row.opt_time("expires_at")?,
        last_used_at: row.opt_time("last_used_at")?,
        revoked_at: row.opt_time("revoked_at")?,
        revoked_by: row.opt_text("revoked_by")?.map(str::to_owned),
        rolled_to: row.opt_parsed("rolled_to", KeyId::parse)?,
    };
    let hash = KeyHash::from_bytes(row.bytes("key_hash")?).ok_or_else(|| row.corrupt("key_hash"))?;
    Ok((summary, hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_steer_nothing() {
        assert_eq!(
            NewKey::name("  CI of the façade  ").as_deref(),
            Some("CI of the façade")
        );
        assert_eq!(NewKey::name(&"é".repeat(100)), Some("é".repeat(100)));
        for name in ["", "  ", &"x".repeat(101), "a\nb", "a\u{202e}b", "a\u{200b}b", "\u{0}"] {
            assert_eq!(NewKey::name(name), None, "{name:?}");
        }
    }
}
