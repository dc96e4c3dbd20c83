//! What is added to each item of the totals, gathered before it is written. No call is made here.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;

use super::super::Store;
use super::super::item::n;
use super::super::totals::Per;
use super::super::transact::{update, update_main};
use super::{AnswerChange, Owner, RunChange};
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
    /// Attributes that are not needed any more.
    removed: Vec<String>,
    /// Seconds since 1970.
    ttl: i64,
}

/// The additions of one transaction.
#[derive(Clone, Debug, Default)]
pub(super) struct Deltas(BTreeMap<Place, Item>);

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
    /// How many items are written.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// A run that stands elsewhere than when it was last counted.
    pub(super) fn run(&mut self, new: &RunChange, old: Option<Status>) {
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
        let changed = self.0.into_iter().filter_map(|(place, mut item)| {
            item.figures.retain(|_, by| *by != 0);
            (!item.figures.is_empty()).then_some((place, item))
        });
        changed.map(|(place, item)| {
            let mut change = update_main(store, &place.pk, &place.sk)
                .expression_attribute_names("#ttl", "ttl")
                .expression_attribute_values(":ttl", n(item.ttl));
            let mut added = Vec::with_capacity(item.figures.len());
            for (at, (name, by)) in item.figures.into_iter().enumerate() {
                added.push(format!("#n{at} :n{at}"));
                change = change
                    .expression_attribute_names(format!("#n{at}"), name)
                    .expression_attribute_values(format!(":n{at}"), n(by));
            }
            let mut expression = format!("SET #ttl = :ttl ADD {}", added.join(", "));
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
            let item = self.0.entry(place.clone()).or_default();
            item.ttl = until;
        }
        let [agent, key] = &places;
        // `A…` sorts before `K…`, so both can be borrowed at once.
        let mut found = self
            .0
            .iter_mut()
            .filter(|(place, _)| *place == agent || *place == key)
            .map(|(_, item)| item);
        let mut next = || found.next().expect("both were just put there");
        [next(), next()]
    }

    fn item(&mut self, tenant: Tenant, sk: String, ttl: i64) -> &mut Item {
        let item = self.0.entry(place(tenant, sk)).or_default();
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
