//! Which receivers take long to answer: what is for them goes through another queue for a while, so that nobody waits behind it.
//!
//! *Attribute* `slow_until` of a webhook; *item* `H#<tenant>#slow` / `<origin>`: `slow_until`, `ttl`, for receivers that are no
//! webhook but a run's or a batch's own URL.

use super::item::{Row, at, n, s};
use super::webhooks::{Receiver, list_of};
use super::{Store, StoreError, written};
use crate::auth::Tenant;
use crate::receiver::ReceiverUrl;
use crate::time::{MINUTE_MS, Timestamp};

/// How long a receiver counts as slow after it was. Our choice: one that is well again is hardly missed for a minute.
const SLOW_MS: i64 = MINUTE_MS;
/// What must be left of that for nothing to be written: one that stays slow costs two writes a minute.
const FRESH_MS: i64 = SLOW_MS / 2;

/// Slow receivers.
#[derive(Debug)]
pub struct Slow<'a>(pub(super) &'a Store);

impl Slow<'_> {
    /// Notes that a webhook's receiver is slow, unless that is known.
    ///
    /// *Errors*: [`StoreError::Unavailable`].
    pub async fn note_webhook(&self, tenant: Tenant, receiver: &Receiver, now: Timestamp) -> Result<(), StoreError> {
        let is_fresh = receiver.slow_until.is_some_and(|until| now.plus_ms(FRESH_MS) <= until);
        if is_fresh || receiver.failing_since.is_some() {
            return Ok(());
        }
        // Not made by this: it may be deleted.
        let condition = "attribute_exists(pk) AND (attribute_not_exists(slow_until) OR slow_until < :fresh)";
        let place = (list_of(tenant), receiver.webhook.id.to_string());
        self.note(place.0, &place.1, "", condition, now).await
    }

    /// Notes that what answers at a URL of a tenant's own is slow. What answers is its scheme, host and port.
    ///
    /// *Errors*: [`StoreError::Unavailable`].
    pub async fn note_own(&self, tenant: Tenant, url: &ReceiverUrl, now: Timestamp) -> Result<(), StoreError> {
        let condition = "attribute_not_exists(slow_until) OR slow_until < :fresh";
        self.note(own_of(tenant), &url.origin(), ", #ttl = :ttl", condition, now)
            .await
    }

    async fn note(&self, pk: String, sk: &str, more: &str, condition: &str, now: Timestamp) -> Result<(), StoreError> {
        let until = now.plus_ms(SLOW_MS);
        let mut change = self
            .0
            .update(pk, sk)
            .update_expression(format!("SET slow_until = :until{more}"))
            .condition_expression(condition)
            .expression_attribute_values(":until", at(until))
            .expression_attribute_values(":fresh", at(now.plus_ms(FRESH_MS)));
        if !more.is_empty() {
            change = change
                .expression_attribute_names("#ttl", "ttl")
                .expression_attribute_values(":ttl", n(until.seconds()));
        }
        match written("note slow receiver", change.send().await) {
            Ok(()) | Err(StoreError::Lost) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Says whether what answers at a URL of a tenant's own was slow a moment ago; of a write just now it may not know yet.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn is_own(&self, tenant: Tenant, url: &ReceiverUrl, now: Timestamp) -> Result<bool, StoreError> {
        let read = self
            .0
            .client
            .get_item()
            .table_name(&*self.0.main)
            .key("pk", s(own_of(tenant)))
            .key("sk", s(url.origin()))
            .consistent_read(false);
        let answer = read
            .send()
            .await
            .map_err(|error| super::unavailable("read slow receiver", &error))?;
        let Some(item) = answer.item else { return Ok(false) };
        Ok(Row::new("slow receiver", &item).time("slow_until")? > now)
    }
}

fn own_of(tenant: Tenant) -> String {
    format!("H#{tenant}#slow")
}
