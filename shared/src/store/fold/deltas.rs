//! What is added to each item of the totals, gathered before it is written. No call is made here.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_dynamodb::types::TransactWriteItem;
use eclips_engine::harness::{Outcome, RunEnd};

use super::super::conduct::Conduct;
use super::super::item::{n, s};
use super::super::totals::Per;
use super::super::transact::{update, update_main};
use super::super::{Store, StoreError};
use super::{AnswerChange, Known, Owner, RunChange};
use crate::auth::Tenant;
use crate::plan::LEDGER_RETENTION_MS;
use crate::run::Status;
use crate::time::{DAY_MS, Day, Timestamp};

/// An item of the totals.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Place {
    pk: String,
    sk: String,
}

#[derive(Clone, Debug, Default)]
struct Item {
    figures: BTreeMap<String, i64>,
    /// Attributes that get a value, whatever they had.
    texts: BTreeMap<String, String>,
    /// Attributes that are not needed any more.
    removed: Vec<String>,
    /// Seconds since 1970.
    ttl: i64,
}

/// The additions of one transaction.
#[derive(Clone, Debug)]
pub(super) struct Deltas {
    items: BTreeMap<Place, Item>,
    /// The totals as they were when this began.
    known: Arc<Known>,
}

/// The attribute that holds a month's credits.
pub(super) fn credits_of(month: &str) -> String {
    format!("credits_{month}")
}

/// Until when a day's totals are kept, in seconds since 1970: as long as the ledger.
pub(super) const fn kept_until(day: Day) -> i64 {
    day.start().plus_ms(LEDGER_RETENTION_MS + DAY_MS).seconds()
}

/// The word of a status as the figures of a day have it; those of an open run are not among them.
const fn settled(status: Status) -> Option<&'static str> {
    match status {
        Status::Queued | Status::Running => None,
        Status::PendingTriage | Status::Completed | Status::Failed | Status::Cancelled => Some(status.as_str()),
    }
}

impl Deltas {
    /// Nothing yet, over the totals as they are.
    pub(super) fn over(known: Known) -> Self {
        Self {
            items: BTreeMap::new(),
            known: Arc::new(known),
        }
    }

    /// How many items are written.
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// A run that stands elsewhere than when it was last counted.
    ///
    /// *Errors*: [`StoreError::Corrupt`].
    pub(super) fn run(&mut self, new: &RunChange, old: Option<Status>) -> Result<(), StoreError> {
        self.conduct(new, old)?;
        let owner = &new.owner;
        let agent = format!("agent_{}", owner.agent_type);
        let now = self.now(owner.tenant);
        let mut add = |name: &str, by: i64| *now.figures.entry(name.to_owned()).or_default() += by;
        if let Some(old) = old {
            add(old.as_str(), -1);
            add(&agent, -1);
        }
        if !new.is_gone {
            add(new.status.as_str(), 1);
            add(&agent, 1);
        }
        for item in self.of_day(owner, Day::of(new.created_at)) {
            let mut add = |name: &str, by| *item.figures.entry(name.to_owned()).or_default() += by;
            if old.is_none() {
                add("runs", 1);
            }
            if let Some(old) = old.and_then(settled) {
                add(old, -1);
            }
            if let Some(new) = settled(new.status) {
                add(new, 1);
            }
        }
        Ok(())
    }

    /// What a run's end says of its agent, from how the agent has done until then.
    fn conduct(&mut self, new: &RunChange, old: Option<Status>) -> Result<(), StoreError> {
        let was_open = old.is_none_or(|old| matches!(old, Status::Queued | Status::Running));
        let end = match new.status {
            Status::Completed | Status::PendingTriage if was_open => Some(RunEnd::Succeeded),
            Status::Failed if was_open && new.counts == Some(Outcome::Failed) => Some(RunEnd::Failed),
            _ => None,
        };
        let is_new_end = new.status.is_terminal() && old.is_none_or(|old| !old.is_terminal());
        let outcome = new.counts.filter(|_| is_new_end);
        if new.is_gone || (end.is_none() && outcome.is_none()) {
            return Ok(());
        }
        let (tenant, agent) = (new.owner.tenant, new.owner.agent_type.as_str());
        let place = place(tenant, "M".to_owned());
        let mut current = self.known.get(&place.pk).cloned().unwrap_or_default();
        if let Some(item) = self.items.get(&place) {
            current.extend(item.texts.iter().map(|(name, text)| (name.clone(), s(text))));
        }
        let before = Conduct::read(Some(&current), agent)?;
        let at = new.ended_at.unwrap_or_else(Timestamp::now);
        let after = before.after(outcome, end, at);
        if after != before {
            let texts = &mut self.now(tenant).texts;
            texts.extend(after.attributes(agent));
        }
        Ok(())
    }

    /// An answer that was not counted yet.
    pub(super) fn answer(&mut self, answer: &AnswerChange) {
        let credits = i64::try_from(answer.credits).unwrap_or(i64::MAX);
        if credits > 0 {
            let now = self.now(answer.owner.tenant);
            *now.figures.entry(credits_of(&answer.ended_at.month())).or_default() += credits;
            // The month before last: with the last one some records may still be on their way.
            now.removed = vec![credits_of(&two_months_before(answer.ended_at).month())];
        }
        for item in self.of_day(&answer.owner, Day::of(answer.ended_at)) {
            let tokens = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
            for (name, by) in [
                ("credits", credits),
                ("input_tokens", tokens(answer.usage.input_tokens)),
                ("output_tokens", tokens(answer.usage.output_tokens)),
            ] {
                *item.figures.entry(name.to_owned()).or_default() += by;
            }
        }
    }

    /// The writes, one for each item in which something changes.
    pub(super) fn writes(self, store: &Store) -> impl Iterator<Item = TransactWriteItem> {
        let known = self.known;
        let changed = self.items.into_iter().filter_map(|(place, mut item)| {
            item.figures.retain(|_, by| *by != 0);
            (!item.figures.is_empty() || !item.texts.is_empty()).then_some((place, item))
        });
        changed.map(move |(place, item)| {
            let mut change = update_main(store, &place.pk, &place.sk)
                .expression_attribute_names("#ttl", "ttl")
                .expression_attribute_values(":ttl", n(item.ttl));
            let mut sets = vec!["#ttl = :ttl".to_owned()];
            if !item.texts.is_empty() {
                // Numbers are added to whatever is there; these follow from what was there, which must still be so.
                let version = known.get(&place.pk).and_then(|item| item.get("version"));
                change = match version {
                    None => change.condition_expression("attribute_not_exists(version)"),
                    Some(version) => change
                        .condition_expression("version = :version")
                        .expression_attribute_values(":version", version.clone()),
                };
                let next = version.and_then(|version| version.as_n().ok()?.parse::<u64>().ok());
                sets.push("version = :next".to_owned());
                change = change.expression_attribute_values(":next", n(next.unwrap_or(0) + 1));
            }
            for (at, (name, text)) in item.texts.into_iter().enumerate() {
                sets.push(format!("#t{at} = :t{at}"));
                change = change
                    .expression_attribute_names(format!("#t{at}"), name)
                    .expression_attribute_values(format!(":t{at}"), s(text));
            }
            let mut added = Vec::with_capacity(item.figures.len());
            for (at, (name, by)) in item.figures.into_iter().enumerate() {
                added.push(format!("#n{at} :n{at}"));
                change = change
                    .expression_attribute_names(format!("#n{at}"), name)
                    .expression_attribute_values(format!(":n{at}"), n(by));
            }
            let mut expression = format!("SET {}", sets.join(", "));
            if !added.is_empty() {
                expression.push_str(&format!(" ADD {}", added.join(", ")));
            }
            for (at, name) in item.removed.into_iter().enumerate() {
                expression.push_str(if at == 0 { " REMOVE " } else { ", " });
                expression.push_str(&format!("#r{at}"));
                change = change.expression_attribute_names(format!("#r{at}"), name);
            }
            update(change.update_expression(expression))
        })
    }

    fn now(&mut self, tenant: Tenant) -> &mut Item {
        let until = Timestamp::now().plus_ms(LEDGER_RETENTION_MS).seconds();
        self.item(tenant, "M".to_owned(), until)
    }

    /// The two items of a day: by agent and by key.
    fn of_day(&mut self, owner: &Owner, day: Day) -> [&mut Item; 2] {
        let until = kept_until(day);
        let places = [(Per::Agent, &owner.agent_type), (Per::Key, &owner.key_id)]
            .map(|(per, name)| place(owner.tenant, format!("{}#{day}#{name}", per.letter())));
        for place in &places {
            let item = self.items.entry(place.clone()).or_default();
            item.ttl = until;
        }
        let [agent, key] = &places;
        // `A…` sorts before `K…`, so both can be borrowed at once.
        let mut found = self
            .items
            .iter_mut()
            .filter(|(place, _)| *place == agent || *place == key)
            .map(|(_, item)| item);
        let mut next = || found.next().expect("both were just put there");
        [next(), next()]
    }

    fn item(&mut self, tenant: Tenant, sk: String, ttl: i64) -> &mut Item {
        let item = self.items.entry(place(tenant, sk)).or_default();
        item.ttl = ttl;
        item
    }
}

fn place(tenant: Tenant, sk: String) -> Place {
    Place {
        pk: format!("T#{tenant}"),
        sk,
    }
}

fn two_months_before(at: Timestamp) -> Timestamp {
    let this = Day::of(at).first_of_month();
    this.plus(-1).first_of_month().plus(-1).start()
}
