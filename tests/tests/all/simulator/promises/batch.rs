//! What holds of a batch: at each moment, from one to the next, in every answer, and when nothing happens any more.

use std::collections::BTreeMap;

use eclips_tests::batches;
use serde_json::{Value, json};

use super::super::onlooker::Last;
use super::super::rows::{Rows, is_final, number, status};

/// What somebody has been told of a batch, by answers that were there before the next question.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// As what it ends, by the answer to a wish to cancel it.
    pub end: Option<String>,
    /// The job, once it was told to be over.
    job: Option<Value>,
    /// Each row as it was last told.
    rows: BTreeMap<usize, Value>,
}

impl Known {
    /// Takes note of an answer. What another one knew better stays.
    pub fn learn(&mut self, answer: &Value) {
        if !answer["job"]["completed_at"].is_null() {
            self.job.get_or_insert(answer["job"].clone());
        }
        for (number, row) in answer["rows"].as_array().into_iter().flatten().enumerate() {
            let known = self.rows.entry(number).or_insert(Value::Null);
            if known.is_null() || how_far(known) <= how_far(row) {
                *known = row.clone();
            }
        }
    }

    /// What was told of a row holds no longer.
    pub fn forget(&mut self, row: usize) {
        self.rows.remove(&row);
        self.job = None;
    }
}

/// *Errors*: what does not hold at a moment.
pub fn state(now: &Rows) -> Result<(), String> {
    let broken = |what: &str| Err(format!("{what}: {now:?}"));
    if now.events.len() != usize::from(now.has_ended()) {
        return broken("a batch that has ended has one event, and no other has one");
    }
    let Some(event) = now.events.first() else { return Ok(()) };
    let event: Value = serde_json::from_str(event).map_err(|error| error.to_string())?;
    if (event["type"] != "batch.completed") || (event["seq"] != 1) || (event["status"] != now.main["status"]["S"]) {
        return broken("the event says how the batch ended");
    }
    if (event["status"] == "cancelled") != now.is_cancelled() {
        return broken("a batch that is cancelled ends so, and no other");
    }
    let queued = now.runs.iter().flatten().filter(|run| status(run) == "queued");
    if now.is_cancelled() && queued.count() > 0 {
        // It got its run in this moment, and does not begin; that it is cancelled is counted already.
        return Ok(());
    }
    for (name, of) in [
        ("completed_rows", "completed"),
        ("failed_rows", "failed"),
        ("cancelled_rows", "cancelled"),
    ] {
        // A row that has no run when its batch is cancelled is cancelled.
        let row_is = |run: &&Option<_>| run.as_ref().map_or("cancelled", status) == of;
        let rows = now.runs.iter().filter(row_is).count();
        if event[name] != rows || number(&now.main, name) != rows {
            return broken("the batch ended with the counts of its rows");
        }
    }
    Ok(())
}

/// *Errors*: what must not change and did.
pub fn step(before: &Rows, now: &Rows) -> Result<(), String> {
    let broken = |what: &str| Err(format!("{what}: {before:?}, then {now:?}"));
    if before.batch != now.batch {
        return broken("one name makes one batch");
    }
    let end = |rows: &Rows| {
        let mut main = rows.main.clone();
        // Somebody may still be noting how far it was.
        main.remove("expanded");
        (main, rows.events.clone())
    };
    if before.has_ended() && end(before) != end(now) {
        return broken("a batch ends once");
    }
    for (before, now) in before.runs.iter().zip(&now.runs) {
        if before.as_ref().is_some_and(is_final) && before != now {
            return broken("a row that has ended stays as it is");
        }
    }
    Ok(())
}

/// An answer, after what was known when it was asked for.
///
/// *Errors*: which promise it breaks.
pub fn answer(answer: &Value, known: &Known) -> Result<(), String> {
    let broken = |what: &str| Err(format!("{what}: {answer}, after {known:?}"));
    if let Err(what) = batches::check(answer) {
        return broken(&what);
    }
    let job = &answer["job"];
    if known.end.as_ref().is_some_and(|end| job["status"] != **end) {
        return broken("the batch is what the answer to a cancellation said");
    }
    if known.job.as_ref().is_some_and(|told| told != job) {
        return broken("a batch that is over stays as it is");
    }
    for (number, row) in answer["rows"].as_array().into_iter().flatten().enumerate() {
        let Some(told) = known.rows.get(&number) else { continue };
        if how_far(told) > how_far(row) {
            return broken("no row goes back");
        }
        // A row that never begins may get its run afterwards.
        let same_run = told["run_id"].is_null() || told["run_id"] == row["run_id"];
        let mut as_told = row.clone();
        as_told["run_id"] = told["run_id"].clone();
        if !same_run || how_far(told) == ENDED && *told != as_told {
            return broken("a row that is over stays as it is");
        }
    }
    Ok(())
}

const ENDED: u8 = 3;

fn how_far(row: &Value) -> u8 {
    match row["status"].as_str() {
        Some("pending") => 0,
        Some("running") => 1,
        Some("pending_triage") => 2,
        _ => ENDED,
    }
}

/// How a batch ended, and what who wished to cancel it was told, if anybody did.
///
/// *Errors*: which promise is broken.
pub fn ended(last: &Last, expected: &str, cancelled: Option<&(u64, Value)>) -> Result<(), String> {
    let Last { rows, answer, listed } = last;
    let broken = |what: &str| Err(format!("{what}: {rows:?}, {answer}, {listed}, {cancelled:?}"));
    let end = rows.main["status"]["S"].as_str().unwrap_or_default();
    if !rows.has_ended() || answer["job"]["status"] != end || answer["job"] != *listed {
        return broken("when nothing happens any more no batch is open, wherever it is read");
    }
    let is_as_told = match cancelled {
        None => end == expected,
        Some((200, body)) => end == "cancelled" && *body == json!({ "cancelled": true }),
        Some((409, body)) => body["status"] == end,
        Some(_) => false,
    };
    if !is_as_told {
        return broken("a batch ends as its rows do, or as the answer to a cancellation said");
    }
    Ok(())
}
