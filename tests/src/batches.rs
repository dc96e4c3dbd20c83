//! What must be true of a batch whenever it is read.

use std::collections::BTreeMap;

use serde_json::Value;

/// A job's counts are those of the rows in the same answer, the rows are there in order, and its status is theirs.
///
/// # Panics
/// When they are not.
pub fn adds_up(batch: &Value) {
    let (job, rows) = (&batch["job"], batch["rows"].as_array().expect("rows"));
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for (number, row) in rows.iter().enumerate() {
        assert_eq!(row["row_index"], number, "{job}");
        *counts.entry(row["status"].as_str().expect("a status")).or_default() += 1;
    }
    let count = |status: &str| counts.get(status).copied().unwrap_or(0);
    let told = |name: &str| job[name].as_u64().expect("a count");
    assert_eq!(told("total_rows"), rows.len() as u64, "{job}");
    for (name, status) in [
        ("completed_rows", "completed"),
        ("failed_rows", "failed"),
        ("cancelled_rows", "cancelled"),
        ("triage_rows", "pending_triage"),
    ] {
        assert_eq!(told(name), count(status), "{name}: {job}");
    }
    let open = count("pending") + count("running") + count("pending_triage");
    let status = job["status"].as_str().expect("a status");
    match status {
        "pending" => {
            let is_unbegun = count("pending") + count("cancelled") == told("total_rows");
            assert!(is_unbegun && open > 0, "{job}");
        }
        "running" => assert!(open > 0, "{job}"),
        "completed" => assert!(open == 0 && count("failed") < told("total_rows"), "{job}"),
        "failed" => assert_eq!(count("failed"), told("total_rows"), "{job}"),
        "cancelled" => assert_eq!(count("pending"), 0, "no row begins any more: {job}"),
        other => panic!("{other}: {job}"),
    }
    if open == 0 {
        assert!(job["completed_at"].is_string(), "{job}");
    } else {
        assert!(job["completed_at"].is_null(), "{job}");
    }
}
