//! The inbox: what waits for a person. A file per page; here, what a question looks like on both.

pub mod decide;
pub mod list;
pub mod show;

use eclips_engine::agents;
use eclips_shared::ids::TriageId;
use eclips_shared::run::Priority;
use eclips_shared::triage::{TriageItem, TriageStatus};

use crate::moment::Moment;
use crate::place::Place;
use crate::refusal::Refusal;
use crate::runs::{Badge, path_of as run_path, percent, pretty};
use crate::visit::Visit;

/// A question on a page.
struct QuestionView {
    id: String,
    path: String,
    run_path: String,
    title: String,
    agent: &'static str,
    summary: String,
    reasoning: String,
    risk: Option<String>,
    confidence: String,
    priority: &'static str,
    /// The proposed output; `None` where it is too long for a list.
    payload: Option<String>,
    status: Badge,
    is_pending: bool,
    created_at: Moment,
    expires_at: Moment,
    decided_at: Option<Moment>,
    decided_by: Option<String>,
    note: Option<String>,
}

impl QuestionView {
    fn of(item: TriageItem, place: Place) -> Self {
        let agent = agents::find(&item.agent_type);
        Self {
            path: place.at(&path_of(item.id)),
            id: item.id.to_string(),
            run_path: place.at(&run_path(item.run_id)),
            agent: agent.map_or("An agent of another version", |agent| agent.name),
            title: item.title,
            summary: item.summary,
            reasoning: item.reasoning,
            risk: item.risk,
            confidence: percent(Some(item.confidence_score)),
            priority: item.priority.as_str(),
            payload: item.payload.as_deref().map(pretty),
            status: badge(item.status),
            is_pending: item.status == TriageStatus::Pending,
            created_at: item.created_at.into(),
            expires_at: item.expires_at.into(),
            decided_at: item.decided_at.map(Into::into),
            decided_by: item.decided_by,
            note: item.note,
        }
    }
}

fn path_of(item: TriageId) -> String {
    format!("/inbox/{item}")
}

const fn badge(status: TriageStatus) -> Badge {
    let (kind, text) = match status {
        TriageStatus::Pending => ("soon", "Waits"),
        TriageStatus::Approved => ("good", "Approved"),
        TriageStatus::Rejected => ("bad", "Rejected"),
        TriageStatus::Expired => ("ended", "Expired"),
        TriageStatus::Cancelled => ("ended", "Cancelled"),
    };
    Badge { kind, text }
}

/// Which heading a priority comes under: the first, the second or the third.
const fn group(priority: Priority) -> usize {
    match priority {
        Priority::Critical | Priority::Urgent => 0,
        Priority::High => 1,
        Priority::Normal | Priority::Low => 2,
    }
}

/// The id in the path; anything that is no question's id is a question that does not exist.
fn triage_id(visit: &Visit<'_>) -> Result<TriageId, Refusal> {
    visit.id.as_deref().and_then(TriageId::parse).ok_or(Refusal::NotFound)
}
