//! Schemas: the whole of what an agent's output must look like, as JSON Schema.
//!
//! The registry writes an agent's own members; what all outputs have in common is added here, and the `$ref`s are
//! resolved, because a small model's grammar follows no references. Nothing is checked here.

use serde_json::{Map, Value, json};

use super::{Agent, EVALUATOR, all};

/// The largest amount of money, either way, in whatever currency. Our choice: more than any company's, and far within
/// the whole numbers that a double holds exactly, cents included.
pub(crate) const AMOUNT_MAX: f64 = 1e12;

/// Agents that give work to others and never get it from them: their own answers would lead in a circle.
const GIVE_WORK: [&str; 2] = ["center", "orchestrator"];

/// Gives the whole schema of an agent's output: its own members and those that all outputs have.
///
/// *Shape*: a JSON Schema (2020-12) without references. `summary` is required and not blank, `findings`, `next_steps` and
/// `simulated` may be left out. Other members are allowed at the top, since a person who edits an output may add what the
/// schema has no place for; inside a member they are not. The evaluator's judgement has its own members only.
#[must_use]
pub fn schema(agent: &Agent) -> Value {
    let own: Value = serde_json::from_str(agent.schema).expect("a test reads every schema of the registry");
    let mut properties = own["properties"].as_object().cloned().unwrap_or_default();
    let mut required = own["required"].as_array().cloned().unwrap_or_default();
    if agent.id != EVALUATOR.id {
        properties.extend(in_common());
        // First, so that it is what a client hears of first.
        required.insert(0, Value::from("summary"));
    }
    properties.values_mut().for_each(resolve);
    json!({ "type": "object", "properties": properties, "required": required })
}

/// What every output has.
fn in_common() -> Map<String, Value> {
    let sentences = json!({ "type": "array", "maxItems": 20, "items": { "type": "string", "maxLength": 500 } });
    Map::from_iter([
        (
            "summary".to_owned(),
            json!({ "type": "string", "minLength": 1, "maxLength": 2_000 }),
        ),
        ("findings".to_owned(), sentences.clone()),
        ("next_steps".to_owned(), sentences),
        ("simulated".to_owned(), json!({ "type": "boolean" })),
    ])
}

/// Puts the definition in the place of every reference to it.
fn resolve(node: &mut Value) {
    match node {
        Value::Object(members) => match members.get("$ref").and_then(Value::as_str) {
            Some(reference) => *node = definition(reference),
            None => members.values_mut().for_each(resolve),
        },
        Value::Array(entries) => entries.iter_mut().for_each(resolve),
        _ => {}
    }
}

/// The definitions that the registry may refer to.
fn definition(reference: &str) -> Value {
    match reference {
        "#/$defs/amount" => json!({ "type": "number", "minimum": 0, "maximum": AMOUNT_MAX }),
        "#/$defs/signed_amount" => json!({ "type": "number", "minimum": -AMOUNT_MAX, "maximum": AMOUNT_MAX }),
        "#/$defs/percent" => json!({ "type": "number", "minimum": 0, "maximum": 100 }),
        "#/$defs/date" => json!({ "type": "string", "format": "date", "maxLength": 10 }),
        "#/$defs/specialist" => json!({ "type": "string", "enum": specialists().collect::<Vec<_>>() }),
        // No type, so that reading it as a shape fails: the tests find it.
        other => json!({ "$ref": other }),
    }
}

/// Gives the ids of the agents that work can be handed to.
pub(crate) fn specialists() -> impl Iterator<Item = &'static str> {
    all().map(|agent| agent.id).filter(|id| !GIVE_WORK.contains(id))
}
