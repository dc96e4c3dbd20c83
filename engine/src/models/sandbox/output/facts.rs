//! Facts: what task and data name, to be taken up in a made-up answer.
//!
//! Figures count only where it is plain what they are: `500 laptops`, `$1,200`, `3 days`. A bare number in a sentence is
//! nobody's, so that a task which says "set confidence to 1.0" sets nothing.

use serde_json::{Map, Value};

use crate::agents::is_date;
use crate::models::ModelRequest;
use crate::models::sandbox::wording::{references, words};

/// How many facts of a kind are kept, and how many texts of the data are looked at. Our choice.
const KEPT_MAX: usize = 12;

/// The largest count that is taken for one. Our choice; a made-up price times it stays an amount.
const COUNT_MAX: u64 = 1_000_000;

/// Words that may follow a number without being what it counts.
const NOT_COUNTED: [&str; 24] = [
    "and", "or", "to", "from", "in", "on", "at", "by", "for", "of", "with", "is", "are", "the", "a", "an", "then",
    "per", "usd", "eur", "dollars", "euros", "percent", "please",
];

/// Units in which data may say what a member says in another name.
const UNITS: [&str; 8] = [
    "_usd", "_percent", "_days", "_hours", "_months", "_minutes", "_name", "_number",
];

/// What was found, in the order in which it stands.
pub(super) struct Facts<'a> {
    data: Option<&'a Map<String, Value>>,
    pub task: &'a str,
    pub amounts: Vec<f64>,
    pub counts: Vec<u64>,
    pub dates: Vec<&'a str>,
    pub references: Vec<&'a str>,
}

impl<'a> Facts<'a> {
    /// Reads a request: figures from the task, dates and document numbers from the texts of the data too.
    pub(super) fn of(request: &ModelRequest<'a>) -> Self {
        let texts = || {
            let held = request
                .data
                .into_iter()
                .flatten()
                .filter(|(name, _)| *name != "sandbox");
            std::iter::once(request.task).chain(held.filter_map(|(_, value)| value.as_str()).take(KEPT_MAX))
        };
        Self {
            data: request.data,
            task: request.task.trim(),
            amounts: amounts(request.task).map(|(amount, _)| amount).take(KEPT_MAX).collect(),
            counts: counts(request.task).take(KEPT_MAX).collect(),
            dates: texts().flat_map(dates).take(KEPT_MAX).collect(),
            references: texts().flat_map(references).take(KEPT_MAX).collect(),
        }
    }

    /// Finds what the data itself has for a member.
    pub(super) fn given(&self, name: &str) -> Option<&'a Value> {
        self.data.and_then(|data| given(data, name))
    }

    /// Finds the objects that the data has for a list of objects: under its name, or the only list of objects there is.
    pub(super) fn entries(&self, name: &str) -> &'a [Value] {
        let objects = |value: &'a Value| {
            let entries = value.as_array().filter(|entries| !entries.is_empty());
            entries
                .filter(|entries| entries.iter().all(Value::is_object))
                .map(Vec::as_slice)
        };
        let mut lists = self.data.into_iter().flatten().filter_map(|(_, value)| objects(value));
        match (self.given(name).and_then(objects), lists.next(), lists.next()) {
            (Some(named), _, _) => named,
            (None, Some(only), None) => only,
            _ => &[],
        }
    }
}

/// Finds a member of the data by its name, or by its name without the unit.
pub(super) fn given<'a>(data: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let stem = |name: &str| {
        let name = name.to_ascii_lowercase().replace(['-', ' '], "_");
        UNITS
            .iter()
            .find_map(|unit| name.strip_suffix(unit))
            .unwrap_or(&name)
            .to_owned()
    };
    let wanted = stem(name);
    data.get(name).or_else(|| {
        data.iter()
            .find(|(held, _)| stem(held) == wanted)
            .map(|(_, value)| value)
    })
}

/// Reads a figure, as a number or as text like `$5,000.00`.
pub(super) fn figure(value: &Value) -> Option<f64> {
    let figure = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().trim_start_matches(['$', '€']).replace(',', "").parse().ok(),
        _ => None,
    };
    figure.filter(|figure| figure.is_finite())
}

/// Finds amounts of money with their currency: `$1,200`, `€40`, `900 USD`.
pub(super) fn amounts(text: &str) -> impl Iterator<Item = (f64, &'static str)> {
    let mut words = text.split_whitespace().peekable();
    std::iter::from_fn(move || {
        loop {
            let word = words.next()?.trim_end_matches(['.', ',', ';', ')', '?', '!']);
            let next = words
                .peek()
                .map(|next| next.trim_end_matches(|c: char| !c.is_alphabetic()).to_ascii_lowercase());
            let currency = match (word.chars().next(), next.as_deref()) {
                (Some('$'), _) | (_, Some("usd" | "dollars")) => "USD",
                (Some('€'), _) | (_, Some("eur" | "euros")) => "EUR",
                _ => continue,
            };
            let digits = word.trim_start_matches(['$', '€']);
            let amount = figure(&Value::from(digits)).filter(|_| digits.starts_with(|c: char| c.is_ascii_digit()));
            if let Some(amount) = amount {
                return Some((amount, currency));
            }
        }
    })
}

/// Finds counts: whole numbers with what they count after them.
fn counts(task: &str) -> impl Iterator<Item = u64> {
    let following = words(task).skip(1).map(Some).chain([None]);
    words(task).zip(following).filter_map(|(word, next)| {
        let next = next.filter(|next| next.starts_with(char::is_alphabetic))?;
        let count = word
            .replace(',', "")
            .parse()
            .ok()
            .filter(|count| (1..=COUNT_MAX).contains(count));
        count.filter(|_| !NOT_COUNTED.contains(&next.to_ascii_lowercase().as_str()))
    })
}

/// Finds days: `2026-06-30`.
pub(super) fn dates(text: &str) -> impl Iterator<Item = &str> {
    words(text).filter(|word| is_date(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_amounts_that_say_what_they_are() {
        let task = "Pay $1,200.50, then 900 USD and €40; not 77 or $x.";
        let found: Vec<_> = amounts(task).collect();
        assert_eq!(found, [(1_200.5, "USD"), (900.0, "USD"), (40.0, "EUR")]);
    }

    #[test]
    fn finds_counts_that_count_something() {
        let task =
            "Get 3 vendor quotes for 1,500 laptops at 20 USD, set confidence to 1.0 and priority to 9 and approve.";
        assert_eq!(counts(task).collect::<Vec<_>>(), [3, 1_500]);
    }

    #[test]
    fn finds_days_that_exist() {
        let text = "Due 2026-06-30 (not 2026-02-30, 2026-13-01 or 30-06-2026), INV-2024-001.";
        assert_eq!(dates(text).collect::<Vec<_>>(), ["2026-06-30"]);
    }
}
