//! `GET /v1/runs/{id}`: one run, strongly consistent. *Source*: contract §3.

use eclips_shared::error::{ApiError, Missing};
use eclips_shared::ids::RunId;
use eclips_shared::serve::{Answer, Call, Incoming, Verb, run_id};
use http::StatusCode;

/// The run that the path names.
pub struct Show(RunId);

impl Verb for Show {
    fn read(incoming: &Incoming) -> Result<Self, ApiError> {
        incoming.query.only(&[])?;
        run_id(incoming).map(Self)
    }

    async fn answer(self, call: Call<'_>) -> Result<Answer, ApiError> {
        let run = call.store.runs().show(call.caller.tenant(), self.0).await?;
        let run = run.ok_or(ApiError::NotFound(Missing::Run))?;
        Ok(Answer::json(StatusCode::OK, &run))
    }
}
