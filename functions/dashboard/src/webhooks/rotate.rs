//! `GET` and `POST /webhooks/{id}/rotate`: another secret; the one before still signs for a day.

use eclips_shared::store::{Rotated, place_of_secret};
use eclips_shared::webhook::SigningSecret;
use http::StatusCode;

use super::{AskPage, find, path_of, secret_page, webhook_id};
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
        frame: Frame::of_data("Rotate a secret", Section::Webhooks, member, place, "/webhooks"),
        title: "Rotate this webhook’s secret?",
        text: "You get a new secret, shown once. For 24 hours both sign what is sent, so that the receiver can change over; then the old one is gone.",
        subject: receiver.webhook.url,
        action: place.at(&format!("{}/rotate", path_of(id))),
        verb: "Rotate secret",
        is_dangerous: false,
        back: place.at(&path_of(id)),
    };
    Answer::page(StatusCode::OK, &page)
}

/// Rotates, and shows the new secret.
pub async fn answer(visit: &Visit<'_>, member: &Member, form: Fields) -> Outcome {
    form.only(&[FORM_TOKEN])?;
    let (place, id) = (Place::read(visit)?, webhook_id(visit)?);
    let (tenant, secret) = (place.tenant(member), SigningSecret::generate());
    let sealed = visit.app.vault.seal(&place_of_secret(tenant, id), &secret).await?;
    match visit
        .app
        .store
        .webhooks()
        .rotate(tenant, id, &sealed, member.actor())
        .await?
    {
        Rotated::Now => {
            let words = (
                "The new secret",
                "It signs from now on; the one before it does so for 24 hours more.",
            );
            secret_page(member, place, words, &secret, place.at(&path_of(id)))
        }
        Rotated::TooOften => Err(Refusal::TooOften),
        Rotated::Gone => Err(Refusal::NotFound),
    }
}
