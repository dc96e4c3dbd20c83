//! A batch and the runs of its rows as the tables have them at a moment, read beside the schedule.

use std::collections::BTreeMap;

use eclips_shared::ids::{BatchId, RunId};
use eclips_tests::sim::Sim;
use serde_json::Value;

use super::promises::text;

/// What of a batch, and of a row's run, a client may come to know.
const OF_BATCH: [&str; 7] = [
    "expanded",
    "cancelled_at",
    "completed_at",
    "status",
    "completed_rows",
    "failed_rows",
    "cancelled_rows",
];
const OF_RUN: [&str; 6] = [
    "status",
    "started_at",
    "completed_at",
    "result",
    "result_bytes",
    "error",
];

/// Some attributes of an item; one that is absent is null.
type Part = BTreeMap<&'static str, Value>;

/// The state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rows {
    pub batch: BatchId,
    pub main: Part,
    /// The texts of its events.
    pub events: Vec<String>,
    /// The run of each row, where there is one.
    pub runs: Vec<Option<Part>>,
}

impl Rows {
    /// Reads it; `None` where there is no such batch.
    pub fn of(sim: &Sim, batch: BatchId) -> Option<Self> {
        let items = sim.items(&format!("B#{batch}"));
        let main = items.get("M")?;
        let total: u16 = text(main, "total_rows").parse().expect("a number");
        let runs = (0..total).map(|row| {
            let run = sim.item(&format!("R#{}", RunId::of_row(batch, row)), "M");
            run.map(|run| part(&run, &OF_RUN))
        });
        let events = items.iter().filter(|(sk, _)| sk.starts_with("E#"));
        let texts = events.flat_map(|(_, item)| item["events"]["L"].as_array().cloned().unwrap_or_default());
        Some(Self {
            batch,
            main: part(main, &OF_BATCH),
            events: texts
                .map(|event| event["S"].as_str().unwrap_or_default().to_owned())
                .collect(),
            runs: runs.collect(),
        })
    }

    /// The runs that there are.
    pub fn ids(&self) -> Vec<RunId> {
        let rows = (0..).zip(&self.runs).filter(|(_, run)| run.is_some());
        rows.map(|(row, _)| RunId::of_row(self.batch, row)).collect()
    }

    /// Whether it is written down that it is over.
    pub fn has_ended(&self) -> bool {
        !self.main["completed_at"].is_null()
    }

    /// Whether somebody has cancelled it.
    pub fn is_cancelled(&self) -> bool {
        !self.main["cancelled_at"].is_null()
    }

    /// Whether every row has its run.
    pub fn is_whole(&self) -> bool {
        self.runs.iter().all(Option::is_some)
    }

    /// Which rows have begun.
    pub fn begun(&self) -> Vec<bool> {
        let begun = |run: &Part| !run["started_at"].is_null();
        self.runs.iter().map(|run| run.as_ref().is_some_and(begun)).collect()
    }
}

/// Where the run of a row stands.
pub fn status(run: &Part) -> &str {
    run["status"]["S"].as_str().unwrap_or_default()
}

/// A number of a batch or a run; none is 0.
pub fn number(part: &Part, name: &str) -> usize {
    let digits = part[name]["N"].as_str();
    digits.map_or(0, |digits| digits.parse().expect("a number"))
}

/// Whether a run has ended.
pub fn is_final(run: &Part) -> bool {
    matches!(status(run), "completed" | "failed" | "cancelled")
}

fn part(item: &Value, names: &[&'static str]) -> Part {
    names.iter().map(|name| (*name, item[*name].clone())).collect()
}

/// The question of the first row that waits for a person.
pub fn question(sim: &Sim, batch: BatchId) -> Option<(RunId, String)> {
    let runs = Rows::of(sim, batch)?.ids();
    runs.into_iter().find_map(|run| {
        let main = sim.item(&format!("R#{run}"), "M")?;
        let triage = text(&main, "triage_item_id").to_owned();
        (!triage.is_empty()).then_some((run, triage))
    })
}
