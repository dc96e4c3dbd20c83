//! JSON in lines, for reading. Only white space changes: members keep their order, numbers their digits.

use serde_json::Value;

/// Breaks JSON into lines, two spaces for each level; stops in the middle after about `bytes_max`. `None` for what is no
/// JSON, also for what is nested deeper than the parser goes (128 levels): its indentation would be larger than anything.
pub(super) fn indent(text: &str, bytes_max: usize) -> Option<String> {
    serde_json::from_str::<Value>(text).ok()?;
    let mut lines = Lines::default();
    for letter in text.chars() {
        if lines.text.len() > bytes_max {
            break;
        }
        lines.put(letter);
    }
    Some(lines.text)
}

#[derive(Default)]
struct Lines {
    text: String,
    depth: usize,
    /// Inside a string, and behind the backslash in it.
    quoted: bool,
    escaped: bool,
    /// Behind a bracket that may be closed at once.
    opened: bool,
}

impl Lines {
    fn put(&mut self, letter: char) {
        if self.quoted {
            self.text.push(letter);
            self.quoted = self.escaped || letter != '"';
            self.escaped = !self.escaped && letter == '\\';
            return;
        }
        let closes = matches!(letter, '}' | ']');
        if letter.is_ascii_whitespace() {
            return;
        }
        if closes {
            self.depth = self.depth.saturating_sub(1);
        }
        if closes != self.opened {
            self.begin_line();
        }
        self.opened = matches!(letter, '{' | '[');
        self.quoted = letter == '"';
        self.text.push(letter);
        match letter {
            '{' | '[' => self.depth += 1,
            ',' => self.begin_line(),
            ':' => self.text.push(' '),
            _ => {}
        }
    }

    fn begin_line(&mut self) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n("  ", self.depth));
    }
}

#[cfg(test)]
mod tests {
    use super::indent;

    #[test]
    fn only_white_space_changes() {
        for (text, lines) in [
            ("{}", "{}"),
            (" [ ] ", "[]"),
            ("1.50", "1.50"),
            (
                r#"{"b":1e2,"a":[{"c":[]},[1, 2]],"b":""}"#,
                "{\n  \"b\": 1e2,\n  \"a\": [\n    {\n      \"c\": []\n    },\n    [\n      1,\n      2\n    ]\n  ],\n  \"b\": \"\"\n}",
            ),
            (r#"["a\"{,:}\\", "x"]"#, "[\n  \"a\\\"{,:}\\\\\",\n  \"x\"\n]"),
            (
                "{\"n\": 123456789012345678901234567890, \"s\": \" \u{e9} \"}",
                "{\n  \"n\": 123456789012345678901234567890,\n  \"s\": \" \u{e9} \"\n}",
            ),
        ] {
            assert_eq!(indent(text, usize::MAX).as_deref(), Some(lines), "{text}");
        }
    }

    #[test]
    fn what_is_no_json_or_too_deep_stays_as_it_is() {
        for text in ["", "ok", "{", "{\"a\":1} x"] {
            assert_eq!(indent(text, usize::MAX), None, "{text}");
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(indent(&deep, usize::MAX), None);
    }

    #[test]
    fn it_stops_where_it_has_enough() {
        let long = format!("[{}1]", "1,".repeat(10_000));
        let lines = indent(&long, 100).unwrap();
        assert!((100..120).contains(&lines.len()), "{}", lines.len());
    }
}
