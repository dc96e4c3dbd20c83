//! `GET /v1/batches`: the caller's batches, newest first. *Source*: contract §2 "Lists" and §7.

use eclips_shared::batch::Job;
use eclips_shared::error::ApiError;
use eclips_shared::page::{Binding, Page};
use eclips_shared::serve::{Answer, Call, Incoming, Query, Verb};
use http::StatusCode;
use serde::Serialize;

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
        let bound_to = Binding::new(tenant, "/v1/batches", &[]);
        let page = Page::read(&self.0, &bound_to)?;
        let (jobs, next, total) = call.store.batches().list(tenant, &page).await?;
        let listing = Jobs {
            jobs,
            total,
            limit: page.limit,
            offset: page.offset,
            next_cursor: next.map(|position| position.encode(&bound_to)),
        };
        Ok(Answer::json(StatusCode::OK, &listing))
    }
}

/// One page. *Shape*: `{ "jobs", "total", "limit", "offset", "next_cursor" }`, the manual's envelope with what all lists have.
#[derive(Serialize)]
struct Jobs {
    jobs: Vec<Job>,
    total: u64,
    limit: usize,
    offset: usize,
    next_cursor: Option<String>,
}
