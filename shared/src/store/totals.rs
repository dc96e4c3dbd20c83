//! What an organization uses: the totals that are folded from its runs and their ledger, read and checked. `fold.rs` writes.
//!
//! *Item* `T#<tenant>` / `M`: how many runs there are now, by status (`queued` …) and by agent (`agent_<id>`); the credits of
//! the last months (`credits_<2026-06>`); `ttl` (730 days after the last change). *Item* `T#<tenant>` /
//! `A#<day>#<agent>` and `K#<day>#<key_id>`: a [`Figures`] each; `ttl`. *Item* `T#<org>` / `D#<day>`: `requests` of a day that
//! is over, all keys together; `ttl`.

mod recount;

use std::collections::BTreeMap;

use serde::Serialize;

use super::item::{Attributes, Row, s};
use super::runs::RunFilter;
use super::{Store, StoreError, unavailable};
use crate::auth::Tenant;
use crate::ids::OrgId;
use crate::run::Status;
use crate::time::Day;

pub use self::recount::{Drift, Recount};

/// What is counted per day and agent, and per day and key.
///
/// Runs are counted on the day they were made, by what has become of them since; credits and tokens on the day on which
/// the model answered. So a day's statuses add up with the open runs, and a month's credits are what the guard sees.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Figures {
    /// Runs made.
    pub runs: u64,
    /// Of these, ended with a result.
    pub completed: u64,
    /// Of these, ended without one.
    pub failed: u64,
    /// Of these, ended by their owner or by a person's rejection.
    pub cancelled: u64,
    /// Of these, waiting for a person now.
    pub pending_triage: u64,
    /// Credits spent.
    pub credits: u64,
    /// Tokens read by models.
    pub input_tokens: u64,
    /// Tokens written by models.
    pub output_tokens: u64,
}

impl Figures {
    /// The attributes of an item, in the order of the fields.
    pub(super) const NAMES: [&str; 8] = [
        "runs",
        "completed",
        "failed",
        "cancelled",
        "pending_triage",
        "credits",
        "input_tokens",
        "output_tokens",
    ];

    fn values(&mut self) -> [&mut u64; 8] {
        [
            &mut self.runs,
            &mut self.completed,
            &mut self.failed,
            &mut self.cancelled,
            &mut self.pending_triage,
            &mut self.credits,
            &mut self.input_tokens,
            &mut self.output_tokens,
        ]
    }

    fn read(item: &Attributes) -> Result<Self, StoreError> {
        let (row, mut figures) = (Row::new("usage", item), Self::default());
        for (name, value) in Self::NAMES.into_iter().zip(figures.values()) {
            *value = row.opt_number(name)?.unwrap_or(0);
        }
        Ok(figures)
    }
}

impl std::ops::AddAssign for Figures {
    fn add_assign(&mut self, mut other: Self) {
        for (sum, more) in self.values().into_iter().zip(other.values()) {
            *sum += *more;
        }
    }
}

/// Days in a row, both ends included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Days {
    /// The first.
    pub from: Day,
    /// The last.
    pub to: Day,
}

/// By what usage is told apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// By the agent that the runs were given to.
    Agent,
    /// By the key that started them.
    Key,
}

impl Per {
    pub(super) const fn letter(self) -> char {
        match self {
            Self::Agent => 'A',
            Self::Key => 'K',
        }
    }
}

/// One item of usage: whose it is (an agent or a key), on which day, and how much.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UsageRow {
    /// The day.
    pub day: Day,
    /// The agent, or the key's id.
    pub name: String,
    /// How much.
    pub figures: Figures,
}

/// The totals of a tenant.
#[derive(Debug)]
pub struct Totals<'a>(pub(super) &'a Store);

impl Totals<'_> {
    /// What was used on some days, per agent or per key, by day. Lags a run by a second or two.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn rows(&self, tenant: Tenant, per: Per, days: Days) -> Result<Vec<UsageRow>, StoreError> {
        let letter = per.letter();
        let items = self
            .between(
                "read usage",
                format!("T#{tenant}"),
                format!("{letter}#{}", days.from),
                // Behind every name of the last day, and before the next one.
                format!("{letter}#{}$", days.to),
            )
            .await?;
        items.iter().map(read_row).collect()
    }

    /// The requests of days that are over, all keys of the organization together. The day that is not over yet is on the
    /// limits item: see `Limits::allowed`.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn requests(&self, org: OrgId, days: Days) -> Result<BTreeMap<Day, u64>, StoreError> {
        let items = self
            .between(
                "read requests",
                format!("T#{org}"),
                format!("D#{}", days.from),
                format!("D#{}", days.to),
            )
            .await?;
        let read = |item: &Attributes| {
            let row = Row::new("requests", item);
            let day = row.parsed("sk", |sk| Day::parse(sk.strip_prefix("D#")?))?;
            Ok((day, row.number("requests")?))
        };
        items.iter().map(read).collect()
    }

    /// How many runs a list holds by the totals.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub(super) async fn runs_now(&self, tenant: Tenant, filter: RunFilter) -> Result<u64, StoreError> {
        let read = self
            .0
            .client
            .get_item()
            .table_name(&*self.0.main)
            .key("pk", s(format!("T#{tenant}")))
            .key("sk", s("M"));
        let answer = read.send().await.map_err(|error| unavailable("read totals", &error))?;
        let Some(item) = answer.item() else { return Ok(0) };
        let row = Row::new("totals", item);
        // A count below zero would be a fault of ours, and no reason to refuse a list.
        let count = |name: &str| Ok(u64::try_from(row.opt_number::<i64>(name)?.unwrap_or(0)).unwrap_or(0));
        match filter {
            RunFilter::All => Status::ALL
                .iter()
                .map(|status| count(status.as_str()))
                .sum::<Result<_, _>>(),
            RunFilter::Status(status) => count(status.as_str()),
            RunFilter::Agent(agent) => count(&format!("agent_{agent}")),
        }
    }

    async fn between(
        &self,
        call: &'static str,
        pk: String,
        from: String,
        to: String,
    ) -> Result<Vec<Attributes>, StoreError> {
        let query = self
            .0
            .client
            .query()
            .table_name(&*self.0.main)
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":pk", s(pk))
            .expression_attribute_values(":from", s(from))
            .expression_attribute_values(":to", s(to));
        let items = query.into_paginator().items().send();
        items
            .collect::<Result<_, _>>()
            .await
            .map_err(|error| unavailable(call, &error))
    }
}

fn read_row(item: &Attributes) -> Result<UsageRow, StoreError> {
    let row = Row::new("usage", item);
    let (day, name) = row.parsed("sk", |sk| {
        let (day, name) = sk.get(2..)?.split_once('#')?;
        Some((Day::parse(day)?, name.to_owned()))
    })?;
    Ok(UsageRow {
        day,
        name,
        figures: Figures::read(item)?,
    })
}
