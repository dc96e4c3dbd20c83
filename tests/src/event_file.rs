//! The files in `events/`: what AWS hands to each function, and what `events/README.md` says of them.

use eclips_shared::ids::{BatchId, DeliveryId, OrgId, RunId, TriageId, WebhookId};
use serde_json::Value;

use crate::repository;

/// What stands for a key in the files.
pub const KEY: &str = "${ECLIPS_API_KEY}";
/// What stands for an organization's id in the files.
pub const ORG: &str = "${ECLIPS_ORG_ID}";
/// What stands for a run's id in the files.
pub const RUN: &str = "${ECLIPS_RUN_ID}";
/// What stands for a triage item's id in the files.
pub const TRIAGE: &str = "${ECLIPS_TRIAGE_ID}";
/// What stands for a batch's id in the files.
pub const BATCH: &str = "${ECLIPS_BATCH_ID}";
/// What stands for a webhook's id in the files.
pub const WEBHOOK: &str = "${ECLIPS_WEBHOOK_ID}";
/// What stands for a delivery's id in the files.
pub const DELIVERY: &str = "${ECLIPS_DELIVERY_ID}";

/// All of them.
pub const PLACEHOLDERS: [&str; 7] = [KEY, ORG, RUN, TRIAGE, BATCH, WEBHOOK, DELIVERY];

/// What the placeholders are filled with.
#[derive(Clone, Debug)]
pub struct Filling {
    /// A key.
    pub key: String,
    /// An organization.
    pub org: OrgId,
    /// A run.
    pub run: RunId,
    /// A triage item.
    pub triage: TriageId,
    /// A batch.
    pub batch: BatchId,
    /// A webhook.
    pub webhook: WebhookId,
    /// A delivery.
    pub delivery: DeliveryId,
}

impl Filling {
    /// A key and a run; everything else is nobody's.
    #[must_use]
    pub fn of(key: &str, run: RunId) -> Self {
        Self {
            key: key.to_owned(),
            org: OrgId::generate(),
            run,
            triage: TriageId::generate(),
            batch: BatchId::generate(),
            webhook: WebhookId::generate(),
            delivery: DeliveryId::generate(),
        }
    }

    /// The same with another key.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        Self {
            key: key.to_owned(),
            ..self.clone()
        }
    }
}

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

/// An event with its placeholders filled in, all but those of key and run with nobody's ids.
///
/// # Panics
/// When the file is no JSON.
#[must_use]
pub fn read(name: &str, key: &str, run: RunId) -> Value {
    read_with(name, &Filling::of(key, run))
}

/// An event with its placeholders filled in.
///
/// # Panics
/// When the file is no JSON.
#[must_use]
pub fn read_with(name: &str, filling: &Filling) -> Value {
    let filled = text(name)
        .replace(KEY, &filling.key)
        .replace(ORG, &filling.org.to_string())
        .replace(RUN, &filling.run.to_string())
        .replace(TRIAGE, &filling.triage.to_string())
        .replace(BATCH, &filling.batch.to_string())
        .replace(WEBHOOK, &filling.webhook.to_string())
        .replace(DELIVERY, &filling.delivery.to_string());
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
