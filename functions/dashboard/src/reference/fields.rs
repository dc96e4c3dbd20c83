//! A schema as a table: a row for each member, those of the objects within it behind their own.

use serde_json::Value;

use super::document::{Document, Schema};
use super::prose::{Piece, pieces};

/// A member of an object, or a parameter.
#[derive(Debug)]
pub struct Field {
    /// Its path: `rows[].task`.
    pub name: String,
    /// The kind of value that it shares with others, by its name in the document.
    pub shared: Option<String>,
    /// What it may be, or what it may be besides the shared kind.
    pub kind: String,
    pub is_required: bool,
    pub text: Vec<Piece>,
}

/// The members of an object, each followed by those within it.
pub fn fields(schema: &Schema, document: &Document) -> Vec<Field> {
    let mut rows = Vec::new();
    add(&mut rows, "", schema, document);
    rows
}

/// A single value as a row.
pub fn field(name: String, schema: &Schema, is_required: bool, text: &str, document: &Document) -> Field {
    let (shared, kind) = kind(schema, document);
    Field {
        name,
        shared,
        kind,
        is_required,
        text: pieces(text),
    }
}

fn add(rows: &mut Vec<Field>, prefix: &str, schema: &Schema, document: &Document) {
    let object = document.schema(schema);
    for (name, member) in object.properties.iter() {
        let path = format!("{prefix}{name}");
        let is_required = object.required.iter().any(|required| required == name);
        let text = said(member, document);
        rows.push(field(path.clone(), member, is_required, text, document));
        let known = document.schema(member);
        match (&known.items, &known.content_schema) {
            (Some(items), _) => add(rows, &format!("{path}[]."), items, document),
            (None, Some(content)) => add(rows, &format!("{path}."), content, document),
            (None, None) => add(rows, &format!("{path}."), member, document),
        }
    }
}

/// What is said of a member: its own words, or those of the object that it refers to. Those of a shared kind stand where
/// the kinds are listed.
fn said<'a>(member: &'a Schema, document: &'a Document) -> &'a str {
    let known = document.schema(member);
    let own = member.description.as_deref();
    own.or_else(|| known.description.as_deref().filter(|_| !known.is_plain()))
        .unwrap_or_default()
}

/// What a value may be: the shared kind's name, and the rest in words.
fn kind(schema: &Schema, document: &Document) -> (Option<String>, String) {
    if let Some(name) = schema.name() {
        if document.schema(schema).is_plain() {
            return (Some(name.to_owned()), default(schema));
        }
        return (None, kind(document.schema(schema), document).1);
    }
    if let [first, _] = schema.any_of.as_slice() {
        let (shared, words) = kind(first, document);
        return (shared, format!("{words} or null{}", default(schema)));
    }
    let words = match (&schema.constant, schema.words.as_slice()) {
        (Some(constant), _) => constant.to_string(),
        (None, []) => plain(schema, document),
        (None, words) => format!("one of {}", words.join(", ")),
    };
    (None, words + &default(schema))
}

fn default(schema: &Schema) -> String {
    schema
        .default
        .as_ref()
        .map(|value| format!(", default {}", bare(value)))
        .unwrap_or_default()
}

fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A type with its bounds: `string, 1 to 255 characters`.
fn plain(schema: &Schema, document: &Document) -> String {
    let words: Vec<&str> = match &schema.kind {
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one],
        _ => Vec::new(),
    };
    let mut said = words.join(" or ").replace("array", "list");
    if let Some(items) = &schema.items {
        let (shared, words) = kind(items, document);
        said += " of ";
        said += &shared.unwrap_or_else(|| if words == "object" { "objects".to_owned() } else { words });
    }
    if let Some(format) = schema.format.as_deref() {
        said = format!("{said}, {format}");
    }
    for (least, most, unit) in [
        (&schema.minimum, &schema.maximum, ""),
        (&schema.min_length, &schema.max_length, " characters"),
        (&schema.min_items, &schema.max_items, " items"),
    ] {
        match (least, most) {
            (Some(least), Some(most)) => said = format!("{said}, {least} to {most}{unit}"),
            (None, Some(most)) => said = format!("{said}, at most {most}{unit}"),
            (Some(least), None) => said = format!("{said}, at least {least}{unit}"),
            (None, None) => {}
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::super::document::document;
    use super::*;

    #[test]
    fn a_row_says_what_a_member_may_be() {
        let document = document();
        let of = |name: &str| fields(document.components.schemas.get(name).unwrap(), document);
        let row = |schema: &str, name: &str| {
            let found = of(schema).into_iter().find(|field| field.name == name);
            found.map(|field| (field.shared, field.kind, field.is_required))
        };
        let shared = |name: &str| Some(name.to_owned());
        assert_eq!(
            row("RunRequest", "task"),
            Some((None, "string, 1 to 20000 characters".to_owned(), true))
        );
        assert_eq!(
            row("RunRequest", "priority"),
            Some((shared("Priority"), " or null, default normal".to_owned(), false))
        );
        assert_eq!(
            row("BatchRequest", "rows"),
            Some((None, "list of objects, 1 to 500 items".to_owned(), true))
        );
        assert_eq!(
            row("BatchRequest", "rows[].data"),
            Some((None, "object or null".to_owned(), false))
        );
        assert_eq!(
            row("Run", "usage.input_tokens"),
            Some((None, "integer, at least 0".to_owned(), true))
        );
        assert_eq!(row("Cancelled", "cancelled"), Some((None, "true".to_owned(), true)));
    }
}
