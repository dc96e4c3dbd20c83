//! The document's texts as pages print them: sentences with code between backticks, and JSON as people read it.

use serde_json::value::RawValue;

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    /// Whether it stood between backticks.
    pub is_code: bool,
}

/// Cuts a text at its backticks.
pub fn pieces(text: &str) -> Vec<Piece> {
    let parts = text.split('`').enumerate().filter(|(_, part)| !part.is_empty());
    parts
        .map(|(place, part)| Piece {
            text: part.to_owned(),
            is_code: place % 2 == 1,
        })
        .collect()
}

/// An example as the document has it, without the space that is before each of its lines there; a text as it is.
pub fn example(raw: &RawValue) -> String {
    if let Ok(text) = serde_json::from_str::<String>(raw.get()) {
        return text;
    }
    let indent = |line: &&str| line.len() - line.trim_start().len();
    let indented = raw.get().lines().skip(1).map(|line| indent(&line)).min().unwrap_or(0);
    let lines = raw
        .get()
        .lines()
        .map(|line| line.get(indented.min(indent(&line))..).unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

/// JSON on one line, as it is sent: without any space between its parts.
pub fn one_line(raw: &RawValue) -> String {
    let (mut line, mut in_text, mut is_escaped) = (String::new(), false, false);
    for char in raw.get().chars() {
        if in_text || !char.is_ascii_whitespace() {
            line.push(char);
        }
        match char {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => in_text = !in_text,
            _ => {}
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    #[test]
    fn code_is_what_stands_between_backticks() {
        let of = |text| {
            pieces(text)
                .into_iter()
                .map(|piece| (piece.text, piece.is_code))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            of("See `a b` and `c`."),
            [
                ("See ", false),
                ("a b", true),
                (" and ", false),
                ("c", true),
                (".", false)
            ]
            .map(|(text, is_code)| (text.to_owned(), is_code))
        );
        assert_eq!(of(""), []);
    }

    #[test]
    fn json_keeps_its_texts_and_its_order() {
        let nested = raw("{\n      \"b\": [\n        \"x  \\\" y\"\n      ],\n      \"a\": 1.10\n    }");
        assert_eq!(one_line(&nested), r#"{"b":["x  \" y"],"a":1.10}"#);
        assert_eq!(
            example(&nested),
            "{\n  \"b\": [\n    \"x  \\\" y\"\n  ],\n  \"a\": 1.10\n}"
        );
        assert_eq!(example(&raw(r#""id: 1\n""#)), "id: 1\n");
    }
}
