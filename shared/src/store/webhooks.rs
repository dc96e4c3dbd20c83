//! Webhooks: made, listed, rotated, deleted by their owner; read, and judged by how they answer, by the deliverer.
//!
//! *Item* `H#<tenant>` / `<webhook>`: `url`, `topics` (set), `status`, `created_at`, `key_id` (who made it), `secret` (sealed),
//! `replaced` (secrets that still sign: a list of `secret` and `until`), `failing_since` (the first failure since the last success),
//! `disabled_at`, `slow_until` (see `slow.rs`). *Item* `O#<org>` / `H`: `webhooks`, how many an organization has, live and test together. *Item* `O#<org>` / `S`:
//! `secret`, the organization's default secret, sealed. They are kept until somebody deletes them.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::audit::{self, Action, Actor};
use super::item::{Attributes, Row, at, b, fill, keyed, n, s};
use super::transact::{create, delete_existing, send, update, update_main};
use super::{Store, StoreError, written};
use crate::auth::{Author, Tenant};
use crate::ids::{OrgId, WebhookId};
use crate::receiver::{ReceiverUrl, Receivers};
use crate::time::{HOUR_MS, Timestamp};
use crate::webhook::{OVERLAP_MS, OVERLAPPING_MAX, Topic, WEBHOOKS_MAX, Webhook, WebhookStatus, topics};

/// How long a webhook may fail without one success. *Source*: contract §6.
pub const FAILING_MS_MAX: i64 = 120 * HOUR_MS;
/// Tries of a rotation that another one overtakes.
const TRIES: u32 = 4;

/// Webhooks.
#[derive(Debug)]
pub struct Webhooks<'a>(pub(super) &'a Store);

/// A webhook to be made.
#[derive(Debug)]
pub struct NewWebhook {
    /// Its id, for which the secret was sealed.
    pub id: WebhookId,
    /// Where to.
    pub url: String,
    /// What it is told.
    pub topics: Vec<Topic>,
    /// Its secret, sealed.
    pub secret: Vec<u8>,
    /// Since when.
    pub created_at: Timestamp,
}

/// A webhook as the deliverer needs it.
#[derive(Clone, Debug)]
pub struct Receiver {
    /// What its owner sees of it.
    pub webhook: Webhook,
    /// The first failure since its last success.
    pub failing_since: Option<Timestamp>,
    /// Until when it counts as slow.
    pub slow_until: Option<Timestamp>,
    /// The secrets that sign, sealed; the newest first.
    pub secrets: Vec<Vec<u8>>,
}

/// What became of a rotation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rotated {
    /// The new secret signs.
    Now,
    /// As many as may still sign already do.
    TooOften,
    /// There is no such webhook.
    Gone,
}

impl Webhooks<'_> {
    /// Makes a webhook; says whether the organization had room for it.
    ///
    /// *Errors*: [`StoreError::Unavailable`]: it may have been made; nobody knows its secret then, and it can be deleted.
    pub async fn create(&self, author: &Author, by: &Actor, new: &NewWebhook) -> Result<bool, StoreError> {
        let mut item = keyed(list_of(author.tenant), new.id.to_string());
        let words = new.topics.iter().map(|topic| topic.as_str().to_owned());
        fill(
            &mut item,
            [
                ("url", Some(s(&new.url))),
                ("topics", Some(AttributeValue::Ss(words.collect()))),
                ("status", Some(s(WebhookStatus::Active.as_str()))),
                ("created_at", Some(at(new.created_at))),
                ("key_id", Some(s(&author.key))),
                ("secret", Some(b(&new.secret))),
            ],
        );
        let counted = update_main(self.0, &format!("O#{}", author.tenant.org), "H")
            .update_expression("ADD webhooks :one")
            .condition_expression("attribute_not_exists(webhooks) OR webhooks < :max")
            .expression_attribute_values(":one", n(1))
            .expression_attribute_values(":max", n(WEBHOOKS_MAX));
        let detail = format!("{} is told of {}", shown(&new.url), words_of(&new.topics));
        let entry = audit::entry(
            self.0,
            author.tenant.org,
            by,
            Action::WebhookCreated,
            &new.id.to_string(),
            detail,
        );
        let writes = vec![create(&self.0.main, item, "pk"), update(counted), entry];
        match send(self.0, "make webhook", writes).await {
            Ok(()) => Ok(true),
            // Of the two conditions only this one can fail: nobody else makes this id.
            Err(StoreError::Lost) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Reads all webhooks of a tenant, newest first, strongly consistent.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn all(&self, tenant: Tenant) -> Result<Vec<Receiver>, StoreError> {
        let items = self.0.partition("list webhooks", list_of(tenant), "").await?;
        let now = Timestamp::now();
        items.iter().rev().map(|item| receiver(item, now)).collect()
    }

    /// Reads a webhook, strongly consistent; `None` for no such webhook and another tenant's.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn find(&self, tenant: Tenant, id: WebhookId) -> Result<Option<Receiver>, StoreError> {
        let item = self.0.get("read webhook", list_of(tenant), &id.to_string()).await?;
        item.map(|item| receiver(&item, Timestamp::now())).transpose()
    }

    /// Deletes a webhook; says whether there was one. From then on nobody finds it, and no try begins.
    ///
    /// *Errors*: [`StoreError::Unavailable`]: asking again tells.
    pub async fn delete(&self, tenant: Tenant, id: WebhookId, by: &Actor) -> Result<bool, StoreError> {
        let subject = id.to_string();
        let detail = "It is told nothing more".to_owned();
        let counted = update_main(self.0, &format!("O#{}", tenant.org), "H")
            .update_expression("ADD webhooks :less")
            .expression_attribute_values(":less", n(-1));
        let writes = vec![
            delete_existing(self.0, &list_of(tenant), &subject),
            update(counted),
            audit::entry(self.0, tenant.org, by, Action::WebhookDeleted, &subject, detail),
        ];
        match send(self.0, "delete webhook", writes).await {
            Ok(()) => Ok(true),
            Err(StoreError::Lost) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Gives a webhook another secret; those before still sign until their time is over.
    ///
    /// *Errors*: [`StoreError::Unavailable`]: it may have been written; rotating again tells.
    pub async fn rotate(
        &self,
        tenant: Tenant,
        id: WebhookId,
        secret: &[u8],
        by: &Actor,
    ) -> Result<Rotated, StoreError> {
        let subject = id.to_string();
        for _ in 0..TRIES {
            let Some(item) = self.0.get("read webhook", list_of(tenant), &subject).await? else {
                return Ok(Rotated::Gone);
            };
            let now = Timestamp::now();
            let row = Row::new("webhook", &item);
            let mut old = still_signing(&row, &item, now)?;
            if old.len() >= OVERLAPPING_MAX {
                return Ok(Rotated::TooOften);
            }
            let current = row.bytes("secret")?;
            old.insert(0, (current, now.plus_ms(OVERLAP_MS)));
            let old = old.into_iter().map(|(secret, until)| {
                let of = [("secret".to_owned(), b(secret)), ("until".to_owned(), at(until))];
                AttributeValue::M(HashMap::from(of))
            });
            let change = update_main(self.0, &list_of(tenant), &subject)
                .update_expression("SET secret = :new, replaced = :old")
                // Two rotations at once: both secrets sign, and none that signed is forgotten.
                .condition_expression("secret = :seen")
                .expression_attribute_values(":new", b(secret))
                .expression_attribute_values(":old", AttributeValue::L(old.collect()))
                .expression_attribute_values(":seen", b(current));
            let detail = "The one before still signs for 24 hours".to_owned();
            let entry = audit::entry(self.0, tenant.org, by, Action::WebhookRotated, &subject, detail);
            match send(self.0, "rotate secret", vec![update(change), entry]).await {
                Ok(()) => return Ok(Rotated::Now),
                Err(StoreError::Lost) => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Unavailable {
            call: "rotate secret",
            cause: format!("{TRIES} tries were overtaken"),
        })
    }

    /// Notes that a webhook failed. The first failure since its last success begins its time; where that is over, or the
    /// receiver is gone, it is disabled.
    ///
    /// *Errors*: [`StoreError::Unavailable`].
    pub async fn failed(
        &self,
        tenant: Tenant,
        receiver: &Receiver,
        now: Timestamp,
        is_gone: bool,
    ) -> Result<WebhookStatus, StoreError> {
        let place = (list_of(tenant), receiver.webhook.id.to_string());
        let is_over = receiver
            .failing_since
            .is_some_and(|since| since.plus_ms(FAILING_MS_MAX) <= now);
        if is_gone || is_over {
            let mut change = self
                .0
                .update(place.0, &place.1)
                .update_expression("SET #status = :disabled, disabled_at = :now")
                .expression_attribute_names("#status", "status")
                .expression_attribute_values(":disabled", s(WebhookStatus::Disabled.as_str()))
                .expression_attribute_values(":active", s(WebhookStatus::Active.as_str()))
                .expression_attribute_values(":now", at(now));
            change = match receiver.failing_since {
                // A success in between has begun its time anew.
                Some(since) if !is_gone => change
                    .condition_expression("#status = :active AND failing_since = :since")
                    .expression_attribute_values(":since", at(since)),
                _ => change.condition_expression("#status = :active"),
            };
            return match written("disable webhook", change.send().await) {
                Ok(()) => Ok(WebhookStatus::Disabled),
                Err(StoreError::Lost) => Ok(receiver.webhook.status),
                Err(error) => Err(error),
            };
        }
        if receiver.failing_since.is_none() {
            let change = self
                .0
                .update(place.0, &place.1)
                .update_expression("SET failing_since = :now")
                .condition_expression("attribute_exists(pk) AND attribute_not_exists(failing_since)")
                .expression_attribute_values(":now", at(now));
            match written("note failing webhook", change.send().await) {
                Ok(()) | Err(StoreError::Lost) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(receiver.webhook.status)
    }

    /// Notes that a webhook that had failed took something: its time begins anew with the next failure, and where it was
    /// disabled it is not any more.
    ///
    /// *Errors*: [`StoreError::Unavailable`].
    pub async fn recovered(&self, tenant: Tenant, id: WebhookId) -> Result<(), StoreError> {
        let change = self
            .0
            .update(list_of(tenant), &id.to_string())
            .update_expression("SET #status = :active REMOVE failing_since, disabled_at")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":active", s(WebhookStatus::Active.as_str()));
        match written("note recovered webhook", change.send().await) {
            // Deleted meanwhile.
            Ok(()) | Err(StoreError::Lost) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Reads an organization's default secret, sealed; `None` before it has one.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn default_secret(&self, org: OrgId) -> Result<Option<Vec<u8>>, StoreError> {
        let item = self.0.get("read default secret", format!("O#{org}"), "S").await?;
        item.map(|item| Row::new("default secret", &item).bytes("secret").map(<[u8]>::to_vec))
            .transpose()
    }

    /// Gives an organization its default secret, unless it has one by now.
    ///
    /// *Errors*: [`StoreError::Unavailable`].
    pub async fn set_default_secret(&self, org: OrgId, sealed: &[u8]) -> Result<(), StoreError> {
        let change = self
            .0
            .update(format!("O#{org}"), "S")
            .update_expression("SET secret = :secret, created_at = :now")
            .condition_expression("attribute_not_exists(pk)")
            .expression_attribute_values(":secret", b(sealed))
            .expression_attribute_values(":now", at(Timestamp::now()));
        match written("make default secret", change.send().await) {
            Ok(()) | Err(StoreError::Lost) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Webhooks<'_> {
    /// Gives an organization another default secret, in the place of the one that it has.
    ///
    /// *Errors*: [`StoreError::Unavailable`]: it may have been written; another one tells.
    pub async fn renew_default_secret(&self, org: OrgId, sealed: &[u8], by: &Actor) -> Result<(), StoreError> {
        let change = update_main(self.0, &format!("O#{org}"), "S")
            .update_expression("SET secret = :secret, created_at = :now")
            .expression_attribute_values(":secret", b(sealed))
            .expression_attribute_values(":now", at(Timestamp::now()));
        let detail = "What was signed by the one before it can be forged by whoever had that".to_owned();
        let entry = audit::entry(self.0, org, by, Action::DefaultSecretRenewed, &org.to_string(), detail);
        send(self.0, "renew default secret", vec![update(change), entry]).await
    }
}

/// A URL without its query, for people.
fn shown(url: &str) -> String {
    let read = ReceiverUrl::parse(url, Receivers::PublicAndLoopback);
    read.map_or_else(|_| "A receiver".to_owned(), |url| url.shown())
}

fn words_of(topics: &[Topic]) -> String {
    let words: Vec<&str> = topics.iter().map(|topic| topic.as_str()).collect();
    words.join(", ")
}

pub(super) fn list_of(tenant: Tenant) -> String {
    format!("H#{tenant}")
}

/// For what a webhook's secret is sealed: this one of this tenant.
#[must_use]
pub fn place_of_secret(tenant: Tenant, webhook: WebhookId) -> String {
    format!("{tenant}#{webhook}")
}

/// For what the default secret is sealed.
#[must_use]
pub fn place_of_default(org: OrgId) -> String {
    format!("{org}#default")
}

fn receiver(item: &Attributes, now: Timestamp) -> Result<Receiver, StoreError> {
    let row = Row::new("webhook", item);
    let webhook = Webhook {
        id: row.parsed("sk", WebhookId::parse)?,
        url: row.text("url")?.to_owned(),
        events: topics(row.words("topics")?).ok_or_else(|| row.corrupt("topics"))?,
        status: row.parsed("status", WebhookStatus::parse)?,
        created_at: row.time("created_at")?,
    };
    let old = still_signing(&row, item, now)?;
    let secrets = std::iter::once(row.bytes("secret")?).chain(old.into_iter().map(|(secret, _)| secret));
    Ok(Receiver {
        webhook,
        failing_since: row.opt_time("failing_since")?,
        slow_until: row.opt_time("slow_until")?,
        secrets: secrets.map(<[u8]>::to_vec).collect(),
    })
}

/// The secrets that were replaced and whose time is not over.
fn still_signing<'a>(
    row: &Row<'a>,
    item: &'a Attributes,
    now: Timestamp,
) -> Result<Vec<(&'a [u8], Timestamp)>, StoreError> {
    let listed = match item.get("replaced") {
        None => return Ok(Vec::new()),
        Some(AttributeValue::L(listed)) => listed,
        Some(_) => return Err(row.corrupt("replaced")),
    };
    let mut still = Vec::with_capacity(listed.len());
    for one in listed {
        let one = one.as_m().map_err(|_| row.corrupt("replaced"))?;
        let one = Row::new("replaced secret", one);
        let (secret, until) = (one.bytes("secret")?, one.time("until")?);
        if until > now {
            still.push((secret, until));
        }
    }
    Ok(still)
}
