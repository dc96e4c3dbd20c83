//! `GET /v1/triage`: the caller's items of a status, the most urgent first. *Source*: contract §2 "Lists" and §5.

use eclips_shared::error::ApiError;
use eclips_shared::page::{Binding, Listing, Page};
use eclips_shared::serve::{Answer, Call, Incoming, Query, Verb};
use eclips_shared::triage::TriageStatus;
use http::StatusCode;

/// *Shape* of the query: `status`, `limit`, `offset` or `cursor`.
pub struct List {
    status: TriageStatus,
    /// A cursor can only be read once the caller is known.
    query: Query,
}

impl Verb for List {
    fn read(incoming: &Incoming) -> Result<Self, ApiError> {
        let query = &incoming.query;
        query.only(&["status", "limit", "offset", "cursor"])?;
        let status = match query.one("status")? {
            None => TriageStatus::Pending,
            Some(word) => TriageStatus::parse(word).ok_or_else(unknown_status)?,
        };
        let query = query.clone();
        Ok(Self { status, query })
    }

    async fn answer(self, call: Call<'_>) -> Result<Answer, ApiError> {
        let tenant = call.caller.tenant();
        let bound_to = Binding::new(tenant, "/v1/triage", &[("status", self.status.as_str())]);
        let page = Page::read(&self.query, &bound_to)?;
        let (data, next, total) = call.store.triages().list(tenant, self.status, &page).await?;
        let listing = Listing::of(data, next, total, &page, &bound_to);
        Ok(Answer::json(StatusCode::OK, &listing))
    }
}

fn unknown_status() -> ApiError {
    let words: Vec<&str> = TriageStatus::ALL.iter().map(|status| status.as_str()).collect();
    ApiError::field("status", format!("status must be one of {}", words.join(", ")))
}
