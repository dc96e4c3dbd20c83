//! The files in `events/`: what AWS hands to each function, and what `events/README.md` says of them.

use eclips_shared::ids::{BatchId, RunId, TriageId};
use serde_json::Value;

use crate::repository;

/// What stands for a key in the files.
pub const KEY: &str = "${ECLIPS_API_KEY}";
/// What stands for a run's id in the files.
pub const RUN: &str = "${ECLIPS_RUN_ID}";
/// What stands for a triage item's id in the files.
pub const TRIAGE: &str = "${ECLIPS_TRIAGE_ID}";

/// What stands for a batch's id in the files.
pub const BATCH: &str = "${ECLIPS_BATCH_ID}";

/// A row of the table in `events/README.md`.
#[derive(Debug)]
pub struct Described {
    /// The file, without its ending.
    pub file: String,
    /// The function.
    pub function: String,
    /// The expected answer, in Markdown.
    pub answer: String,
}

/// The names of all files, without their ending, sorted.
#[must_use]
pub fn names() -> Vec<String> {
    let files = repository::names("events").into_iter();
    let mut names: Vec<String> = files
        .filter_map(|name| Some(name.strip_suffix(".json")?.to_owned()))
        .collect();
    // With their endings, `a.json` came after `a-b.json`.
    names.sort();
    names
}

/// The function that a file is for: the part of its name before the first hyphen.
///
/// # Panics
/// When the name has no hyphen.
#[must_use]
pub fn function(name: &str) -> &str {
    name.split_once('-')
        .unwrap_or_else(|| panic!("events/{name}.json names no function"))
        .0
}

/// A file's text, placeholders and all.
#[must_use]
pub fn text(name: &str) -> String {
    repository::text(&format!("events/{name}.json"))
}

/// An event with its placeholders filled in, those of a triage item and of a batch with nobody's.
///
/// # Panics
/// When the file is no JSON.
#[must_use]
pub fn read(name: &str, key: &str, run: RunId) -> Value {
    read_with(name, key, run, TriageId::generate(), BatchId::generate())
}

/// An event with its placeholders filled in.
///
/// # Panics
/// When the file is no JSON.
#[must_use]
pub fn read_with(name: &str, key: &str, run: RunId, triage: TriageId, batch: BatchId) -> Value {
    let filled = text(name)
        .replace(KEY, key)
        .replace(RUN, &run.to_string())
        .replace(TRIAGE, &triage.to_string())
        .replace(BATCH, &batch.to_string());
    serde_json::from_str(&filled).unwrap_or_else(|error| panic!("events/{name}.json: {error}"))
}

/// Method and path of an event of the gateway, in either payload; `None` for another event.
#[must_use]
pub fn request(event: &Value) -> Option<(&str, &str)> {
    let v2 = &event["requestContext"]["http"]["method"];
    let method = event["httpMethod"].as_str().or_else(|| v2.as_str())?;
    let path = event["path"].as_str().or_else(|| event["rawPath"].as_str())?;
    Some((method, path))
}

/// The rows of the table in `events/README.md`.
#[must_use]
pub fn described() -> Vec<Described> {
    let rows = repository::table(&repository::text("events/README.md")).into_iter();
    rows.map(|row| match row.as_slice() {
        [file, function, _, answer] => Described {
            file: file.trim_matches('`').to_owned(),
            function: function.clone(),
            answer: answer.clone(),
        },
        other => panic!("events/README.md: a row of {} cells: {other:?}", other.len()),
    })
    .collect()
}
