//! `GET /v1/usage/keys`: what was used, per key. *Source*: contract §8.

use eclips_shared::error::ApiError;
use eclips_shared::serve::{Answer, Call, Incoming, Verb};
use eclips_shared::store::{Days, Per};
use http::StatusCode;
use serde::Serialize;

use crate::days;
use crate::figures::{Data, Shown, by_name};

/// *Shape* of the query: `from`, `to`.
pub struct Keys(Days);

impl Verb for Keys {
    fn read(incoming: &Incoming) -> Result<Self, ApiError> {
        days::read(&incoming.query).map(Self)
    }

    async fn answer(self, call: Call<'_>) -> Result<Answer, ApiError> {
        let sums = by_name(call, Per::Key, self.0).await?;
        let data = sums.into_iter().map(|(key_id, figures)| Item {
            key_id,
            figures: figures.into(),
        });
        Ok(Answer::json(StatusCode::OK, &Data { data: data.collect() }))
    }
}

/// *Shape*: `{ "key_id", "credits", "runs", "tokens" }`.
#[derive(Serialize)]
struct Item {
    key_id: String,
    #[serde(flatten)]
    figures: Shown,
}
