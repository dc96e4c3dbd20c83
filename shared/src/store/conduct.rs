//! How an agent has done for a tenant: its trust and its breaker. Written by `fold.rs`, read by the worker.
//!
//! *Attributes* of `T#<tenant>` / `M`: `trust_<agent>` (`<level>.<streak>`), `breaker_<agent>` (`<failures>.<open until, ms>`, 0 for
//! not open); absent for an agent that has not run yet. *Item* `C#<tenant>#<agent>` / `P`: the one probe of an open breaker whose
//! time is over: `run`, `until`, `ttl`. What follows from these numbers is the engine's to say.

use std::collections::BTreeMap;

use eclips_engine::harness::{BreakerRecord, Outcome, RunEnd, Trust};

use super::item::{Attributes, Row, at, n, s};
use super::{Store, StoreError, unavailable, written};
use crate::auth::Tenant;
use crate::ids::RunId;
use crate::time::{DAY_MS, MINUTE_MS, Timestamp};

/// How long a probe may take before another one may go: an invocation of the worker and its message's return.
const PROBE_MS: i64 = 17 * MINUTE_MS;

/// How an agent has done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Conduct {
    /// How much it is trusted.
    pub trust: Trust,
    /// Whether it keeps failing.
    pub breaker: BreakerRecord,
}

impl Conduct {
    /// Reads an agent's from the item of a tenant.
    pub(super) fn read(item: Option<&Attributes>, agent: &str) -> Result<Self, StoreError> {
        let none = Attributes::new();
        let row = Row::new("totals", item.unwrap_or(&none));
        let pair = |name: String| {
            let numbers = |text: &str| {
                let (first, second) = text.split_once('.')?;
                Some((first.parse::<u32>().ok()?, second.parse::<i64>().ok()?))
            };
            row.opt_parsed(&name, numbers)
        };
        let mut conduct = Self {
            trust: Trust { level: 1, streak: 0 },
            breaker: BreakerRecord::default(),
        };
        if let Some((level, streak)) = pair(format!("trust_{agent}"))? {
            conduct.trust = Trust {
                level: u8::try_from(level).unwrap_or(1),
                streak: u32::try_from(streak).unwrap_or(0),
            };
        }
        if let Some((failures, until)) = pair(format!("breaker_{agent}"))? {
            conduct.breaker = BreakerRecord {
                failures,
                open_until_ms: (until > 0).then_some(until),
            };
        }
        Ok(conduct)
    }

    /// The attributes that hold it.
    pub(super) fn attributes(self, agent: &str) -> [(String, String); 2] {
        let (trust, breaker) = (self.trust, self.breaker);
        [
            (format!("trust_{agent}"), format!("{}.{}", trust.level, trust.streak)),
            (
                format!("breaker_{agent}"),
                format!("{}.{}", breaker.failures, breaker.open_until_ms.unwrap_or(0)),
            ),
        ]
    }

    /// The same after a run.
    #[must_use]
    pub fn after(self, outcome: Option<Outcome>, end: Option<RunEnd>, at: Timestamp) -> Self {
        Self {
            trust: outcome.map_or(self.trust, |outcome| self.trust.after(outcome)),
            breaker: end.map_or(self.breaker, |end| self.breaker.after(end, at.ms())),
        }
    }
}

/// The word that `counts` of a run has for what its end says of its agent.
#[must_use]
pub const fn counts(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Correct => "correct",
        Outcome::Failed => "failed",
        Outcome::Reset => "reset",
    }
}

/// Reads the word; `None` for any other.
#[must_use]
pub fn read_counts(word: &str) -> Option<Outcome> {
    [Outcome::Correct, Outcome::Failed, Outcome::Reset]
        .into_iter()
        .find(|outcome| counts(*outcome) == word)
}

/// How agents have done.
#[derive(Debug)]
pub struct Conducts<'a>(pub(super) &'a Store);

impl Conducts<'_> {
    /// How each agent has done for a tenant that has run for it, by the agent's id.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn all(&self, tenant: Tenant) -> Result<BTreeMap<String, Conduct>, StoreError> {
        let item = self.0.get("read conduct", format!("T#{tenant}"), "M").await?;
        let names = item.iter().flat_map(Attributes::keys);
        let agents = names.filter_map(|name| name.strip_prefix("trust_").or_else(|| name.strip_prefix("breaker_")));
        agents
            .map(|agent| Ok((agent.to_owned(), Conduct::read(item.as_ref(), agent)?)))
            .collect()
    }

    /// How an agent has done for a tenant; eventually consistent, since what it is folded from lags anyway.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn of(&self, tenant: Tenant, agent: &str) -> Result<Conduct, StoreError> {
        let read = self
            .0
            .client
            .get_item()
            .table_name(&*self.0.main)
            .key("pk", s(format!("T#{tenant}")))
            .key("sk", s("M"))
            .projection_expression("#trust, #breaker")
            .expression_attribute_names("#trust", format!("trust_{agent}"))
            .expression_attribute_names("#breaker", format!("breaker_{agent}"));
        let answer = read.send().await.map_err(|error| unavailable("read conduct", &error))?;
        Conduct::read(answer.item(), agent)
    }

    /// Makes a run the one probe of an agent whose breaker was open long enough; says whether it is.
    ///
    /// The same run may ask again. A probe that never ends is forgotten after a while.
    ///
    /// *Errors*: [`StoreError::Unavailable`].
    pub async fn take_probe(
        &self,
        tenant: Tenant,
        agent: &str,
        run: RunId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let update = self
            .0
            .update(format!("C#{tenant}#{agent}"), "P")
            .update_expression("SET run = :run, #until = :until, #ttl = :ttl")
            .condition_expression("attribute_not_exists(pk) OR run = :run OR #until <= :now")
            .expression_attribute_names("#until", "until")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":run", s(run.to_string()))
            .expression_attribute_values(":until", at(now.plus_ms(PROBE_MS)))
            .expression_attribute_values(":ttl", n(now.plus_ms(DAY_MS).seconds()))
            .expression_attribute_values(":now", at(now));
        match written("take probe", update.send().await) {
            Ok(()) => Ok(true),
            Err(StoreError::Lost) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Lets the next probe go, after this one has ended: the breaker is closed, or open for another while. Doing it again
    /// changes nothing.
    ///
    /// *Errors*: [`StoreError::Unavailable`].
    pub async fn end_probe(&self, tenant: Tenant, agent: &str, run: RunId) -> Result<(), StoreError> {
        let update = self
            .0
            .update(format!("C#{tenant}#{agent}"), "P")
            .update_expression("SET #until = :zero")
            .condition_expression("run = :run")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":run", s(run.to_string()))
            .expression_attribute_values(":zero", n(0));
        match written("end probe", update.send().await) {
            Ok(()) | Err(StoreError::Lost) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
