//! What must hold at the end of every schedule, read from the items themselves.

pub mod batch;
mod counts;
mod decision;

use std::collections::BTreeMap;

use eclips_shared::ids::RunId;
use eclips_tests::sim::witness::Seen;
use eclips_tests::sim::{Fault, Sim};
use serde_json::Value;

pub use self::counts::{counted, forget_totals};
pub use self::decision::one_end;

const ENDS: [&str; 3] = ["run.completed", "run.failed", "run.cancelled"];
const ATTEMPTS_MAX: usize = 3;

/// How a schedule ended, as seen from outside.
pub struct Ending {
    /// What was seen of models.
    pub seen: Seen,
    /// What had been seen of them when a cancellation was answered with 200.
    pub cancelled: Option<Seen>,
    /// Whether a process ended in the middle of something.
    pub crashes: bool,
    /// Whether a worker stood still, so that another one may have taken its run over.
    pub taken_over: bool,
    /// Whether there was no fault, and one worker.
    pub is_undisturbed: bool,
}

/// Whether a fault ends a process.
pub fn is_crash(fault: Fault) -> bool {
    matches!(fault, Fault::CrashBefore | Fault::CrashAfter)
}

/// Where a run stands.
pub fn status(sim: &Sim, run: RunId) -> String {
    let items = sim.items(&format!("R#{run}"));
    text(&items["M"], "status").to_owned()
}

/// *Errors*: the run was refused because its agent keeps failing.
pub fn not_refused(sim: &Sim, run: RunId) -> Result<(), String> {
    let main = &sim.items(&format!("R#{run}"))["M"];
    match text(main, "error") {
        "Agent temporarily unavailable" => Err(format!("a run was refused that should have gone: {main}")),
        _ => Ok(()),
    }
}

pub fn text<'a>(item: &'a Value, name: &str) -> &'a str {
    item[name]["S"]
        .as_str()
        .or_else(|| item[name]["N"].as_str())
        .unwrap_or_default()
}

fn number(item: &Value, name: &str) -> u64 {
    text(item, name).parse().unwrap_or(0)
}

/// What holds of one run.
///
/// *Errors*: which promise is broken, and by what.
pub fn check(sim: &Sim, run: RunId, ending: &Ending) -> Result<(), String> {
    let items = sim.items(&format!("R#{run}"));
    let events = events(&items);
    let main = &items["M"];
    let status = text(main, "status");
    let promise = |holds: bool, what: &str| {
        let kinds: Vec<&str> = events.iter().filter_map(|event| event["type"].as_str()).collect();
        if holds {
            Ok(())
        } else {
            Err(format!("{what}: {status}, {kinds:?}, {:?}, {main}", ending.seen))
        }
    };
    let numbers: Vec<u64> = events.iter().filter_map(|event| event["seq"].as_u64()).collect();
    promise(
        numbers.iter().copied().eq(1..=number(main, "seq")),
        "events are numbered without a gap",
    )?;
    let ends = events
        .iter()
        .filter(|event| event["type"].as_str().is_some_and(|kind| ENDS.contains(&kind)));
    let is_open = status == "pending_triage";
    promise(ends.count() == usize::from(!is_open), "a run ends once")?;
    let last = events.last().and_then(|event| event["status"].as_str());
    promise(last == Some(status), "the last event has the run's status")?;
    promise(
        main["lease_until"].is_null() && main["open_attempt"].is_null(),
        "nobody holds what has ended",
    )?;
    check_ledger(&items, ending, &promise)?;
    if let Some(then) = ending.cancelled {
        promise(status == "cancelled", "what was cancelled is cancelled")?;
        promise(
            ending.seen.asked == then.asked,
            "no model is asked after a cancellation",
        )?;
        promise(
            ending.seen.answered == then.answered || !ending.is_undisturbed,
            "a call that a cancellation cuts off is dropped",
        )?;
    }
    if status == "completed" {
        let has_result = !main["result"].is_null() || items.contains_key("OUT");
        promise(has_result, "what is completed has a result")?;
    }
    Ok(())
}

/// The ledger of all runs of a schedule against what was seen of models.
///
/// *Errors*: which promise is broken, and by what.
pub fn answers(sim: &Sim, runs: &[RunId], ending: &Ending) -> Result<(), String> {
    let runs: Vec<_> = runs.iter().map(|run| sim.items(&format!("R#{run}"))).collect();
    let attempts: Vec<&Value> = runs.iter().flat_map(attempts).map(|(_, item)| item).collect();
    let in_state = |state: &str| attempts.iter().filter(|item| text(item, "state") == state).count();
    let (paid, answered) = (in_state("answered") + in_state("rejected"), ending.seen.answered);
    let promise = |holds: bool, what: &str| match holds {
        true => Ok(()),
        false => Err(format!("{what}: {:?}, {attempts:?}", ending.seen)),
    };
    promise(paid <= answered, "nothing is in the ledger that no model has answered")?;
    promise(
        paid + in_state("lost") >= answered,
        "every answer is in the ledger, or known to be lost",
    )?;
    promise(
        ending.crashes || paid == answered,
        "without a crash every answer is in the ledger",
    )
}

fn attempts(items: &BTreeMap<String, Value>) -> impl Iterator<Item = (&str, &Value)> {
    items
        .iter()
        .filter_map(|(sk, item)| Some((sk.strip_prefix("A#")?, item)))
}

/// The ledger of a run against its own sums.
fn check_ledger(
    items: &BTreeMap<String, Value>,
    ending: &Ending,
    promise: &dyn Fn(bool, &str) -> Result<(), String>,
) -> Result<(), String> {
    let attempts: Vec<(&str, &Value)> = attempts(items).collect();
    let is_open = |(_, item): &(&str, &Value)| text(item, "state") == "started";
    promise(!attempts.iter().any(is_open), "no attempt is left open")?;
    let mut by_stage: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, _) in &attempts {
        *by_stage.entry(name.split('#').next().unwrap_or_default()).or_default() += 1;
    }
    promise(
        by_stage.values().all(|count| *count <= ATTEMPTS_MAX),
        "a stage has three attempts",
    )?;
    let main = &items["M"];
    promise(
        attempts.len() as u64 == number(main, "attempts"),
        "a run knows its attempts",
    )?;
    let sum = |name| attempts.iter().map(|(_, item)| number(item, name)).sum::<u64>();
    for name in ["credits", "input_tokens", "output_tokens"] {
        // An answer that came too late is in the ledger alone.
        let late = text(main, "status") == "cancelled" || ending.crashes || ending.taken_over;
        let (run, ledger) = (number(main, name), sum(name));
        promise(
            run == ledger || (late && run < ledger),
            &format!("the ledger's {name} are the run's"),
        )?;
    }
    Ok(())
}

fn events(items: &BTreeMap<String, Value>) -> Vec<Value> {
    let lists = items.iter().filter(|(sk, _)| sk.starts_with("E#"));
    let texts = lists.flat_map(|(_, item)| item["events"]["L"].as_array().cloned().unwrap_or_default());
    texts
        .map(|text| serde_json::from_str(text["S"].as_str().unwrap()).unwrap())
        .collect()
}
