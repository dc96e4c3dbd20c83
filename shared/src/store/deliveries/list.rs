//! The deliveries to a webhook, newest first, strongly consistent. They lie in the webhook's own partition in the order of their
//! events, so that there is no index to lag.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;

use super::super::item::s;
use super::super::{StoreError, index};
use super::{Deliveries, is_gone, stored};
use crate::auth::Tenant;
use crate::ids::WebhookId;
use crate::page::{Page, Position};
use crate::time::Timestamp;
use crate::webhook::{Delivery, Target};

/// So far a list is counted. *Source*: our choice, as for triage items.
const COUNTED_MAX: usize = 1_000;

impl Deliveries<'_> {
    /// Lists the deliveries to a webhook; gives one page, the place where the next begins, and the number of all, up to 1 000 and
    /// never below what the page itself shows. Whose the webhook is, is the caller's to look at.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn list(
        &self,
        tenant: Tenant,
        webhook: WebhookId,
        page: &Page,
    ) -> Result<(Vec<Delivery>, Option<Position>, u64), StoreError> {
        let after = page.after.as_ref();
        let (read, total) = tokio::join!(
            index::page("list deliveries", page, || self.query(tenant, webhook, after)),
            // Of these a number alone is wanted, and half the price will do.
            index::count("count deliveries", COUNTED_MAX, || {
                self.query(tenant, webhook, None).consistent_read(false)
            }),
        );
        let (read, now) = (read?, Timestamp::now());
        let mut deliveries = Vec::with_capacity(read.items.len());
        let mut last = None;
        for item in &read.items {
            let found = stored(item)?;
            last = Some(found.shown.id);
            if !is_gone(&found, now) {
                deliveries.push(found.shown);
            }
        }
        let next = last
            .filter(|_| read.has_more)
            .map(|last| Position { last: last.to_string() });
        Ok((deliveries, next, total?.max(read.seen)))
    }

    fn query(&self, tenant: Tenant, webhook: WebhookId, after: Option<&Position>) -> QueryFluentBuilder {
        let query = self
            .0
            .client
            .query()
            .table_name(&*self.0.main)
            .consistent_read(true)
            .scan_index_forward(false)
            .expression_attribute_values(":webhook", s(format!("W#{tenant}#{}", Target::Webhook(webhook))));
        // Nothing else is in this partition.
        match after {
            None => query.key_condition_expression("pk = :webhook"),
            Some(position) => query
                .key_condition_expression("pk = :webhook AND sk < :last")
                .expression_attribute_values(":last", s(format!("D#{}", position.last))),
        }
    }
}
