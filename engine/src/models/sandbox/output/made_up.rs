//! Made-up members: an answer of any shape, driven by the agent's schema.
//!
//! What the data gives under a member's name is taken up, then what the task names, and the rest is drawn from agent and
//! data. The task's words draw nothing: a task cannot talk the sandbox into a verdict, only be quoted.

use std::cell::RefCell;

use serde_json::{Map, Value};

use super::facts::{self, Facts};
use super::figures::figure;
use super::phrases::phrases;
use super::sums::{Cell, Given, Sheet, agree, cents};
use crate::agents::shape::{Format, Members, Shape};
use crate::agents::{AMOUNT_MAX, is_date};
use crate::models::sandbox::seed::Seed;
use crate::models::sandbox::wording::{excerpt, field_words};

/// How many entries of the data a made-up list takes up. Our choice.
const TAKEN_MAX: usize = 5;

/// How much of a text of the data is taken up. *Units*: characters. Our choice, so that answers stay small.
const TAKEN_CHARS_MAX: usize = 120;

/// Where in the answer a value stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// The list or object that it is in; empty at the top.
    parent: &'a str,
    name: &'a str,
    /// Its number among its like, from 0.
    at: usize,
    holder: Holder<'a>,
}

/// What a value stands in, which says where the data has one for it.
#[derive(Clone, Copy)]
enum Holder<'a> {
    /// The output itself.
    Top,
    /// An object of the output's.
    Object,
    /// A list's entry, and the entry of the data that it is made from.
    Entry(Option<&'a Map<String, Value>>),
}

impl<'a> Place<'a> {
    const fn cell(self) -> Cell<'a> {
        (self.parent, self.at, self.name)
    }
}

/// Draws an answer.
pub(super) struct MadeUp<'a> {
    pub facts: &'a Facts<'a>,
    /// Of agent and data, without the task.
    pub seed: &'a Seed,
    /// What was taken up from the data so far.
    pub given: RefCell<Given>,
}

impl MadeUp<'_> {
    /// Gives a value for every member of a shape that is not there yet.
    pub(super) fn complete(&self, output: &mut Map<String, Value>, shape: &Members) {
        for (name, shape) in &shape.properties {
            if !output.contains_key(name) {
                let place = Place {
                    parent: "",
                    name,
                    at: 0,
                    holder: Holder::Top,
                };
                output.insert(name.clone(), self.value(shape, place));
            }
        }
        agree(&mut Sheet {
            output,
            shape,
            given: &self.given.borrow(),
        });
    }

    fn value(&self, shape: &Shape, place: Place<'_>) -> Value {
        match shape {
            Shape::Boolean {} => match self.recorded(place) {
                Some(Value::Bool(given)) => self.noted(place, Value::from(*given)),
                _ => Value::from(self.draw(place, 4) > 0),
            },
            Shape::Integer { minimum, maximum } => Value::from(self.number(place, *minimum, *maximum).round() as i64),
            Shape::Number { minimum, maximum } => Value::from(cents(self.number(place, *minimum, *maximum))),
            Shape::String { words: Some(words), .. } => {
                let given = self
                    .recorded(place)
                    .and_then(Value::as_str)
                    .map(|word| word.trim().to_ascii_lowercase());
                match given.filter(|word| words.contains(word)) {
                    Some(known) => self.noted(place, Value::from(known)),
                    None => Value::from(self.word(words, place)),
                }
            }
            Shape::String {
                format: Some(Format::Date),
                ..
            } => Value::from(self.date(place)),
            Shape::String { chars_max, .. } => {
                let chars_max = chars_max.expect("a test: every text that is no word has a bound");
                Value::from(excerpt(&self.text(place), chars_max))
            }
            Shape::Array {
                entries_min,
                entries_max,
                items,
            } => self.list(place, *entries_min, *entries_max, items),
            Shape::Object(members) => {
                let member = |(name, shape): (&String, &Shape)| {
                    let holder = match place.holder {
                        Holder::Top => Holder::Object,
                        inner => inner,
                    };
                    let inner = Place {
                        parent: place.name,
                        name,
                        holder,
                        ..place
                    };
                    (name.clone(), self.value(shape, inner))
                };
                Value::Object(members.properties.iter().map(member).collect())
            }
        }
    }

    /// As many entries as the data has, or two or three.
    fn list(&self, place: Place<'_>, entries_min: usize, entries_max: usize, items: &Shape) -> Value {
        let entries = match items {
            Shape::Object(_) => self.facts.entries(place.name),
            _ => self
                .given(place)
                .and_then(Value::as_array)
                .map_or(&[][..], Vec::as_slice),
        };
        if !entries.is_empty() {
            self.given.borrow_mut().note(place.cell());
        }
        let usual = match (entries.len(), phrases(place.parent, place.name)) {
            (0, Some(phrases)) if matches!(items, Shape::String { .. }) => {
                (2 + self.index(place, 2)).min(phrases.len())
            }
            (0, _) => 2 + self.index(place, 2),
            (given, _) => given.min(TAKEN_MAX),
        };
        let count = usual.clamp(entries_min, entries_max);
        let entry = |at: usize| {
            let inner = Place {
                at,
                holder: Holder::Entry(entries.get(at).and_then(Value::as_object)),
                ..place
            };
            match (items, entries.get(at)) {
                (
                    Shape::String {
                        words: None,
                        format: None,
                        chars_max: Some(max),
                        ..
                    },
                    Some(Value::String(text)),
                ) => Value::from(taken(text, *max)),
                _ => self.value(items, inner),
            }
        };
        (0..count).map(entry).collect()
    }

    /// Notes that the data gave this.
    fn noted(&self, place: Place<'_>, value: Value) -> Value {
        self.given.borrow_mut().note(place.cell());
        value
    }

    /// What the data has for a member: in the entry that it is made from; at the top in the data itself, which also has
    /// what an object of the output's wants, where the data has no such object.
    fn given<'b>(&'b self, place: Place<'b>) -> Option<&'b Value> {
        match place.holder {
            Holder::Top => self.facts.given(place.name),
            Holder::Object => match self.facts.given(place.parent) {
                Some(Value::Object(held)) => facts::given(held, place.name),
                _ => self.facts.given(place.name),
            },
            Holder::Entry(entry) => facts::given(entry?, place.name),
        }
    }

    /// What the entry of the data that this is made from has for a word or a yes. The data's own top has no say in them:
    /// `"decision": "approve"` there would be an order.
    fn recorded<'b>(&'b self, place: Place<'b>) -> Option<&'b Value> {
        self.given(place).filter(|_| matches!(place.holder, Holder::Entry(_)))
    }

    fn number(&self, place: Place<'_>, minimum: f64, maximum: f64) -> f64 {
        let given = self
            .given(place)
            .and_then(figure)
            .filter(|figure| (minimum..=maximum).contains(figure));
        if let Some(given) = given {
            self.given.borrow_mut().note(place.cell());
            return given;
        }
        self.likely(place, maximum).clamp(minimum, maximum)
    }

    /// A number as such a member usually has it.
    fn likely(&self, place: Place<'_>, maximum: f64) -> f64 {
        let between = |low: u64, high: u64| (low + self.draw(place, high - low + 1)) as f64;
        match place.name {
            "number" | "order" => place.at as f64 + 1.0,
            "day" => place.at as f64 * 3.0,
            "points" => between(5, 25),
            "score" if place.parent == "transactions" => between(5, 95),
            "duration_minutes" => 45.0,
            "met_count" | "on_target_count" | "damaged" => between(0, 2),
            "quantity" | "ordered" | "received" => {
                self.facts.quantity.map_or_else(|| between(2, 40), |count| count as f64)
            }
            "rate_percent" | "discount_percent" => between(1, 4) * 5.0,
            name if name.ends_with("_percent") => between(5, 95),
            name if name.ends_with("_days") || name.ends_with("_hours") || name == "days_overdue" => between(2, 40),
            name if name.ends_with("_months") => 12.0 * between(1, 3),
            _ if maximum == 100.0 => between(55, 95),
            name if name.ends_with("_usd") && (place.parent.is_empty() || name == "unit_price_usd") => {
                let named = self.facts.amounts.get(place.at).copied();
                named.unwrap_or_else(|| between(12_000, 2_400_000) / 100.0)
            }
            name if name.ends_with("_usd") || name.starts_with("amount") => between(12_000, 2_400_000) / 100.0,
            _ if maximum == AMOUNT_MAX => between(40, 200),
            _ => between(1, 40),
        }
    }

    /// One word after the other in a list, so that a short list has none twice.
    fn word(&self, words: &[String], place: Place<'_>) -> String {
        let first = self.index(Place { at: 0, ..place }, words.len());
        words[(first + place.at) % words.len()].clone()
    }

    /// A day that the data gives or, at the top, the task names; else one of the last third of 2026, since the sandbox has
    /// no clock, one week after the other in a list.
    fn date(&self, place: Place<'_>) -> String {
        let given = self.given(place).and_then(Value::as_str).filter(|text| is_date(text));
        if given.is_some() {
            self.given.borrow_mut().note(place.cell());
        }
        let named = self.facts.dates.first().copied().filter(|_| place.parent.is_empty());
        if let Some(date) = given.or(named) {
            return date.to_owned();
        }
        let end = if matches!(place.name, "ends" | "maturity") {
            14
        } else {
            0
        };
        let day = self.seed.below("first day", 28) as usize + end + 7 * place.at;
        format!("2026-{:02}-{:02}", 9 + day / 28 % 4, 1 + day % 28)
    }

    fn text(&self, place: Place<'_>) -> String {
        match self.given(place) {
            Some(Value::String(text)) if !text.trim().is_empty() => {
                self.given.borrow_mut().note(place.cell());
                return taken(text, TAKEN_CHARS_MAX);
            }
            Some(value @ Value::Number(_)) => {
                self.given.borrow_mut().note(place.cell());
                return value.to_string();
            }
            _ => {}
        }
        match place.name {
            "invoice_number" | "order_number" | "reference" | "references" => {
                let is_order = |reference: &&&str| reference.starts_with("PO") == (place.name == "order_number");
                if let Some(reference) = self.facts.references.iter().filter(is_order).nth(place.at) {
                    return (*reference).to_owned();
                }
            }
            "title" | "headline" | "outcome" if !self.facts.task.is_empty() => {
                return excerpt(self.facts.task, TAKEN_CHARS_MAX);
            }
            _ => {}
        }
        match phrases(place.parent, place.name) {
            Some(phrases) => {
                let first = self.index(Place { at: 0, ..place }, phrases.len());
                phrases[(first + place.at) % phrases.len()].to_owned()
            }
            None => format!("Simulated {} {}.", field_words(place.name), place.at + 1),
        }
    }

    fn draw(&self, place: Place<'_>, bound: u64) -> u64 {
        self.seed
            .below(&format!("{}.{}[{}]", place.parent, place.name, place.at), bound)
    }

    fn index(&self, place: Place<'_>, len: usize) -> usize {
        usize::try_from(self.draw(place, len as u64)).expect("below a length")
    }
}

/// Takes a text of the data up.
fn taken(text: &str, chars_max: usize) -> String {
    excerpt(text.trim(), chars_max.min(TAKEN_CHARS_MAX))
}
