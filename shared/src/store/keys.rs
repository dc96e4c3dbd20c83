//! Keys: the record that authentication reads, the row that its owner sees, and what an administrator does to both.
//!
//! *Item* in the keys table, by `key_hash` (32 bytes): `org_id`, `key_id`, `mode`, `scopes` (absent when none), `expires_at`
//! (absent for never), `revoked`, `created_at`. *Item* `O#<org>` / `K#<key_id>` in the main table: the same for people, with
//! `name`, `hint`, `last_used_at`, `revoked_at`. *Item* `K#<key_id>` / `M`: whose key it is. All are written in one transaction.

mod touched;

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, TransactWriteItem, Update};
use serde::Serialize;

use super::item::{Attributes, Row, at, b, fill, flag, keyed, n, s};
use super::transact::{create, send, update, update_main};
use super::{Store, StoreError, unavailable};
use crate::auth::{KeyHash, Mode, PlainKey, Scope, ScopeSet};
use crate::ids::{KeyId, OrgId};
use crate::time::Timestamp;

use self::touched::TOUCH_AFTER_MS;
pub(super) use self::touched::Touched;

/// How long keeping it may take; a request waits no longer for something that is not its own.
const TOUCH_MAX: Duration = Duration::from_millis(200);
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
    /// Exclusive end; null for never.
    pub expires_at: Option<Timestamp>,
    /// Kept within five minutes; null when never used.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
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
        if !self.0.touched.is_due(key, now) {
            return;
        }
        let update = self
            .0
            .client
            .update_item()
            .table_name(&*self.0.main)
            .key("pk", s(format!("O#{org}")))
            .key("sk", s(format!("K#{key}")))
            .update_expression("SET last_used_at = :now")
            .condition_expression(
                "attribute_exists(pk) AND (attribute_not_exists(last_used_at) OR last_used_at < :due)",
            )
            .expression_attribute_values(":now", at(now))
            .expression_attribute_values(":due", at(now.plus_ms(-TOUCH_AFTER_MS)));
        let error = match tokio::time::timeout(TOUCH_MAX, update.send()).await {
            Ok(Ok(_)) => return,
            // Another process was first, or the row is gone. Both are well.
            Ok(Err(SdkError::ServiceError(refused))) if refused.err().is_conditional_check_failed_exception() => return,
            Ok(Err(error)) => unavailable("touch key", &error),
            Err(_) => StoreError::Unavailable {
                call: "touch key",
                cause: "took too long".to_owned(),
            },
        };
        self.0.touched.forget(key);
        tracing::warn!(%error, "last_used_at was not kept");
    }

    /// Makes a key; the plain one is in the answer and nowhere else.
    ///
    /// *Errors*: [`StoreError::Lost`] when the organization does not exist, [`StoreError::Unavailable`].
    pub async fn mint(&self, org: OrgId, new: NewKey) -> Result<(PlainKey, KeySummary), StoreError> {
        let (plain, summary, mut writes) = self.prepare(org, new)?;
        writes.push(self.org_exists(org));
        send(self.0, "mint key", writes).await?;
        Ok((plain, summary))
    }

    /// Makes a key with the name, scopes, mode and lifetime of an old one, whose end comes after the grace.
    ///
    /// *Units*: `grace_ms` milliseconds; the old key never lives longer than it would have.
    /// *Errors*: [`StoreError::Lost`] when the old key is gone, revoked or expired, [`StoreError::Unavailable`].
    pub async fn roll(&self, org: OrgId, old: KeyId, grace_ms: i64) -> Result<(PlainKey, KeySummary), StoreError> {
        let (summary, hash) = self.show(org, old).await?.ok_or(StoreError::Lost)?;
        let now = Timestamp::now();
        if summary.revoked_at.is_some() || summary.expires_at.is_some_and(|end| now >= end) {
            return Err(StoreError::Lost);
        }
        let grace_end = now.plus_ms(grace_ms);
        let end = summary.expires_at.map_or(grace_end, |end| end.min(grace_end));
        let lifetime_ms = summary.expires_at.map(|end| end.ms() - summary.created_at.ms());
        let new = NewKey {
            name: summary.name,
            mode: summary.mode,
            scopes: summary.scopes,
            expires_at: lifetime_ms.map(|ms| now.plus_ms(ms)),
        };
        let (plain, fresh, mut writes) = self.prepare(org, new)?;
        let record = self
            .record(&hash)
            .update_expression("SET expires_at = :end")
            // Two rolls at once: neither may lengthen what the other shortened.
            .condition_expression("revoked = :no AND (attribute_not_exists(expires_at) OR expires_at >= :end)")
            .expression_attribute_values(":no", flag(false))
            .expression_attribute_values(":end", at(end));
        let row = update_main(self.0, &format!("O#{org}"), &format!("K#{old}"))
            .update_expression("SET expires_at = :end")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":end", at(end));
        writes.extend([update(record), update(row), self.org_exists(org)]);
        send(self.0, "roll key", writes).await?;
        Ok((plain, fresh))
    }

    /// Revokes a key: refused from the first request that starts after this returned. A second time changes nothing.
    ///
    /// *Errors*: [`StoreError::Lost`] when there is no such key, [`StoreError::Unavailable`].
    pub async fn revoke(&self, org: OrgId, key: KeyId) -> Result<Timestamp, StoreError> {
        let (summary, hash) = self.show(org, key).await?.ok_or(StoreError::Lost)?;
        if let Some(earlier) = summary.revoked_at {
            return Ok(earlier);
        }
        let now = Timestamp::now();
        let record = self
            .record(&hash)
            .update_expression("SET revoked = :yes")
            .condition_expression("attribute_exists(key_hash)")
            .expression_attribute_values(":yes", flag(true));
        let row = update_main(self.0, &format!("O#{org}"), &format!("K#{key}"))
            .update_expression("SET revoked_at = if_not_exists(revoked_at, :now)")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":now", at(now));
        send(self.0, "revoke key", vec![update(record), update(row)]).await?;
        let (after, _) = self.show(org, key).await?.ok_or(StoreError::Lost)?;
        Ok(after.revoked_at.unwrap_or(now))
    }

    /// Finds whose key an id names; for the administrator, who has the id only.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn owner(&self, key: KeyId) -> Result<Option<OrgId>, StoreError> {
        let read = self
            .0
            .client
            .get_item()
            .table_name(&*self.0.main)
            .key("pk", s(format!("K#{key}")))
            .key("sk", s("M"));
        let answer = read
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| unavailable("find key owner", &error))?;
        answer
            .item()
            .map(|item| Row::new("key owner", item).parsed("org_id", OrgId::parse))
            .transpose()
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

    /// Deletes a key and all that names it; only a part of deleting its organization.
    pub(super) async fn erase(&self, org: OrgId, key: KeyId) -> Result<(), StoreError> {
        let Some((_, hash)) = self.show(org, key).await? else {
            return Ok(());
        };
        let record = aws_sdk_dynamodb::types::Delete::builder()
            .table_name(&*self.0.keys)
            .key("key_hash", b(hash.bytes()));
        let writes = vec![
            TransactWriteItem::builder()
                .delete(record.build().expect("table and key are set"))
                .build(),
            super::transact::delete_main(self.0, &format!("O#{org}"), &format!("K#{key}")),
            super::transact::delete_main(self.0, &format!("K#{key}"), "M"),
        ];
        send(self.0, "erase key", writes).await
    }

    async fn show(&self, org: OrgId, key: KeyId) -> Result<Option<(KeySummary, KeyHash)>, StoreError> {
        let read = self
            .0
            .client
            .get_item()
            .table_name(&*self.0.main)
            .key("pk", s(format!("O#{org}")))
            .key("sk", s(format!("K#{key}")));
        let answer = read
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| unavailable("show key", &error))?;
        answer.item().map(summary).transpose()
    }

    /// A new key with the three writes that make it.
    fn prepare(&self, org: OrgId, new: NewKey) -> Result<(PlainKey, KeySummary, Vec<TransactWriteItem>), StoreError> {
        let plain = PlainKey::mint(new.mode).map_err(|cause| StoreError::Unavailable {
            call: "randomness",
            cause: cause.to_string(),
        })?;
        let summary = KeySummary {
            key_id: KeyId::generate(),
            org_id: org,
            name: new.name,
            hint: plain.hint(),
            mode: new.mode,
            scopes: new.scopes,
            created_at: Timestamp::now(),
            expires_at: new.expires_at,
            last_used_at: None,
            revoked_at: None,
        };
        let key = summary.key_id;
        let mut record = HashMap::from([("key_hash".to_owned(), b(plain.hash().bytes()))]);
        fill(&mut record, common(&summary));
        fill(
            &mut record,
            [
                ("org_id", Some(s(org.to_string()))),
                ("key_id", Some(s(key.to_string()))),
                ("revoked", Some(flag(false))),
            ],
        );
        let mut row = keyed(format!("O#{org}"), format!("K#{key}"));
        fill(&mut row, common(&summary));
        fill(
            &mut row,
            [
                ("key_hash", Some(b(plain.hash().bytes()))),
                ("name", Some(s(&summary.name))),
                ("hint", Some(s(&summary.hint))),
            ],
        );
        let mut owner = keyed(format!("K#{key}"), "M");
        fill(&mut owner, [("org_id", Some(s(org.to_string())))]);
        let writes = vec![
            create(&self.0.keys, record, "key_hash"),
            create(&self.0.main, row, "pk"),
            create(&self.0.main, owner, "pk"),
        ];
        Ok((plain, summary, writes))
    }

    fn org_exists(&self, org: OrgId) -> TransactWriteItem {
        let check = ConditionCheck::builder()
            .table_name(&*self.0.main)
            .key("pk", s(format!("O#{org}")))
            .key("sk", s("M"))
            .condition_expression("attribute_exists(pk)");
        TransactWriteItem::builder()
            .condition_check(check.build().expect("table, key and condition are set"))
            .build()
    }

    fn record(&self, hash: &KeyHash) -> aws_sdk_dynamodb::types::builders::UpdateBuilder {
        Update::builder()
            .table_name(&*self.0.keys)
            .key("key_hash", b(hash.bytes()))
    }
}

/// What record and row have in common.
fn common(key: &KeySummary) -> [(&'static str, Option<AttributeValue>); 4] {
    let words: Vec<String> = key
        .scopes
        .iter()
        .map(|scope: Scope| scope.as_str().to_owned())
        .collect();
    [
        ("mode", Some(s(key.mode.as_str()))),
        // DynamoDB has no empty set; no attribute means no scopes.
        ("scopes", (!words.is_empty()).then_some(AttributeValue::Ss(words))),
        ("expires_at", key.expires_at.map(|end| n(end.ms()))),
        ("created_at", Some(at(key.created_at))),
    ]
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
        expires_at: row.opt_time("expires_at")?,
        last_used_at: row.opt_time("last_used_at")?,
        revoked_at: row.opt_time("revoked_at")?,
    };
    let hash = KeyHash::from_bytes(row.bytes("key_hash")?).ok_or_else(|| row.corrupt("key_hash"))?;
    Ok((summary, hash))
}
