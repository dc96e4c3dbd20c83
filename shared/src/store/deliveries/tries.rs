//! A delivery is tried: claimed, so that two who were told of it do not both post it, and then noted, whatever came of it.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};

use super::super::item::{Attributes, Row, at, n, s};
use super::super::{StoreError, unavailable, written};
use super::{Deliveries, KEPT_AGAIN_MS, due_of, stored};
use crate::time::{MINUTE_MS, SECOND_MS, Timestamp};
use crate::webhook::{DeliveryStatus, Errand, Source, Topic, Try};

/// How long a try holds its delivery: an exchange takes 10 s, and a call of the store 2.
const LEASE_MS: i64 = 30 * SECOND_MS;
/// A hint is believed to be on time when it comes by so much too early: clocks differ, and its delay is in whole seconds.
const EARLY_MS: i64 = 2 * SECOND_MS;
/// The sweep looks at a delivery when its hint, or the one who holds it, must be lost.
const LOST_MS: i64 = MINUTE_MS;

/// What came of a claim.
#[derive(Debug)]
pub enum Claimed {
    /// It is to be tried now.
    Now(Box<Held>),
    /// It is not its time, somebody is at it, it is over, or there is none.
    No,
}

/// A delivery that is held.
#[derive(Debug)]
pub struct Held {
    /// Which.
    pub errand: Errand,
    /// What happened.
    pub source: Source,
    /// Which event of it.
    pub seq: u64,
    /// What is told.
    pub topic: Topic,
    /// Where to, where the target is no webhook.
    pub url: Option<String>,
    /// Tries of this round that are over.
    pub tries: u32,
    /// Whether somebody asked for this very try.
    pub is_asked: bool,
    epoch: u64,
}

/// What follows a try.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// Nothing: the receiver has it.
    Delivered,
    /// Another one.
    Again {
        /// When.
        at: Timestamp,
        /// Whether a hint will say so in time; otherwise the sweep does.
        is_hinted: bool,
    },
    /// Nothing: it is given up.
    Failed,
}

impl Deliveries<'_> {
    /// Takes a delivery that is due, for one try.
    ///
    /// *Errors*: [`StoreError::Unavailable`]: it may be held for 30 s; [`StoreError::Corrupt`].
    pub async fn claim(&self, errand: Errand, now: Timestamp) -> Result<Claimed, StoreError> {
        let lease_until = now.plus_ms(LEASE_MS);
        let (pk, sk) = errand.place();
        let change = self
            .0
            .update(pk, &sk)
            .update_expression("SET lease_until = :until, due_at = :due, epoch = epoch + :one")
            .condition_expression(
                "#status = :pending AND next_at <= :soon AND \
                 (attribute_not_exists(lease_until) OR lease_until <= :now)",
            )
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":pending", s(DeliveryStatus::Pending.as_str()))
            .expression_attribute_values(":soon", at(now.plus_ms(EARLY_MS)))
            .expression_attribute_values(":now", at(now))
            .expression_attribute_values(":until", at(lease_until))
            .expression_attribute_values(":due", at(lease_until.plus_ms(LOST_MS)))
            .expression_attribute_values(":one", n(1))
            .return_values(ReturnValue::AllNew);
        match change.send().await {
            Ok(answer) => held(errand, answer.attributes()).map(|held| Claimed::Now(Box::new(held))),
            Err(error) if is_refused(&error) => Ok(Claimed::No),
            Err(error) => Err(unavailable("claim delivery", &error)),
        }
    }

    /// Lets a delivery go that was not tried, and has it tried again at once.
    ///
    /// *Errors*: [`StoreError::Lost`] when somebody else holds it; [`StoreError::Unavailable`].
    pub async fn release(&self, held: &Held, now: Timestamp) -> Result<(), StoreError> {
        let (pk, sk) = held.errand.place();
        let change = self
            .0
            .update(pk, &sk)
            .update_expression("SET due_at = :due REMOVE lease_until")
            .condition_expression("epoch = :epoch")
            .expression_attribute_values(":epoch", n(held.epoch))
            .expression_attribute_values(":due", at(now.plus_ms(LOST_MS)));
        written("release delivery", change.send().await)
    }

    /// Notes a try and what follows; `tried` is absent where none was made because there is nobody to post to.
    ///
    /// *Errors*: [`StoreError::Lost`] when somebody else holds it meanwhile, and notes its own; [`StoreError::Unavailable`]: it
    /// will be tried once more, unless this was written.
    pub async fn note(&self, held: &Held, tried: Option<&Try>, next: Next) -> Result<(), StoreError> {
        let (pk, sk) = held.errand.place();
        let mut change = self
            .0
            .update(pk, &sk)
            // Under its own claim, and once: an answer that got lost does not add the same try twice.
            .condition_expression("epoch = :epoch AND attribute_exists(lease_until)")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":epoch", n(held.epoch));
        let (mut sets, mut removes) = ("SET #status = :status".to_owned(), "REMOVE lease_until".to_owned());
        if let Some(tried) = tried {
            let text = serde_json::to_string(tried).expect("a try is plain data");
            sets.push_str(", attempts = list_append(attempts, :tried), tries = tries + :one");
            removes.push_str(", asked_at");
            change = change
                .expression_attribute_values(":tried", AttributeValue::L(vec![s(text)]))
                .expression_attribute_values(":one", n(1));
        }
        let status = match next {
            Next::Delivered => DeliveryStatus::Delivered,
            Next::Again { .. } => DeliveryStatus::Pending,
            Next::Failed => DeliveryStatus::Failed,
        };
        if let Next::Again { at: next_at, is_hinted } = next {
            sets.push_str(", next_at = :next, due_at = :due");
            let due_at = if is_hinted { next_at.plus_ms(LOST_MS) } else { next_at };
            change = change
                .expression_attribute_values(":next", at(next_at))
                .expression_attribute_values(":due", at(due_at));
        } else {
            removes.push_str(", next_at, due, due_at");
        }
        let change = change
            .update_expression(format!("{sets} {removes}"))
            .expression_attribute_values(":status", s(status.as_str()));
        written("note try", change.send().await)
    }

    /// Has a delivery sent again, as if it were new; says whether there is one.
    ///
    /// *Errors*: [`StoreError::Unavailable`].
    pub async fn resend(&self, errand: Errand, now: Timestamp) -> Result<bool, StoreError> {
        let (pk, sk) = errand.place();
        let Some(item) = self.0.get("read delivery", pk.clone(), &sk).await? else {
            return Ok(false);
        };
        let found = stored(&item)?;
        if super::is_gone(&found, now) {
            return Ok(false);
        }
        let ttl = found.ttl.max(now.plus_ms(KEPT_AGAIN_MS).seconds());
        let change = self
            .0
            .update(pk, &sk)
            // Under a lease somebody is posting it at this moment; what comes of that decides what follows.
            .update_expression(
                "SET #status = :pending, next_at = :now, tries = :none, asked_at = :now, due = :due, due_at = :due_at, #ttl = :ttl",
            )
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":pending", s(DeliveryStatus::Pending.as_str()))
            .expression_attribute_values(":now", at(now))
            .expression_attribute_values(":none", n(0))
            .expression_attribute_values(":due", s(due_of(errand.id)))
            .expression_attribute_values(":due_at", at(now.plus_ms(LOST_MS)))
            .expression_attribute_values(":ttl", n(ttl));
        match written("resend delivery", change.send().await) {
            Ok(()) => Ok(true),
            Err(StoreError::Lost) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn is_refused(error: &SdkError<UpdateItemError>) -> bool {
    error
        .as_service_error()
        .is_some_and(UpdateItemError::is_conditional_check_failed_exception)
}

fn held(errand: Errand, item: Option<&Attributes>) -> Result<Held, StoreError> {
    let none = Attributes::new();
    let item = item.unwrap_or(&none);
    let row = Row::new("delivery", item);
    let found = stored(item)?;
    Ok(Held {
        errand,
        source: found.source,
        seq: found.seq,
        topic: found.shown.event,
        url: found.url,
        tries: row.number("tries")?,
        is_asked: row.opt_time("asked_at")?.is_some(),
        epoch: row.number("epoch")?,
    })
}
