//! Which receivers take long to answer: what is for them goes through another queue for a while, so that nobody waits behind it.
//!
//! *Attribute* `slow_until` of a webhook; *item* `H#<tenant>#slow` / `<origin>`: `slow_until`, `ttl`, for receivers that are no
//! webhook but a run's or a batch's own URL.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;

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
        let change = self
            .0
            .update(list_of(tenant), &receiver.webhook.id.to_string())
            .update_expression("SET slow_until = :until");
        note(change, condition, now).await
    }

    /// Notes that what answers at a URL of a tenant's own is slow. What answers is its scheme, host and port.
    ///
    /// *Errors*: [`StoreError::Unavailable`].
    pub async fn note_own(&self, tenant: Tenant, url: &ReceiverUrl, now: Timestamp) -> Result<(), StoreError> {
        let condition = "attribute_not_exists(slow_until) OR slow_until < :fresh";
        let change = self
            .0
            .update(own_of(tenant), &url.origin())
            .update_expression("SET slow_until = :until, #ttl = :ttl")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":ttl", n(now.plus_ms(SLOW_MS).seconds()));
        note(change, condition, now).await
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

/// Writes it, unless it was written a moment ago.
async fn note(change: UpdateItemFluentBuilder, condition: &str, now: Timestamp) -> Result<(), StoreError> {
    let change = change
        .condition_expression(condition)
        .expression_attribute_values(":until", at(now.plus_ms(SLOW_MS)))
        .expression_attribute_values(":fresh", at(now.plus_ms(FRESH_MS)));
    match written("note slow receiver", change.send().await) {
        Ok(()) | Err(StoreError::Lost) => Ok(()),
        Err(error) => Err(error),
    }
}
