//! Judgements: words and yeses that follow from an answer's own lists and figures.

use serde_json::{Value, json};

use super::sheet::Sheet;
use crate::models::sandbox::wording::excerpt;

/// Judgements, and the list that is empty where they are true.
const FLAWLESS: [(&str, &str); 3] = [
    ("acceptable", "problems"),
    ("matched", "differences"),
    ("on_brand", "issues"),
];

/// Levels, from the best to the worst: the overall one is the worst of a list.
const WORST: [(&str, &str, &str, &[&str]); 2] = [
    (
        "overall_risk",
        "clauses",
        "risk",
        &["low", "medium", "high", "unacceptable"],
    ),
    ("overall", "components", "state", &["ok", "warning", "critical"]),
];

/// Checks that all have to be passed, and the decision with and without.
const CHECKED: [(&str, &str, &str); 2] = [("ready", "proceed", "postpone"), ("passed", "approve", "return")];

/// Makes the judgements agree with what they are about, each where its members are there.
pub(super) fn agree(sheet: &mut Sheet<'_>) {
    for (overall, list, member, levels) in WORST {
        let entries = 0..sheet.len(list);
        let level = |at| {
            let word = sheet.word((list, at, member));
            levels.iter().position(|level| Some(*level) == word)
        };
        if let Some(worst) = entries.filter_map(level).max() {
            sheet.set(("", 0, overall), Value::from(levels[worst]));
        }
    }
    for (passed, with, without) in CHECKED {
        let checks = sheet.len("checks");
        if sheet.has(("checks", 0, passed)) {
            let all = (0..checks).all(|at| sheet.is_true(("checks", at, passed)));
            sheet.set(("", 0, "decision"), Value::from(if all { with } else { without }));
        }
    }
    for rule in [contract, vendor, lead, leave, change, backup, receipt, batches, at_risk] {
        rule(sheet);
    }
    for rule in [support, licences, capacity, slots, requisition] {
        rule(sheet);
    }
}

/// Where nothing is wrong the list of what is wrong is empty, and where the data has such a list something is.
pub(super) fn empty_where_nothing_is_wrong(sheet: &mut Sheet<'_>) {
    for (judgement, list) in FLAWLESS {
        if !sheet.has(("", 0, judgement)) || !sheet.has(("", 0, list)) {
            continue;
        }
        if sheet.is_given(("", 0, list)) {
            sheet.set(("", 0, judgement), Value::Bool(false));
        } else if sheet.is_true(("", 0, judgement)) {
            sheet.set(("", 0, list), json!([]));
            sheet.put(("", 0, "difference_usd"), 0.0);
        }
    }
}

fn contract(sheet: &mut Sheet<'_>) {
    let advice = match sheet.word(("", 0, "overall_risk")) {
        Some("low") => "sign",
        Some("unacceptable") => "refuse",
        Some(_) => "negotiate",
        None => return,
    };
    sheet.set(("", 0, "recommendation"), Value::from(advice));
}

fn vendor(sheet: &mut Sheet<'_>) {
    let verdict = match sheet.figure(("", 0, "overall_score")) {
        Some(80.0..) => "preferred",
        Some(65.0..) => "approved",
        Some(50.0..) => "conditional",
        Some(_) => "rejected",
        None => return,
    };
    sheet.set(("", 0, "verdict"), Value::from(verdict));
}

fn lead(sheet: &mut Sheet<'_>) {
    let criteria = ["budget", "authority", "need", "timing"].map(|name| sheet.word(("criteria", 0, name)));
    let is_qualified = criteria[2] == Some("confirmed") && !criteria.contains(&Some("absent"));
    sheet.set(("", 0, "qualified"), Value::from(is_qualified));
}

fn leave(sheet: &mut Sheet<'_>) {
    if sheet.word(("", 0, "decision")) == Some("approve") {
        sheet.set(("", 0, "clashes"), json!([]));
    }
}

/// A change without a tried rollback is at least high.
fn change(sheet: &mut Sheet<'_>) {
    let is_missing = |at: &usize| {
        sheet.word(("checks", *at, "check")) == Some("rollback") && !sheet.is_true(("checks", *at, "ready"))
    };
    let lacks_rollback = (0..sheet.len("checks")).any(|at| is_missing(&at));
    if lacks_rollback && sheet.word(("", 0, "risk")) != Some("critical") {
        sheet.set(("", 0, "risk"), Value::from("high"));
    }
}

fn backup(sheet: &mut Sheet<'_>) {
    let is_proven =
        |at| sheet.word(("jobs", at, "state")) == Some("ok") && sheet.is_true(("jobs", at, "restore_tested"));
    let compliant = (0..sheet.len("jobs")).all(is_proven);
    sheet.set(("", 0, "compliant"), Value::from(compliant));
}

/// A receipt is complete when every line came in full and whole; what did not is claimed.
fn receipt(sheet: &mut Sheet<'_>) {
    if !sheet.has(("", 0, "complete")) {
        return;
    }
    let mut claims = Vec::new();
    for at in 0..sheet.len("lines") {
        let [ordered, received, damaged] =
            ["ordered", "received", "damaged"].map(|name| sheet.figure(("lines", at, name)).unwrap_or_default());
        let item = excerpt(sheet.word(("lines", at, "item")).unwrap_or("The item"), 100);
        if received < ordered || damaged > 0.0 {
            claims.push(format!(
                "{item}: {ordered} ordered, {received} received, {damaged} damaged."
            ));
        }
    }
    sheet.set(("", 0, "complete"), Value::from(claims.is_empty()));
    sheet.set(("", 0, "claims"), Value::from(claims));
}

/// The batches with a failed measure are held.
fn batches(sheet: &mut Sheet<'_>) {
    let failed = (0..sheet.len("measurements")).filter(|at| !sheet.is_true(("measurements", *at, "passed")));
    let mut batches: Vec<&str> = failed
        .filter_map(|at| sheet.word(("measurements", at, "batch")))
        .collect();
    batches.dedup();
    let batches = Value::from(batches);
    sheet.set(("", 0, "hold"), batches);
}

/// Nothing is at risk where nothing is suspicious, and no revenue where nobody is likelier to leave than to stay.
fn at_risk(sheet: &mut Sheet<'_>) {
    if sheet.count("transactions", "verdict", "clear") == sheet.len("transactions") {
        sheet.put(("", 0, "amount_at_risk_usd"), 0.0);
    }
    let risks = sheet.column("customers", "risk_percent").unwrap_or_default();
    if risks.iter().all(|risk| *risk <= 50.0) {
        sheet.put(("", 0, "revenue_at_risk_usd"), 0.0);
    }
}

/// What is resolved is not handed over.
fn support(sheet: &mut Sheet<'_>) {
    if sheet.is_true(("", 0, "resolved")) {
        sheet.leave_out("handover");
    }
}

/// Waste takes an unused licence, a shortfall one that is missing.
fn licences(sheet: &mut Sheet<'_>) {
    if let Some(gaps) = sheet.column("products", "gap") {
        for (name, is_there) in [
            ("waste_usd", gaps.iter().any(|gap| *gap > 0.0)),
            ("shortfall_usd", gaps.iter().any(|gap| *gap < 0.0)),
        ] {
            if !is_there {
                sheet.put(("", 0, name), 0.0);
            }
        }
    }
}

fn capacity(sheet: &mut Sheet<'_>) {
    let is_short = |at: &usize| sheet.figure(("periods", *at, "gap")).is_some_and(|gap| gap < 0.0);
    let first = (0..sheet.len("periods")).find(is_short);
    match first.and_then(|at| sheet.value(("periods", at, "period")).cloned()) {
        Some(period) => sheet.set(("", 0, "first_shortfall"), period),
        None => sheet.leave_out("first_shortfall"),
    }
}

/// A slot ends when its time is over.
fn slots(sheet: &mut Sheet<'_>) {
    let minutes = sheet.figure(("", 0, "duration_minutes")).unwrap_or_default() as u32;
    for at in 0..sheet.len("slots") {
        if let Some(end) = sheet.word(("slots", at, "starts_at")).and_then(minute_of_day) {
            let end = (end + minutes).min(23 * 60 + 59);
            sheet.set(
                ("slots", at, "ends_at"),
                Value::from(format!("{:02}:{:02}", end / 60, end % 60)),
            );
        }
    }
}

fn minute_of_day(time: &str) -> Option<u32> {
    let (hour, minute) = time.split_once(':')?;
    let (hour, minute) = (hour.parse::<u32>().ok()?, minute.parse::<u32>().ok()?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

/// No prices came with the orders, so nobody can say what they cost.
fn requisition(sheet: &mut Sheet<'_>) {
    if sheet.output.contains_key("orders") {
        sheet.leave_out("total_usd");
    }
}
