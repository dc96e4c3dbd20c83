//! The open streams of an organization: ten slots, each held by a lease that a crash frees by itself.
//!
//! *Item* `L#<org>` / `S#<slot>`: `holder` (random), `until`, `ttl`. A slot is free when it is not there or its time is over.

use super::item::{Attributes, Row, at, n, s};
use super::{Store, StoreError, written};
use crate::ids::{OrgId, request_id};
use crate::time::{DAY_MS, SECOND_MS, Timestamp};

/// Open streams of one organization, all its keys together. *Source*: contract §4.
pub const SLOTS_MAX: usize = 10;
/// How long a slot is held without being renewed. *Source*: our choice; two renewals may be lost.
const LEASE_MS: i64 = 60 * SECOND_MS;

/// A slot that is held.
#[derive(Debug)]
pub struct Slot {
    org: OrgId,
    number: usize,
    holder: String,
}

/// What became of a wish for a slot.
#[derive(Debug)]
pub enum Taken {
    /// One is held now.
    Slot(Slot),
    /// All are held by others; the first may be free at this moment.
    Full(Timestamp),
}

/// The slots of organizations.
#[derive(Debug)]
pub struct Slots<'a>(pub(super) &'a Store);

impl Slots<'_> {
    /// Takes a slot: one update where the organization has few streams, a query and another update where it has many.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn take(&self, org: OrgId) -> Result<Taken, StoreError> {
        let holder = request_id();
        // A random first guess, so that callers do not queue for the same one.
        let guess = usize::from(holder.as_bytes()[0]) % SLOTS_MAX;
        if let Some(slot) = self.try_one(org, guess, &holder).await? {
            return Ok(Taken::Slot(slot));
        }
        let now = Timestamp::now();
        let items = self.0.partition("list slots", format!("L#{org}"), "S#").await?;
        let held = items.iter().map(held).collect::<Result<Vec<_>, _>>()?;
        let until = |number| {
            let found = held.iter().find(|(slot, _)| *slot == number);
            found.map(|(_, until)| *until).filter(|until| *until > now)
        };
        for number in (0..SLOTS_MAX).map(|step| (guess + step) % SLOTS_MAX) {
            if until(number).is_some() {
                continue;
            }
            if let Some(slot) = self.try_one(org, number, &holder).await? {
                return Ok(Taken::Slot(slot));
            }
        }
        let first = (0..SLOTS_MAX).filter_map(until).min();
        Ok(Taken::Full(first.unwrap_or_else(|| now.plus_ms(LEASE_MS))))
    }

    async fn try_one(&self, org: OrgId, number: usize, holder: &str) -> Result<Option<Slot>, StoreError> {
        let now = Timestamp::now();
        let update = self
            .lease(org, number, holder, now)
            // Its own, when the answer to its own update got lost.
            .condition_expression("attribute_not_exists(pk) OR #until <= :now OR holder = :holder")
            .expression_attribute_values(":now", at(now));
        match written("take slot", update.send().await) {
            Ok(()) => Ok(Some(Slot {
                org,
                number,
                holder: holder.to_owned(),
            })),
            Err(StoreError::Lost) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Holds a slot longer.
    ///
    /// *Errors*: [`StoreError::Lost`] when its time was over and somebody else took it; [`StoreError::Unavailable`].
    pub async fn renew(&self, slot: &Slot) -> Result<(), StoreError> {
        let update = self
            .lease(slot.org, slot.number, &slot.holder, Timestamp::now())
            .condition_expression("holder = :holder");
        written("renew slot", update.send().await)
    }

    /// Gives a slot back. A slot that cannot be given back frees itself.
    pub async fn give_back(&self, slot: &Slot) {
        let update = self
            .0
            .update(format!("L#{}", slot.org), &format!("S#{}", slot.number))
            .update_expression("SET #until = :zero")
            .condition_expression("holder = :holder")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":zero", n(0))
            .expression_attribute_values(":holder", s(&slot.holder));
        match written("give slot back", update.send().await) {
            Ok(()) | Err(StoreError::Lost) => {}
            Err(error) => tracing::warn!(%error, "a stream's slot was not given back"),
        }
    }

    fn lease(
        &self,
        org: OrgId,
        number: usize,
        holder: &str,
        now: Timestamp,
    ) -> aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder {
        self.0
            .update(format!("L#{org}"), &format!("S#{number}"))
            .update_expression("SET holder = :holder, #until = :until, #ttl = :ttl")
            .expression_attribute_names("#until", "until")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":holder", s(holder))
            .expression_attribute_values(":until", at(now.plus_ms(LEASE_MS)))
            .expression_attribute_values(":ttl", n(now.plus_ms(DAY_MS).seconds()))
    }
}

/// A slot's number, and until when it is held.
fn held(item: &Attributes) -> Result<(usize, Timestamp), StoreError> {
    let row = Row::new("slot", item);
    let number = row.parsed("sk", |sk| sk.strip_prefix("S#")?.parse().ok())?;
    Ok((number, row.time("until")?))
}
