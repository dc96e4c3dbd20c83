//! `GET /v1/webhooks`: the caller's webhooks, newest first, without their secrets. *Source*: contract §2 "Lists" and §6.

use eclips_shared::error::ApiError;
use eclips_shared::page::{Binding, Listing, Page, Position};
use eclips_shared::serve::{Answer, Call, Incoming, Query, Verb};
use http::StatusCode;

/// *Shape* of the query: `limit`, `offset` or `cursor`.
pub struct List(
    /// A cursor can only be read once the caller is known.
    Query,
);

impl Verb for List {
    fn read(incoming: &Incoming) -> Result<Self, ApiError> {
        incoming.query.only(&["limit", "offset", "cursor"])?;
        Ok(Self(incoming.query.clone()))
    }

    async fn answer(self, call: Call<'_>) -> Result<Answer, ApiError> {
        let tenant = call.caller.tenant();
        let bound_to = Binding::new(tenant, "/v1/webhooks", &[]);
        let page = Page::read(&self.0, &bound_to)?;
        // There are twenty at the most, in one call: the page is cut here.
        let all = call.store.webhooks().all(tenant).await?;
        let total = all.len();
        let place = |position: &Position| all.iter().position(|one| one.webhook.id.to_string() < position.last);
        let from = match &page.after {
            None => page.offset,
            Some(position) => place(position).unwrap_or(total),
        };
        let data: Vec<_> = all.iter().skip(from).take(page.limit).map(|one| &one.webhook).collect();
        let next = data.last().filter(|_| from + data.len() < total).map(|last| Position {
            last: last.id.to_string(),
        });
        let listing = Listing::of(data, next, total as u64, &page, &bound_to);
        Ok(Answer::json(StatusCode::OK, &listing))
    }
}
