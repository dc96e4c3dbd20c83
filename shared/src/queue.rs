//! The queues: of runs, one for low and normal, one for high, urgent and critical; of what is to be told, one; of deliveries, one for
//! receivers that answer, one for those that failed or are slow. The only importer of the SQS SDK.
//!
//! A message is a hint, "look at this run", and holds nothing else: duplicates, reorderings and late ones are harmless.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    MessageSystemAttributeNameForSends, MessageSystemAttributeValue, SendMessageBatchRequestEntry,
};
use serde::{Deserialize, Serialize};

use crate::auth::Tenant;
use crate::config::Config;
use crate::ids::{BatchId, RunId};
use crate::run::Priority;
use crate::sdk;
use crate::store::{StoreError, cause};
use crate::webhook::{Errand, Source, Target};

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
    /// Whether a run or a batch has something to tell.
    News(Source),
    /// What is on its way to a receiver.
    Errand(Errand),
}

/// Which queue a hint takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Line {
    /// Runs of low and normal priority, and batches.
    Runs,
    /// Runs of high, urgent and critical priority.
    Priority,
    /// What is to be told: our own work, for which no receiver is waited.
    News,
    /// Deliveries to receivers that answer.
    Deliveries,
    /// Deliveries that were tried before, and those to receivers that failed or are slow: they wait for one another, and nobody
    /// waits for them.
    Retries,
}

impl Line {
    /// Every one of them.
    const ALL: [Self; 5] = [Self::Runs, Self::Priority, Self::News, Self::Deliveries, Self::Retries];

    /// The queue of a run.
    #[must_use]
    pub const fn of(priority: Priority) -> Self {
        if priority.is_high() { Self::Priority } else { Self::Runs }
    }
}

/// A hint to look at something.
#[derive(Clone, Debug)]
pub struct Hint {
    /// At what.
    pub subject: Subject,
    /// Whose it is.
    pub tenant: Tenant,
    /// Which queue it takes.
    pub line: Line,
    /// X-Ray's header of the request that it comes of, where that is traced: what is done about the hint joins its trace.
    pub trace: Option<String>,
}

impl Hint {
    /// A hint that belongs to no trace.
    #[must_use]
    pub const fn of(subject: Subject, tenant: Tenant, line: Line) -> Self {
        Self {
            subject,
            tenant,
            line,
            trace: None,
        }
    }

    /// A hint of what is on its way to a receiver.
    #[must_use]
    pub const fn errand(errand: Errand, line: Line) -> Self {
        Self::of(Subject::Errand(errand), errand.tenant, line)
    }

    /// The fair queue's group, so that one organization's thousand runs do not delay another's one, nor one receiver's thousand
    /// deliveries another's. SQS takes alphanumeric characters and punctuation; `#` is one of them.
    fn group(&self) -> String {
        match self.subject {
            Subject::Errand(errand) => match errand.target {
                Target::Webhook(webhook) => webhook.to_string(),
                // Each run has its own URL, and all of them may be one dead host.
                Target::Own(_) => errand.tenant.to_string(),
            },
            _ => self.tenant.to_string(),
        }
    }
}

/// *Shape* of a message: `{"run_id":"…"}`, `{"batch_id":"…"}`, `{"news_of":"R#…"}` or `{"errand":"H#…/…"}`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Message {
    RunId(String),
    BatchId(String),
    NewsOf(String),
    Errand(String),
}

/// Reads a message; `None` when it is not a hint of ours.
#[must_use]
pub fn read(body: &str) -> Option<Subject> {
    match serde_json::from_str(body).ok()? {
        Message::RunId(id) => RunId::parse(&id).map(Subject::Run),
        Message::BatchId(id) => BatchId::parse(&id).map(Subject::Batch),
        Message::NewsOf(source) => Source::parse(&source).map(Subject::News),
        Message::Errand(errand) => Errand::parse(&errand).map(Subject::Errand),
    }
}

/// The queues, as many as a function's settings name.
#[derive(Clone, Debug)]
pub struct Queues {
    client: Client,
    /// By [`Line::ALL`].
    urls: [String; 5],
}

impl Queues {
    /// Opens the queues that the settings name. No call is made yet.
    pub fn open(config: &Config) -> Self {
        let shared = sdk::settings(config, config.sqs_endpoint.as_deref());
        Self {
            client: Client::from_conf(aws_sdk_sqs::config::Builder::from(&shared).build()),
            urls: [
                config.queue_runs_url.clone(),
                config.queue_priority_url.clone(),
                config.queue_news_url.clone(),
                config.queue_deliveries_url.clone(),
                config.queue_retries_url.clone(),
            ],
        }
    }

    /// Sends hints; gives the positions of those that were not taken.
    pub async fn send(&self, hints: &[Hint]) -> Vec<usize> {
        let mut failed = Vec::new();
        for line in Line::ALL {
            let ours: Vec<usize> = (0..hints.len()).filter(|at| hints[*at].line == line).collect();
            for chunk in ours.chunks(BATCH_MAX) {
                failed.extend(self.send_chunk(self.url(line), hints, chunk).await);
            }
        }
        failed.sort_unstable();
        failed
    }

    /// Sends one hint that becomes visible after a while. *Units*: `delay_s` seconds, at most 900.
    ///
    /// *Errors*: [`StoreError::Unavailable`].
    pub async fn send_later(&self, hint: Hint, delay_s: i32) -> Result<(), StoreError> {
        let url = self.url(hint.line);
        self.send_one(url, hint.subject, Some(&hint.group()), delay_s).await
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
        let url = self.url(self.line(source).unwrap_or(Line::Runs));
        self.send_one(url, subject, group, delay_s).await
    }

    /// Which of the queues an ARN names.
    #[must_use]
    pub fn line(&self, source: &str) -> Option<Line> {
        let name = |place: &str, separator| place.rsplit(separator).next().map(str::to_owned);
        let named = name(source, ':');
        Line::ALL.into_iter().find(|line| name(self.url(*line), '/') == named)
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
            let mut entry = SendMessageBatchRequestEntry::builder();
            if let Some(trace) = &hints[*at].trace {
                let value = MessageSystemAttributeValue::builder()
                    .data_type("String")
                    .string_value(trace);
                entry = entry.message_system_attributes(
                    MessageSystemAttributeNameForSends::AwsTraceHeader,
                    value.build().expect("the type is set"),
                );
            }
            entry
                .id(at.to_string())
                .message_body(body(hints[*at].subject))
                .message_group_id(hints[*at].group())
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

    fn url(&self, line: Line) -> &str {
        &self.urls[line as usize]
    }
}

fn body(subject: Subject) -> String {
    let message = match subject {
        Subject::Run(run) => Message::RunId(run.to_string()),
        Subject::Batch(batch) => Message::BatchId(batch.to_string()),
        Subject::News(source) => Message::NewsOf(source.to_string()),
        Subject::Errand(errand) => Message::Errand(errand.to_string()),
    };
    serde_json::to_string(&message).expect("a message is plain text")
}
