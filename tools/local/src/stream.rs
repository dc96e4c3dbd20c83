//! The event source mapping from the main table's stream to a function: reads the stream through the real Streams API,
//! hands on batches in order, and prunes what was delivered.
//!
//! There is no checkpoint: what is still in the stream was not delivered, but for the newest record, which is kept (see
//! `prune.rs`). So after a start the newest record comes once more, and after a crash perhaps a batch; whoever is called
//! must bear that, as with Lambda.

mod delivery;
mod event;
mod prune;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use aws_config::SdkConfig;
use aws_sdk_dynamodbstreams::Client;
use aws_sdk_dynamodbstreams::types::{Record, ShardIteratorType};
use serde_json::Value;
use tokio::sync::Notify;

use crate::engine::Engine;
use delivery::Delivery;
use prune::Pruner;

/// Records of a batch. *Source*: the mapping's BatchSize in `infra/template.yaml`.
const BATCH_MAX: usize = 100;

/// How long to wait before looking again: the first is after a record, and each look in vain doubles it up to the last.
/// A look costs 2 ms of CPU in a debug build, most of it the SDK's, so the slowest pace is 1.5 % of a core.
const PAUSE_MIN: Duration = Duration::from_millis(5);
const PAUSE_MAX: Duration = Duration::from_millis(200);

/// After the engine refused a read.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Reads one table's stream.
pub struct Reader {
    client: Client,
    stream_arn: String,
    shard_id: String,
    pruner: Pruner,
    wake: Arc<Notify>,
}

impl Reader {
    /// Finds the table's stream.
    ///
    /// *Errors*: there is no such table, or it has no stream.
    pub async fn open(engine: &Engine, config: &SdkConfig, table: &str) -> Result<Self> {
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
        let pruner = Pruner::new(engine.second_connection()?, table);
        Ok(Self {
            client,
            stream_arn,
            shard_id,
            pruner,
            wake: Arc::new(Notify::new()),
        })
    }

    /// Makes the reader look at once. Whoever knows of a write calls it (see `Pool::telling`); without it, a record waits
    /// up to 0.2 s.
    #[must_use]
    pub fn wake(&self) -> Arc<Notify> {
        Arc::clone(&self.wake)
    }

    /// Delivers records for ever; dropping the future stops it between two steps.
    ///
    /// `call` is given a DynamoDB stream event of up to 100 records, and answers as the function does: the sequence
    /// numbers under `batchItemFailures` are what it could not do. From the lowest of them on, all comes again; an error
    /// is all of them, and the batch is halved. A record that fails ten times is logged and left out.
    pub async fn run<F, Fut>(mut self, call: F)
    where
        F: Fn(Value) -> Fut,
        Fut: Future<Output = Result<Value>>,
    {
        loop {
            if let Err(error) = self.follow(&call).await {
                tracing::warn!(error = format!("{error:#}"), "reading the stream failed");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }

    /// From the oldest record on, until a read fails.
    async fn follow<F, Fut>(&mut self, call: &F) -> Result<()>
    where
        F: Fn(Value) -> Fut,
        Fut: Future<Output = Result<Value>>,
    {
        let start = self
            .client
            .get_shard_iterator()
            .stream_arn(&self.stream_arn)
            .shard_id(&self.shard_id);
        let start = start.shard_iterator_type(ShardIteratorType::TrimHorizon).send().await?;
        let mut iterator = start.shard_iterator.context("no shard iterator")?;
        let mut pause = PAUSE_MIN;
        loop {
            let read = self
                .client
                .get_records()
                .shard_iterator(&iterator)
                .limit(BATCH_MAX as i32)
                .send()
                .await?;
            let records = read.records.unwrap_or_default();
            pause = if records.is_empty() {
                (pause * 2).min(PAUSE_MAX)
            } else {
                PAUSE_MIN
            };
            self.deliver(&records, call).await;
            iterator = read.next_shard_iterator.context("the stream ended")?;
            if records.len() < BATCH_MAX {
                // Either way it is time to look.
                let _ = tokio::time::timeout(pause, self.wake.notified()).await;
            }
        }
    }

    async fn deliver<F, Fut>(&mut self, records: &[Record], call: &F)
    where
        F: Fn(Value) -> Fut,
        Fut: Future<Output = Result<Value>>,
    {
        let mut delivery = Delivery::of(records);
        while let Some(batch) = delivery.next() {
            let outcome = call(event::of(batch, &self.stream_arn)).await;
            delivery.settle(outcome);
            tokio::time::sleep(delivery.pause()).await;
        }
        let newest = records.last().and_then(|record| record.dynamodb()?.sequence_number());
        if let Some(newest) = newest {
            self.pruner.prune(newest);
        }
    }
}

#[cfg(test)]
mod tests;
