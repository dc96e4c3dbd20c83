//! `POST /v1/runs/{id}/cancel`: ends a run that has not ended. *Source*: contract §3.

use eclips_shared::error::{ApiError, Decided, Missing};
use eclips_shared::ids::RunId;
use eclips_shared::serve::{Answer, Call, Incoming, Verb, no_body, run_id};
use eclips_shared::store::Cancelled;
use http::StatusCode;
use serde::Serialize;

/// The run that the path names. *Shape* of the body: none, or an object without members.
pub struct Cancel(RunId);

impl Verb for Cancel {
    fn read(incoming: &Incoming) -> Result<Self, ApiError> {
        incoming.query.only(&[])?;
        no_body(incoming)?;
        run_id(incoming).map(Self)
    }

    async fn answer(self, call: Call<'_>) -> Result<Answer, ApiError> {
        match call.store.runs().cancel(call.caller.tenant(), self.0).await? {
            Cancelled::Now => Ok(Answer::json(StatusCode::OK, &Done { cancelled: true })),
            Cancelled::TooLate { status, at } => Err(ApiError::run_has_ended(Decided {
                status: status.as_str().to_owned(),
                decided_at: at,
                decided_by: None,
            })),
            Cancelled::NoSuchRun => Err(ApiError::NotFound(Missing::Run)),
        }
    }
}

/// *Shape*: `{ "cancelled": true }`.
#[derive(Serialize)]
struct Done {
    cancelled: bool,
}
