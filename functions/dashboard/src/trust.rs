//! `GET /settings/trust`: how far each agent that has run is trusted, and whether it is left alone because it keeps failing. Trust
//! is earned by runs; no form gives it or takes it.

use askama::Template;
use eclips_engine::agents;
use eclips_engine::harness::State;
use eclips_shared::store::Conduct;
use eclips_shared::time::Timestamp;
use http::StatusCode;

use crate::answer::Answer;
use crate::frame::{Frame, Section};
use crate::guard::Member;
use crate::moment::Moment;
use crate::pages::Outcome;
use crate::place::Place;
use crate::visit::Visit;

/// An agent's trust on a page.
pub struct TrustView {
    pub name: String,
    /// The agent's page, where the roster has it.
    pub path: Option<String>,
    pub level: u8,
    pub rank: &'static str,
    pub streak: u32,
    /// How many correct runs in a row lift it; none at the top.
    pub needed: Option<u32>,
    pub failures: u32,
    pub breaker: Breaker,
}

/// How the breaker stands.
pub enum Breaker {
    Closed,
    OpenUntil(Moment),
    HalfOpen,
}

impl TrustView {
    pub fn of(id: &str, conduct: Conduct, place: Place) -> Self {
        let (level, rank) = conduct.trust.rank();
        let agent = agents::find(id);
        let open_until = conduct.breaker.open_until_ms.unwrap_or_default();
        Self {
            name: agent.map_or(id, |agent| agent.name).to_owned(),
            path: agent.map(|agent| place.at(&format!("/agents/{}", agent.id))),
            level,
            rank,
            streak: conduct.trust.streak,
            needed: conduct.trust.runs_to_rise(),
            failures: conduct.breaker.failures,
            breaker: match conduct.breaker.state(Timestamp::now().ms()) {
                State::Closed => Breaker::Closed,
                State::Open => Breaker::OpenUntil(Timestamp::from_ms(open_until).into()),
                State::HalfOpen => Breaker::HalfOpen,
            },
        }
    }
}

#[derive(Template)]
#[template(path = "trust.html")]
struct TrustPage {
    frame: Frame,
    agents: Vec<TrustView>,
}

/// Shows them, by name; the roster bounds how many there are.
pub async fn answer(visit: &Visit<'_>, member: &Member) -> Outcome {
    let place = Place::read(visit)?;
    let all = visit.app.store.conducts().all(place.tenant(member)).await?;
    let mut agents: Vec<TrustView> = all
        .into_iter()
        .map(|(id, conduct)| TrustView::of(&id, conduct, place))
        .collect();
    agents.sort_by(|one, other| one.name.cmp(&other.name));
    let page = TrustPage {
        frame: Frame::of_data("Trust levels", Section::Trust, member, place, "/settings/trust"),
        agents,
    };
    Answer::page(StatusCode::OK, &page)
}
