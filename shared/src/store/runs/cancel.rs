//! A run is cancelled: it ends in one transaction, whatever a worker or a person is doing with it at the moment.

use aws_sdk_dynamodb::types::TransactWriteItem;

use super::super::item::{Attributes, Row};
use super::super::transact::{jitter, send};
use super::super::{Expired, StoreError, triage};
use super::ending::{self, Ending, Fence};
use super::{Runs, is_shown};
use crate::auth::Tenant;
use crate::batch::BATCH_WAS_CANCELLED;
use crate::ids::{RunId, TriageId};
use crate::run::{EventDetail, EventKind, Status};
use crate::time::Timestamp;

/// Tries of a cancellation that the run's own progress overtakes; a run takes a step in milliseconds, and few of them.
const TRIES: u32 = 6;
/// The wait between them, with jitter.
const WAIT: std::time::Duration = std::time::Duration::from_millis(20);
/// The `error` of a run that was cancelled by itself, and of the model call that it cut off. *Source*: contract §3.
const RUN_WAS_CANCELLED: &str = "Run was cancelled";

/// What became of a wish to cancel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cancelled {
    /// The run has ended by it.
    Now,
    /// The run had ended before.
    TooLate {
        /// As what.
        status: Status,
        /// When.
        at: Option<Timestamp>,
    },
    /// The tenant has no such run.
    NoSuchRun,
}

impl Runs<'_> {
    /// Ends a run as `cancelled`, if it has not ended yet. Once this has returned no model call begins for it: each begins
    /// with a write that this one refuses.
    ///
    /// *Errors*: [`StoreError::Unavailable`]: it may be cancelled or not; asking again tells.
    pub async fn cancel(&self, tenant: Tenant, run: RunId) -> Result<Cancelled, StoreError> {
        self.end(tenant, run, RUN_WAS_CANCELLED).await
    }

    /// Does the same to the row of a batch that was cancelled, and says so: its `error` is that of a row which never had a run.
    ///
    /// *Errors*: as [`Runs::cancel`].
    pub async fn cancel_row(&self, tenant: Tenant, run: RunId) -> Result<Cancelled, StoreError> {
        self.end(tenant, run, BATCH_WAS_CANCELLED).await
    }

    async fn end(&self, tenant: Tenant, run: RunId, reason: &'static str) -> Result<Cancelled, StoreError> {
        for _ in 0..TRIES {
            let main = self.0.get("read run", format!("R#{run}"), "M").await?;
            let Some(main) = main else {
                return Ok(Cancelled::NoSuchRun);
            };
            if !is_shown(&main, tenant)? {
                return Ok(Cancelled::NoSuchRun);
            }
            let row = Row::new("run", &main);
            let status = row.parsed("status", Status::parse)?;
            if status.is_terminal() {
                let at = row.opt_time("completed_at")?;
                return Ok(Cancelled::TooLate { status, at });
            }
            let writes = self.cancellation(tenant, run, status, &main, reason)?;
            match send(self.0, "cancel run", writes).await {
                Ok(()) => return Ok(Cancelled::Now),
                Err(StoreError::Lost) => {
                    if status == Status::PendingTriage && self.has_expired(&main).await? {
                        continue;
                    }
                    tokio::time::sleep(jitter(WAIT)).await;
                }
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Unavailable {
            call: "cancel run",
            cause: format!("{TRIES} tries were overtaken"),
        })
    }

    /// Writes down that the time to decide is over, if it is; the run has failed by it then, before it was to be cancelled.
    async fn has_expired(&self, main: &Attributes) -> Result<bool, StoreError> {
        let triage = Row::new("run", main).parsed("triage_item_id", TriageId::parse)?;
        match self.0.triages().expire(triage, Timestamp::now()).await {
            Ok(expired) => Ok(expired == Expired::Now),
            Err(StoreError::Lost) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The run, its last events, the model call that it cuts off and the question that it withdraws: all or nothing.
    fn cancellation(
        &self,
        tenant: Tenant,
        run: RunId,
        status: Status,
        main: &Attributes,
        reason: &'static str,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let (now, row) = (Timestamp::now(), Row::new("run", main));
        let ending = Ending {
            status: Status::Cancelled,
            kind: EventKind::Cancelled,
            detail: EventDetail::default(),
            reason,
            fence: Fence::Overrules,
        };
        let mut writes = ending::writes(self.0, run, main, &ending, now)?;
        if status == Status::PendingTriage {
            let triage = row.parsed("triage_item_id", TriageId::parse)?;
            writes.push(triage::withdraw(self.0, tenant, triage, now));
        }
        Ok(writes)
    }
}
