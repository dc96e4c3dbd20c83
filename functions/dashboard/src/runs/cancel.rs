//! `GET` and `POST /runs/{id}/cancel`: asks once, then ends a run that has not ended.

use askama::Template;
use eclips_shared::store::Cancelled;
use http::StatusCode;

use super::{RunView, path_of, run_id};
use crate::answer::Answer;
use crate::form::Fields;
use crate::frame::{Frame, Section};
use crate::guard::{FORM_TOKEN, Member};
use crate::pages::Outcome;
use crate::place::Place;
use crate::refusal::Refusal;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "runs/cancel.html")]
struct CancelPage {
    frame: Frame,
    run: RunView,
    action: String,
}

/// Asks.
pub async fn show(visit: &Visit<'_>, member: &Member) -> Outcome {
    let (place, id) = (Place::read(visit)?, run_id(visit)?);
    let run = visit.app.store.runs().show(place.tenant(member), id).await?;
    let run = run.ok_or(Refusal::NotFound)?;
    if run.summary.status.is_terminal() {
        return Ok(Answer::see_other(&place.at(&path_of(id))));
    }
    let page = CancelPage {
        frame: Frame::of_data("Cancel a run", Section::Runs, member, place, "/runs"),
        action: place.at(&format!("{}/cancel", path_of(id))),
        run: RunView::of(run.summary, place),
    };
    Answer::page(StatusCode::OK, &page)
}

/// Ends it. Whoever comes too late sees on its page how it ended.
pub async fn answer(visit: &Visit<'_>, member: &Member, form: Fields) -> Outcome {
    form.only(&[FORM_TOKEN])?;
    let (place, id) = (Place::read(visit)?, run_id(visit)?);
    match visit.app.store.runs().cancel(place.tenant(member), id).await? {
        Cancelled::NoSuchRun => Err(Refusal::NotFound),
        _ => Ok(Answer::see_other(&place.at(&path_of(id)))),
    }
}
