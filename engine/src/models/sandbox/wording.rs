//! Wording: short pieces of text taken from what the caller sent.
//!
//! Everything here is bounded, so that no input makes a result large (contract §3: 64 KiB).

use serde_json::Value;

/// How much of one data value is shown. *Units*: characters. Our choice.
const VALUE_CHARS_MAX: usize = 120;

/// Cuts a text to a number of characters, the last of them an ellipsis if something is missing.
pub(super) fn excerpt(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        None => text.to_owned(),
        Some(_) => text.chars().take(chars_max - 1).chain(['…']).collect(),
    }
}

/// Says what a data value is, in a few words.
pub(super) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "empty".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => excerpt(text.trim(), VALUE_CHARS_MAX),
        Value::Array(entries) => counted(entries.len(), "entry", "entries"),
        Value::Object(members) => counted(members.len(), "field", "fields"),
    }
}

/// Writes a count with its noun.
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Gives a field's name as words: `due_date` is `due date`.
pub(super) fn field_words(name: &str) -> String {
    excerpt(&name.replace(['_', '-'], " "), VALUE_CHARS_MAX)
}

/// Gives the words of a task without the punctuation around them.
pub(super) fn words(task: &str) -> impl Iterator<Item = &str> {
    task.split_whitespace()
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|word| !word.is_empty())
}

/// Finds the document numbers that a task names, such as `INV-2024-001`.
pub(super) fn references(task: &str) -> impl Iterator<Item = &str> {
    words(task).filter(|word| {
        (4..=40).contains(&word.len())
            && word.contains('-')
            && word.starts_with(|c: char| c.is_ascii_uppercase())
            && word.contains(|c: char| c.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cuts_by_characters_not_bytes() {
        assert_eq!(excerpt("äöü", 3), "äöü");
        assert_eq!(excerpt("äöüß", 3), "äö…");
        assert_eq!(excerpt("", 3), "");
    }

    #[test]
    fn describes_every_kind_of_value() {
        let described = [
            json!(null),
            json!(true),
            json!(5000),
            json!(" Acme "),
            json!([1]),
            json!({}),
        ]
        .map(|v| describe(&v));
        assert_eq!(described, ["empty", "yes", "5000", "Acme", "1 entry", "0 fields"]);
    }

    #[test]
    fn finds_document_numbers() {
        let task = "Process invoice INV-2024-001, then (PO-77) and co-op 12-13.";
        assert_eq!(references(task).collect::<Vec<_>>(), ["INV-2024-001", "PO-77"]);
    }
}
