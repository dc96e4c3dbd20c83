//! Lists of batches, newest first. The index says which there are; what they are like is read from them. The counts of those that
//! are open come from their progress, which lags by seconds.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;

use super::super::item::{Attributes, Row, s};
use super::super::{StoreError, index};
use super::{Batch, Batches, list_of};
use crate::auth::Tenant;
use crate::batch::{BatchStatus, Counts, Job};
use crate::ids::BatchId;
use crate::page::{Page, Position};
use crate::time::Timestamp;

/// So far a list is counted. *Source*: our choice, as for triage items.
const COUNTED_MAX: usize = 1_000;

impl Batches<'_> {
    /// Lists batches, newest first; gives one page, the place where the next begins, and the number of all, up to 1 000 and never
    /// below what the page itself shows.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn list(&self, tenant: Tenant, page: &Page) -> Result<(Vec<Job>, Option<Position>, u64), StoreError> {
        let after = page.after.as_ref();
        let (read, total) = tokio::join!(
            index::page("list batches", page, || self.query(tenant, after)),
            index::count("count batches", COUNTED_MAX, || self.query(tenant, None)),
        );
        let read = read?;
        let ids = read
            .items
            .iter()
            .map(|item| Row::new("batch place", item).parsed("batch_id", BatchId::parse));
        let ids = ids.collect::<Result<Vec<_>, _>>()?;
        let next = ids
            .last()
            .filter(|_| read.has_more)
            .map(|last| Position { last: last.to_string() });
        let mut parts: BTreeMap<String, [Option<Attributes>; 2]> = BTreeMap::new();
        for item in self.with_progress(&ids).await? {
            let row = Row::new("batch", &item);
            let (pk, at) = (row.text("pk")?.to_owned(), usize::from(row.text("sk")? == "P"));
            parts.entry(pk).or_default()[at] = Some(item);
        }
        let now = Timestamp::now();
        let mut jobs = Vec::with_capacity(ids.len());
        // Keys sort as ids do, and newest is first.
        for [main, progress] in parts.into_values().rev() {
            let Some(batch) = main.as_ref().map(Batch::read).transpose()? else {
                continue;
            };
            if batch.tenant == tenant && !batch.is_gone(now) {
                jobs.push(listed(&batch, progress.as_ref())?);
            }
        }
        Ok((jobs, next, total?.max(read.seen)))
    }

    fn query(&self, tenant: Tenant, after: Option<&Position>) -> QueryFluentBuilder {
        let query = self
            .0
            .client
            .query()
            .table_name(&*self.0.main)
            .index_name("by_batch")
            .scan_index_forward(false)
            .expression_attribute_values(":list", s(list_of(tenant)));
        match after {
            None => query.key_condition_expression("tenant_batches = :list"),
            Some(position) => query
                .key_condition_expression("tenant_batches = :list AND batch_id < :last")
                .expression_attribute_values(":last", s(&position.last)),
        }
    }
}

/// A batch as lists show it.
fn listed(batch: &Batch, progress: Option<&Attributes>) -> Result<Job, StoreError> {
    if let Some((status, counts)) = &batch.end {
        return Ok(batch.job(*status, counts, None));
    }
    let none = Attributes::new();
    let progress = progress.unwrap_or(&none);
    let (completed, failed, cancelled) = (
        numbers(progress, "completed")?,
        numbers(progress, "failed")?,
        numbers(progress, "cancelled")?,
    );
    let ended: BTreeSet<u16> = [&completed, &failed, &cancelled]
        .into_iter()
        .flatten()
        .copied()
        .collect();
    let triage = numbers(progress, "triage")?;
    let count = |numbers: usize| u32::try_from(numbers).unwrap_or(u32::MAX);
    let counts = Counts {
        total: u32::from(batch.total_rows),
        begun: progress.contains_key("begun"),
        completed: count(completed.len()),
        failed: count(failed.len()),
        cancelled: count(cancelled.len()),
        triage: count(triage.difference(&ended).count()),
    };
    let status = match batch.cancelled_at {
        Some(_) => BatchStatus::Cancelled,
        // That it is over is the batch's own to say.
        None if counts.begun => BatchStatus::Running,
        None => BatchStatus::Pending,
    };
    Ok(batch.job(status, &counts, None))
}

/// A number set; absent means empty, because DynamoDB has no empty set.
pub(super) fn numbers(item: &Attributes, name: &str) -> Result<BTreeSet<u16>, StoreError> {
    let corrupt = || Row::new("batch progress", item).corrupt(name);
    match item.get(name) {
        None => Ok(BTreeSet::new()),
        Some(AttributeValue::Ns(numbers)) => numbers
            .iter()
            .map(|digits| digits.parse().map_err(|_| corrupt()))
            .collect(),
        Some(_) => Err(corrupt()),
    }
}
