//! A run is cancelled: it ends in one transaction, whatever a worker or a person is doing with it at the moment.

use aws_sdk_dynamodb::types::TransactWriteItem;

use super::super::StoreError;
use super::super::item::{Attributes, Row, at, n, s};
use super::super::transact::{create, jitter, send, update, update_main};
use super::{Runs, events, is_shown};
use crate::auth::Tenant;
use crate::ids::RunId;
use crate::run::{EventDetail, EventKind, Status, event};
use crate::time::Timestamp;

/// Tries of a cancellation that the run's own progress overtakes; a run takes a step in milliseconds, and few of them.
const TRIES: u32 = 6;
/// The wait between them, with jitter.
const WAIT: std::time::Duration = std::time::Duration::from_millis(20);
/// The `error` of a cancelled run, and of the model call that it cut off.
const REASON: &str = "Run was cancelled";

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
            let writes = self.cancellation(tenant, run, status, &main)?;
            match send(self.0, "cancel run", writes).await {
                Ok(()) => return Ok(Cancelled::Now),
                Err(StoreError::Lost) => tokio::time::sleep(jitter(WAIT)).await,
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Unavailable {
            call: "cancel run",
            cause: format!("{TRIES} tries were overtaken"),
        })
    }

    /// The run, its last events, the model call that it cuts off and the question that it withdraws: all or nothing.
    fn cancellation(
        &self,
        tenant: Tenant,
        run: RunId,
        status: Status,
        main: &Attributes,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let row = Row::new("run", main);
        let (now, pk) = (Timestamp::now(), format!("R#{run}"));
        let seq: u64 = row.number("seq")?;
        let open = row.opt_text("open_attempt")?;
        let mut happened = Vec::with_capacity(2);
        if let Some(open) = open {
            let detail = EventDetail {
                error: Some(REASON.to_owned()),
                ..EventDetail::attempt(open)
            };
            happened.push((EventKind::AttemptFailed, status, detail));
        }
        happened.push((EventKind::Cancelled, Status::Cancelled, EventDetail::default()));
        let last = seq + happened.len() as u64;
        let texts = (seq + 1..)
            .zip(&happened)
            .map(|(seq, (kind, status, detail))| event(run, seq, *kind, now, *status, detail));
        let ttl = n(row.number::<i64>("ttl")?);
        let mut writes = vec![create(&self.0.main, events(&pk, seq + 1, texts.collect(), ttl), "pk")];

        let change = update_main(self.0, &pk, "M")
            .update_expression(
                "SET #status = :cancelled, tenant_status = :tenant_status, seq = :last, completed_at = :now, \
                 #error = :reason REMOVE lease_until, open_attempt",
            )
            // Whatever happens to a run raises its `seq`, and every worker's next write names the one that it knows.
            .condition_expression("seq = :seq AND #status = :status")
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#error", "error")
            .expression_attribute_values(":cancelled", s(Status::Cancelled.as_str()))
            .expression_attribute_values(":tenant_status", s(format!("{tenant}#{}", Status::Cancelled.as_str())))
            .expression_attribute_values(":last", n(last))
            .expression_attribute_values(":now", at(now))
            .expression_attribute_values(":reason", s(REASON))
            .expression_attribute_values(":seq", n(seq))
            .expression_attribute_values(":status", s(status.as_str()));
        writes.push(update(change));
        if let Some(open) = open {
            // What it takes is not known yet; should the model still answer, its worker writes that down.
            let lost = update_main(self.0, &pk, &format!("A#{open}"))
                .update_expression("SET #state = :lost, ended_at = :now")
                .condition_expression("#state = :started")
                .expression_attribute_names("#state", "state")
                .expression_attribute_values(":lost", s("lost"))
                .expression_attribute_values(":started", s("started"))
                .expression_attribute_values(":now", at(now));
            writes.push(update(lost));
        }
        if status == Status::PendingTriage {
            let withdrawn = update_main(self.0, &pk, "T")
                .update_expression("SET #status = :cancelled, decided_at = :now")
                .condition_expression("#status = :pending")
                .expression_attribute_names("#status", "status")
                .expression_attribute_values(":cancelled", s("cancelled"))
                .expression_attribute_values(":pending", s("pending"))
                .expression_attribute_values(":now", at(now));
            writes.push(update(withdrawn));
        }
        Ok(writes)
    }
}
