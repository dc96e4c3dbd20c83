//! `POST /v1/webhooks/{id}/rotate`: gives a webhook another secret; the one before still signs for 24 h. *Source*: contract §6.

use eclips_shared::error::{ApiError, Missing};
use eclips_shared::ids::WebhookId;
use eclips_shared::serve::{Answer, Call, Incoming, Verb, no_body, webhook_id};
use eclips_shared::store::{Actor, Rotated, place_of_secret};
use eclips_shared::webhook::{OVERLAPPING_MAX, SigningSecret};
use http::StatusCode;
use serde::Serialize;

/// The webhook that the path names. *Shape* of the body: none, or an object without members.
pub struct Rotate(WebhookId);

impl Verb for Rotate {
    fn read(incoming: &Incoming) -> Result<Self, ApiError> {
        incoming.query.only(&[])?;
        no_body(incoming)?;
        webhook_id(incoming).map(Self)
    }

    async fn answer(self, call: Call<'_>) -> Result<Answer, ApiError> {
        let (tenant, vault) = (call.caller.tenant(), call.vault.ok_or(ApiError::Internal)?);
        let secret = SigningSecret::generate();
        let sealed = vault.seal(&place_of_secret(tenant, self.0), &secret).await?;
        let by = Actor::Key(call.caller.key().to_string());
        match call.store.webhooks().rotate(tenant, self.0, &sealed, &by).await? {
            Rotated::Now => {
                let new = New {
                    secret: secret.reveal(),
                };
                Ok(Answer::json(StatusCode::OK, &new))
            }
            Rotated::TooOften => Err(ApiError::Conflict {
                message: format!("At most {OVERLAPPING_MAX} rotations in 24 hours"),
                decided: None,
            }),
            Rotated::Gone => Err(ApiError::NotFound(Missing::Webhook)),
        }
    }
}

/// *Shape*: `{ "secret" }`.
#[derive(Serialize)]
struct New<'a> {
    secret: &'a str,
}
