//! `GET` and `POST /batches/{id}/cancel`: asks once, then ends a batch that is not over.

use askama::Template;
use eclips_shared::store::BatchCancelled;
use http::StatusCode;

use super::{BatchView, batch_id, found, path_of};
use crate::answer::Answer;
use crate::form::Fields;
use crate::frame::{Frame, Section};
use crate::guard::{FORM_TOKEN, Member};
use crate::pages::Outcome;
use crate::place::Place;
use crate::refusal::Refusal;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "batches/cancel.html")]
struct CancelPage {
    frame: Frame,
    batch: BatchView,
    action: String,
}

/// Asks.
pub async fn show(visit: &Visit<'_>, member: &Member) -> Outcome {
    let place = Place::read(visit)?;
    let (job, _) = found(visit, member, place).await?;
    let path = path_of(&job.id);
    if job.completed_at.is_some() {
        return Ok(Answer::see_other(&place.at(&path)));
    }
    let page = CancelPage {
        frame: Frame::of_data("Cancel a batch", Section::Batches, member, place, "/batches"),
        action: place.at(&format!("{path}/cancel")),
        batch: BatchView::of(job, place),
    };
    Answer::page(StatusCode::OK, &page)
}

/// Ends it; its rows end a moment later. Whoever comes too late sees on its page how it ended.
pub async fn answer(visit: &Visit<'_>, member: &Member, form: Fields) -> Outcome {
    form.only(&[FORM_TOKEN])?;
    let (place, id) = (Place::read(visit)?, batch_id(visit)?);
    match visit.app.store.batches().cancel(place.tenant(member), id).await? {
        (BatchCancelled::NoSuchBatch, _) => Err(Refusal::NotFound),
        _ => Ok(Answer::see_other(&place.at(&path_of(&id)))),
    }
}
