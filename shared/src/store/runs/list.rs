//! Lists of runs, newest first, each from the index that is made for it.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::Select;

use super::super::item::{Attributes, Row, s};
use super::super::{StoreError, unavailable};
use super::{Runs, is_over, summary};
use crate::auth::Tenant;
use crate::ids::RunId;
use crate::page::{Page, Position};
use crate::run::{RunSummary, Status};
use crate::time::Timestamp;

/// Which runs a list holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RunFilter {
    /// All of them.
    All,
    /// Those that stand there.
    Status(Status),
    /// Those that were given to this agent.
    Agent(&'static str),
}

/// One page as it was read.
struct Listed {
    items: Vec<Attributes>,
    next: Option<Position>,
    /// How many runs there are at least, by what was seen.
    seen: u64,
}

impl Runs<'_> {
    /// Lists runs, newest first; gives one page, the place where the next begins, and the number of all.
    ///
    /// The number comes from the totals and lags by a second or two; it is never below what the page itself shows.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn list(
        &self,
        tenant: Tenant,
        filter: RunFilter,
        page: &Page,
    ) -> Result<(Vec<RunSummary>, Option<Position>, u64), StoreError> {
        let totals = self.0.totals();
        let (listed, total) = tokio::join!(self.page(tenant, filter, page), totals.runs_now(tenant, filter));
        let listed = listed?;
        let runs = listed.items.iter().map(|item| summary(item, tenant.mode));
        Ok((runs.collect::<Result<_, _>>()?, listed.next, total?.max(listed.seen)))
    }

    async fn page(&self, tenant: Tenant, filter: RunFilter, page: &Page) -> Result<Listed, StoreError> {
        let (place, before) = self.skip(tenant, filter, page).await?;
        let Skipped::To(mut start) = place else {
            return Ok(Listed {
                items: Vec::new(),
                next: None,
                seen: before,
            });
        };
        // One more than asked, to know whether there is a next page.
        let wanted = page.limit + 1;
        let mut items: Vec<Attributes> = Vec::new();
        while items.len() < wanted {
            let query = self
                .query(tenant, filter, page.after)
                .limit(i32::try_from(wanted - items.len()).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start.take());
            let answer = query.send().await.map_err(|error| unavailable("list runs", &error))?;
            items.extend(answer.items.unwrap_or_default());
            start = answer.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        let seen = before + items.len() as u64;
        let has_more = items.len() == wanted;
        items.truncate(page.limit);
        let last = items
            .last()
            .filter(|_| has_more)
            .map(|item| Row::new("run", item).parsed("run_id", RunId::parse));
        let next = last.transpose()?.map(|last| Position { last });
        // The engine deletes expired items within days; until then they are left out here.
        let now = Timestamp::now();
        let mut kept = Vec::with_capacity(items.len());
        for item in items {
            if !is_over(&item, now)? {
                kept.push(item);
            }
        }
        Ok(Listed {
            items: kept,
            next,
            seen,
        })
    }

    /// Finds the place behind so many runs by counting them: the index reads as much, and sends nothing.
    async fn skip(&self, tenant: Tenant, filter: RunFilter, page: &Page) -> Result<(Skipped, u64), StoreError> {
        let (mut start, mut skipped) = (None, 0);
        while skipped < page.offset {
            let query = self
                .query(tenant, filter, page.after)
                .select(Select::Count)
                .limit(i32::try_from(page.offset - skipped).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start.take());
            let answer = query.send().await.map_err(|error| unavailable("skip runs", &error))?;
            skipped += usize::try_from(answer.count()).unwrap_or(0);
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok((Skipped::All, skipped as u64));
            }
        }
        Ok((Skipped::To(start), skipped as u64))
    }

    fn query(&self, tenant: Tenant, filter: RunFilter, after: Option<Position>) -> QueryFluentBuilder {
        let (index, key, value) = match filter {
            RunFilter::All => ("by_tenant", "tenant", tenant.to_string()),
            RunFilter::Status(status) => ("by_status", "tenant_status", format!("{tenant}#{}", status.as_str())),
            RunFilter::Agent(agent) => ("by_agent", "tenant_agent", format!("{tenant}#{agent}")),
        };
        let query = self
            .0
            .client
            .query()
            .table_name(&*self.0.main)
            .index_name(index)
            .scan_index_forward(false)
            .expression_attribute_values(":list", s(value));
        match after {
            None => query.key_condition_expression(format!("{key} = :list")),
            Some(position) => query
                .key_condition_expression(format!("{key} = :list AND run_id < :last"))
                .expression_attribute_values(":last", s(position.last.to_string())),
        }
    }
}

/// Where an offset leads.
enum Skipped {
    /// To a place in the list; its beginning when absent.
    To(Option<Attributes>),
    /// Behind its end.
    All,
}
