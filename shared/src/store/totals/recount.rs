//! The totals of a day, counted again from the runs and their ledger: what they should be, and where they drift. For
//! operators; it reads every run of a fortnight.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::item::{Attributes, Row, s};
use super::super::{StoreError, unavailable};
use super::{Days, Figures, Per, Totals};
use crate::auth::Tenant;
use crate::ids::RunId;
use crate::run::Status;
use crate::time::Day;

/// How many days before an answer its run may have been made: retries, dead letters and triage all end well within it.
const RUN_DAYS_MAX: i64 = 15;

/// What a recount found.
#[derive(Debug, Serialize)]
pub struct Recount {
    /// Runs that were read.
    pub runs: u64,
    /// Model answers of the day in their ledgers.
    pub answers: u64,
    /// Items of usage that were compared.
    pub rows: u64,
    /// Every figure that differs; none when all is well.
    pub drift: Vec<Drift>,
}

/// A figure that is not what the ledger says.
#[derive(Debug, Serialize)]
pub struct Drift {
    /// By what it is counted.
    pub per: Per,
    /// The agent, or the key's id.
    pub name: String,
    /// Which figure.
    pub figure: &'static str,
    /// What the totals say.
    pub counted: u64,
    /// What the ledger says.
    pub ledger: u64,
}

type Rows = BTreeMap<(char, String), Figures>;

impl Totals<'_> {
    /// Counts a day of a tenant again and compares. Runs that are under way meanwhile may show as drift: the totals lag them
    /// by a second or two. Runs whose time is over are not there to be counted any more.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn recount(&self, tenant: Tenant, day: Day) -> Result<Recount, StoreError> {
        let (mut ledger, mut found) = (
            Rows::new(),
            Recount {
                runs: 0,
                answers: 0,
                rows: 0,
                drift: Vec::new(),
            },
        );
        for run in self.runs_of(tenant, day).await? {
            found.runs += 1;
            self.add_run(&mut ledger, run, day, &mut found.answers).await?;
        }
        let mut counted = Rows::new();
        for per in [Per::Agent, Per::Key] {
            for row in self.rows(tenant, per, Days { from: day, to: day }).await? {
                counted.insert((per.letter(), row.name), row.figures);
            }
        }
        let names: std::collections::BTreeSet<_> = ledger.keys().chain(counted.keys()).cloned().collect();
        for name in names {
            found.rows += 1;
            let mut pair = [&counted, &ledger].map(|rows| rows.get(&name).copied().unwrap_or_default());
            let [mut theirs, mut ours] = pair.each_mut().map(|figures| figures.values().map(|value| *value));
            for ((figure, counted), ledger) in Figures::NAMES.into_iter().zip(&mut theirs).zip(&mut ours) {
                if counted != ledger {
                    let per = if name.0 == Per::Agent.letter() {
                        Per::Agent
                    } else {
                        Per::Key
                    };
                    found.drift.push(Drift {
                        per,
                        name: name.1.clone(),
                        figure,
                        counted: *counted,
                        ledger: *ledger,
                    });
                }
            }
        }
        Ok(found)
    }

    /// The runs that may have a share in a day.
    pub(in super::super) async fn runs_of(&self, tenant: Tenant, day: Day) -> Result<Vec<RunId>, StoreError> {
        let query = self
            .0
            .client
            .query()
            .table_name(&*self.0.main)
            .index_name("by_tenant")
            .key_condition_expression("tenant = :tenant AND run_id BETWEEN :first AND :last")
            .expression_attribute_values(":tenant", s(tenant.to_string()))
            .expression_attribute_values(":first", s(RunId::first_at(day.plus(-RUN_DAYS_MAX).start())))
            .expression_attribute_values(":last", s(RunId::first_at(day.plus(1).start())));
        let items = query.into_paginator().items().send();
        let items: Vec<Attributes> = items
            .collect::<Result<_, _>>()
            .await
            .map_err(|error| unavailable("list runs", &error))?;
        items
            .iter()
            .map(|item| Row::new("run", item).parsed("run_id", RunId::parse))
            .collect()
    }

    /// Adds what a run and its ledger say of a day.
    async fn add_run(&self, rows: &mut Rows, run: RunId, day: Day, answers: &mut u64) -> Result<(), StoreError> {
        let pk = format!("R#{run}");
        if let Some(main) = self.0.get("read run", pk.clone(), "M").await? {
            let row = Row::new("run", &main);
            if Day::of(row.time("created_at")?) == day {
                let mut made = Figures {
                    runs: 1,
                    ..Figures::default()
                };
                match row.parsed("status", Status::parse)? {
                    Status::Queued | Status::Running => {}
                    Status::PendingTriage => made.pending_triage = 1,
                    Status::Completed => made.completed = 1,
                    Status::Failed => made.failed = 1,
                    Status::Cancelled => made.cancelled = 1,
                }
                add(rows, &row, made)?;
            }
        }
        for item in self.0.partition("read ledger", pk, "A#").await? {
            let row = Row::new("attempt", &item);
            let ended = row.opt_time("ended_at")?.map(Day::of);
            if ended != Some(day) || !item.contains_key("credits") {
                continue;
            }
            *answers += 1;
            let spent = Figures {
                credits: row.number("credits")?,
                input_tokens: row.number("input_tokens")?,
                output_tokens: row.number("output_tokens")?,
                ..Figures::default()
            };
            add(rows, &row, spent)?;
        }
        Ok(())
    }
}

fn add(rows: &mut Rows, row: &Row<'_>, figures: Figures) -> Result<(), StoreError> {
    for (per, name) in [(Per::Agent, "agent_type"), (Per::Key, "key_id")] {
        *rows.entry((per.letter(), row.text(name)?.to_owned())).or_default() += figures;
    }
    Ok(())
}
