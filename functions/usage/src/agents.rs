//! `GET /v1/usage/agents`: what was used, per agent. *Source*: contract §8.

use eclips_shared::error::ApiError;
use eclips_shared::serve::{Answer, Call, Incoming, Verb};
use eclips_shared::store::{Days, Per};
use http::StatusCode;
use serde::Serialize;

use crate::days;
use crate::figures::{Data, Shown, by_name};

/// *Shape* of the query: `from`, `to`.
pub struct Agents(Days);

impl Verb for Agents {
    fn read(incoming: &Incoming) -> Result<Self, ApiError> {
        days::read(&incoming.query).map(Self)
    }

    async fn answer(self, call: Call<'_>) -> Result<Answer, ApiError> {
        let sums = by_name(call, Per::Agent, self.0).await?;
        let data = sums.into_iter().map(|(agent_type, figures)| Item {
            agent_type,
            figures: figures.into(),
        });
        Ok(Answer::json(StatusCode::OK, &Data { data: data.collect() }))
    }
}

/// *Shape*: `{ "agent_type", "credits", "runs", "tokens" }`.
#[derive(Serialize)]
struct Item {
    agent_type: String,
    #[serde(flatten)]
    figures: Shown,
}
