//! `GET /v1/webhooks/{id}/deliveries`: what was sent to a webhook, or is to be, newest first. *Source*: contract §2 "Lists" and §6.

use eclips_shared::error::{ApiError, Missing};
use eclips_shared::ids::WebhookId;
use eclips_shared::page::{Binding, Listing, Page};
use eclips_shared::serve::{Answer, Call, Incoming, Query, Verb, webhook_id};
use http::StatusCode;

/// *Shape* of the query: `limit`, `offset` or `cursor`.
pub struct Deliveries {
    webhook: WebhookId,
    /// A cursor can only be read once the caller is known.
    query: Query,
}

impl Verb for Deliveries {
    fn read(incoming: &Incoming) -> Result<Self, ApiError> {
        incoming.query.only(&["limit", "offset", "cursor"])?;
        Ok(Self {
            webhook: webhook_id(incoming)?,
            query: incoming.query.clone(),
        })
    }

    async fn answer(self, call: Call<'_>) -> Result<Answer, ApiError> {
        let tenant = call.caller.tenant();
        let webhook = self.webhook.to_string();
        let bound_to = Binding::new(tenant, "/v1/webhooks/{id}/deliveries", &[("id", &webhook)]);
        let page = Page::read(&self.query, &bound_to)?;
        let (webhooks, deliveries) = (call.store.webhooks(), call.store.deliveries());
        let (found, listed) = tokio::join!(
            webhooks.find(tenant, self.webhook),
            deliveries.list(tenant, self.webhook, &page)
        );
        if found?.is_none() {
            return Err(ApiError::NotFound(Missing::Webhook));
        }
        let (data, next, total) = listed?;
        let listing = Listing::of(data, next, total, &page, &bound_to);
        Ok(Answer::json(StatusCode::OK, &listing))
    }
}
