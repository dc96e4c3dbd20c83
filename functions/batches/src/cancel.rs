//! `POST /v1/batches/{id}/cancel`: ends a batch that is not over. A 200 means that this is durable, and not that every row has ended;
//! which rows may still begin then, `ARCHITECTURE.md` says exactly. *Source*: contract §7.

use std::time::Duration;

use eclips_shared::error::{ApiError, Decided, Missing};
use eclips_shared::ids::BatchId;
use eclips_shared::serve::{Answer, Call, Incoming, Verb, batch_id, no_body};
use eclips_shared::store::BatchCancelled;
use http::StatusCode;
use serde::Serialize;

/// How long the caller waits for the rows to end; what is left is the worker's. Our choice: below what a request may take.
const ROWS_WAIT: Duration = Duration::from_millis(1_200);

/// The batch that the path names. *Shape* of the body: none, or an object without members.
pub struct Cancel(BatchId);

impl Verb for Cancel {
    fn read(incoming: &Incoming) -> Result<Self, ApiError> {
        incoming.query.only(&[])?;
        no_body(incoming)?;
        batch_id(incoming).map(Self)
    }

    async fn answer(self, call: Call<'_>) -> Result<Answer, ApiError> {
        let batches = call.store.batches();
        let (cancelled, batch) = batches.cancel(call.caller.tenant(), self.0).await?;
        match cancelled {
            BatchCancelled::Now => {
                if let Some(batch) = &batch {
                    // It is cancelled, whatever comes of this, and so it is a 200 also where this fails: the wish is durable, and
                    // the worker that has been told of it, or the sweep's, ends the rest.
                    match tokio::time::timeout(ROWS_WAIT, batches.cancel_rows(batch)).await {
                        Ok(Ok(_)) => {}
                        Ok(Err(error)) => error.log(),
                        Err(_) => tracing::info!(batch_id = %self.0, "some rows end a moment later"),
                    }
                }
                Ok(Answer::json(StatusCode::OK, &Done { cancelled: true }))
            }
            BatchCancelled::TooLate { status, at } => Err(ApiError::batch_has_ended(Decided {
                status: status.as_str().to_owned(),
                decided_at: at,
                decided_by: None,
            })),
            BatchCancelled::NoSuchBatch => Err(ApiError::NotFound(Missing::Batch)),
        }
    }
}

/// *Shape*: `{ "cancelled": true }`.
#[derive(Serialize)]
struct Done {
    cancelled: bool,
}
