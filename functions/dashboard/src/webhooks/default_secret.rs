//! `GET` and `POST /webhooks/default-secret`: a new default secret, by which what goes to the own URLs of runs and batches is signed. Whoever
//! answers people can open none, so the one that signs is not shown; a new one is, once.

use eclips_shared::store::place_of_default;
use eclips_shared::webhook::SigningSecret;
use http::StatusCode;

use super::{AskPage, secret_page};
use crate::answer::Answer;
use crate::form::Fields;
use crate::frame::{Frame, Section};
use crate::guard::{FORM_TOKEN, Member};
use crate::pages::Outcome;
use crate::place::Place;
use crate::visit::Visit;

/// Asks.
pub async fn show(visit: &Visit<'_>, member: &Member) -> Outcome {
    let place = Place::read(visit)?;
    let page = AskPage {
        frame: Frame::of_data("Default secret", Section::Webhooks, member, place, "/webhooks"),
        title: "A new default secret?",
        text: "It signs what goes to a run’s or a batch’s own webhook_url, live and test. You get a new one, shown once; the one before it signs nothing from that moment on.",
        subject: String::new(),
        action: place.at("/webhooks/default-secret"),
        verb: "Make a new default secret",
        is_dangerous: true,
        back: place.at("/webhooks"),
    };
    Answer::page(StatusCode::OK, &page)
}

/// Makes it, and shows it.
pub async fn answer(visit: &Visit<'_>, member: &Member, form: Fields) -> Outcome {
    form.only(&[FORM_TOKEN])?;
    let (place, org) = (Place::read(visit)?, member.org());
    let secret = SigningSecret::generate();
    let sealed = visit.app.vault.seal(&place_of_default(org), &secret).await?;
    visit
        .app
        .store
        .webhooks()
        .renew_default_secret(org, &sealed, member.actor())
        .await?;
    let words = (
        "The new default secret",
        "It signs what goes to the own URLs of runs and batches from now on.",
    );
    secret_page(member, place, words, &secret, place.at("/webhooks"))
}
