//! `POST /v1/webhooks/{id}/deliveries/{delivery_id}/resend`: has a delivery sent again, with the same id and the same bytes; also to
//! a webhook that is disabled, which an answer of 2xx makes active again. *Source*: contract §6.

use eclips_shared::error::{ApiError, Missing};
use eclips_shared::ids::{DeliveryId, WebhookId};
use eclips_shared::serve::{Answer, Call, Incoming, Verb, delivery_id, no_body, webhook_id};
use eclips_shared::time::Timestamp;
use eclips_shared::webhook::{DeliveryStatus, Errand, Target};
use http::StatusCode;
use serde::Serialize;

/// The delivery that the path names. *Shape* of the body: none, or an object without members.
pub struct Resend {
    webhook: WebhookId,
    delivery: DeliveryId,
}

impl Verb for Resend {
    fn read(incoming: &Incoming) -> Result<Self, ApiError> {
        incoming.query.only(&[])?;
        no_body(incoming)?;
        Ok(Self {
            webhook: webhook_id(incoming)?,
            delivery: delivery_id(incoming)?,
        })
    }

    async fn answer(self, call: Call<'_>) -> Result<Answer, ApiError> {
        let tenant = call.caller.tenant();
        if call.store.webhooks().find(tenant, self.webhook).await?.is_none() {
            return Err(ApiError::NotFound(Missing::Webhook));
        }
        let errand = Errand {
            tenant,
            target: Target::Webhook(self.webhook),
            id: self.delivery,
        };
        // The table's stream carries it on.
        if !call.store.deliveries().resend(errand, Timestamp::now()).await? {
            return Err(ApiError::NotFound(Missing::Delivery));
        }
        let pending = Pending {
            id: self.delivery,
            status: DeliveryStatus::Pending,
        };
        Ok(Answer::json(StatusCode::ACCEPTED, &pending))
    }
}

/// *Shape*: `{ "id", "status": "pending" }`.
#[derive(Serialize)]
struct Pending {
    id: DeliveryId,
    status: DeliveryStatus,
}
