//! What an approval and a rejection share: the body, and the answer.

use eclips_shared::body::Fields;
use eclips_shared::error::{ApiError, Decided as Standing, Missing};
use eclips_shared::ids::{RunId, TriageId};
use eclips_shared::serve::{Answer, Incoming};
use eclips_shared::store::Decided;
use eclips_shared::time::Timestamp;
use eclips_shared::triage::{TriageItem, TriageStatus};
use http::StatusCode;
use serde::Serialize;

/// The body's members; a body is not needed.
///
/// *Errors*: [`ApiError::Validation`].
pub fn fields(incoming: &Incoming) -> Result<Fields, ApiError> {
    incoming.query.only(&[])?;
    Fields::parse(if incoming.body.is_empty() {
        b"{}"
    } else {
        &incoming.body
    })
}

/// Answers with what became of a decision.
///
/// *Errors*: [`ApiError::Conflict`] with what stands instead, [`ApiError::NotFound`].
pub fn answer(decided: Decided) -> Result<Answer, ApiError> {
    match decided {
        Decided::Stands(item) => Ok(Answer::json(StatusCode::OK, &Done::from(item))),
        Decided::Otherwise(item) => Err(ApiError::triage_has_ended(Standing {
            status: item.status.as_str().to_owned(),
            decided_at: item.decided_at,
            decided_by: item.decided_by,
        })),
        Decided::NoSuchItem => Err(ApiError::NotFound(Missing::TriageItem)),
    }
}

/// *Shape*: `{ "id", "status", "run_id", "decided_at", "decided_by" }`.
#[derive(Serialize)]
struct Done {
    id: TriageId,
    status: TriageStatus,
    run_id: RunId,
    decided_at: Option<Timestamp>,
    decided_by: Option<String>,
}

impl From<TriageItem> for Done {
    fn from(item: TriageItem) -> Self {
        Self {
            id: item.id,
            status: item.status,
            run_id: item.run_id,
            decided_at: item.decided_at,
            decided_by: item.decided_by,
        }
    }
}
