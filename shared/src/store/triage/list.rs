//! Lists of triage items: the most urgent first, and of these the oldest.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;

use super::super::item::{Row, s};
use super::super::{StoreError, index};
use super::{Triages, is_gone, list_of, shown};
use crate::auth::Tenant;
use crate::page::{Page, Position};
use crate::time::Timestamp;
use crate::triage::{TriageItem, TriageStatus};

/// So far a list is counted. *Source*: our choice. A thousand items of the largest kind are some 12 MB of the index, which
/// is read 1 MB a call, and people decide: nobody has a thousand questions open.
const COUNTED_MAX: usize = 1_000;

impl Triages<'_> {
    /// Lists items of a status; gives one page, the place where the next begins, and the number of all.
    ///
    /// The number is counted in the index, up to 1 000; it is never below what the page itself shows. The page may come out
    /// short by items whose time is over.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn list(
        &self,
        tenant: Tenant,
        status: TriageStatus,
        page: &Page,
    ) -> Result<(Vec<TriageItem>, Option<Position>, u64), StoreError> {
        let (list, after) = (list_of(tenant, status), page.after.as_ref());
        let (read, total) = tokio::join!(
            index::page("list triage items", page, || self.query(&list, after)),
            index::count("count triage items", COUNTED_MAX, || self.query(&list, None)),
        );
        let read = read?;
        let last = read.items.last().filter(|_| read.has_more);
        let last = last.map(|item| Row::new("triage", item).text("urgency"));
        let next = last.transpose()?.map(|last| Position { last: last.to_owned() });
        let now = Timestamp::now();
        let mut items = Vec::with_capacity(read.items.len());
        for item in &read.items {
            let shown = shown(item, now)?;
            // One that has expired and is not swept yet is no longer what was asked for.
            if shown.status == status && !is_gone(item, now)? {
                items.push(shown);
            }
        }
        Ok((items, next, total?.max(read.seen)))
    }

    fn query(&self, list: &str, after: Option<&Position>) -> QueryFluentBuilder {
        let query = self
            .0
            .client
            .query()
            .table_name(&*self.0.main)
            .index_name("by_triage")
            .expression_attribute_values(":list", s(list));
        match after {
            None => query.key_condition_expression("tenant_triage = :list"),
            Some(position) => query
                .key_condition_expression("tenant_triage = :list AND urgency > :last")
                .expression_attribute_values(":last", s(&position.last)),
        }
    }
}
