//! `GET /agents`: the roster, by department.

use askama::Template;
use eclips_engine::agents;
use http::StatusCode;

use super::{Department, departments};
use crate::answer::Answer;
use crate::frame::{Frame, Section};
use crate::guard::Member;
use crate::pages::Outcome;

#[derive(Template)]
#[template(path = "agents/list.html")]
struct AgentsPage {
    frame: Frame,
    total: usize,
    departments: Vec<Department>,
}

/// Lists them.
pub fn answer(member: &Member) -> Outcome {
    let page = AgentsPage {
        frame: Frame::of("Agents", Some(Section::Agents), member),
        total: agents::all().count(),
        departments: departments(),
    };
    Answer::page(StatusCode::OK, &page)
}
