//! What is to be told of runs and batches: read from their events and their ends, which never change, so that whoever reads it, and
//! whenever, tells the same.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::batches::Batches;
use super::item::Row;
use super::runs::Watch;
use super::triage::Triages;
use super::{Store, StoreError};
use crate::auth::Tenant;
use crate::batch::Job;
use crate::ids::{BatchId, RunId, TriageId};
use crate::time::Timestamp;
use crate::webhook::Topic;

/// What is to be told.
#[derive(Debug)]
pub struct News<'a>(pub(super) &'a Store);

/// Whose news it is, and who else asked to be told.
#[derive(Clone, Debug)]
pub struct NewsOf {
    /// Whose.
    pub tenant: Tenant,
    /// By which agent.
    pub agent_type: String,
    /// The URL that the run or the batch has of its own.
    pub url: Option<String>,
}

/// A run of which something is to be told.
#[derive(Debug)]
pub struct RunNews {
    /// Which.
    pub run: RunId,
    /// Whose.
    pub of: NewsOf,
    /// What has happened to it that is told, in order.
    pub happened: Vec<Happened>,
    triage: Option<TriageId>,
    /// Its result where it is stored with the run.
    result: Option<String>,
    error: Option<String>,
}

/// Something that happened to a run.
#[derive(Clone, Debug)]
pub struct Happened {
    /// The number of the event in the run's log.
    pub seq: u64,
    /// What is told of it.
    pub topic: Topic,
    /// When.
    pub at: Timestamp,
    confidence_score: Option<f64>,
    error: Option<String>,
}

/// A batch that has ended.
#[derive(Debug)]
pub struct BatchNews {
    /// Whose.
    pub of: NewsOf,
    /// When.
    pub at: Timestamp,
    /// What its owner sees of it.
    pub job: Job,
}

/// What is told of a run beside the event. *Shape*: contract §6, `data`.
#[derive(Debug, serde::Serialize)]
pub struct Told {
    /// What the agent answered; where a person has to decide, what it proposes. An object or null.
    pub output: Option<Box<RawValue>>,
    /// 0–1 or null.
    pub confidence_score: Option<f64>,
    /// Whether a person had to decide, or has to.
    pub requires_triage: bool,
    /// On what.
    pub triage_item_id: Option<TriageId>,
    /// Why there is no output.
    pub error: Option<String>,
}

/// What is read of an event's text.
#[derive(Deserialize)]
struct Said {
    at: Timestamp,
    confidence_score: Option<f64>,
    error: Option<String>,
}

impl News<'_> {
    /// Reads what is to be told of a run, strongly consistent; `None` where there is no such run any more.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn of_run(&self, run: RunId) -> Result<Option<RunNews>, StoreError> {
        let mut watch = Watch::of(run);
        let (main, events) = tokio::join!(self.0.get("read news", format!("R#{run}"), "M"), watch.look(self.0));
        let Some(main) = main? else { return Ok(None) };
        let row = Row::new("run", &main);
        let mut happened = Vec::new();
        for event in events? {
            if let Some(topic) = Topic::of(event.kind) {
                let said: Said = serde_json::from_str(&event.text).map_err(|_| row.corrupt("events"))?;
                happened.push(Happened {
                    seq: event.seq,
                    topic,
                    at: said.at,
                    confidence_score: said.confidence_score,
                    error: said.error,
                });
            }
        }
        Ok(Some(RunNews {
            run,
            of: NewsOf {
                tenant: row.parsed("tenant", Tenant::parse)?,
                agent_type: row.text("agent_type")?.to_owned(),
                url: row.opt_text("webhook_url")?.map(str::to_owned),
            },
            happened,
            triage: row.opt_parsed("triage_item_id", TriageId::parse)?,
            result: row.opt_text("result")?.map(str::to_owned),
            error: row.opt_text("error")?.map(str::to_owned),
        }))
    }

    /// Reads what is told of something that happened to a run.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn told(&self, news: &RunNews, happened: &Happened) -> Result<Told, StoreError> {
        let output = match happened.topic {
            Topic::RunCompleted => Some(self.result(news).await?),
            Topic::RunTriageRequired => self.proposed(news).await?,
            Topic::RunFailed | Topic::BatchCompleted => None,
        };
        let output = output.map(RawValue::from_string).transpose();
        let error = (happened.topic == Topic::RunFailed).then(|| happened.error.clone().or_else(|| news.error.clone()));
        Ok(Told {
            output: output.map_err(|_| corrupt("result"))?,
            confidence_score: happened.confidence_score,
            requires_triage: news.triage.is_some(),
            triage_item_id: news.triage,
            error: error.flatten(),
        })
    }

    async fn result(&self, news: &RunNews) -> Result<String, StoreError> {
        if let Some(result) = &news.result {
            return Ok(result.clone());
        }
        let apart = self.0.get("read result", format!("R#{}", news.run), "OUT").await?;
        let apart = apart.ok_or_else(|| corrupt("result"))?;
        Ok(Row::new("run output", &apart).text("result")?.to_owned())
    }

    /// What a person had to decide on, as it was proposed.
    async fn proposed(&self, news: &RunNews) -> Result<Option<String>, StoreError> {
        let triage = news.triage.ok_or_else(|| corrupt("triage_item_id"))?;
        let question = Triages(self.0).read(triage).await?;
        Ok(question.and_then(|question| question.item.payload.map(|payload| payload.get().to_owned())))
    }

    /// Reads what is to be told of a batch, strongly consistent; `None` where it has not ended, or is gone.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn of_batch(&self, batch: BatchId) -> Result<Option<BatchNews>, StoreError> {
        let Some(batch) = Batches(self.0).load(batch).await? else {
            return Ok(None);
        };
        let (Some(at), Some(job)) = (batch.completed_at, batch.ended()) else {
            return Ok(None);
        };
        Ok(Some(BatchNews {
            of: NewsOf {
                tenant: batch.tenant,
                agent_type: batch.agent_type.clone(),
                url: batch.webhook_url.clone(),
            },
            at,
            job,
        }))
    }
}

fn corrupt(attribute: &str) -> StoreError {
    StoreError::Corrupt {
        record: "news",
        attribute: attribute.to_owned(),
    }
}
