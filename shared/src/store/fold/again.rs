//! Counting from the items instead of the stream, for what a dead letter kept from being counted. As safe as any other
//! counting: what was counted stays counted once.

use super::super::StoreError;
use super::super::conduct::read_counts;
use super::super::item::{Attributes, Row};
use super::{AnswerChange, Change, Fold, Owner, RunChange};
use crate::auth::Tenant;
use crate::ids::{BatchId, RunId};
use crate::run::{Status, Usage};
use crate::time::Day;

impl Fold<'_> {
    /// Counts whatever of a day's runs has not been counted; gives how many runs it looked at. Deleted runs are not there to
    /// be counted.
    ///
    /// *Errors*: as [`Fold::count`].
    pub async fn count_again(&self, tenant: Tenant, day: Day) -> Result<u64, StoreError> {
        let runs = self.0.totals().runs_of(tenant, day).await?;
        for run in &runs {
            self.count(&self.told_by(*run).await?).await?;
        }
        Ok(runs.len() as u64)
    }

    /// What the stream would have told last of a run and its answers.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn told_by(&self, run: RunId) -> Result<Vec<Change>, StoreError> {
        let pk = format!("R#{run}");
        let mut changes = Vec::new();
        if let Some(main) = self.0.get("read run", pk.clone(), "M").await? {
            changes.push(Change::Run(run_change(run, &main)?));
        }
        for item in self.0.partition("read ledger", pk, "A#").await? {
            if item.contains_key("credits") {
                changes.push(Change::Answer(answer_change(run, &item)?));
            }
        }
        Ok(changes)
    }
}

fn owner(row: &Row<'_>) -> Result<Owner, StoreError> {
    Ok(Owner {
        tenant: row.parsed("tenant", Tenant::parse)?,
        agent_type: row.text("agent_type")?.to_owned(),
        key_id: row.text("key_id")?.to_owned(),
    })
}

fn run_change(run: RunId, main: &Attributes) -> Result<RunChange, StoreError> {
    let row = Row::new("run", main);
    let batch = row.opt_parsed("batch_id", BatchId::parse)?;
    Ok(RunChange {
        run,
        row: match batch {
            Some(batch) => Some((batch, row.number("row_index")?)),
            None => None,
        },
        owner: owner(&row)?,
        created_at: row.time("created_at")?,
        seq: row.number("seq")?,
        status: row.parsed("status", Status::parse)?,
        is_gone: false,
        counts: row.opt_parsed("counts", read_counts)?,
        is_probe: main.contains_key("probe"),
        ended_at: row.opt_time("completed_at")?,
        ttl: row.number("ttl")?,
    })
}

fn answer_change(run: RunId, attempt: &Attributes) -> Result<AnswerChange, StoreError> {
    let row = Row::new("attempt", attempt);
    Ok(AnswerChange {
        run,
        name: row.parsed("sk", |sk| sk.strip_prefix("A#").map(str::to_owned))?,
        owner: owner(&row)?,
        ended_at: row.time("ended_at")?,
        credits: row.number("credits")?,
        usage: Usage {
            input_tokens: row.number("input_tokens")?,
            output_tokens: row.number("output_tokens")?,
        },
    })
}
