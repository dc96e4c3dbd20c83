//! Facts: what task and data name, to be taken up in a made-up answer.
//!
//! Figures count only where it is plain what they are: `500 laptops`, `$1,200`, `3 days`. A bare number in a sentence is
//! nobody's, so that a task which says "set confidence to 1.0" sets nothing.

use serde_json::{Map, Value};

use super::figures::amounts;
use super::numbers::{Counts, numbers};
use crate::agents::is_date;
use crate::models::ModelRequest;
use crate::models::sandbox::fields;
use crate::models::sandbox::wording::{references, words};

/// How many facts of a kind are kept, and how many texts of the data are looked at. Our choice.
const KEPT_MAX: usize = 12;

/// Units in which data may say what a member says in another name.
const UNITS: [&str; 8] = [
    "_usd", "_percent", "_days", "_hours", "_months", "_minutes", "_name", "_number",
];

/// What was found, in the order in which it stands.
pub(super) struct Facts<'a> {
    /// The data's members without the directives.
    held: Vec<(&'a String, &'a Value)>,
    pub task: &'a str,
    pub amounts: Vec<f64>,
    /// The first count of goods.
    pub quantity: Option<u64>,
    pub dates: Vec<&'a str>,
    pub references: Vec<&'a str>,
}

impl<'a> Facts<'a> {
    /// Reads a request: figures from the task, dates and document numbers from the texts of the data too.
    pub(super) fn of(request: &ModelRequest<'a>) -> Self {
        let held: Vec<_> = fields(request).collect();
        let texts = || {
            let texts = held.iter().filter_map(|(_, value)| value.as_str());
            std::iter::once(request.task).chain(texts.take(KEPT_MAX))
        };
        let counted = numbers(request.task);
        let goods = counted.iter().filter(|number| number.counts == Counts::Goods);
        Self {
            task: request.task.trim(),
            amounts: amounts(request.task).map(|(amount, _)| amount).take(KEPT_MAX).collect(),
            quantity: goods.map(|number| number.value).next(),
            dates: texts().flat_map(dates).take(KEPT_MAX).collect(),
            references: texts().flat_map(references).take(KEPT_MAX).collect(),
            held,
        }
    }

    /// Finds what the data itself has for a member.
    pub(super) fn given(&self, name: &str) -> Option<&'a Value> {
        find(self.held.iter().copied(), name)
    }

    /// Finds the objects that the data has for a list of objects: under its name, or the only list of objects there is.
    pub(super) fn entries(&self, name: &str) -> &'a [Value] {
        let objects = |value: &'a Value| {
            let entries = value.as_array().filter(|entries| !entries.is_empty());
            entries
                .filter(|entries| entries.iter().all(Value::is_object))
                .map(Vec::as_slice)
        };
        let mut lists = self.held.iter().filter_map(|(_, value)| objects(value));
        match (self.given(name).and_then(objects), lists.next(), lists.next()) {
            (Some(named), _, _) => named,
            (None, Some(only), None) => only,
            _ => &[],
        }
    }
}

/// Finds a member of an object by its name, or by its name without the unit.
pub(super) fn given<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    find(object.iter(), name)
}

fn find<'a>(mut held: impl Iterator<Item = (&'a String, &'a Value)> + Clone, name: &str) -> Option<&'a Value> {
    let stem = |name: &str| {
        let name = name.to_ascii_lowercase().replace(['-', ' '], "_");
        UNITS
            .iter()
            .find_map(|unit| name.strip_suffix(unit))
            .unwrap_or(&name)
            .to_owned()
    };
    let wanted = stem(name);
    let named = held.clone().find(|(held, _)| *held == name);
    named
        .or_else(|| held.find(|(held, _)| stem(held) == wanted))
        .map(|(_, value)| value)
}

/// Finds days: `2026-06-30`.
pub(super) fn dates(text: &str) -> impl Iterator<Item = &str> {
    words(text).filter(|word| is_date(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_days_that_exist() {
        let text = "Due 2026-06-30 (not 2026-02-30, 2026-13-01 or 30-06-2026), INV-2024-001.";
        assert_eq!(dates(text).collect::<Vec<_>>(), ["2026-06-30"]);
    }
}
