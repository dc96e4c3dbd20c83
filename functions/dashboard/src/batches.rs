//! Batches: many tasks from one table, how far they are, and what came of each. A file per page; here, what a batch looks like on all of
//! them.

pub mod cancel;
pub mod create;
pub mod download;
pub mod list;
pub mod show;
mod table;

pub use self::table::BYTES_MAX as TABLE_BYTES_MAX;

use std::fmt::Display;

use eclips_engine::agents;
use eclips_shared::batch::{BatchRow, BatchStatus, Job, RowStatus};
use eclips_shared::ids::BatchId;

use crate::guard::Member;
use crate::moment::Moment;
use crate::place::Place;
use crate::refusal::Refusal;
use crate::runs::Badge;
use crate::visit::Visit;

/// A batch on a page.
struct BatchView {
    id: String,
    path: String,
    name: String,
    agent: &'static str,
    agent_id: String,
    status: Badge,
    is_over: bool,
    total: u32,
    completed: u32,
    failed: u32,
    cancelled: u32,
    triage: u32,
    created_at: Moment,
    completed_at: Option<Moment>,
}

impl BatchView {
    fn of(job: Job, place: Place) -> Self {
        let agent = agents::find(&job.agent_type);
        Self {
            path: place.at(&path_of(&job.id)),
            name: job.name.unwrap_or_else(|| format!("{} tasks", job.total_rows)),
            agent: agent.map_or("An agent of another version", |agent| agent.name),
            agent_id: job.agent_type,
            status: badge(job.status),
            is_over: job.completed_at.is_some(),
            total: job.total_rows,
            completed: job.completed_rows,
            failed: job.failed_rows,
            cancelled: job.cancelled_rows,
            triage: job.triage_rows,
            created_at: job.created_at.into(),
            completed_at: job.completed_at.map(Into::into),
            id: job.id.to_string(),
        }
    }

    /// Rows that have ended, one way or another.
    fn ended(&self) -> u32 {
        self.completed + self.failed + self.cancelled
    }
}

/// The path of a batch's page.
pub fn path_of(batch: &impl Display) -> String {
    format!("/batches/{batch}")
}

/// Where a batch stands, in words that people use.
const fn badge(status: BatchStatus) -> Badge {
    let (kind, text) = match status {
        BatchStatus::Pending => ("ended", "Waiting"),
        BatchStatus::Running => ("soon", "Running"),
        BatchStatus::Completed => ("good", "Completed"),
        BatchStatus::Failed => ("bad", "Failed"),
        BatchStatus::Cancelled => ("ended", "Cancelled"),
    };
    Badge { kind, text }
}

/// Where a row stands, as [`badge`].
const fn row_badge(status: RowStatus) -> Badge {
    let (kind, text) = match status {
        RowStatus::Pending => ("ended", "Waiting"),
        RowStatus::Running => ("soon", "Running"),
        RowStatus::PendingTriage => ("soon", "Waits for a person"),
        RowStatus::Completed => ("good", "Completed"),
        RowStatus::Failed => ("bad", "Failed"),
        RowStatus::Cancelled => ("ended", "Cancelled"),
    };
    Badge { kind, text }
}

/// The number of a row as people count, from 1.
const fn number(row: &BatchRow) -> u32 {
    row.row_index as u32 + 1
}

/// The batch that the path names, with its rows. Anything that is no batch's id is a batch that does not exist.
async fn found(visit: &Visit<'_>, member: &Member, place: Place) -> Result<(Job, Vec<BatchRow>), Refusal> {
    let id = batch_id(visit)?;
    let found = visit.app.store.batches().show(place.tenant(member), id).await?;
    found.ok_or(Refusal::NotFound)
}

fn batch_id(visit: &Visit<'_>) -> Result<BatchId, Refusal> {
    visit.id.as_deref().and_then(BatchId::parse).ok_or(Refusal::NotFound)
}
