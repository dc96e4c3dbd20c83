//! `GET /agents/{id}`: one agent, what its answers look like, and how far it is trusted here.

use askama::Template;
use eclips_engine::action::ActionKind;
use eclips_engine::agents::{self, Agent, Proposable};
use http::StatusCode;

use crate::answer::Answer;
use crate::frame::{Frame, Section};
use crate::guard::Member;
use crate::pages::Outcome;
use crate::place::Place;
use crate::refusal::Refusal;
use crate::trust::TrustView;
use crate::visit::Visit;

/// Something that its answers may propose.
struct ActionView {
    id: &'static str,
    reach: &'static str,
    description: &'static str,
}

#[derive(Template)]
#[template(path = "agents/show.html")]
struct AgentPage {
    frame: Frame,
    agent: &'static Agent,
    trust: TrustView,
    actions: Vec<ActionView>,
    schema: String,
}

/// Shows it.
pub async fn answer(visit: &Visit<'_>, member: &Member) -> Outcome {
    let place = Place::read(visit)?;
    let agent = visit.id.as_deref().and_then(agents::find).ok_or(Refusal::NotFound)?;
    let conduct = visit.app.store.conducts().of(place.tenant(member), agent.id).await?;
    let path = format!("/agents/{}", agent.id);
    let page = AgentPage {
        frame: Frame::of_data(agent.name, Section::Agents, member, place, &path),
        trust: TrustView::of(agent.id, conduct, place),
        actions: agent.actions.iter().map(action).collect(),
        schema: format!("{:#}", agents::schema(agent)),
        agent,
    };
    Answer::page(StatusCode::OK, &page)
}

/// How far it reaches, with the levels of trust that need a person for it.
fn action(action: &Proposable) -> ActionView {
    ActionView {
        id: action.id,
        reach: match action.kind {
            ActionKind::Fill => "can be changed: needs a person at level 1",
            ActionKind::Submit => "goes out: needs a person at levels 1 and 2, and at 3 from 10 000 US dollars",
            ActionKind::Destructive => "cannot be undone: needs a person at levels 1 to 4",
        },
        description: action.description,
    }
}
