//! `GET /runs/{id}`: one run, with what happened to it as it happens.

use askama::Template;
use eclips_shared::run::Status;
use http::StatusCode;
use serde_json::Value;
use serde_json::value::RawValue;

use super::trace::{Step, steps};
use super::{RunView, path_of, run_id};
use crate::answer::Answer;
use crate::frame::{Frame, Section};
use crate::guard::Member;
use crate::pages::Outcome;
use crate::place::Place;
use crate::refusal::Refusal;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "runs/show.html")]
struct RunPage {
    frame: Frame,
    run: RunView,
    steps: Vec<Step>,
    data: Option<String>,
    result: Option<String>,
    /// The question that a person has, or had, to answer about it.
    question: Option<String>,
    waits: bool,
    /// It may still change: nobody has to reload the page.
    is_open: bool,
    cancel_path: String,
}

/// Shows it.
pub async fn answer(visit: &Visit<'_>, member: &Member) -> Outcome {
    let (place, id) = (Place::read(visit)?, run_id(visit)?);
    let (tenant, runs) = (place.tenant(member), visit.app.store.runs());
    let (run, watched) = tokio::try_join!(runs.show(tenant, id), runs.watch(tenant, id))?;
    let (Some(run), Some((_, events))) = (run, watched) else {
        return Err(Refusal::NotFound);
    };
    let (status, path) = (run.summary.status, path_of(id));
    let question = run.summary.triage_item_id;
    let page = RunPage {
        question: question.map(|item| place.at(&format!("/inbox/{item}"))),
        waits: status == Status::PendingTriage,
        is_open: !status.is_terminal(),
        cancel_path: place.at(&format!("{path}/cancel")),
        frame: Frame::of_data("Run", Section::Runs, member, place, "/runs"),
        steps: steps(&events),
        data: run.data.as_deref().map(pretty),
        result: run.result.as_deref().map(pretty),
        run: RunView::of(run.summary, place),
    };
    Answer::page(StatusCode::OK, &page)
}

/// JSON as people read it.
pub fn pretty(json: &RawValue) -> String {
    // Members keep their order, numbers their digits: what cannot be read again is shown as it is.
    let value: Result<Value, _> = serde_json::from_str(json.get());
    value
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| json.get().to_owned())
}
