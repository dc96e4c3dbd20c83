//! `GET /inbox/{id}`: one question, whole, with the two answers that it can have.

use askama::Template;
use http::StatusCode;

use super::{QuestionView, path_of, triage_id};
use crate::answer::Answer;
use crate::draft::{Fault, Faults};
use crate::frame::{Frame, Section};
use crate::guard::Member;
use crate::pages::Outcome;
use crate::place::Place;
use crate::refusal::Refusal;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "inbox/show.html")]
struct QuestionPage {
    frame: Frame,
    question: QuestionView,
    approve: String,
    reject: String,
    draft: Draft,
    faults: Faults,
    /// Somebody else was first.
    was_late: bool,
}

/// What a person typed.
#[derive(Default)]
pub(super) struct Draft {
    pub note: String,
    /// The output as it was edited; `None` where it was not.
    pub output: Option<String>,
}

/// Shows it.
pub async fn answer(visit: &Visit<'_>, member: &Member) -> Outcome {
    let place = Place::read(visit)?;
    let question = visit
        .app
        .store
        .triages()
        .find(place.tenant(member), triage_id(visit)?)
        .await?;
    let view = QuestionView::of(question.ok_or(Refusal::NotFound)?.item, place);
    page(member, place, visit, view, Draft::default(), Shown::Plainly)
}

/// Why a question is shown.
pub(super) enum Shown {
    /// Somebody asked for it.
    Plainly,
    /// The answer that was given does not do.
    Wrong(Fault),
    /// Somebody else has decided, or nobody in time.
    Late,
}

/// The page, with what a person typed.
pub(super) fn page(
    member: &Member,
    place: Place,
    visit: &Visit<'_>,
    question: QuestionView,
    draft: Draft,
    why: Shown,
) -> Outcome {
    let (status, title) = match why {
        Shown::Plainly => (StatusCode::OK, "Decide"),
        Shown::Wrong(_) => (StatusCode::UNPROCESSABLE_ENTITY, "Error: Decide"),
        Shown::Late => (StatusCode::CONFLICT, "Decided already"),
    };
    let path = path_of(triage_id(visit)?);
    let page = QuestionPage {
        frame: Frame::of_data(title, Section::Inbox, member, place, "/inbox"),
        approve: place.at(&format!("{path}/approve")),
        reject: place.at(&format!("{path}/reject")),
        draft: Draft {
            output: draft.output.or_else(|| question.payload.clone()),
            ..draft
        },
        question,
        was_late: matches!(why, Shown::Late),
        faults: match why {
            Shown::Wrong(fault) => fault.into(),
            Shown::Plainly | Shown::Late => Faults::default(),
        },
    };
    Answer::page(status, &page)
}
