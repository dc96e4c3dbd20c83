//! The life of a key: made, rolled, revoked; each in one transaction over both tables, with its entry in the audit log.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, TransactWriteItem, Update};

use super::{KeySummary, Keys, NewKey};
use crate::auth::{KeyHash, PlainKey, Scope};
use crate::ids::{FormId, KeyId, OrgId};
use crate::store::StoreError;
use crate::store::audit::{self, Action, Actor};
use crate::store::item::{Row, at, b, fill, flag, keyed, n, s};
use crate::store::transact::{check_main, create, delete_main, send, update, update_main};
use crate::time::{DAY_MS, HOUR_MS, Timestamp};

/// How long a rolled key goes on working: none, an hour, a day, a week. *Source*: contract §1 "Roll".
pub const GRACES_MS: [i64; 4] = [0, HOUR_MS, DAY_MS, 7 * DAY_MS];
/// The longest life a key may be given; a longer one is a mistyped number. *Source*: our choice, a century.
pub const LIFE_MS_MAX: i64 = 36_525 * DAY_MS;
/// How long a used form is remembered; longer than any session, and so than any form, lives.
const FORM_MS: i64 = DAY_MS;

/// A key that took another one's place.
#[derive(Debug)]
pub struct Rolled {
    /// The new one itself, for the one answer that shows it.
    pub plain: PlainKey,
    /// The new one as people see it.
    pub key: KeySummary,
    /// When the old one ends; exclusive.
    pub old_ends_at: Timestamp,
}

impl Keys<'_> {
    /// Makes a key; the plain one is in the answer and nowhere else. A form makes one key, however often it is sent.
    ///
    /// *Errors*: [`StoreError::Lost`] when the organization does not exist, the form was used
    /// ([`Keys::made_by_form`] tells) or the member has another role by now; [`StoreError::Unavailable`].
    pub async fn mint(
        &self,
        org: OrgId,
        new: NewKey,
        by: &Actor,
        form: Option<FormId>,
    ) -> Result<(PlainKey, KeySummary), StoreError> {
        let (plain, summary, mut writes) = self.prepare(org, new, by)?;
        writes.push(self.org_exists(org));
        writes.push(self.entry(by, Action::KeyCreated, &summary, described(&summary)));
        writes.extend(form.map(|form| self.used(org, form, summary.key_id)));
        writes.extend(audit::still_may(self.0, org, by));
        send(self.0, "mint key", writes).await?;
        Ok((plain, summary))
    }

    /// Makes a key with the name, scopes, mode and lifetime of an old one, whose end comes after the grace. A key has one
    /// successor.
    ///
    /// *Units*: `grace_ms` milliseconds; the old key never lives longer than it would have.
    /// *Errors*: [`StoreError::Lost`] when the old key is gone, revoked, expired or rolled already, the form was used, or the
    /// member has another role by now; [`StoreError::Unavailable`].
    pub async fn roll(
        &self,
        org: OrgId,
        old: KeyId,
        grace_ms: i64,
        by: &Actor,
        form: Option<FormId>,
    ) -> Result<Rolled, StoreError> {
        let (summary, hash) = self.row(org, old).await?.ok_or(StoreError::Lost)?;
        let now = Timestamp::now();
        if !summary.is_usable(now) || summary.rolled_to.is_some() {
            return Err(StoreError::Lost);
        }
        let grace_end = now.plus_ms(grace_ms);
        let end = summary.expires_at.map_or(grace_end, |end| end.min(grace_end));
        let lifetime_ms = summary.expires_at.map(|end| end.ms() - summary.created_at.ms());
        let new = NewKey {
            name: summary.name.clone(),
            mode: summary.mode,
            scopes: summary.scopes,
            expires_at: lifetime_ms.map(|ms| now.plus_ms(ms)),
        };
        let (plain, fresh, mut writes) = self.prepare(org, new, by)?;
        let record = self
            .record(&hash)
            .update_expression("SET expires_at = :end")
            // Two rolls at once: neither may lengthen what the other shortened.
            .condition_expression("revoked = :no AND (attribute_not_exists(expires_at) OR expires_at >= :end)")
            .expression_attribute_values(":no", flag(false))
            .expression_attribute_values(":end", at(end));
        let row = update_main(self.0, &format!("O#{org}"), &format!("K#{old}"))
            .update_expression("SET expires_at = :end, rolled_to = :to")
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(rolled_to)")
            .expression_attribute_values(":end", at(end))
            .expression_attribute_values(":to", s(fresh.key_id.to_string()));
        let detail = format!(
            "{} ends {end}; its successor is {} {}",
            summary.hint, fresh.key_id, fresh.hint
        );
        writes.extend([update(record), update(row), self.org_exists(org)]);
        writes.push(self.entry(by, Action::KeyRolled, &summary, detail));
        let detail = format!("{}, in the place of {}", described(&fresh), summary.hint);
        writes.push(self.entry(by, Action::KeyCreated, &fresh, detail));
        writes.extend(audit::still_may(self.0, org, by));
        writes.extend(form.map(|form| self.used(org, form, fresh.key_id)));
        send(self.0, "roll key", writes).await?;
        Ok(Rolled {
            plain,
            key: fresh,
            old_ends_at: end,
        })
    }

    /// Revokes a key: refused from the first request that starts after this returned. A second time changes nothing.
    ///
    /// *Errors*: [`StoreError::Lost`] when there is no such key or the member has another role by now;
    /// [`StoreError::Unavailable`].
    pub async fn revoke(&self, org: OrgId, key: KeyId, by: &Actor) -> Result<Timestamp, StoreError> {
        let (summary, hash) = self.row(org, key).await?.ok_or(StoreError::Lost)?;
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
            .update_expression("SET revoked_at = :now, revoked_by = :by")
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(revoked_at)")
            .expression_attribute_values(":now", at(now))
            .expression_attribute_values(":by", s(by.name()));
        let entry = self.entry(by, Action::KeyRevoked, &summary, described(&summary));
        let mut writes = vec![update(record), update(row), entry];
        writes.extend(audit::still_may(self.0, org, by));
        match send(self.0, "revoke key", writes).await {
            // Two at once: the other one's revocation stands, and so does its entry.
            Err(StoreError::Lost) => {
                let (after, _) = self.row(org, key).await?.ok_or(StoreError::Lost)?;
                after.revoked_at.ok_or(StoreError::Lost)
            }
            sent => sent.map(|()| now),
        }
    }

    /// The key that a form made, if it made one.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn made_by_form(&self, org: OrgId, form: FormId) -> Result<Option<KeyId>, StoreError> {
        let item = self.0.get("show used form", format!("F#{org}#{form}"), "M").await?;
        item.map(|item| Row::new("used form", &item).parsed("key_id", KeyId::parse))
            .transpose()
    }

    /// Deletes a key and all that names it; only a part of deleting its organization.
    pub(in crate::store) async fn erase(&self, org: OrgId, key: KeyId, by: &Actor) -> Result<(), StoreError> {
        let Some((summary, hash)) = self.row(org, key).await? else {
            return Ok(());
        };
        let record = Delete::builder()
            .table_name(&*self.0.keys)
            .key("key_hash", b(hash.bytes()));
        let writes = vec![
            TransactWriteItem::builder()
                .delete(record.build().expect("table and key are set"))
                .build(),
            delete_main(self.0, &format!("O#{org}"), &format!("K#{key}")),
            delete_main(self.0, &format!("K#{key}"), "M"),
            self.entry(by, Action::KeyRevoked, &summary, "with its organization".to_owned()),
        ];
        send(self.0, "erase key", writes).await
    }

    /// A new key with the three writes that make it.
    fn prepare(
        &self,
        org: OrgId,
        new: NewKey,
        by: &Actor,
    ) -> Result<(PlainKey, KeySummary, Vec<TransactWriteItem>), StoreError> {
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
            created_by: Some(by.name().to_owned()),
            expires_at: new.expires_at,
            last_used_at: None,
            revoked_at: None,
            revoked_by: None,
            rolled_to: None,
        };
        let writes = self.writes(&plain, &summary, by);
        Ok((plain, summary, writes))
    }

    fn writes(&self, plain: &PlainKey, summary: &KeySummary, by: &Actor) -> Vec<TransactWriteItem> {
        let (org, key) = (summary.org_id, summary.key_id);
        let mut record = HashMap::from([("key_hash".to_owned(), b(plain.hash().bytes()))]);
        fill(&mut record, common(summary));
        fill(
            &mut record,
            [
                ("org_id", Some(s(org.to_string()))),
                ("key_id", Some(s(key.to_string()))),
                ("revoked", Some(flag(false))),
            ],
        );
        let mut row = keyed(format!("O#{org}"), format!("K#{key}"));
        fill(&mut row, common(summary));
        fill(
            &mut row,
            [
                ("key_hash", Some(b(plain.hash().bytes()))),
                ("name", Some(s(&summary.name))),
                ("hint", Some(s(&summary.hint))),
                ("created_by", Some(s(by.name()))),
            ],
        );
        let mut owner = keyed(format!("K#{key}"), "M");
        fill(&mut owner, [("org_id", Some(s(org.to_string())))]);
        vec![
            create(&self.0.keys, record, "key_hash"),
            create(&self.0.main, row, "pk"),
            create(&self.0.main, owner, "pk"),
        ]
    }

    fn org_exists(&self, org: OrgId) -> TransactWriteItem {
        check_main(self.0, &format!("O#{org}"), "M", "attribute_exists(pk)")
    }

    fn entry(&self, by: &Actor, action: Action, key: &KeySummary, detail: String) -> TransactWriteItem {
        audit::entry(self.0, key.org_id, by, action, &key.key_id.to_string(), detail)
    }

    /// Uses a form up.
    fn used(&self, org: OrgId, form: FormId, key: KeyId) -> TransactWriteItem {
        let mut item = keyed(format!("F#{org}#{form}"), "M");
        fill(
            &mut item,
            [
                ("key_id", Some(s(key.to_string()))),
                ("ttl", Some(n(Timestamp::now().plus_ms(FORM_MS).seconds()))),
            ],
        );
        create(&self.0.main, item, "pk")
    }

    fn record(&self, hash: &KeyHash) -> UpdateBuilder {
        Update::builder()
            .table_name(&*self.0.keys)
            .key("key_hash", b(hash.bytes()))
    }
}

/// A key in the words of the audit log.
fn described(key: &KeySummary) -> String {
    let scopes: Vec<&str> = key.scopes.iter().map(Scope::as_str).collect();
    let scopes = if scopes.is_empty() {
        "no scopes".to_owned()
    } else {
        scopes.join(", ")
    };
    let end = key
        .expires_at
        .map_or_else(|| "never expires".to_owned(), |end| format!("expires {end}"));
    format!("{} “{}”, {scopes}, {end}", key.hint, key.name)
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
