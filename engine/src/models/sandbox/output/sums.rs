//! Sums: makes the figures of a made-up answer agree with each other.
//!
//! Only what a reader would add up by himself; a figure that the data gave stays as it is unless it is a sum.

use serde_json::{Map, Value};

use crate::agents::AMOUNT_MAX;

/// The members of list entries that a total without a name of its own adds up, first hit wins.
const SUMMED: [&str; 5] = ["amount_usd", "value_usd", "spend_usd", "exposure_usd", "amount"];

/// Makes the figures of one object agree: a line's total, a net, a gap.
pub(super) fn agree(object: &mut Map<String, Value>) {
    let figure = |name: &str| object.get(name).and_then(Value::as_f64);
    let agreed = match (
        [figure("quantity"), figure("unit_price_usd"), figure("total_usd")],
        [figure("gross_usd"), figure("net_usd")],
        [figure("owned"), figure("used")],
        [figure("load"), figure("capacity")],
        [figure("before"), figure("after")],
    ) {
        ([Some(quantity), Some(price), Some(_)], ..) => {
            let kept = 1.0 - figure("discount_percent").unwrap_or(0.0) / 100.0;
            vec![("total_usd", cents(quantity * price * kept))]
        }
        (_, [Some(gross), Some(_)], ..) => {
            let deductions = cents(gross * 0.28);
            vec![("deductions_usd", deductions), ("net_usd", cents(gross - deductions))]
        }
        (_, _, [Some(owned), Some(used)], ..) => vec![("gap", owned - used)],
        (.., [Some(load), Some(capacity)], _) => vec![("gap", cents(capacity - load))],
        (.., [Some(before), Some(after)]) if before > 0.0 => {
            vec![("change_percent", cents((after / before - 1.0) * 100.0).clamp(-1e6, 1e6))]
        }
        _ => Vec::new(),
    };
    for (name, figure) in agreed {
        put(object, name, figure);
    }
}

/// Makes the totals of an output the sums of its lists.
pub(super) fn total(output: &mut Map<String, Value>) {
    let totals: Vec<String> = output
        .iter()
        .filter(|(name, value)| {
            value.is_number() && (name.starts_with("total_") || *name == "budget_usd" || *name == "pipeline_usd")
        })
        .map(|(name, _)| name.clone())
        .collect();
    for name in totals {
        let part = name.strip_prefix("total_").unwrap_or(&name);
        let names = [name.as_str(), part].into_iter().chain(SUMMED);
        let sum = names.into_iter().find_map(|member| sum(output, member));
        if let Some(sum) = sum {
            put(output, &name, cents(sum));
        }
    }
}

/// Adds up a member over the entries of the first list that has it.
fn sum(output: &Map<String, Value>, member: &str) -> Option<f64> {
    output.values().find_map(|list| {
        let figures = list
            .as_array()?
            .iter()
            .map(|entry| entry.get(member).and_then(Value::as_f64));
        figures
            .sum::<Option<f64>>()
            .filter(|_| list.as_array().is_some_and(|entries| !entries.is_empty()))
    })
}

/// Writes a figure over one that is there, as a whole number where that was one.
fn put(object: &mut Map<String, Value>, name: &str, figure: f64) {
    let figure = figure.clamp(-AMOUNT_MAX, AMOUNT_MAX);
    if let Some(value) = object.get_mut(name) {
        *value = if value.is_f64() {
            Value::from(figure)
        } else {
            Value::from(figure as i64)
        };
    }
}

/// Rounds to two places.
pub(super) fn cents(figure: f64) -> f64 {
    (figure * 100.0).round() / 100.0
}
