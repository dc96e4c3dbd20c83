//! `GET /v1/triage/{id}`: one item, whole, strongly consistent. *Source*: contract §5.

use eclips_shared::error::{ApiError, Missing};
use eclips_shared::ids::TriageId;
use eclips_shared::serve::{Answer, Call, Incoming, Verb, triage_id};
use http::StatusCode;

/// The item that the path names.
pub struct Show(TriageId);

impl Verb for Show {
    fn read(incoming: &Incoming) -> Result<Self, ApiError> {
        incoming.query.only(&[])?;
        triage_id(incoming).map(Self)
    }

    async fn answer(self, call: Call<'_>) -> Result<Answer, ApiError> {
        let found = call.store.triages().find(call.caller.tenant(), self.0).await?;
        let found = found.ok_or(ApiError::NotFound(Missing::TriageItem))?;
        Ok(Answer::json(StatusCode::OK, &found.item))
    }
}
