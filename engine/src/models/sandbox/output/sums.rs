//! Sums: makes the members of a made-up answer agree with each other.
//!
//! Only what a reader would work out by himself: a total is the sum of its lines, whatever was drawn or given for it.

use serde_json::{Map, Value};

use crate::agents::AMOUNT_MAX;

/// What is worked out, and from what.
type Rule = (&'static str, &'static [&'static str], fn(&[f64]) -> f64);

/// Applied in this order to every object that has all of a rule's members.
const RULES: &[Rule] = &[
    ("total_usd", &["quantity", "unit_price_usd"], |of| of[0] * of[1]),
    ("total_usd", &["total_usd", "discount_percent"], |of| {
        of[0] * (1.0 - of[1] / 100.0)
    }),
    ("deductions_usd", &["gross_usd"], |of| of[0] * 0.28),
    ("net_usd", &["gross_usd", "deductions_usd"], |of| of[0] - of[1]),
    ("vat", &["net", "rate_percent"], |of| of[0] * of[1] / 100.0),
    ("tax", &["net", "total"], |of| of[0] * 0.2),
    ("total", &["net", "tax"], |of| of[0] + of[1]),
    ("gap", &["owned", "used"], |of| of[0] - of[1]),
    ("gap", &["capacity", "load"], |of| of[0] - of[1]),
    ("low", &["value", "high"], |of| of[0] * 0.9),
    ("high", &["value", "low"], |of| of[0] * 1.1),
    ("change_percent", &["before", "after"], |of| {
        if of[0] > 0.0 {
            (of[1] / of[0] - 1.0) * 100.0
        } else {
            0.0
        }
    }),
];

/// Percentages that add up to 100 over a list.
const SHARES: [&str; 2] = ["share_percent", "weight_percent"];

/// Judgements, and the list that is empty where they are true.
const FLAWLESS: [(&str, &str); 4] = [
    ("acceptable", "problems"),
    ("complete", "claims"),
    ("matched", "differences"),
    ("on_brand", "issues"),
];

/// The members of list entries that a total without a like name adds up, first hit wins.
const SUMMED: [&str; 5] = ["amount_usd", "value_usd", "spend_usd", "exposure_usd", "amount"];

/// Makes the figures of one object agree: a line's total, a net, a gap.
pub(super) fn agree(object: &mut Map<String, Value>) {
    for (name, from, rule) in RULES {
        let figures: Option<Vec<f64>> = from
            .iter()
            .map(|name| object.get(*name).and_then(Value::as_f64))
            .collect();
        if let Some(figures) = figures {
            put(object, name, rule(&figures));
        }
    }
}

/// Makes the top of an output agree with its lists.
pub(super) fn total(output: &mut Map<String, Value>) {
    for (judgement, list) in FLAWLESS {
        if output.get(judgement) == Some(&Value::Bool(true)) && output.contains_key(list) {
            output.insert(list.to_owned(), Value::Array(Vec::new()));
            put(output, "difference_usd", 0.0);
        }
    }
    output
        .values_mut()
        .filter_map(Value::as_array_mut)
        .for_each(|list| share_out(list));
    let sums = |name: &String| name.starts_with("total_") || name == "budget_usd" || name == "pipeline_usd";
    let totals: Vec<String> = output.keys().filter(|name| sums(name)).cloned().collect();
    for name in totals {
        let part = name.strip_prefix("total_").unwrap_or(&name);
        let mut names = [name.as_str(), part].into_iter().chain(SUMMED);
        if let Some(sum) = names
            .find_map(|member| column(output, member))
            .map(|figures| figures.iter().sum())
        {
            put(output, &name, sum);
        }
    }
    for (name, member, pick) in [
        ("highest_score", "score", f64::max as fn(f64, f64) -> f64),
        ("lowest_balance_usd", "closing_usd", f64::min),
    ] {
        if let Some(figure) = column(output, member).and_then(|figures| figures.into_iter().reduce(pick)) {
            put(output, name, figure);
        }
    }
}

/// Gives the entries of a list equal shares, and the last one what is left.
fn share_out(list: &mut [Value]) {
    let each = 100 / list.len().max(1);
    let last = list.len().saturating_sub(1);
    for (at, entry) in list.iter_mut().enumerate() {
        let share = if at == last { 100 - each * last } else { each };
        let Some(entry) = entry.as_object_mut() else { continue };
        SHARES.into_iter().for_each(|name| put(entry, name, share as f64));
    }
}

/// Gives a member of every entry of the first list whose entries have it.
fn column(output: &Map<String, Value>, member: &str) -> Option<Vec<f64>> {
    output.values().find_map(|list| {
        let figures = list
            .as_array()?
            .iter()
            .map(|entry| entry.get(member).and_then(Value::as_f64));
        figures
            .collect::<Option<Vec<_>>>()
            .filter(|figures| !figures.is_empty())
    })
}

/// Writes a figure over one that is there, as a whole number where that was one.
fn put(object: &mut Map<String, Value>, name: &str, figure: f64) {
    let figure = cents(figure).clamp(-AMOUNT_MAX, AMOUNT_MAX);
    match object.get_mut(name) {
        Some(value) if value.is_f64() => *value = Value::from(figure),
        Some(value) if value.is_number() => *value = Value::from(figure as i64),
        _ => {}
    }
}

/// Rounds to two places.
pub(super) fn cents(figure: f64) -> f64 {
    (figure * 100.0).round() / 100.0
}
