//! What must be true of a batch whenever it is read.

use std::collections::BTreeMap;

use serde_json::Value;

/// A job's counts are those of the rows in the same answer, the rows are there in order, and its status is theirs.
///
/// # Panics
/// When they are not.
pub fn adds_up(batch: &Value) {
    if let Err(broken) = check(batch) {
        panic!("{broken}: {batch}");
    }
}

/// The same.
///
/// *Errors*: what does not add up.
///
/// # Panics
/// When it is no batch.
pub fn check(batch: &Value) -> Result<(), String> {
    let (job, rows) = (&batch["job"], batch["rows"].as_array().expect("rows"));
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for (number, row) in rows.iter().enumerate() {
        must(row["row_index"] == number, "the rows are in order")?;
        *counts.entry(row["status"].as_str().expect("a status")).or_default() += 1;
    }
    let count = |status: &str| counts.get(status).copied().unwrap_or(0);
    let told = |name: &str| job[name].as_u64().expect("a count");
    must(told("total_rows") == rows.len() as u64, "every row is there")?;
    for (name, status) in [
        ("completed_rows", "completed"),
        ("failed_rows", "failed"),
        ("cancelled_rows", "cancelled"),
        ("triage_rows", "pending_triage"),
    ] {
        must(told(name) == count(status), &format!("{name} is what the rows say"))?;
    }
    let open = count("pending") + count("running") + count("pending_triage");
    let status = job["status"].as_str().expect("a status");
    let is_as_its_rows = match status {
        "pending" => open > 0 && count("pending") + count("cancelled") == told("total_rows"),
        "running" => open > 0,
        "completed" => open == 0 && count("failed") < told("total_rows"),
        "failed" => count("failed") == told("total_rows"),
        // No row begins any more.
        "cancelled" => count("pending") == 0,
        _ => false,
    };
    must(is_as_its_rows, "the batch stands where its rows do")?;
    must(
        job["completed_at"].is_string() == (open == 0),
        "what is over has a time, and nothing else",
    )
}

fn must(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}
