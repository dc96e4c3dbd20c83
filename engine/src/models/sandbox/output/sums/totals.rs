//! Totals: what agrees between a list and the rest of an answer.
//!
//! A total is the sum of its parts, whatever was drawn for it; where the data gave the total and no parts, the parts are
//! made to add up to it.

use super::lines;
use super::sheet::{Cell, Sheet, cents};

/// The members of list entries that a total without a like name adds up, first hit wins.
const SUMMED: [&str; 5] = ["amount_usd", "value_usd", "spend_usd", "exposure_usd", "amount"];

/// Makes the top of an output agree with its lists, each rule where its members are there.
pub(super) fn agree(sheet: &mut Sheet<'_>) {
    let totals = (("totals", 0, "net"), ("totals", 0, "tax"), ("totals", 0, "total"));
    taxed(sheet, "amount", Some(totals.0), totals.1, totals.2);
    taxed(sheet, "total_usd", None, ("", 0, "tax_usd"), ("", 0, "total_usd"));
    share_out(sheet, "criteria", "weight_percent");
    shares_of(sheet, "categories", "spend_usd", "total_usd");
    // A schedule of the data's gives the price, and a price gives a schedule.
    parts(sheet, "schedule", "amount_usd", "contract_price_usd");
    shares_of(sheet, "obligations", "price_usd", "contract_price_usd");
    parts(sheet, "schedule", "amount_usd", "contract_price_usd");
    parts(sheet, "channels", "budget_usd", "budget_usd");
    sums(sheet);
    if let Some(figures) = sheet.column("eligible", "employee_cost_usd") {
        sheet.put(("", 0, "employee_monthly_cost_usd"), figures.iter().sum());
    }
    carry_on(sheet);
    for (name, list, member, pick) in [
        (
            "highest_score",
            "transactions",
            "score",
            f64::max as fn(f64, f64) -> f64,
        ),
        ("lowest_balance_usd", "weeks", "closing_usd", f64::min),
    ] {
        if let Some(figure) = sheet.column(list, member).and_then(|of| of.into_iter().reduce(pick)) {
            sheet.put(("", 0, name), figure);
        }
    }
    differences(sheet);
    pipeline(sheet);
    counts(sheet);
}

/// Every `total_…` that is the sum of a like member of a list. The given ones come first, since their lines change.
fn sums(sheet: &mut Sheet<'_>) {
    // With tax, or with shares, they were worked out already.
    if sheet.has(("", 0, "tax_usd")) || sheet.output.contains_key("categories") {
        return;
    }
    let totals = sheet.output.keys().filter(|name| name.starts_with("total_"));
    let (given, open): (Vec<String>, Vec<String>) = totals.cloned().partition(|name| sheet.is_given(("", 0, name)));
    for name in given {
        if let (Some((list, member)), Some(total)) = (summed(sheet, &name), sheet.figure(("", 0, &name)))
            && !sheet.is_any_given(&list, &member)
            && member != "vat"
        {
            spread(sheet, &list, &member, total);
            follow(sheet, &list, &member);
        }
    }
    for name in open {
        if let Some((list, member)) = summed(sheet, &name) {
            let figures = sheet.column(&list, &member).unwrap_or_default();
            sheet.put(("", 0, &name), figures.iter().sum());
        }
    }
}

/// Finds the list, and the member of its entries, that a total adds up.
fn summed(sheet: &Sheet<'_>, total: &str) -> Option<(String, String)> {
    let part = total.strip_prefix("total_").unwrap_or(total);
    let lists = sheet.parents();
    let mut members = [total, part].into_iter().chain(SUMMED);
    members.find_map(|member| {
        let list = lists.iter().find(|list| sheet.column(list, member).is_some())?;
        Some((list.clone(), member.to_owned()))
    })
}

/// Makes each line agree again after a total was spread over them.
fn follow(sheet: &mut Sheet<'_>, list: &str, member: &str) {
    for at in 0..sheet.len(list) {
        if member != "net_usd" {
            lines::agree(sheet, list, at);
            continue;
        }
        let net = sheet.figure((list, at, "net_usd")).unwrap_or_default();
        if !sheet.is_given(("", 0, "total_gross_usd")) {
            sheet.put((list, at, "gross_usd"), net / 0.72);
        }
        let gross = sheet.figure((list, at, "gross_usd")).unwrap_or_default();
        sheet.put((list, at, "deductions_usd"), gross - net);
    }
}

/// Lines, what they come to without tax, the tax and the total: what was given stays, and the rest follows from it.
fn taxed(sheet: &mut Sheet<'_>, member: &str, net: Option<Cell<'_>>, tax: Cell<'_>, total: Cell<'_>) {
    let (Some(taxed), Some(whole)) = (sheet.figure(tax), sheet.figure(total)) else {
        return;
    };
    let given_net = net
        .filter(|cell| sheet.is_given(*cell))
        .and_then(|cell| sheet.figure(cell));
    let is_any_line_given = sheet.is_any_given("lines", member);
    // What is fixed before tax: the lines follow from it, unless the data gave some.
    let fixed = match (given_net, sheet.is_given(total), sheet.is_given(tax)) {
        (Some(net), _, _) => Some(net),
        (None, true, true) if !is_any_line_given => Some(cents(whole - taxed)),
        (None, true, false) if !is_any_line_given => Some(cents(whole / 1.2)),
        _ => None,
    };
    if let Some(fixed) = fixed.filter(|_| !is_any_line_given) {
        spread(sheet, "lines", member, fixed);
    }
    let lines = || sheet.column("lines", member).unwrap_or_default().iter().sum();
    let sum = cents(fixed.unwrap_or_else(lines));
    if let Some(net) = net {
        sheet.put(net, sum);
    }
    sheet.put(tax, if sheet.is_given(total) { whole - sum } else { sum * 0.2 });
    let taxed = sheet.figure(tax).unwrap_or(taxed);
    sheet.put(total, sum + taxed);
}

/// Spreads a total over the entries of a list whose figure the data did not give, the last one takes what is left.
fn spread(sheet: &mut Sheet<'_>, list: &str, member: &str, total: f64) {
    let is_open = |at: &usize| !sheet.is_given((list, *at, member));
    let open: Vec<usize> = (0..sheet.len(list)).filter(is_open).collect();
    let given = (0..sheet.len(list)).filter(|at| !open.contains(at));
    let mut left = total - given.filter_map(|at| sheet.figure((list, at, member))).sum::<f64>();
    for (done, at) in open.iter().enumerate() {
        let share = cents(left / (open.len() - done) as f64);
        sheet.put((list, *at, member), share);
        reprice(sheet, list, *at, share);
        left -= share;
    }
}

/// Gives a line whose total was spread the price that leads to it; where no whole cent does, it is one piece.
fn reprice(sheet: &mut Sheet<'_>, list: &str, at: usize, total: f64) {
    let Some(quantity) = sheet.figure((list, at, "quantity")) else {
        return;
    };
    if sheet.has((list, at, "unit_price_usd")) {
        sheet.put((list, at, "discount_percent"), 0.0);
        let price = cents(total / quantity.max(1.0));
        if cents(price * quantity) == total {
            sheet.put((list, at, "unit_price_usd"), price);
        } else {
            sheet.put((list, at, "quantity"), 1.0);
            sheet.put((list, at, "unit_price_usd"), total);
        }
    }
}

/// A total of the top that its parts are cut from, unless the data gave the parts and not the total.
fn parts(sheet: &mut Sheet<'_>, list: &str, member: &str, total: &str) {
    let (Some(whole), Some(figures)) = (sheet.figure(("", 0, total)), sheet.column(list, member)) else {
        return;
    };
    if sheet.is_given(("", 0, total)) || !sheet.is_any_given(list, member) {
        spread(sheet, list, member, whole);
    } else {
        sheet.put(("", 0, total), figures.iter().sum());
    }
}

/// Amounts and their shares of a total: the shares come from the amounts, unless the data gave shares and no amounts.
fn shares_of(sheet: &mut Sheet<'_>, list: &str, amount: &str, total: &str) {
    let (Some(whole), Some(_)) = (sheet.figure(("", 0, total)), sheet.column(list, amount)) else {
        return;
    };
    let is_cut = sheet.is_given(("", 0, total)) || total == "contract_price_usd";
    if !sheet.is_any_given(list, amount) && (is_cut || sheet.is_any_given(list, "share_percent")) {
        share_out(sheet, list, "share_percent");
        let mut left = whole;
        let last = sheet.len(list) - 1;
        for at in 0..=last {
            let share = sheet.figure((list, at, "share_percent")).unwrap_or_default();
            let part = if at == last && !sheet.is_any_given(list, "share_percent") {
                left
            } else {
                cents(whole * share / 100.0)
            };
            sheet.put((list, at, amount), part);
            left -= part;
        }
        return;
    }
    let amounts = sheet.column(list, amount).unwrap_or_default();
    let sum: f64 = amounts.iter().sum();
    sheet.put(("", 0, total), sum);
    let mut left = 100.0;
    for (at, part) in amounts.iter().enumerate() {
        let share = if sum > 0.0 { cents(part / sum * 100.0) } else { 0.0 };
        let share = if at + 1 == amounts.len() { left } else { share };
        sheet.put((list, at, "share_percent"), share);
        left -= share;
    }
}

/// Shares of a hundred: those that were given stay, and the others have equal parts of the rest.
fn share_out(sheet: &mut Sheet<'_>, list: &str, member: &str) {
    let is_open = |at: &usize| !sheet.is_given((list, *at, member));
    let open: Vec<usize> = (0..sheet.len(list)).filter(is_open).collect();
    let given = (0..sheet.len(list)).filter(|at| !open.contains(at));
    let mut left = 100.0 - given.filter_map(|at| sheet.figure((list, at, member))).sum::<f64>();
    for (done, at) in open.iter().enumerate() {
        let share = (left / (open.len() - done) as f64).max(0.0).floor();
        let share = if done + 1 == open.len() { left } else { share };
        sheet.put((list, *at, member), share);
        left -= share;
    }
}

/// Each week closes with what the one before closed with, and what came and went.
fn carry_on(sheet: &mut Sheet<'_>) {
    for at in 1..sheet.len("weeks") {
        let figures = [(at - 1, "closing_usd"), (at, "inflow_usd"), (at, "outflow_usd")];
        let figures = figures.map(|(at, name)| sheet.figure(("weeks", at, name)).unwrap_or_default());
        sheet.put(("weeks", at, "closing_usd"), figures[0] + figures[1] - figures[2]);
    }
}

/// What is left over between two sides.
fn differences(sheet: &mut Sheet<'_>) {
    let difference = ("", 0, "difference_usd");
    let sum = |sheet: &Sheet<'_>, list: &str, member: &str| -> f64 {
        sheet.column(list, member).unwrap_or_default().iter().sum()
    };
    if sheet.output.contains_key("unmatched_bank") {
        let left = sum(sheet, "unmatched_bank", "amount_usd") - sum(sheet, "unmatched_ledger", "amount_usd");
        sheet.put(difference, left);
    }
    for at in 0..sheet.len("differences") {
        let expected = sheet.figure(("differences", at, "expected")).unwrap_or_default();
        if sheet.figure(("differences", at, "invoiced")) == Some(expected) {
            sheet.put(("differences", at, "invoiced"), expected + 1.0);
        }
    }
    if sheet.len("differences") > 0 {
        let left = sum(sheet, "differences", "invoiced") - sum(sheet, "differences", "expected");
        sheet.put(difference, left);
    }
}

/// The pipeline has the open deals only.
fn pipeline(sheet: &mut Sheet<'_>) {
    let is_open = |at: &usize| !matches!(sheet.word(("deals", *at, "stage")), Some("won" | "lost"));
    let open = (0..sheet.len("deals")).filter(is_open);
    let sum = open.filter_map(|at| sheet.figure(("deals", at, "value_usd"))).sum();
    sheet.put(("", 0, "pipeline_usd"), sum);
}

/// Counts and averages of entries.
fn counts(sheet: &mut Sheet<'_>) {
    let percent = |part: usize, of: usize| (part as f64 / of.max(1) as f64 * 1_000.0).round() / 10.0;
    sheet.put(("", 0, "met_count"), sheet.count("requirements", "met", "yes") as f64);
    let is_reached = |at: &usize| {
        let figures = ["value", "target"].map(|name| sheet.figure(("indicators", *at, name)).unwrap_or_default());
        figures[0] >= figures[1]
    };
    let reached = (0..sheet.len("indicators")).filter(is_reached).count();
    sheet.put(("", 0, "on_target_count"), reached as f64);
    if sheet.len("controls") > 0 {
        let met = percent(sheet.count("controls", "state", "met"), sheet.len("controls"));
        sheet.put(("", 0, "met_percent"), met);
    }
    let measured = sheet.len("measurements");
    let passed = (0..measured).filter(|at| sheet.is_true(("measurements", *at, "passed")));
    sheet.put(("", 0, "pass_percent"), percent(passed.count(), measured));
    if let Some(checked) = sheet.figure(("", 0, "items_checked")) {
        sheet.put(("", 0, "items_checked"), checked.max(sheet.len("items") as f64));
    }
    let scores = ["price", "quality", "delivery", "risk"].map(|name| sheet.figure(("scores", 0, name)));
    if let Some(scores) = scores.into_iter().collect::<Option<Vec<_>>>() {
        sheet.put(("", 0, "overall_score"), scores.iter().sum::<f64>() / 4.0);
    }
    if let Some(paragraphs) = sheet.output.get("paragraphs").and_then(serde_json::Value::as_array) {
        let texts = paragraphs.iter().filter_map(serde_json::Value::as_str);
        let words = texts.map(|text| text.split_whitespace().count()).sum::<usize>();
        sheet.put(("", 0, "word_count"), words as f64);
    }
}
