//! `GET /agents`: the roster, by department. It is compiled in; no store is asked.

use askama::Template;
use eclips_engine::agents::{self, Agent};
use http::StatusCode;

use crate::answer::Answer;
use crate::frame::{Frame, Section};
use crate::guard::Member;
use crate::pages::Outcome;

struct Department {
    name: &'static str,
    agents: Vec<&'static Agent>,
}

#[derive(Template)]
#[template(path = "agents/list.html")]
struct AgentsPage {
    frame: Frame,
    total: usize,
    departments: Vec<Department>,
}

/// Lists them.
pub fn answer(member: &Member) -> Outcome {
    let mut departments: Vec<Department> = Vec::new();
    for agent in agents::all() {
        let name = agent.department.name();
        match departments.last_mut() {
            Some(last) if last.name == name => last.agents.push(agent),
            _ => departments.push(Department {
                name,
                agents: vec![agent],
            }),
        }
    }
    let page = AgentsPage {
        frame: Frame::of("Agents", Some(Section::Agents), member),
        total: agents::all().count(),
        departments,
    };
    Answer::page(StatusCode::OK, &page)
}
