//! Several items of the main table by their keys, read in as few calls as there can be. Which items these are, and what is
//! to be read of them, is the caller's to say.

use std::time::Duration;

use aws_sdk_dynamodb::types::KeysAndAttributes;
use aws_sdk_dynamodb::types::builders::KeysAndAttributesBuilder;

use super::item::Attributes;
use super::transact::jitter;
use super::{Store, StoreError, unavailable};

/// Keys of one call. *Source*: DynamoDB, `BatchGetItem`.
const KEYS_MAX: usize = 100;
/// The wait before what was left is asked for again, with jitter; doubled each time. *Source*: DynamoDB wants one here.
const WAIT: Duration = Duration::from_millis(20);
/// The longest of these waits: the callers' own time is short.
const WAIT_MAX: Duration = Duration::from_millis(160);

/// Reads items whole, strongly consistent; in no order, and without those that are not there.
///
/// *Errors*: [`StoreError::Unavailable`]: never some of the items.
pub async fn whole(store: &Store, call: &'static str, keys: Vec<Attributes>) -> Result<Vec<Attributes>, StoreError> {
    read(store, call, keys, KeysAndAttributes::builder()).await
}

/// Reads some attributes of items, strongly consistent; in no order, and without those that are not there. DynamoDB reckons
/// the whole items all the same, and sends less.
///
/// *Errors*: as [`whole`].
pub async fn only(
    store: &Store,
    call: &'static str,
    keys: Vec<Attributes>,
    attributes: &[&str],
) -> Result<Vec<Attributes>, StoreError> {
    let mut like = KeysAndAttributes::builder();
    let mut names = Vec::new();
    for attribute in attributes {
        // Some of our names are DynamoDB's own words.
        let name = format!("#{attribute}");
        like = like.expression_attribute_names(&name, *attribute);
        names.push(name);
    }
    read(store, call, keys, like.projection_expression(names.join(", "))).await
}

async fn read(
    store: &Store,
    call: &'static str,
    mut left: Vec<Attributes>,
    like: KeysAndAttributesBuilder,
) -> Result<Vec<Attributes>, StoreError> {
    let like = like.consistent_read(true);
    let (mut found, mut wait) = (Vec::new(), WAIT);
    while !left.is_empty() {
        let asked = left.split_off(left.len().saturating_sub(KEYS_MAX));
        let asked_for = asked.len();
        let wanted = like.clone().set_keys(Some(asked)).build().expect("there are keys");
        let read = store.client.batch_get_item().request_items(&*store.main, wanted);
        let answer = read.send().await.map_err(|error| unavailable(call, &error))?;
        found.extend(answer.responses.unwrap_or_default().into_values().flatten());
        // Over 16 MB, or beyond its capacity, DynamoDB leaves some keys for the next call. What was left out must not look
        // like what is not there.
        let again = answer.unprocessed_keys.unwrap_or_default().into_values();
        let again: Vec<Attributes> = again.flat_map(|left| left.keys).collect();
        // It says so by an error where it can read none at all; so each call brings some, and this comes to an end.
        if again.len() >= asked_for {
            return Err(StoreError::Unavailable {
                call,
                cause: "unprocessed keys".to_owned(),
            });
        }
        if !again.is_empty() {
            tokio::time::sleep(jitter(wait)).await;
            wait = WAIT_MAX.min(wait * 2);
        }
        left.extend(again);
    }
    Ok(found)
}
