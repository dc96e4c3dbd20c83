//! `GET /v1/runs`: the caller's runs, newest first. *Source*: contract §2 "Lists" and §3.

use eclips_engine::agents;
use eclips_shared::error::ApiError;
use eclips_shared::page::{Binding, Listing, Page};
use eclips_shared::run::Status;
use eclips_shared::serve::{Answer, Call, Incoming, Query, Verb};
use eclips_shared::store::RunFilter;
use http::StatusCode;

const ROUTE: &str = "/v1/runs";

/// *Shape* of the query: `status` or `agent_type`, `limit`, `offset` or `cursor`.
pub struct List {
    filter: RunFilter,
    /// A cursor can only be read once the caller is known.
    query: Query,
}

impl Verb for List {
    fn read(incoming: &Incoming) -> Result<Self, ApiError> {
        let query = &incoming.query;
        query.only(&["status", "agent_type", "limit", "offset", "cursor"])?;
        let filter = match (query.one("status")?, query.one("agent_type")?) {
            (None, None) => RunFilter::All,
            (Some(word), None) => RunFilter::Status(Status::parse(word).ok_or_else(unknown_status)?),
            (None, Some(id)) => {
                let agent = agents::find(id).ok_or_else(|| ApiError::field("agent_type", "Unknown agent_type"))?;
                RunFilter::Agent(agent.id)
            }
            (Some(_), Some(_)) => {
                return Err(ApiError::field(
                    "agent_type",
                    "status and agent_type exclude each other",
                ));
            }
        };
        Ok(Self {
            filter,
            query: query.clone(),
        })
    }

    async fn answer(self, call: Call<'_>) -> Result<Answer, ApiError> {
        let tenant = call.caller.tenant();
        let bound_to = match self.filter {
            RunFilter::All => Binding::new(tenant, ROUTE, &[]),
            RunFilter::Status(status) => Binding::new(tenant, ROUTE, &[("status", status.as_str())]),
            RunFilter::Agent(agent) => Binding::new(tenant, ROUTE, &[("agent_type", agent)]),
        };
        let page = Page::read(&self.query, &bound_to)?;
        let (data, next, total) = call.store.runs().list(tenant, self.filter, &page).await?;
        let listing = Listing::of(data, next, total, &page, &bound_to);
        Ok(Answer::json(StatusCode::OK, &listing))
    }
}

fn unknown_status() -> ApiError {
    let words: Vec<&str> = Status::ALL.iter().map(|status| status.as_str()).collect();
    ApiError::field("status", format!("status must be one of {}", words.join(", ")))
}
