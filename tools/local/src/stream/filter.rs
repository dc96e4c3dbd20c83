//! Which records a mapping lets through: Lambda's event filter patterns, as far as the template may use them. Changes
//! nothing.
//!
//! A pattern names members, nested as in the record; at its leaves are lists of alternatives. *Alternatives*: a text, a
//! number or `null` (that very value), `{"prefix": ".."}`, `{"exists": true|false}`, `{"anything-but": [..]}` (texts,
//! numbers, `null`). Whatever else Lambda knows is refused, since a pattern that is not understood is one that lets
//! through the wrong records. *Source*: Lambda, "Control which events Lambda sends to your function".

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

/// The patterns of one mapping: a record passes that one of them matches, or any record where there are none.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Filter {
    patterns: Vec<Pattern>,
}

/// What must be so of one value of a record.
#[derive(Clone, PartialEq, Debug)]
enum Pattern {
    /// Every one of these members.
    All(Vec<(String, Pattern)>),
    /// One of these alternatives.
    Any(Vec<Alternative>),
}

#[derive(Clone, PartialEq, Debug)]
enum Alternative {
    Is(Value),
    Prefix(String),
    Exists(bool),
    AnythingBut(Vec<Value>),
}

impl Filter {
    /// Reads patterns from their JSON.
    ///
    /// *Errors*: no JSON, or a pattern that is not one of those above.
    pub fn parse<'t>(patterns: impl IntoIterator<Item = &'t str>) -> Result<Self> {
        let patterns = patterns.into_iter().map(|text| {
            let members = serde_json::from_str(text).with_context(|| format!("no JSON object: {text}"))?;
            all(&members).with_context(|| format!("in the pattern {text}"))
        });
        Ok(Self {
            patterns: patterns.collect::<Result<_>>()?,
        })
    }

    /// Whether a record, as a function sees it, passes.
    #[must_use]
    pub fn lets_through(&self, record: &Value) -> bool {
        self.patterns.is_empty() || self.patterns.iter().any(|pattern| pattern.matches(Some(record)))
    }
}

impl Pattern {
    fn matches(&self, value: Option<&Value>) -> bool {
        match self {
            Self::All(members) => members
                .iter()
                .all(|(name, pattern)| pattern.matches(value.and_then(|value| value.get(name)))),
            Self::Any(alternatives) => alternatives.iter().any(|alternative| alternative.matches(value)),
        }
    }
}

impl Alternative {
    fn matches(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            // Only a leaf exists. *Source*: EventBridge, whose patterns these are.
            (Self::Exists(wanted), value) => value.is_some_and(|value| !value.is_object()) == *wanted,
            (_, None) => false,
            // Of a list, such as a string set's, one element is enough.
            (_, Some(Value::Array(elements))) => elements.iter().any(|element| self.matches(Some(element))),
            (Self::Is(wanted), Some(value)) => value == wanted,
            (Self::Prefix(prefix), Some(value)) => value.as_str().is_some_and(|text| text.starts_with(prefix)),
            (Self::AnythingBut(unwanted), Some(value)) => !value.is_object() && !unwanted.contains(value),
        }
    }
}

fn all(members: &Map<String, Value>) -> Result<Pattern> {
    if members.is_empty() {
        bail!("a pattern without members");
    }
    let read = members.iter().map(|(name, value)| {
        let pattern = match value {
            Value::Object(members) => all(members),
            Value::Array(alternatives) => any(alternatives),
            other => bail!("{name}: {other} is no list of alternatives"),
        };
        Ok((name.clone(), pattern.with_context(|| name.clone())?))
    });
    Ok(Pattern::All(read.collect::<Result<_>>()?))
}

fn any(alternatives: &[Value]) -> Result<Pattern> {
    if alternatives.is_empty() {
        bail!("a list without alternatives");
    }
    let read = alternatives
        .iter()
        .map(|value| alternative(value).with_context(|| format!("the local stream does not know the pattern {value}")));
    Ok(Pattern::Any(read.collect::<Result<_>>()?))
}

fn alternative(value: &Value) -> Option<Alternative> {
    let Value::Object(operators) = value else {
        return is_plain(value).then(|| Alternative::Is(value.clone()));
    };
    let mut operators = operators.iter();
    let (Some((operator, operand)), None) = (operators.next(), operators.next()) else {
        return None;
    };
    match (operator.as_str(), operand) {
        ("prefix", Value::String(prefix)) => Some(Alternative::Prefix(prefix.clone())),
        ("exists", Value::Bool(wanted)) => Some(Alternative::Exists(*wanted)),
        ("anything-but", Value::Array(unwanted)) if !unwanted.is_empty() && unwanted.iter().all(is_plain) => {
            Some(Alternative::AnythingBut(unwanted.clone()))
        }
        _ => None,
    }
}

fn is_plain(value: &Value) -> bool {
    matches!(value, Value::String(_) | Value::Number(_) | Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn passes(pattern: &Value, record: &Value) -> bool {
        Filter::parse([pattern.to_string().as_str()])
            .unwrap()
            .lets_through(record)
    }

    #[test]
    fn every_member_of_a_pattern_must_match_and_one_of_its_alternatives() {
        let pattern = json!({"eventName": ["INSERT", "MODIFY"], "dynamodb": {"Keys": {"sk": {"S": ["M"]}}}});
        let record = |name: &str, sk: &str| json!({"eventName": name, "dynamodb": {"Keys": {"sk": {"S": sk}}}});
        assert!(passes(&pattern, &record("INSERT", "M")));
        assert!(passes(&pattern, &record("MODIFY", "M")));
        assert!(!passes(&pattern, &record("REMOVE", "M")));
        assert!(!passes(&pattern, &record("INSERT", "IN")));
        assert!(!passes(&pattern, &json!({"eventName": "INSERT", "dynamodb": {}})));
        assert!(!passes(&pattern, &json!({"eventName": "INSERT", "dynamodb": "M"})));
    }

    #[test]
    fn every_kind_of_alternative_matches_what_lambda_matches() {
        for (alternatives, value, expected) in [
            (json!([7]), json!(7), true),
            (json!([7]), json!("7"), false),
            (json!([null]), json!(null), true),
            (json!([{"prefix": "R#"}]), json!("R#1"), true),
            (json!([{"prefix": "R#"}]), json!("L#1"), false),
            (json!([{"prefix": "R#"}]), json!(7), false),
            (json!([{"exists": true}]), json!("x"), true),
            (json!([{"exists": true}]), json!({"S": "x"}), false),
            (json!([{"exists": false}]), json!("x"), false),
            (json!([{"anything-but": ["x"]}]), json!("y"), true),
            (json!([{"anything-but": ["x"]}]), json!("x"), false),
            (json!(["b"]), json!(["a", "b"]), true),
            (json!(["c"]), json!(["a", "b"]), false),
        ] {
            let pattern = json!({ "a": alternatives });
            assert_eq!(passes(&pattern, &json!({"a": value})), expected, "{pattern} {value}");
        }
        for (alternatives, expected) in [
            (json!([{"exists": false}]), true),
            (json!([{"exists": true}]), false),
            (json!([null]), false),
            (json!([{"anything-but": ["x"]}]), false),
        ] {
            let pattern = json!({"a": {"b": alternatives}});
            assert_eq!(passes(&pattern, &json!({"a": {}})), expected, "{pattern}");
            assert_eq!(passes(&pattern, &json!({})), expected, "{pattern}");
        }
    }

    #[test]
    fn one_pattern_of_several_is_enough_and_none_lets_everything_through() {
        let filter = Filter::parse([r#"{"a":["x"]}"#, r#"{"b":["y"]}"#]).unwrap();
        assert!(filter.lets_through(&json!({"a": "x"})));
        assert!(filter.lets_through(&json!({"b": "y"})));
        assert!(!filter.lets_through(&json!({"a": "y"})));
        assert!(Filter::default().lets_through(&json!({})));
    }

    #[test]
    fn a_pattern_that_is_not_understood_is_refused() {
        for pattern in [
            "[]",
            "{}",
            "not json",
            r#"{"a":"x"}"#,
            r#"{"a":[]}"#,
            r#"{"a":{}}"#,
            r#"{"a":[true]}"#,
            r#"{"a":[["x"]]}"#,
            r#"{"a":[{}]}"#,
            r#"{"a":[{"suffix":"x"}]}"#,
            r#"{"a":[{"numeric":[">",1]}]}"#,
            r#"{"a":[{"exists":"true"}]}"#,
            r#"{"a":[{"anything-but":"x"}]}"#,
            r#"{"a":[{"anything-but":{"prefix":"x"}}]}"#,
            r#"{"a":[{"prefix":"x","exists":true}]}"#,
            r#"{"$or":[{"a":["x"]},{"b":["y"]}]}"#,
        ] {
            assert!(Filter::parse([pattern]).is_err(), "{pattern}");
        }
    }
}
