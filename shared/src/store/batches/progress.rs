//! How far batches are, for lists, and when one of them may have ended: kept from what is heard of their runs. A row's number is
//! put into a set, which is the same however often it is heard; which of them lag or are lost matters to lists alone.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use futures_util::future::join_all;

use super::super::item::{Attributes, Row, flag};
use super::super::{Change, StoreError, unavailable};
use super::list::numbers;
use super::{Batches, partition, told};
use crate::ids::BatchId;
use crate::run::Status;

/// What was heard of a batch's rows.
#[derive(Debug, Default)]
struct Heard {
    has_begun: bool,
    sets: BTreeMap<&'static str, BTreeSet<u16>>,
}

impl Batches<'_> {
    /// Notes what is heard of rows, and ends the batches whose rows have all ended. All of it may come again.
    ///
    /// *Errors*: [`StoreError::Unavailable`]: hearing all of it again does the rest; [`StoreError::Corrupt`], where nothing but that
    /// was in the way.
    pub async fn hear(&self, changes: &[Change]) -> Result<(), StoreError> {
        let mut heard: BTreeMap<BatchId, Heard> = BTreeMap::new();
        for change in changes {
            let Change::Run(run) = change else { continue };
            let Some((batch, row)) = run.row.filter(|_| !run.is_gone) else {
                continue;
            };
            let heard = heard.entry(batch).or_default();
            let set = match run.status {
                Status::Queued => continue,
                Status::Running => None,
                Status::PendingTriage => Some("triage"),
                Status::Completed => Some("completed"),
                Status::Failed => Some("failed"),
                Status::Cancelled => Some("cancelled"),
            };
            // A row that was cancelled before it began has not begun.
            heard.has_begun |= run.status != Status::Cancelled;
            if let Some(set) = set {
                heard.sets.entry(set).or_default().insert(row);
            }
        }
        // What fails holds up nothing but itself.
        told(join_all(heard.iter().map(|(batch, heard)| self.note(*batch, heard))).await)
    }

    async fn note(&self, batch: BatchId, heard: &Heard) -> Result<(), StoreError> {
        let Some(progress) = self.add(batch, heard).await? else {
            return Ok(());
        };
        let total: usize = Row::new("batch progress", &progress).number("total_rows")?;
        let mut ended = BTreeSet::new();
        for set in ["completed", "failed", "cancelled"] {
            ended.extend(numbers(&progress, set)?);
        }
        if ended.len() >= total
            && let Some(batch) = self.load(batch).await?
        {
            self.finish(&batch).await?;
        }
        Ok(())
    }

    /// Adds to the sets; gives them as they are then, or nothing where there is nothing to add or no such batch any more.
    async fn add(&self, batch: BatchId, heard: &Heard) -> Result<Option<Attributes>, StoreError> {
        let mut update = self.0.update(partition(batch), "P");
        let mut clauses = Vec::new();
        if heard.has_begun {
            clauses.push("SET begun = :begun".to_owned());
            update = update.expression_attribute_values(":begun", flag(true));
        }
        let mut adds = Vec::new();
        for (set, rows) in &heard.sets {
            adds.push(format!("{set} :{set}"));
            let rows = rows.iter().map(u16::to_string).collect();
            update = update.expression_attribute_values(format!(":{set}"), AttributeValue::Ns(rows));
        }
        if !adds.is_empty() {
            clauses.push(format!("ADD {}", adds.join(", ")));
        }
        if clauses.is_empty() {
            return Ok(None);
        }
        let sent = update
            .update_expression(clauses.join(" "))
            .condition_expression("attribute_exists(pk)")
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        match sent {
            Ok(answer) => Ok(answer.attributes),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|refused| refused.is_conditional_check_failed_exception()) =>
            {
                Ok(None)
            }
            Err(error) => Err(unavailable("note progress", &error)),
        }
    }
}
