//! Fitting: whether an output has the shape that its agent's schema asks for, whether a model wrote it or a person edited it.
//!
//! A validator of the few keywords in `shape.rs`. The library `jsonschema` 0.61 was weighed for it: 41 crates and 4.3 MB more
//! in each of two functions, two minutes of processor time to build, and words that are not for clients. Nothing is
//! repaired here.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::Agent;
use super::shape::{self, Format, Members, Shape};

/// How many words an error lists; of more it names the first. Our choice.
const WORDS_LISTED_MAX: usize = 12;

/// How much of an unknown member's name an error repeats. *Units*: characters. Our choice.
const NAME_CHARS_MAX: usize = 60;

/// Says whether an output fits its agent's [`schema`](super::schema()).
///
/// Members that the schema does not know are allowed at the top of an output and nowhere else.
///
/// *Errors*: one sentence for the client that names the first misfit by its path: `output.vendors[2].unit_price_usd must
/// be a number`. `summary` is looked at first, then the agent's required members, then the others by name. A missing
/// member has the same words as one of the wrong type.
pub fn fits(agent: &Agent, output: &Map<String, Value>) -> Result<(), String> {
    members(&shape::of(agent), output, "output")
}

fn members(shape: &Members, object: &Map<String, Value>, path: &str) -> Result<(), String> {
    for name in &shape.required {
        let known = shape
            .properties
            .get(name)
            .expect("a test: what is required is a property");
        fit(known, object.get(name), &format!("{path}.{name}"))?;
    }
    for (name, known) in &shape.properties {
        if let Some(value) = object.get(name).filter(|_| !shape.required.contains(name)) {
            fit(known, Some(value), &format!("{path}.{name}"))?;
        }
    }
    let unknown = object.keys().find(|name| !shape.properties.contains_key(*name));
    match unknown {
        Some(name) if !shape.takes_others => {
            let name: String = name.chars().take(NAME_CHARS_MAX).collect();
            Err(format!("{path}.{name} is not a known member"))
        }
        Some(_) | None => Ok(()),
    }
}

/// Checks one value; a missing one is none.
fn fit(shape: &Shape, value: Option<&Value>, path: &str) -> Result<(), String> {
    let wrong = |what: String| Err(format!("{path} must {what}"));
    match (shape, value) {
        (Shape::Boolean {}, Some(Value::Bool(_))) => Ok(()),
        (Shape::Integer { minimum, maximum }, Some(Value::Number(number))) if is_whole(number.as_f64()) => {
            within(number.as_f64(), *minimum, *maximum, path)
        }
        (Shape::Number { minimum, maximum }, Some(Value::Number(number))) => {
            within(number.as_f64(), *minimum, *maximum, path)
        }
        (Shape::String { words: Some(words), .. }, Some(Value::String(text))) if words.contains(text) => Ok(()),
        (
            Shape::String {
                words: None,
                chars_min,
                chars_max,
                format,
            },
            Some(Value::String(text)),
        ) => {
            let too_long = chars_max.filter(|max| text.chars().nth(*max).is_some());
            if let Some(max) = too_long {
                wrong(format!("be at most {max} characters"))
            } else if *chars_min > 0 && text.trim().chars().count() < *chars_min {
                wrong("not be empty".to_owned())
            } else if *format == Some(Format::Date) && !is_date(text) {
                wrong("be a date, YYYY-MM-DD".to_owned())
            } else {
                Ok(())
            }
        }
        (Shape::Array { items, .. }, Some(Value::Array(entries)))
            if is_text(items) && !entries.iter().all(Value::is_string) =>
        {
            wrong(asked_for(shape))
        }
        (Shape::Array { entries_min, .. }, Some(Value::Array(entries))) if entries.len() < *entries_min => {
            wrong(format!("have at least {entries_min} {}", noun(*entries_min)))
        }
        (Shape::Array { entries_max, .. }, Some(Value::Array(entries))) if entries.len() > *entries_max => {
            wrong(format!("have at most {entries_max} {}", noun(*entries_max)))
        }
        (Shape::Array { items, .. }, Some(Value::Array(entries))) => entries
            .iter()
            .enumerate()
            .try_for_each(|(at, entry)| fit(items, Some(entry), &format!("{path}[{at}]"))),
        (Shape::Object(shape), Some(Value::Object(object))) => members(shape, object, path),
        _ => wrong(asked_for(shape)),
    }
}

fn within(figure: Option<f64>, minimum: f64, maximum: f64, path: &str) -> Result<(), String> {
    if figure.is_some_and(|figure| (minimum..=maximum).contains(&figure)) {
        Ok(())
    } else {
        Err(format!("{path} must be from {minimum} to {maximum}"))
    }
}

/// Says in words for a client what a shape asks for.
fn asked_for(shape: &Shape) -> String {
    match shape {
        Shape::Boolean {} => "be true or false".to_owned(),
        Shape::Integer { .. } => "be a whole number".to_owned(),
        Shape::Number { .. } => "be a number".to_owned(),
        Shape::String { words: Some(words), .. } => {
            let mut listed = "be one of ".to_owned();
            if words.len() > WORDS_LISTED_MAX {
                let _ = write!(listed, "{} known words, such as {}", words.len(), words[0]);
            } else {
                listed.push_str(&words.join(", "));
            }
            listed
        }
        Shape::String {
            format: Some(Format::Date),
            ..
        } => "be a date, YYYY-MM-DD".to_owned(),
        Shape::String { .. } => "be a string".to_owned(),
        Shape::Array { items, .. } if is_text(items) => "be an array of strings".to_owned(),
        Shape::Array { .. } => "be an array".to_owned(),
        Shape::Object(_) => "be an object".to_owned(),
    }
}

fn is_text(shape: &Shape) -> bool {
    matches!(
        shape,
        Shape::String {
            words: None,
            format: None,
            ..
        }
    )
}

fn is_whole(figure: Option<f64>) -> bool {
    figure.is_some_and(|figure| figure.fract() == 0.0)
}

const fn noun(count: usize) -> &'static str {
    if count == 1 { "entry" } else { "entries" }
}

/// Says whether a text is a day of the calendar, as RFC 3339 writes it.
pub(crate) fn is_date(text: &str) -> bool {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else {
        return false;
    };
    let number = |digits: &[u8]| {
        let digit =
            |sum: Option<u32>, digit: &u8| Some(sum? * 10 + digit.is_ascii_digit().then(|| u32::from(digit - b'0'))?);
        digits.iter().fold(Some(0), digit)
    };
    let (Some(year), Some(month), Some(day)) =
        (number(&[*y1, *y2, *y3, *y4]), number(&[*m1, *m2]), number(&[*d1, *d2]))
    else {
        return false;
    };
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

#[cfg(test)]
mod tests;
