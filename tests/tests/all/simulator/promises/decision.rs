//! A question has one end, the same for everybody: its item, its run, and who was told of it.

use eclips_shared::ids::RunId;
use eclips_tests::sim::Sim;
use serde_json::Value;

use super::text;

/// *Errors*: which promise is broken, and by what.
pub fn one_end(sim: &Sim, run: RunId, triage: &str, told: &[(&str, Option<(u64, Value)>)]) -> Result<(), String> {
    let run = &sim.items(&format!("R#{run}"))["M"];
    let item = &sim.items(&format!("Q#{triage}"))["M"];
    let end = text(item, "status");
    let status = match end {
        "approved" => "completed",
        "rejected" | "cancelled" => "cancelled",
        "expired" => "failed",
        _ => return Err(format!("nothing became of it: {item}")),
    };
    if text(run, "status") != status {
        return Err(format!("the item is {end} and the run {run}"));
    }
    for (wish, told) in told {
        let Some((code, body)) = told else { continue };
        let is_told = match (*wish, code) {
            // Asked again when the answer was lost, a cancellation is told that the run is cancelled.
            ("cancelled", 200) => end == "cancelled",
            ("cancelled", 409) => body["status"] == status,
            (_, 200) => *wish == end && body["status"] == end,
            (_, 409) => *wish != end && body["status"] == end,
            _ => false,
        };
        if !is_told {
            return Err(format!(
                "the item is {end}, and who wished {wish} was told {code} {body}"
            ));
        }
    }
    Ok(())
}
