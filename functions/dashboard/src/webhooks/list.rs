//! `GET /webhooks`: all webhooks, newest first; there are never more than a page holds.

use askama::Template;
use http::StatusCode;

use super::WebhookView;
use crate::answer::Answer;
use crate::frame::{Frame, Section};
use crate::guard::Member;
use crate::pages::Outcome;
use crate::place::Place;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "webhooks/list.html")]
struct WebhooksPage {
    frame: Frame,
    webhooks: Vec<WebhookView>,
    may_manage: bool,
}

/// Lists them.
pub async fn answer(visit: &Visit<'_>, member: &Member) -> Outcome {
    let place = Place::read(visit)?;
    let all = visit.app.store.webhooks().all(place.tenant(member)).await?;
    let page = WebhooksPage {
        frame: Frame::of_data("Webhooks", Section::Webhooks, member, place, "/webhooks"),
        webhooks: all.into_iter().map(|one| WebhookView::of(one, place)).collect(),
        may_manage: member.role().manages_keys(),
    };
    Answer::page(StatusCode::OK, &page)
}
