//! `GET` and `POST /webhooks/{id}/delete`: asks once, then a webhook is told nothing more.

use http::StatusCode;

use super::{AskPage, find, path_of, webhook_id};
use crate::answer::Answer;
use crate::form::Fields;
use crate::frame::{Frame, Section};
use crate::guard::{FORM_TOKEN, Member};
use crate::pages::Outcome;
use crate::place::Place;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// Asks.
pub async fn show(visit: &Visit<'_>, member: &Member) -> Outcome {
    let (place, id) = (Place::read(visit)?, webhook_id(visit)?);
    let receiver = find(visit, member, place).await?;
    let page = AskPage {
        frame: Frame::of_data("Delete a webhook", Section::Webhooks, member, place, "/webhooks"),
        title: "Delete this webhook?",
        text: "Its receiver is told nothing more, not even what is on its way. Its secret is gone, and so is the list of what it was told.",
        subject: receiver.webhook.url,
        action: place.at(&format!("{}/delete", path_of(id))),
        verb: "Delete webhook",
        is_dangerous: true,
        back: place.at(&path_of(id)),
    };
    Answer::page(StatusCode::OK, &page)
}

/// Deletes it.
pub async fn answer(visit: &Visit<'_>, member: &Member, form: Fields) -> Outcome {
    form.only(&[FORM_TOKEN])?;
    let place = Place::read(visit)?;
    let webhooks = visit.app.store.webhooks();
    if !webhooks
        .delete(place.tenant(member), webhook_id(visit)?, member.actor())
        .await?
    {
        return Err(Refusal::NotFound);
    }
    Ok(Answer::see_other(&place.at("/webhooks")))
}
