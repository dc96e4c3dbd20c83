//! One page of a list, read from the index that is made for it. What an item is like is its reader's to say.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::Select;

use super::item::Attributes;
use super::{StoreError, unavailable};
use crate::page::Page;

/// One page as it was read.
pub struct IndexPage {
    /// The items, as many as were asked for at the most.
    pub items: Vec<Attributes>,
    /// Whether there are others behind them.
    pub has_more: bool,
    /// How many items the list has at least, by what was seen.
    pub seen: u64,
}

/// Reads a page; `query` makes the query of the list, which begins behind the page's cursor.
///
/// *Errors*: [`StoreError::Unavailable`].
pub async fn page(
    call: &'static str,
    page: &Page,
    query: impl Fn() -> QueryFluentBuilder,
) -> Result<IndexPage, StoreError> {
    let (place, before) = skip(call, page.offset, &query).await?;
    let Skipped::To(mut start) = place else {
        return Ok(IndexPage {
            items: Vec::new(),
            has_more: false,
            seen: before,
        });
    };
    // One more than asked, to know whether there is a next page.
    let wanted = page.limit + 1;
    let mut items: Vec<Attributes> = Vec::new();
    while items.len() < wanted {
        let query = query()
            .limit(i32::try_from(wanted - items.len()).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start.take());
        let answer = query.send().await.map_err(|error| unavailable(call, &error))?;
        items.extend(answer.items.unwrap_or_default());
        start = answer.last_evaluated_key;
        if start.is_none() {
            break;
        }
    }
    let seen = before + items.len() as u64;
    let has_more = items.len() == wanted;
    items.truncate(page.limit);
    Ok(IndexPage { items, has_more, seen })
}

/// Counts the items of a list, up to so many.
///
/// *Errors*: [`StoreError::Unavailable`].
pub async fn count(
    call: &'static str,
    items_max: usize,
    query: impl Fn() -> QueryFluentBuilder,
) -> Result<u64, StoreError> {
    Ok(skip(call, items_max, &query).await?.1)
}

/// Where an offset leads.
enum Skipped {
    /// To a place in the list; its beginning when absent.
    To(Option<Attributes>),
    /// Behind its end.
    All,
}

/// Finds the place behind so many items by counting them: the index reads as much, and sends nothing.
async fn skip(
    call: &'static str,
    items: usize,
    query: &impl Fn() -> QueryFluentBuilder,
) -> Result<(Skipped, u64), StoreError> {
    let (mut start, mut skipped) = (None, 0);
    while skipped < items {
        let query = query()
            .select(Select::Count)
            .limit(i32::try_from(items - skipped).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start.take());
        let answer = query.send().await.map_err(|error| unavailable(call, &error))?;
        skipped += usize::try_from(answer.count()).unwrap_or(0);
        start = answer.last_evaluated_key;
        if start.is_none() {
            return Ok((Skipped::All, skipped as u64));
        }
    }
    Ok((Skipped::To(start), skipped as u64))
}
