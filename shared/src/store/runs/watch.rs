//! A run's events, as a reader follows them.

use super::super::item::{Attributes, Row, s};
use super::super::{Store, StoreError, unavailable};
use super::{Runs, is_shown};
use crate::auth::Tenant;
use crate::ids::RunId;
use crate::run::EventKind;

/// What happened to a run, as it is given out to every reader, for ever the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunEvent {
    /// Its number in the run: 1, 2, 3 …
    pub seq: u64,
    /// What happened.
    pub kind: EventKind,
    /// The event as it is stored: one line of JSON.
    pub text: String,
}

/// A run that is being followed, by somebody who may see it: only [`Runs::watch`] makes one.
#[derive(Debug)]
pub struct Watch {
    run: RunId,
    /// The number of the last event that was read.
    seq: u64,
}

impl Runs<'_> {
    /// Begins to follow a run; gives the events that there are.
    ///
    /// *Errors*: `None` for no such run, another tenant's, and one whose time is over; [`StoreError::Unavailable`],
    /// [`StoreError::Corrupt`].
    pub async fn watch(&self, tenant: Tenant, run: RunId) -> Result<Option<(Watch, Vec<RunEvent>)>, StoreError> {
        let mut watch = Watch::of(run);
        let (main, events) = tokio::join!(self.0.get("watch run", format!("R#{run}"), "M"), watch.look(self.0));
        let Some(main) = main? else { return Ok(None) };
        if !is_shown(&main, tenant)? {
            return Ok(None);
        }
        Ok(Some((watch, events?)))
    }
}

impl Watch {
    /// Begins at the first event of a run, whoever's it is.
    pub(in crate::store) const fn of(run: RunId) -> Self {
        Self { run, seq: 0 }
    }

    /// Reads the events since the last look, in order and without a gap.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`]; nothing is skipped by looking again.
    pub async fn look(&mut self, store: &Store) -> Result<Vec<RunEvent>, StoreError> {
        let pk = format!("R#{}", self.run);
        let query = store
            .client
            .query()
            .table_name(&*store.main)
            .key_condition_expression("pk = :run AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":run", s(pk))
            // An item begins where the one before it ended.
            .expression_attribute_values(":first", s(format!("E#{:08}", self.seq + 1)))
            .expression_attribute_values(":last", s("E#99999999"))
            .consistent_read(true);
        // A run has some thirty events of 300 bytes: far below the 1 MB of a page.
        let answer = query.send().await.map_err(|error| unavailable("read events", &error))?;
        let mut found = Vec::new();
        for item in answer.items() {
            found.extend(read(item, self.seq + 1 + found.len() as u64)?);
        }
        self.seq += found.len() as u64;
        Ok(found)
    }

    /// Takes back the last look, so that the next one finds the same events again.
    pub fn unread(&mut self, found: &[RunEvent]) {
        self.seq -= found.len() as u64;
    }
}

/// The events of an item, which must begin at the expected number.
fn read(item: &Attributes, expected: u64) -> Result<Vec<RunEvent>, StoreError> {
    let row = Row::new("events", item);
    let first: u64 = row.parsed("sk", |sk| sk.strip_prefix("E#")?.parse().ok())?;
    if first != expected {
        return Err(row.corrupt("sk"));
    }
    let texts = row.texts("events")?;
    (first..)
        .zip(texts)
        .map(|(seq, text)| {
            let kind = kind(text).ok_or_else(|| row.corrupt("events"))?;
            let text = text.to_owned();
            Ok(RunEvent { seq, kind, text })
        })
        .collect()
}

fn kind(text: &str) -> Option<EventKind> {
    #[derive(serde::Deserialize)]
    struct Typed<'a> {
        #[serde(rename = "type")]
        kind: &'a str,
    }
    EventKind::parse(serde_json::from_str::<Typed<'_>>(text).ok()?.kind)
}
