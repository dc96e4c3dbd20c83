//! A triage item whose time is over, written down: the item, and the run that waited for it.

use super::super::StoreError;
use super::super::item::Row;
use super::super::runs::ending::{self, Ending, Fence};
use super::super::transact::{send, update};
use super::{Triages, settle};
use crate::ids::TriageId;
use crate::run::{EventDetail, EventKind, Status};
use crate::time::Timestamp;
use crate::triage::TriageStatus;

/// The `error` of a run whose triage item expired.
const REASON: &str = "Triage expired";

/// What became of an item whose time may be over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expired {
    /// It has expired now, and its run has failed by it.
    Now,
    /// It had ended before.
    Before(TriageStatus),
    /// It is not too late yet.
    NotYet {
        /// When it will be.
        expires_at: Timestamp,
    },
    /// There is no such item any more, or no run that waits for it.
    Gone,
}

impl Triages<'_> {
    /// Ends an item whose time is over at that moment, and its run as failed. It takes no tenant: the sweep has none, and a
    /// cancellation has looked at its own. Doing it again changes nothing.
    ///
    /// *Errors*: [`StoreError::Lost`] when somebody else was first, or the run is not waiting; the next sweep finds out.
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn expire(&self, triage: TriageId, now: Timestamp) -> Result<Expired, StoreError> {
        let Some(question) = self.read(triage).await? else {
            return Ok(Expired::Gone);
        };
        if question.stored != TriageStatus::Pending {
            return Ok(Expired::Before(question.stored));
        }
        let expires_at = question.item.expires_at;
        if expires_at > now {
            return Ok(Expired::NotYet { expires_at });
        }
        let (tenant, run) = (question.tenant, question.item.run_id);
        let Some(main) = self.0.get("read run", format!("R#{run}"), "M").await? else {
            return Ok(Expired::Gone);
        };
        if Row::new("run", &main).parsed("status", Status::parse)? != Status::PendingTriage {
            // It was cancelled or decided between the two reads.
            return Err(StoreError::Lost);
        }
        let ending = Ending {
            status: Status::Failed,
            kind: EventKind::Failed,
            detail: EventDetail {
                error: Some(REASON.to_owned()),
                triage_item_id: Some(triage),
                ..EventDetail::default()
            },
            reason: REASON,
            // No worker holds a run that waits for a person.
            fence: Fence::Overrules,
        };
        let mut writes = ending::writes(self.0, run, &main, &ending, now)?;
        // From that moment on everybody was told so.
        let item = settle(self.0, tenant, triage, TriageStatus::Expired, expires_at);
        writes.push(update(item));
        send(self.0, "expire triage item", writes).await.map(|()| Expired::Now)
    }
}
