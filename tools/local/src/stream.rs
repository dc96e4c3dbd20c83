//! The event source mappings from the main table's stream to its functions: read the stream through the real Streams
//! API, hand on batches in order, and prune what everybody has had.
//!
//! Each consumer reads for itself, at its own pace and from its own position: one that is slow, or that fails, holds up
//! no other. It does keep the records in the stream, for a record is deleted when all have had it (see `prune.rs`). What
//! a consumer's filter holds back counts as had.
//!
//! There is no checkpoint: after a start, all that is still in the stream comes to all of them, the newest record, which
//! is always kept, at the least. Whoever is called must bear that, as with Lambda.
//!
//! *Not as in Lambda*: a batch is not held to 6 MB.

mod delivery;
mod event;
mod filter;
mod prune;

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use aws_config::SdkConfig;
use aws_sdk_dynamodbstreams::Client;
use aws_sdk_dynamodbstreams::types::{Record, ShardIteratorType};
use serde_json::Value;
use tokio::sync::watch;

pub use filter::Filter;

use crate::engine::Engine;
use delivery::Delivery;
use prune::Pruner;

/// Records of one read. *Source*: our choice; ten reads fill the largest batch that a mapping may ask for.
const READ_MAX: usize = 100;

/// How long to wait before looking again: the first is after a record, and each look in vain doubles it up to the last.
/// A look costs 2 ms of CPU in a debug build, most of it the SDK's, so the slowest pace is 1.5 % of a core per consumer.
const PAUSE_MIN: Duration = Duration::from_millis(5);
const PAUSE_MAX: Duration = Duration::from_millis(200);

/// After the engine refused a read.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Which records a function gets, and how many at once.
#[derive(Clone, PartialEq, Debug)]
pub struct Mapping {
    /// The function, for the log.
    pub function: String,
    /// The most records of a batch.
    pub batch_max: usize,
    /// How long the first record of a batch waits for others.
    pub window: Duration,
    /// Which records count at all.
    pub filter: Filter,
}

/// Reads one table's stream for one consumer.
pub struct Reader {
    client: Client,
    stream_arn: String,
    shard_id: String,
    mapping: Mapping,
    /// Which of the pruner's consumers this is.
    consumer: usize,
    pruner: Arc<Pruner>,
    /// The newest record that the consumer has had.
    delivered: Option<String>,
    wake: watch::Sender<()>,
    woken: watch::Receiver<()>,
}

/// Finds a table's stream and makes a reader for each of its consumers.
///
/// All of them at once, since nothing may be pruned before each has had it. So each has to run.
///
/// *Errors*: there is no such table, or it has no stream.
pub async fn open<const N: usize>(
    engine: &Engine,
    config: &SdkConfig,
    table: &str,
    mappings: [Mapping; N],
) -> Result<[Reader; N]> {
    let client = Client::new(config);
    let streams = client
        .list_streams()
        .table_name(table)
        .send()
        .await
        .context("cannot list the streams")?;
    let stream_arn = streams.streams().first().and_then(|stream| stream.stream_arn());
    let stream_arn = stream_arn
        .with_context(|| format!("the table {table} has no stream"))?
        .to_owned();
    let stream = client
        .describe_stream()
        .stream_arn(&stream_arn)
        .send()
        .await
        .context("cannot read the stream")?;
    // The engine has one shard for ever; its end, which it reports, means nothing.
    let shard = stream
        .stream_description()
        .and_then(|stream| stream.shards().first()?.shard_id().map(str::to_owned));
    let shard_id = shard.with_context(|| format!("the stream of {table} has no shard"))?;
    let pruner = Arc::new(Pruner::new(engine.second_connection()?, table, N));
    let wake = watch::Sender::new(());
    let mut consumers = 0..N;
    Ok(mappings.map(|mapping| Reader {
        client: client.clone(),
        stream_arn: stream_arn.clone(),
        shard_id: shard_id.clone(),
        mapping,
        consumer: consumers.next().expect("there are as many numbers as mappings"),
        pruner: Arc::clone(&pruner),
        delivered: None,
        woken: wake.subscribe(),
        wake: wake.clone(),
    }))
}

impl Reader {
    /// Makes all readers of the stream look at once. Whoever knows of a write uses it (see `Pool::telling`); without it,
    /// a record waits up to 0.2 s to be seen.
    #[must_use]
    pub fn wake(&self) -> watch::Sender<()> {
        self.wake.clone()
    }

    /// Delivers records for ever; dropping the future stops it between two steps.
    ///
    /// `call` is given a DynamoDB stream event of as many records as the mapping lets together, and answers as the
    /// function does: the sequence numbers under `batchItemFailures` are what it could not do. From the lowest of them
    /// on, all comes again; an error is all of them, and the batch is halved. A record that fails ten times is logged and
    /// left out.
    pub async fn run<F, Fut>(mut self, call: F)
    where
        F: Fn(Value) -> Fut,
        Fut: Future<Output = Result<Value>>,
    {
        loop {
            if let Err(error) = self.follow(&call).await {
                let function = &self.mapping.function;
                tracing::warn!(function, error = format!("{error:#}"), "reading the stream failed");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }

    /// From the first record that the consumer has not had, until a read fails.
    async fn follow<F, Fut>(&mut self, call: &F) -> Result<()>
    where
        F: Fn(Value) -> Fut,
        Fut: Future<Output = Result<Value>>,
    {
        let mut iterator = self.start().await?;
        let mut gathered = Gathered::default();
        let mut pause = PAUSE_MIN;
        loop {
            let read = self.client.get_records().shard_iterator(&iterator);
            let read = read.limit(READ_MAX as i32).send().await?;
            let records = read.records.unwrap_or_default();
            pause = if records.is_empty() {
                (pause * 2).min(PAUSE_MAX)
            } else {
                PAUSE_MIN
            };
            gathered.add(&records, &self.mapping, &self.stream_arn);
            if gathered.is_due(&self.mapping) {
                self.deliver(std::mem::take(&mut gathered), call).await;
            }
            iterator = read.next_shard_iterator.context("the stream ended")?;
            if records.len() < READ_MAX {
                let pause = pause.min(gathered.time_left(&self.mapping));
                // Either way it is time to look.
                let _ = tokio::time::timeout(pause, self.woken.changed()).await;
            }
        }
    }

    async fn start(&self) -> Result<String> {
        let start = self
            .client
            .get_shard_iterator()
            .stream_arn(&self.stream_arn)
            .shard_id(&self.shard_id);
        let start = match &self.delivered {
            None => start.shard_iterator_type(ShardIteratorType::TrimHorizon),
            // The engine minds no number whose record is gone.
            Some(number) => start
                .shard_iterator_type(ShardIteratorType::AfterSequenceNumber)
                .sequence_number(number),
        };
        start.send().await?.shard_iterator.context("no shard iterator")
    }

    async fn deliver<F, Fut>(&mut self, gathered: Gathered, call: &F)
    where
        F: Fn(Value) -> Fut,
        Fut: Future<Output = Result<Value>>,
    {
        let mut delivery = Delivery::of(&gathered.records, &self.mapping);
        while let Some(batch) = delivery.next() {
            let outcome = call(event::of(batch)).await;
            delivery.settle(outcome);
            tokio::time::sleep(delivery.pause()).await;
        }
        if let Some(newest) = gathered.newest {
            self.pruner.delivered(self.consumer, &newest);
            self.delivered = Some(newest);
        }
    }
}

/// What was read and not yet delivered.
#[derive(Default)]
struct Gathered {
    /// Those that count, as the function sees them.
    records: Vec<Value>,
    /// When the first of them was read.
    since: Option<Instant>,
    /// The number of the last one that was read, whether it counts or not.
    newest: Option<String>,
}

impl Gathered {
    fn add(&mut self, records: &[Record], mapping: &Mapping, stream_arn: &str) {
        let shown = records.iter().map(|record| event::shown(record, stream_arn));
        self.records
            .extend(shown.filter(|record| mapping.filter.lets_through(record)));
        if !self.records.is_empty() {
            self.since.get_or_insert_with(Instant::now);
        }
        let newest = records.last().and_then(|record| record.dynamodb()?.sequence_number());
        if let Some(newest) = newest {
            self.newest = Some(newest.to_owned());
        }
    }

    /// Whether to wait no longer. Where nothing counts there is nothing to wait for, and the position moves at once.
    fn is_due(&self, mapping: &Mapping) -> bool {
        self.records.is_empty() || self.records.len() >= mapping.batch_max || self.time_left(mapping).is_zero()
    }

    fn time_left(&self, mapping: &Mapping) -> Duration {
        match self.since {
            None => Duration::MAX,
            Some(since) => mapping.window.saturating_sub(since.elapsed()),
        }
    }
}

#[cfg(test)]
mod tests;
