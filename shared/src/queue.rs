//! The queues of runs: one for low and normal, one for high, urgent and critical. The only importer of the SQS SDK.
//!
//! A message is a hint, "look at this run" or "at this batch", and holds nothing else: duplicates, reorderings and late ones are harmless.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use serde::{Deserialize, Serialize};

use crate::auth::Tenant;
use crate::config::Config;
use crate::ids::{BatchId, RunId};
use crate::run::Priority;
use crate::store::{StoreError, cause, sdk_config};

/// Messages in one call. *Source*: SQS.
const BATCH_MAX: usize = 10;
/// The longest that SQS holds a message back, in seconds.
pub const DELAY_S_MAX: i32 = 900;

/// What somebody has to look at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Subject {
    /// A run.
    Run(RunId),
    /// A batch.
    Batch(BatchId),
}

/// A hint to look at a run or a batch.
#[derive(Clone, Copy, Debug)]
pub struct Hint {
    /// What.
    pub subject: Subject,
    /// Whose it is: the fair queue's group, so that one organization's thousand runs do not delay another's one.
    pub tenant: Tenant,
    /// Which queue it takes.
    pub priority: Priority,
}

/// *Shape* of a message: `{"run_id":"…"}` or `{"batch_id":"…"}`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Message {
    RunId(String),
    BatchId(String),
}

/// Reads a message; `None` when it is not a hint of ours.
#[must_use]
pub fn read(body: &str) -> Option<Subject> {
    match serde_json::from_str(body).ok()? {
        Message::RunId(id) => RunId::parse(&id).map(Subject::Run),
        Message::BatchId(id) => BatchId::parse(&id).map(Subject::Batch),
    }
}

/// Both queues.
#[derive(Clone, Debug)]
pub struct Queues {
    client: Client,
    runs_url: String,
    priority_url: String,
}

impl Queues {
    /// Opens the queues that the settings name. No call is made yet.
    pub async fn open(config: &Config) -> Self {
        let shared = sdk_config(config, config.sqs_endpoint.as_deref()).await;
        Self {
            client: Client::from_conf(aws_sdk_sqs::config::Builder::from(&shared).build()),
            runs_url: config.queue_runs_url.clone(),
            priority_url: config.queue_priority_url.clone(),
        }
    }

    /// Sends hints; gives the positions of those that were not taken.
    pub async fn send(&self, hints: &[Hint]) -> Vec<usize> {
        let mut failed = Vec::new();
        for queue in [Urgency::Low, Urgency::High] {
            let ours: Vec<usize> = (0..hints.len())
                .filter(|at| Urgency::of(hints[*at].priority) == queue)
                .collect();
            for chunk in ours.chunks(BATCH_MAX) {
                failed.extend(self.send_chunk(self.url(queue), hints, chunk).await);
            }
        }
        failed.sort_unstable();
        failed
    }

    /// Sends one hint that becomes visible after a while. *Units*: `delay_s` seconds, at most 900.
    ///
    /// *Errors*: [`StoreError::Unavailable`].
    pub async fn send_later(&self, hint: Hint, delay_s: i32) -> Result<(), StoreError> {
        let url = self.url(Urgency::of(hint.priority));
        self.send_one(url, hint.subject, Some(&group(hint.tenant)), delay_s)
            .await
    }

    /// Sends a message of one of the queues again, about whose subject nothing could be read. *Units*: as [`Queues::send_later`].
    /// `source` is the ARN of the queue that it came from, `group` its group where SQS told it.
    ///
    /// *Errors*: [`StoreError::Unavailable`].
    pub async fn send_again(
        &self,
        subject: Subject,
        source: &str,
        group: Option<&str>,
        delay_s: i32,
    ) -> Result<(), StoreError> {
        let name = |place: &str, separator| place.rsplit(separator).next().map(str::to_owned);
        let is_priority = name(source, ':') == name(&self.priority_url, '/');
        let url = self.url(if is_priority { Urgency::High } else { Urgency::Low });
        self.send_one(url, subject, group, delay_s).await
    }

    async fn send_one(&self, url: &str, subject: Subject, group: Option<&str>, delay_s: i32) -> Result<(), StoreError> {
        let sent = self
            .client
            .send_message()
            .queue_url(url)
            .message_body(body(subject))
            .set_message_group_id(group.map(str::to_owned))
            .delay_seconds(delay_s.clamp(0, DELAY_S_MAX))
            .send()
            .await;
        sent.map(|_| ()).map_err(|error| StoreError::Unavailable {
            call: "send message",
            cause: cause(&error),
        })
    }

    async fn send_chunk(&self, url: &str, hints: &[Hint], chunk: &[usize]) -> Vec<usize> {
        let entries = chunk.iter().map(|at| {
            SendMessageBatchRequestEntry::builder()
                .id(at.to_string())
                .message_body(body(hints[*at].subject))
                .message_group_id(group(hints[*at].tenant))
                .build()
                .expect("id and body are set")
        });
        match self
            .client
            .send_message_batch()
            .queue_url(url)
            .set_entries(Some(entries.collect()))
            .send()
            .await
        {
            Ok(answer) => answer
                .failed()
                .iter()
                .filter_map(|entry| entry.id().parse().ok())
                .collect(),
            Err(error) => {
                tracing::warn!(cause = cause(&error), "hints were not sent");
                chunk.to_vec()
            }
        }
    }

    fn url(&self, urgency: Urgency) -> &str {
        match urgency {
            Urgency::Low => &self.runs_url,
            Urgency::High => &self.priority_url,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Urgency {
    Low,
    High,
}

impl Urgency {
    const fn of(priority: Priority) -> Self {
        if priority.is_high() { Self::High } else { Self::Low }
    }
}

fn body(subject: Subject) -> String {
    let message = match subject {
        Subject::Run(run) => Message::RunId(run.to_string()),
        Subject::Batch(batch) => Message::BatchId(batch.to_string()),
    };
    serde_json::to_string(&message).expect("a message is plain text")
}

/// SQS takes alphanumeric characters and punctuation; `#` is one of them.
fn group(tenant: Tenant) -> String {
    tenant.to_string()
}
