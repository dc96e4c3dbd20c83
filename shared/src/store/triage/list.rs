//! Lists of triage items: the most urgent first, and of these the oldest. The index says which items there are and in what
//! order, and no more; what they are like is read from the items.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;

use super::super::item::{Attributes, Row, keyed, s};
use super::super::{StoreError, index, several};
use super::{Triages, is_gone, list_of, rank, shown, urgency};
use crate::auth::Tenant;
use crate::page::{Page, Position};
use crate::run::Priority;
use crate::time::Timestamp;
use crate::triage::{TriageItem, TriageStatus};

/// So far a list is counted. *Source*: our choice, in the contract. A thousand keys of the index are some 160 KB, one call
/// and 20 read units, for each page.
const COUNTED_MAX: usize = 1_000;

/// What a list reads of an item. Not `payload_long`: a hundred of these are over 6 MB, and no list shows them.
const LISTED: [&str; 17] = [
    "triage_id",
    "of_run",
    "agent_type",
    "priority",
    "title",
    "summary",
    "reasoning",
    "risk",
    "confidence_score",
    "payload",
    "status",
    "created_at",
    "expires_at",
    "decided_at",
    "decided_by",
    "note",
    "ttl",
];

/// One page as it was read.
struct Listed {
    items: Vec<TriageItem>,
    next: Option<Position>,
    /// How many items the list has at least, by what was seen.
    seen: u64,
}

impl Triages<'_> {
    /// Lists items of a status; gives one page, the place where the next begins, and the number of all.
    ///
    /// The number is counted in the index, up to 1 000; it is never below what the page itself shows. The page may come out
    /// short by items whose time is over, and by those that have left the list since the index heard of them.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn list(
        &self,
        tenant: Tenant,
        status: TriageStatus,
        page: &Page,
    ) -> Result<(Vec<TriageItem>, Option<Position>, u64), StoreError> {
        let list = list_of(tenant, status);
        let (listed, total) = tokio::join!(
            self.page(&list, status, page),
            index::count("count triage items", COUNTED_MAX, || self.query(&list, None)),
        );
        let listed = listed?;
        Ok((listed.items, listed.next, total?.max(listed.seen)))
    }

    /// Counts a tenant's pending items of each group of priorities, each up to 1 000: critical and urgent, high, and the others.
    ///
    /// *Errors*: [`StoreError::Unavailable`].
    pub async fn count_pending(&self, tenant: Tenant) -> Result<[u64; 3], StoreError> {
        let list = list_of(tenant, TriageStatus::Pending);
        let count = async |first: Priority, last: Priority| {
            let between = || {
                self.of_index(&list)
                    .key_condition_expression("tenant_triage = :list AND urgency BETWEEN :first AND :last")
                    .expression_attribute_values(":first", s(rank(first)))
                    // Behind every id of that rank.
                    .expression_attribute_values(":last", s(format!("{}~", rank(last))))
            };
            index::count("count triage items", COUNTED_MAX, between).await
        };
        let (urgent, high, others) = tokio::join!(
            count(Priority::Critical, Priority::Urgent),
            count(Priority::High, Priority::High),
            count(Priority::Normal, Priority::Low),
        );
        Ok([urgent?, high?, others?])
    }

    async fn page(&self, list: &str, status: TriageStatus, page: &Page) -> Result<Listed, StoreError> {
        let after = page.after.as_ref();
        let read = index::page("list triage items", page, || self.query(list, after)).await?;
        // The next page begins behind the last place, whatever has become of the item there.
        let last = read.items.last().filter(|_| read.has_more);
        let last = last.map(|place| Row::new("triage place", place).text("urgency"));
        let next = last.transpose()?.map(|last| Position { last: last.to_owned() });
        let keys = read.items.iter().map(key).collect::<Result<_, _>>()?;
        // Strongly consistent: an item that is read too old could look as if it were not yet in the list that the index
        // has it in, and would be on no page.
        let found = several::only(self.0, "read triage items", keys, &LISTED).await?;
        let now = Timestamp::now();
        let mut items = Vec::with_capacity(found.len());
        for item in &found {
            let shown = shown(item, now)?;
            // One that was decided meanwhile, or has expired and is not swept yet, is no longer what was asked for.
            if shown.status == status && !is_gone(item, now)? {
                items.push(shown);
            }
        }
        // They came in no order; this is the index's.
        items.sort_by_cached_key(|item| urgency(item.priority, item.id));
        Ok(Listed {
            items,
            next,
            seen: read.seen,
        })
    }

    fn of_index(&self, list: &str) -> QueryFluentBuilder {
        self.0
            .client
            .query()
            .table_name(&*self.0.main)
            .index_name("by_triage")
            .expression_attribute_values(":list", s(list))
    }

    fn query(&self, list: &str, after: Option<&Position>) -> QueryFluentBuilder {
        let query = self.of_index(list);
        match after {
            None => query.key_condition_expression("tenant_triage = :list"),
            Some(position) => query
                .key_condition_expression("tenant_triage = :list AND urgency > :last")
                .expression_attribute_values(":last", s(&position.last)),
        }
    }
}

/// The key of the item at a place of the index.
fn key(place: &Attributes) -> Result<Attributes, StoreError> {
    let row = Row::new("triage place", place);
    Ok(keyed(row.text("pk")?, row.text("sk")?))
}
