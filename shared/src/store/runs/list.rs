//! Lists of runs, newest first, each from the index that is made for it.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;

use super::super::item::{Attributes, Row, s};
use super::super::{StoreError, index};
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
        let after = page.after.as_ref();
        let read = index::page("list runs", page, || self.query(tenant, filter, after)).await?;
        let last = read.items.last().filter(|_| read.has_more);
        let last = last.map(|item| Row::new("run", item).parsed("run_id", RunId::parse));
        let next = last.transpose()?.map(|last| Position { last: last.to_string() });
        // The engine deletes expired items within days; until then they are left out here.
        let now = Timestamp::now();
        let mut items = Vec::with_capacity(read.items.len());
        for item in read.items {
            if !is_over(&item, now)? {
                items.push(item);
            }
        }
        Ok(Listed {
            items,
            next,
            seen: read.seen,
        })
    }

    fn query(&self, tenant: Tenant, filter: RunFilter, after: Option<&Position>) -> QueryFluentBuilder {
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
                .expression_attribute_values(":last", s(&position.last)),
        }
    }
}
