//! JSON as the SDK has it, and back.

use aws_smithy_types::{Document, Number};
use serde_json::Value;

/// Turns JSON into the SDK's kind of it.
pub(super) fn of(value: &Value) -> Document {
    match value {
        Value::Null => Document::Null,
        Value::Bool(truth) => Document::Bool(*truth),
        Value::String(text) => Document::String(text.clone()),
        Value::Array(items) => Document::Array(items.iter().map(of).collect()),
        Value::Object(members) => {
            Document::Object(members.iter().map(|(name, value)| (name.clone(), of(value))).collect())
        }
        Value::Number(number) => Document::Number(match (number.as_u64(), number.as_i64()) {
            (Some(figure), _) => Number::PosInt(figure),
            (None, Some(figure)) => Number::NegInt(figure),
            (None, None) => Number::Float(number.as_f64().unwrap_or(f64::NAN)),
        }),
    }
}

/// Turns the SDK's kind of JSON into JSON. A number that JSON does not have is null.
pub(super) fn value(document: &Document) -> Value {
    match document {
        Document::Null => Value::Null,
        Document::Bool(truth) => Value::from(*truth),
        Document::String(text) => Value::from(text.as_str()),
        Document::Array(items) => items.iter().map(value).collect(),
        Document::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, member)| (name.clone(), value(member)))
                .collect(),
        ),
        Document::Number(Number::PosInt(figure)) => Value::from(*figure),
        Document::Number(Number::NegInt(figure)) => Value::from(*figure),
        Document::Number(Number::Float(figure)) => Value::from(*figure),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn comes_back_as_it_went() {
        let json = json!({ "a": [1, -2, 0.5, "x", null, true, {}], "b": { "c": u64::MAX, "d": i64::MIN } });
        assert_eq!(value(&of(&json)), json);
    }

    #[test]
    fn makes_null_of_what_is_no_number() {
        for figure in [f64::NAN, f64::INFINITY] {
            assert_eq!(value(&Document::Number(Number::Float(figure))), Value::Null);
        }
    }
}
