//! `GET /v1/batches/{id}`: one batch of the caller's with its rows. *Source*: contract §7.

use eclips_shared::batch::{BatchRow, Job};
use eclips_shared::error::{ApiError, Missing};
use eclips_shared::ids::BatchId;
use eclips_shared::serve::{Answer, Call, Incoming, Verb, batch_id};
use http::StatusCode;
use serde::Serialize;

/// The batch that the path names.
pub struct Show(BatchId);

impl Verb for Show {
    fn read(incoming: &Incoming) -> Result<Self, ApiError> {
        incoming.query.only(&[])?;
        batch_id(incoming).map(Self)
    }

    async fn answer(self, call: Call<'_>) -> Result<Answer, ApiError> {
        let found = call.store.batches().show(call.caller.tenant(), self.0).await?;
        let (job, rows) = found.ok_or(ApiError::NotFound(Missing::Batch))?;
        Ok(Answer::json(StatusCode::OK, &Shown { job, rows }))
    }
}

/// *Shape*: `{ "job", "rows" }`, the rows by `row_index`.
#[derive(Serialize)]
struct Shown {
    job: Job,
    rows: Vec<BatchRow>,
}
