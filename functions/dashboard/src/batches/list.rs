//! `GET /batches`: batches, newest first; it keeps itself up to date.

use askama::Template;
use eclips_shared::ids::BatchId;
use eclips_shared::page::{Page, Position};
use http::StatusCode;

use super::BatchView;
use crate::answer::Answer;
use crate::frame::{Frame, Section};
use crate::guard::Member;
use crate::pages::Outcome;
use crate::place::Place;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// Batches on a page.
const BATCHES_MAX: usize = 50;

#[derive(Template)]
#[template(path = "batches/list.html")]
struct BatchesPage {
    frame: Frame,
    batches: Vec<BatchView>,
    total: u64,
    is_first: bool,
    older: Option<String>,
}

/// Lists them.
pub async fn answer(visit: &Visit<'_>, member: &Member) -> Outcome {
    let place = Place::read(visit)?;
    let after = match visit.query.one("after")? {
        Some(id) => Some(BatchId::parse(id).ok_or(Refusal::NotFound)?),
        None => None,
    };
    let page = Page {
        limit: BATCHES_MAX,
        offset: 0,
        after: after.map(|batch| Position {
            last: batch.to_string(),
        }),
    };
    let (jobs, next, total) = visit.app.store.batches().list(place.tenant(member), &page).await?;
    let page = BatchesPage {
        older: next.map(|next| place.at(&format!("/batches?after={}", next.last))),
        frame: Frame::of_data("Batches", Section::Batches, member, place, "/batches"),
        batches: jobs.into_iter().map(|job| BatchView::of(job, place)).collect(),
        total,
        is_first: after.is_none(),
    };
    Answer::page(StatusCode::OK, &page)
}
