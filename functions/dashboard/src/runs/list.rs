//! `GET /runs`: runs, newest first, all or those of one status or one agent; it keeps itself up to date.

use askama::Template;
use eclips_engine::agents;
use eclips_shared::ids::RunId;
use eclips_shared::page::{Page, Position};
use eclips_shared::run::Status;
use eclips_shared::store::RunFilter;
use http::StatusCode;

use super::{RunView, badge};
use crate::answer::Answer;
use crate::frame::{Frame, Section};
use crate::guard::Member;
use crate::pages::Outcome;
use crate::place::Place;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// Runs on a page.
const RUNS_MAX: usize = 50;

/// A choice of what is shown.
struct Choice {
    value: String,
    name: &'static str,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "runs/list.html")]
struct RunsPage {
    frame: Frame,
    runs: Vec<RunView>,
    total: u64,
    statuses: Vec<Choice>,
    agents: Vec<Choice>,
    is_filtered: bool,
    is_first: bool,
    older: Option<String>,
}

/// Lists them.
pub async fn answer(visit: &Visit<'_>, member: &Member) -> Outcome {
    let place = Place::read(visit)?;
    let shown = visit.query.one("show")?.unwrap_or_default();
    let filter = filter(shown).ok_or(Refusal::NotFound)?;
    let after = match visit.query.one("after")? {
        Some(id) => Some(RunId::parse(id).ok_or(Refusal::NotFound)?),
        None => None,
    };
    let page = Page {
        limit: RUNS_MAX,
        offset: 0,
        after: after.map(|run| Position { last: run.to_string() }),
    };
    let runs = visit.app.store.runs();
    let (runs, next, total) = runs.list(place.tenant(member), filter, &page).await?;
    let path = if shown.is_empty() {
        "/runs".to_owned()
    } else {
        format!("/runs?show={shown}")
    };
    let separator = if shown.is_empty() { '?' } else { '&' };
    let page = RunsPage {
        older: next.map(|next| place.at(&format!("{path}{separator}after={}", next.last))),
        frame: Frame::of_data("Runs", Section::Runs, member, place, &path),
        runs: runs.into_iter().map(|run| RunView::of(run, place)).collect(),
        total,
        statuses: Status::ALL
            .iter()
            .map(|status| choice(format!("status:{}", status.as_str()), badge(*status).text, shown))
            .collect(),
        agents: agents::all()
            .map(|agent| choice(format!("agent:{}", agent.id), agent.name, shown))
            .collect(),
        is_filtered: filter != RunFilter::All,
        is_first: after.is_none(),
    };
    Answer::page(StatusCode::OK, &page)
}

fn choice(value: String, name: &'static str, shown: &str) -> Choice {
    Choice {
        is_chosen: value == shown,
        value,
        name,
    }
}

/// Reads `status:<status>`, `agent:<agent>`, or nothing for all.
fn filter(shown: &str) -> Option<RunFilter> {
    if shown.is_empty() {
        return Some(RunFilter::All);
    }
    match shown.split_once(':')? {
        ("status", word) => Status::parse(word).map(RunFilter::Status),
        ("agent", id) => agents::find(id).map(|agent| RunFilter::Agent(agent.id)),
        _ => None,
    }
}
