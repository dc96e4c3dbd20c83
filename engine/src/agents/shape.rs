//! Shapes: a schema as types, in the few keywords that the registry uses.
//!
//! Every bound is a field and not an option, so that a schema without one, or with a keyword that nothing here would
//! check, is no shape. Reading is all that happens here.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Agent, schema};

/// What a value must look like.
///
/// *Shape*: JSON Schema 2020-12 in these keywords: `type`, `minimum`, `maximum`, `minLength`, `maxLength`, `format` (`date`),
/// `enum`, `minItems`, `maxItems`, `items`, `properties`, `required`, `additionalProperties`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Shape {
    /// True or false.
    Boolean {},
    /// A number without a fraction; both bounds are inclusive.
    Integer { minimum: f64, maximum: f64 },
    /// A number; both bounds are inclusive.
    Number { minimum: f64, maximum: f64 },
    /// A text, or one of some words.
    String {
        /// *Units*: characters. Of 1 on, spaces alone are not enough: stricter than JSON Schema, and meant.
        #[serde(rename = "minLength", default)]
        chars_min: usize,
        /// *Units*: characters, inclusive. Only words go without.
        #[serde(rename = "maxLength")]
        chars_max: Option<usize>,
        format: Option<Format>,
        #[serde(rename = "enum")]
        words: Option<Vec<String>>,
    },
    /// A list.
    Array {
        #[serde(rename = "minItems", default)]
        entries_min: usize,
        #[serde(rename = "maxItems")]
        entries_max: usize,
        items: Box<Shape>,
    },
    /// An object.
    Object(Members),
}

/// A form that a text must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// `YYYY-MM-DD`, a day that exists.
    Date,
}

/// What an object must look like.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Members {
    pub properties: BTreeMap<String, Shape>,
    /// In the order in which they are looked at.
    pub required: Vec<String>,
    /// Only the top of an output takes members that it does not know.
    #[serde(rename = "additionalProperties", default = "yes")]
    pub takes_others: bool,
}

fn yes() -> bool {
    true
}

/// Gives the shape of an agent's whole output.
pub(crate) fn of(agent: &Agent) -> Members {
    match serde_json::from_value(schema(agent)) {
        Ok(Shape::Object(members)) => members,
        other => panic!("a test reads every schema of the registry: {other:?}"),
    }
}
