//! Lines: what agrees within one object, be it a list's entry, an object or the top.

use serde_json::Value;

use super::sheet::{Cell, Sheet};

/// What is worked out, and from what.
type Rule = (&'static str, &'static [&'static str], fn(&[f64]) -> f64);

/// Applied in this order to every object that has all of a rule's members.
const RULES: &[Rule] = &[
    ("total_usd", &["quantity", "unit_price_usd"], |of| of[0] * of[1]),
    ("total_usd", &["total_usd", "discount_percent"], |of| {
        of[0] * (1.0 - of[1] / 100.0)
    }),
    ("gap", &["owned", "used"], |of| of[0] - of[1]),
    ("gap", &["capacity", "load"], |of| of[0] - of[1]),
    ("score", &["fit", "intent"], |of| f64::midpoint(of[0], of[1])),
    ("change_percent", &["before", "after"], |of| {
        if of[0] > 0.0 {
            (of[1] / of[0] - 1.0) * 100.0
        } else {
            0.0
        }
    }),
];

/// Makes the figures of one object agree.
pub(super) fn agree(sheet: &mut Sheet<'_>, parent: &str, at: usize) {
    let mut row = Row { sheet, parent, at };
    for rule in [Row::price, Row::pay, Row::vat] {
        rule(&mut row);
    }
    for (name, from, rule) in RULES {
        let figures: Option<Vec<f64>> = from.iter().map(|name| row.figure(name)).collect();
        if let Some(figures) = figures {
            row.put(name, rule(&figures));
        }
    }
    for rule in [
        Row::limits,
        Row::hours,
        Row::goods,
        Row::fraud,
        Row::reminder,
        Row::metric,
    ] {
        rule(&mut row);
    }
}

/// One object of the answer. Each of its rules does nothing where a member that it is about is not there.
struct Row<'s, 'a> {
    sheet: &'s mut Sheet<'a>,
    parent: &'s str,
    at: usize,
}

impl Row<'_, '_> {
    fn cell<'c>(&'c self, name: &'c str) -> Cell<'c> {
        (self.parent, self.at, name)
    }

    fn figure(&self, name: &str) -> Option<f64> {
        self.sheet.figure(self.cell(name))
    }

    fn word(&self, name: &str) -> Option<&str> {
        self.sheet.word(self.cell(name))
    }

    fn is_given(&self, name: &str) -> bool {
        self.sheet.is_given(self.cell(name))
    }

    fn put(&mut self, name: &str, figure: f64) {
        self.sheet.put((self.parent, self.at, name), figure);
    }

    fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.sheet.set((self.parent, self.at, name), value.into());
    }

    /// A given total has the price that leads to it, and a line of the data no discount that the data does not give.
    fn price(&mut self) {
        let (Some(quantity), Some(price), Some(total)) = (
            self.figure("quantity"),
            self.figure("unit_price_usd"),
            self.figure("total_usd"),
        ) else {
            return;
        };
        if self.is_given("total_usd") || self.is_given("unit_price_usd") {
            self.put("discount_percent", 0.0);
        }
        if self.is_given("total_usd") && self.is_given("unit_price_usd") && price > 0.0 {
            self.put("quantity", total / price);
        } else if self.is_given("total_usd") && quantity > 0.0 {
            let kept = 1.0 - self.figure("discount_percent").unwrap_or(0.0) / 100.0;
            self.put("unit_price_usd", if kept > 0.0 { total / quantity / kept } else { 0.0 });
        }
    }

    /// Gross less deductions is net; what is not given follows from what is.
    fn pay(&mut self) {
        let (Some(gross), Some(deductions), Some(net)) = (
            self.figure("gross_usd"),
            self.figure("deductions_usd"),
            self.figure("net_usd"),
        ) else {
            return;
        };
        match ["gross_usd", "deductions_usd", "net_usd"].map(|name| self.is_given(name)) {
            [false, true, true] => self.put("gross_usd", net + deductions),
            [false, false, true] => self.put("gross_usd", net / 0.72),
            // More was taken off than a drawn gross has.
            [false, true, false] if deductions > gross => self.put("gross_usd", deductions / 0.28),
            _ => {}
        }
        let gross = self.figure("gross_usd").unwrap_or(gross);
        let taken = if self.is_given("net_usd") {
            gross - net
        } else {
            gross * 0.28
        };
        self.put("deductions_usd", taken);
        let deductions = self.figure("deductions_usd").unwrap_or(deductions);
        self.put("net_usd", gross - deductions);
    }

    /// Only a standard or a reduced rate bears tax.
    fn vat(&mut self) {
        let (Some(net), Some(vat), Some(rate)) = (self.figure("net"), self.figure("vat"), self.figure("rate_percent"))
        else {
            return;
        };
        if self.is_given("vat") && net != 0.0 {
            self.put("rate_percent", vat / net * 100.0);
        }
        if self.is_given("vat") || self.is_given("rate_percent") {
            let rate = self.figure("rate_percent").unwrap_or(rate);
            self.set("treatment", if rate > 0.0 { "standard" } else { "zero" });
        }
        if !matches!(self.word("treatment"), Some("standard" | "reduced")) {
            self.put("rate_percent", 0.0);
        }
        let rate = self.figure("rate_percent").unwrap_or(rate);
        self.put("vat", net * rate / 100.0);
    }

    /// A measurement has passed when it is within its limits; limits that nobody gave stand around it.
    fn limits(&mut self) {
        let (Some(value), Some(low), Some(high)) = (self.figure("value"), self.figure("low"), self.figure("high"))
        else {
            return;
        };
        let tenth = |figure: f64| figure.abs() / 10.0;
        match ["value", "low", "high"].map(|name| self.is_given(name)) {
            [false, true, true] => self.put("value", f64::midpoint(low, high)),
            [false, true, false] => self.put("value", low + tenth(low)),
            [false, false, true] => self.put("value", high - tenth(high)),
            // Drawn throughout: some are to fail.
            [false, false, false] if !self.sheet.is_true(self.cell("passed")) => {
                self.put("high", value - tenth(value) / 2.0);
                self.put("low", value - 3.0 * tenth(value));
                return;
            }
            _ => {}
        }
        let value = self.figure("value").unwrap_or(value);
        let below = if self.is_given("high") { value.min(high) } else { value };
        self.put("low", below - tenth(below));
        let low = self.figure("low").unwrap_or(low);
        let above = value.max(low);
        self.put("high", above + tenth(above));
        let high = self.figure("high").unwrap_or(high);
        self.set("passed", (low..=high).contains(&value));
    }

    /// A breach took longer than was agreed.
    fn hours(&mut self) {
        let (Some(target), Some(actual)) = (self.figure("target_hours"), self.figure("actual_hours")) else {
            return;
        };
        if actual <= target && !self.is_given("actual_hours") {
            self.put("actual_hours", target * 1.4 + 1.0);
        } else if actual <= target {
            self.put("target_hours", actual * 0.7);
        }
    }

    /// What was ordered has come, and no more is damaged than that.
    fn goods(&mut self) {
        let (Some(ordered), Some(received), Some(damaged)) =
            (self.figure("ordered"), self.figure("received"), self.figure("damaged"))
        else {
            return;
        };
        if self.is_given("received") {
            self.put("ordered", received);
        }
        self.put("received", ordered);
        let received = self.figure("received").unwrap_or(received);
        let is_recorded = ["item", "ordered", "received"].iter().any(|name| self.is_given(name));
        self.put("damaged", if is_recorded { 0.0 } else { damaged.min(received) });
    }

    /// Clear below 30, review to 70, block above; the bands of the agent's instructions.
    fn fraud(&mut self) {
        let (Some(score), Some(verdict)) = (self.figure("score"), self.word("verdict")) else {
            return;
        };
        if self.is_given("verdict") {
            let score = match verdict {
                "clear" => score.min(29.0),
                "review" => score.clamp(30.0, 70.0),
                _ => score.max(71.0),
            };
            self.put("score", score);
        }
        let score = self.figure("score").unwrap_or(score);
        let verdict = match score {
            ..30.0 => "clear",
            ..=70.0 => "review",
            _ => "block",
        };
        self.set("verdict", verdict);
        if self.word("verdict") == Some("clear") {
            self.set("signals", Value::Array(Vec::new()));
        }
    }

    /// The tone of a reminder follows from the days; the bands of the agent's instructions.
    fn reminder(&mut self) {
        if let Some(days) = self.figure("days_overdue") {
            let tone = match days {
                ..=14.0 => "friendly",
                ..=45.0 => "firm",
                _ => "final",
            };
            self.set("reminder", tone);
        }
    }

    /// A component is critical over its threshold, and near it a warning.
    fn metric(&mut self) {
        if let (Some(value), Some(threshold)) = (self.figure("value"), self.figure("threshold")) {
            let state = if value > threshold {
                "critical"
            } else if value >= threshold * 0.9 {
                "warning"
            } else {
                "ok"
            };
            self.set("state", state);
        }
    }
}
