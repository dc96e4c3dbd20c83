//! What receivers get. It is written once for each event and kept, so that every receiver, and every try, has the same bytes.
//! *Source*: contract §6.

use eclips_shared::batch::Job;
use eclips_shared::ids::{BatchId, OrgId, RunId};
use eclips_shared::store::{BatchNews, Happened, RunNews, Told};
use eclips_shared::time::Timestamp;
use eclips_shared::webhook::Topic;
use serde::Serialize;

/// *Shape*: the manual's, and `sequence`, the event's number in its run, by which a receiver tells which of two came first.
#[derive(Serialize)]
struct OfRun<'a> {
    event: Topic,
    run_id: RunId,
    agent_type: &'a str,
    organization_id: OrgId,
    timestamp: Timestamp,
    sequence: u64,
    data: &'a Told,
}

/// *Shape*: the same of a batch; `data` is the batch as its owner sees it.
#[derive(Serialize)]
struct OfBatch<'a> {
    event: Topic,
    batch_id: BatchId,
    agent_type: &'a str,
    organization_id: OrgId,
    timestamp: Timestamp,
    sequence: u64,
    data: &'a Job,
}

/// Writes what is told of something that happened to a run.
pub fn of_run(news: &RunNews, happened: &Happened, told: &Told) -> String {
    let body = OfRun {
        event: happened.topic,
        run_id: news.run,
        agent_type: &news.of.agent_type,
        organization_id: news.of.tenant.org,
        timestamp: happened.at,
        sequence: happened.seq,
        data: told,
    };
    serde_json::to_string(&body).expect("a body is plain data")
}

/// Writes what is told of a batch that has ended.
pub fn of_batch(news: &BatchNews) -> String {
    let body = OfBatch {
        event: Topic::BatchCompleted,
        batch_id: news.job.id,
        agent_type: &news.of.agent_type,
        organization_id: news.of.tenant.org,
        timestamp: news.at,
        sequence: 1,
        data: &news.job,
    };
    serde_json::to_string(&body).expect("a body is plain data")
}
