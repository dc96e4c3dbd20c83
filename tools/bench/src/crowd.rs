//! An organization with as many runs as are wanted: copies of real runs that have ended, with ids and moments of their own.
//!
//! A copy has the ids of run, organization and key replaced wherever they stand, and its moments moved. The first thousand have all items of their originals, and what they add up to
//! is counted by the counter itself, from changes as the stream would tell them. Of those behind them only the run's own item is written, which all lists are made of: events, ledger and notes lie in
//! partitions of their own that no page reads. Their totals are those of the first thousand as many times over, since all thousands are alike.

use std::collections::HashMap;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use eclips_shared::auth::{Mode, Scope, Tenant};
use eclips_shared::ids::{BatchId, RunId};
use eclips_shared::plan::Plan;
use eclips_shared::store::{Change, Override};
use eclips_shared::time::{DAY_MS, Timestamp};
use eclips_tests::function::tables;
use eclips_tests::records;
use serde_json::{Value, json};

use crate::say;
use crate::scene::{PLENTY, Scene, TASK};

/// Items of one write. *Source*: DynamoDB's `BatchWriteItem`.
const WRITE_MAX: usize = 25;
/// Runs that are written together.
const STEP: usize = 1_000;
/// Runs that are whole and counted one by one.
const COUNTED: usize = 1_000;
/// Writes between which nobody looks at the engine's streams.
const FORGET_AFTER: usize = 10;
/// Runs for each batch in the list of batches.
const RUNS_OF_A_BATCH: usize = 50;
/// The attributes that are moments.
const MOMENTS: [&str; 6] = [
    "created_at",
    "started_at",
    "completed_at",
    "ended_at",
    "due_at",
    "cancelled_at",
];

type Item = HashMap<String, AttributeValue>;

/// The originals, and how many copies there are.
pub struct Crowd {
    /// The key that asks for the copies.
    pub key: String,
    tenant: Tenant,
    key_id: String,
    client: Client,
    table: String,
    runs: Vec<Original>,
    batch: Original,
    count: usize,
    batches: usize,
}

/// Something that was really made, with all its items.
struct Original {
    id: String,
    /// Organization and key, as they stand in it.
    owner: [String; 2],
    at: Timestamp,
    items: Vec<Item>,
    changes: Vec<Change>,
}

/// What is done, for whom: outcomes of several agents.
fn wishes() -> [Value; 8] {
    let of = |agent: &str, sandbox: Value| json!({ "task": TASK, "agent_type": agent, "data": { "sandbox": sandbox } });
    [
        of("procurement_specialist", json!({})),
        of("summariser", json!({})),
        of("procurement_specialist", json!({ "delay_ms": 1 })),
        of("summariser", json!({ "fail": "model" })),
        of("procurement_specialist", json!({})),
        of("summariser", json!({})),
        of("procurement_specialist", json!({ "confidence": 0.99 })),
        of("summariser", json!({ "confidence": 0.99 })),
    ]
}

impl Crowd {
    /// Makes the originals, and an organization for the copies.
    pub async fn of(scene: &Scene) -> Result<Self> {
        let (backstage, config) = (&scene.backstage, scene.backstage.config());
        let key = backstage.stores.key(Plan::Growth, &Scope::ALL).await;
        let (org, key_id) = backstage.stores.owner(&key).await;
        for number in [Override::StandardPerMinute, Override::RequestsPerDay] {
            backstage.stores.store.orgs().set_override(org, number, PLENTY).await?;
        }
        let (_, old_key) = backstage.stores.owner(&backstage.key).await;
        let owner = [backstage.org.to_string(), old_key.to_string()];
        let mut runs = Vec::new();
        for wish in wishes() {
            let run = backstage.create(wish).await;
            backstage.work_on(run).await;
            let items = records::of_run(&config, run).await.into_iter().map(|(_, item)| item);
            runs.push(Original {
                id: run.to_string(),
                owner: owner.clone(),
                at: Timestamp::now(),
                items: items.collect(),
                changes: backstage.stores.store.fold().told_by(run).await?,
            });
        }
        let batch = backstage.batch(&vec![json!({}); 3]).await;
        backstage.tend(batch).await;
        for row in 0..3 {
            backstage.work_on(RunId::of_row(batch, row)).await;
        }
        backstage.tend(batch).await;
        let items = records::under(&config, &format!("B#{batch}"))
            .await
            .into_iter()
            .map(|(_, item)| item);
        Ok(Self {
            key,
            tenant: Tenant { org, mode: Mode::Live },
            key_id: key_id.to_string(),
            client: tables(&config).await,
            table: config.table_main.clone(),
            runs,
            batch: Original {
                id: batch.to_string(),
                owner,
                at: batch.created_at(),
                items: items.collect(),
                changes: Vec::new(),
            },
            count: 0,
            batches: 0,
        })
    }

    /// Adds copies until there are so many runs, and one batch for each fifty of them.
    pub async fn grow_to(&mut self, scene: &Scene, size: usize, began: Instant) -> Result<()> {
        while self.count < size {
            let until = size.min(self.count + STEP);
            let is_counted = until <= COUNTED;
            let mut copies: Vec<(Timestamp, usize)> =
                (self.count..until).map(|number| (moment(number), number)).collect();
            // Counted day by day: a transaction of the counter holds a hundred writes, and each day has totals of its own.
            copies.sort();
            let (mut items, mut changes) = (Vec::new(), Vec::new());
            for (at, number) in copies {
                let original = &self.runs[number % self.runs.len()];
                let run = RunId::parse(&id(at, number)).context("an id of version 7")?;
                let copied = self.copied(original, &run.to_string(), at).into_iter();
                items.extend(copied.filter(|item| is_counted || item["sk"] == AttributeValue::S("M".to_owned())));
                let told = original.changes.iter().filter(|_| is_counted);
                changes.extend(told.map(|change| self.moved(change, run, at, original.at)));
            }
            self.write(scene, items).await?;
            scene.backstage.stores.store.fold().count(&changes).await?;
            scene.backstage.stores.forget_streams();
            self.count = until;
            if until.is_multiple_of(20_000) {
                say(began, &format!("growth: {until} runs are written"));
            }
        }
        if size > COUNTED {
            self.multiply(scene, size / COUNTED).await?;
        }
        let wanted = (size / RUNS_OF_A_BATCH).max(1);
        let mut items = Vec::new();
        for number in self.batches..wanted {
            let batch = BatchId::parse(&id(moment(number), number)).context("an id of version 7")?;
            items.extend(self.copied(&self.batch, &batch.to_string(), batch.created_at()));
        }
        self.batches = wanted;
        self.write(scene, items).await
    }

    /// Makes the totals of the first thousand those of so many thousands.
    async fn multiply(&self, scene: &Scene, by: usize) -> Result<()> {
        let totals = records::under(&scene.backstage.config(), &format!("T#{}", self.tenant)).await;
        let multiplied = totals.into_iter().map(|(_, mut item)| {
            for (name, value) in &mut item {
                if let AttributeValue::N(number) = value
                    && name != "ttl"
                    && let Ok(count) = number.parse::<u64>()
                {
                    *number = (count * by as u64).to_string();
                }
            }
            item
        });
        self.write(scene, multiplied.collect()).await
    }

    async fn write(&self, scene: &Scene, items: Vec<Item>) -> Result<()> {
        for (number, some) in items.chunks(WRITE_MAX).enumerate() {
            let puts = some.iter().map(|item| {
                let put = PutRequest::builder().set_item(Some(item.clone())).build()?;
                Ok(WriteRequest::builder().put_request(put).build())
            });
            let puts = puts.collect::<Result<Vec<_>>>()?;
            let written = self
                .client
                .batch_write_item()
                .request_items(&self.table, puts)
                .send()
                .await?;
            ensure!(
                written.unprocessed_items().is_none_or(HashMap::is_empty),
                "the engine takes everything"
            );
            if number % FORGET_AFTER == 0 {
                scene.backstage.stores.forget_streams();
            }
        }
        Ok(())
    }

    fn copied(&self, original: &Original, id: &str, at: Timestamp) -> Vec<Item> {
        let replaced = [
            (original.id.as_str(), id.to_owned()),
            (original.owner[0].as_str(), self.tenant.org.to_string()),
            (original.owner[1].as_str(), self.key_id.clone()),
        ];
        let later_ms = at.ms() - original.at.ms();
        original
            .items
            .iter()
            .map(|item| copy(item, &replaced, later_ms))
            .collect()
    }

    fn moved(&self, change: &Change, run: RunId, at: Timestamp, from: Timestamp) -> Change {
        let mut change = change.clone();
        let moved = |moment: Timestamp| moment.plus_ms(at.ms() - from.ms());
        match &mut change {
            Change::Run(change) => {
                change.run = run;
                change.created_at = moved(change.created_at);
                change.ended_at = change.ended_at.map(moved);
                (change.owner.tenant, change.owner.key_id) = (self.tenant, self.key_id.clone());
            }
            Change::Answer(change) => {
                change.run = run;
                change.ended_at = moved(change.ended_at);
                (change.owner.tenant, change.owner.key_id) = (self.tenant, self.key_id.clone());
            }
            Change::Day(_) => {}
        }
        change
    }
}

/// A moment of the month before now, for each number another; those of any beginning of the numbers are spread over all of it.
fn moment(number: usize) -> Timestamp {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let part = (number as f64 * GOLDEN).fract();
    Timestamp::now().plus_ms(-(part * 29.0 * DAY_MS as f64) as i64 - DAY_MS / 2)
}

/// An id of a moment, whose last digits are a number.
fn id(at: Timestamp, number: usize) -> String {
    let first = RunId::first_at(at);
    format!("{}{number:012x}", &first[..24])
}

/// An item with texts replaced wherever they stand, and its moments moved.
fn copy(item: &Item, replaced: &[(&str, String)], later_ms: i64) -> Item {
    let value = |(name, value): (&String, &AttributeValue)| {
        let value = match value {
            AttributeValue::N(number) if MOMENTS.contains(&name.as_str()) => AttributeValue::N(
                number
                    .parse::<i64>()
                    .map_or_else(|_| number.clone(), |ms| (ms + later_ms).to_string()),
            ),
            value => with(value, replaced),
        };
        (name.clone(), value)
    };
    item.iter().map(value).collect()
}

fn with(value: &AttributeValue, replaced: &[(&str, String)]) -> AttributeValue {
    match value {
        AttributeValue::S(text) => {
            let text = replaced
                .iter()
                .fold(text.clone(), |text, (from, to)| text.replace(from, to));
            AttributeValue::S(text)
        }
        AttributeValue::L(values) => AttributeValue::L(values.iter().map(|value| with(value, replaced)).collect()),
        value => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_its_own_ids_and_moments_everywhere() {
        let s = |text: &str| AttributeValue::S(text.to_owned());
        let item = HashMap::from([
            ("pk".to_owned(), s("R#old")),
            ("events".to_owned(), AttributeValue::L(vec![s("{\"run_id\":\"old\"}")])),
            ("created_at".to_owned(), AttributeValue::N("1000".into())),
            ("seq".to_owned(), AttributeValue::N("1000".into())),
        ]);
        let copied = copy(&item, &[("old", "new".to_owned())], -400);
        assert_eq!(copied["pk"], s("R#new"));
        assert_eq!(copied["events"], AttributeValue::L(vec![s("{\"run_id\":\"new\"}")]));
        assert_eq!(copied["created_at"], AttributeValue::N("600".into()));
        assert_eq!(copied["seq"], AttributeValue::N("1000".into()));
    }

    #[test]
    fn ids_are_ids_and_no_two_are_one() {
        let (one, other) = (id(moment(7), 7), id(moment(100_000), 100_000));
        assert!(
            RunId::parse(&one).is_some() && RunId::parse(&other).is_some(),
            "{one} {other}"
        );
        assert_ne!(one, other);
    }
}
