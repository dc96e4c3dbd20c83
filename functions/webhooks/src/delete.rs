//! `DELETE /v1/webhooks/{id}`: deletes a webhook; no try begins after it. *Source*: contract §6.

use eclips_shared::error::{ApiError, Missing};
use eclips_shared::ids::WebhookId;
use eclips_shared::serve::{Answer, Call, Incoming, Verb, no_body, webhook_id};
use eclips_shared::store::Actor;
use http::StatusCode;
use serde::Serialize;

/// The webhook that the path names. *Shape* of the body: none, or an object without members.
pub struct Delete(WebhookId);

impl Verb for Delete {
    fn read(incoming: &Incoming) -> Result<Self, ApiError> {
        incoming.query.only(&[])?;
        no_body(incoming)?;
        webhook_id(incoming).map(Self)
    }

    async fn answer(self, call: Call<'_>) -> Result<Answer, ApiError> {
        let by = Actor::Key(call.caller.key().to_string());
        if !call.store.webhooks().delete(call.caller.tenant(), self.0, &by).await? {
            return Err(ApiError::NotFound(Missing::Webhook));
        }
        Ok(Answer::json(StatusCode::OK, &Deleted { deleted: true }))
    }
}

/// *Shape*: `{ "deleted": true }`.
#[derive(Serialize)]
struct Deleted {
    deleted: bool,
}
