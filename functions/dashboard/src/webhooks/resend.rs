//! `POST /webhooks/{id}/resend`: tells once more what was told, or what could not be.

use eclips_shared::ids::DeliveryId;
use eclips_shared::time::Timestamp;
use eclips_shared::webhook::{Errand, Target};

use super::{find, path_of, webhook_id};
use crate::answer::Answer;
use crate::form::Fields;
use crate::guard::{FORM_TOKEN, Member};
use crate::pages::Outcome;
use crate::place::Place;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// Sends it again; the table's stream carries it on.
pub async fn answer(visit: &Visit<'_>, member: &Member, form: Fields) -> Outcome {
    form.only(&[FORM_TOKEN, "delivery"])?;
    let (place, webhook) = (Place::read(visit)?, webhook_id(visit)?);
    let id = form
        .one("delivery")?
        .and_then(DeliveryId::parse)
        .ok_or(Refusal::BadForm)?;
    find(visit, member, place).await?;
    let errand = Errand {
        tenant: place.tenant(member),
        target: Target::Webhook(webhook),
        id,
    };
    if !visit.app.store.deliveries().resend(errand, Timestamp::now()).await? {
        return Err(Refusal::NotFound);
    }
    Ok(Answer::see_other(&place.at(&path_of(webhook))))
}
