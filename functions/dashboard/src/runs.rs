//! Runs: what the agents were given, what became of it, and a new one. A file per page; here, what a run looks like on all of them.

pub mod cancel;
pub mod create;
pub mod list;
pub mod show;
mod trace;

pub use self::show::pretty;

use eclips_engine::agents;
use eclips_shared::ids::RunId;
use eclips_shared::run::{Priority, RunSummary, Status};

use crate::batches;
use crate::moment::Moment;
use crate::place::Place;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// A run on a page.
struct RunView {
    id: String,
    path: String,
    task: String,
    agent: &'static str,
    agent_id: String,
    status: Badge,
    /// `None` for the usual one.
    priority: Option<&'static str>,
    confidence: String,
    credits: u64,
    attempts: u32,
    tokens: String,
    model: String,
    error: Option<String>,
    created_at: Moment,
    started_at: Option<Moment>,
    completed_at: Option<Moment>,
    /// The path of its batch.
    batch: Option<String>,
}

/// A word with a colour.
pub struct Badge {
    /// `good`, `soon` or `ended`.
    pub kind: &'static str,
    pub text: &'static str,
}

impl RunView {
    fn of(run: RunSummary, place: Place) -> Self {
        let agent = agents::find(&run.agent_type);
        Self {
            id: run.id.to_string(),
            path: place.at(&path_of(run.id)),
            task: run.task,
            agent: agent.map_or("An agent of another version", |agent| agent.name),
            agent_id: run.agent_type,
            status: badge(run.status),
            priority: (run.priority != Priority::Normal).then_some(run.priority.as_str()),
            confidence: percent(run.confidence_score),
            credits: run.credits,
            attempts: run.attempts,
            tokens: format!("{} read, {} written", run.usage.input_tokens, run.usage.output_tokens),
            model: run.model.unwrap_or_default(),
            error: run.error,
            created_at: run.created_at.into(),
            started_at: run.started_at.map(Into::into),
            completed_at: run.completed_at.map(Into::into),
            batch: run.batch_id.map(|batch| place.at(&batches::path_of(&batch))),
        }
    }
}

/// The path of a run's page.
pub fn path_of(run: RunId) -> String {
    format!("/runs/{run}")
}

/// How sure somebody is, in whole percent; nothing before there is an answer.
pub fn percent(confidence: Option<f64>) -> String {
    confidence.map_or(String::new(), |sure| format!("{:.0} %", sure * 100.0))
}

/// Where a run stands, in words that people use.
pub const fn badge(status: Status) -> Badge {
    let (kind, text) = match status {
        Status::Queued => ("ended", "Queued"),
        Status::Running => ("soon", "Running"),
        Status::PendingTriage => ("soon", "Waits for a person"),
        Status::Completed => ("good", "Completed"),
        Status::Failed => ("bad", "Failed"),
        Status::Cancelled => ("ended", "Cancelled"),
    };
    Badge { kind, text }
}

/// The id in the path; anything that is not a run's id is a run that does not exist.
fn run_id(visit: &Visit<'_>) -> Result<RunId, Refusal> {
    visit.id.as_deref().and_then(RunId::parse).ok_or(Refusal::NotFound)
}
