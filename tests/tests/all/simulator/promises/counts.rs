//! The totals are what the runs and their ledgers say, each run and each answer once.

use std::collections::BTreeMap;

use eclips_shared::ids::RunId;
use eclips_shared::time::{Day, Timestamp};
use eclips_tests::sim::Sim;
use serde_json::{Value, json};

use super::{number, text};

/// Numbers by item and attribute; none is 0.
type Numbers = BTreeMap<(String, String), i64>;

/// Forgets all totals, so that the next ones are those of the next runs alone.
pub fn forget_totals(sim: &Sim) {
    sim.remove(&format!("T#{}#live", sim.org));
    sim.remove(&format!("C#{}#live#center", sim.org));
    sim.set(&format!("L#{}", sim.org), "M", "credits_used", &json!({ "N": "0" }));
}

/// *Errors*: what the totals are, and what they should be.
pub fn counted(sim: &Sim, runs: &[RunId]) -> Result<(), String> {
    let mut expected = Numbers::new();
    for run in runs {
        add_run(&mut expected, &sim.items(&format!("R#{run}")));
    }
    expected.retain(|_, sum| *sum != 0);
    let totals = totals(sim);
    if totals != expected {
        return Err(format!("the totals are {totals:?}, and the runs say {expected:?}"));
    }
    let limits = &sim.items(&format!("L#{}", sim.org))["M"];
    let month = format!("credits_{}", text(limits, "credits_month"));
    let credits = totals.get(&("M".to_owned(), month)).copied().unwrap_or(0);
    let shown = number(limits, "credits_used");
    if i64::try_from(shown) != Ok(credits) {
        return Err(format!("the guard sees {shown} credits, and the totals say {credits}"));
    }
    Ok(())
}

fn totals(sim: &Sim) -> Numbers {
    let mut numbers = Numbers::new();
    for (sk, item) in sim.items(&format!("T#{}#live", sim.org)) {
        for (name, value) in item.as_object().expect("an item") {
            let Some(digits) = value["N"].as_str() else { continue };
            if !["ttl", "version"].contains(&name.as_str()) && digits != "0" {
                numbers.insert((sk.clone(), name.clone()), digits.parse().expect("a number"));
            }
        }
    }
    numbers
}

fn add_run(sums: &mut Numbers, items: &BTreeMap<String, Value>) {
    let main = &items["M"];
    let (agent, key, status) = (text(main, "agent_type"), text(main, "key_id"), text(main, "status"));
    let mut add = |sk: &str, name: &str, by: i64| *sums.entry((sk.to_owned(), name.to_owned())).or_default() += by;
    let of_day = |item: &Value, name: &str| {
        let at = Timestamp::from_ms(i64::try_from(number(item, name)).expect("a time"));
        let day = Day::of(at);
        (at, [format!("A#{day}#{agent}"), format!("K#{day}#{key}")])
    };
    add("M", status, 1);
    add("M", &format!("agent_{agent}"), 1);
    for sk in of_day(main, "created_at").1 {
        add(&sk, "runs", 1);
        if !matches!(status, "queued" | "running") {
            add(&sk, status, 1);
        }
    }
    for (sk, attempt) in items {
        if !sk.starts_with("A#") || attempt["credits"].is_null() {
            continue;
        }
        let (at, days) = of_day(attempt, "ended_at");
        let figure = |name| i64::try_from(number(attempt, name)).expect("a figure");
        add("M", &format!("credits_{}", at.month()), figure("credits"));
        for sk in days {
            for name in ["credits", "input_tokens", "output_tokens"] {
                add(&sk, name, figure(name));
            }
        }
    }
}
