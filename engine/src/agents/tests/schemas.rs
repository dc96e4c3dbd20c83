//! What the roster promises of its schemas: bounded, small, and asking for nothing that nobody knows.

use super::*;
use crate::agents::shape::{Members, Shape};

#[test]
fn asks_each_agent_for_two_to_six_members_of_its_own() {
    for agent in all().chain([&EVALUATOR]) {
        let own: serde_json::Value = serde_json::from_str(agent.schema).expect("JSON");
        let keywords: Vec<_> = own.as_object().expect("an object").keys().collect();
        assert_eq!(keywords, ["properties", "required"], "{}", agent.id);
        let properties = own["properties"].as_object().expect("properties");
        assert!((2..=6).contains(&properties.len()), "{}", agent.id);
        for common in ["summary", "findings", "next_steps", "simulated"] {
            assert!(!properties.contains_key(common), "{}: {common}", agent.id);
        }
    }
}

/// The longest a text may be. *Units*: characters. *Source*: llama.cpp's grammars repeat nothing more than 2,000 times.
const TEXT_CHARS_MAX: usize = 2_000;

/// Looks at every node, and gives how many characters of JSON the largest value takes, none of them escaped.
fn measure(shape: &Shape, at: &str) -> usize {
    match shape {
        Shape::Boolean {} => 5,
        Shape::Integer { minimum, maximum } | Shape::Number { minimum, maximum } => {
            assert!(minimum < maximum && minimum.is_finite() && maximum.is_finite(), "{at}");
            24
        }
        Shape::String {
            words: Some(words),
            format: None,
            chars_max: None,
            chars_min: 0,
        } => {
            let unique: HashSet<_> = words.iter().collect();
            assert!(words.len() > 1 && unique.len() == words.len(), "{at}");
            assert!(words.iter().all(|word| *word == snake_case(word)), "{at}");
            words.iter().map(|word| word.len() + 2).max().unwrap_or(0)
        }
        Shape::String {
            words: None,
            chars_max: Some(max),
            chars_min,
            ..
        } => {
            assert!(chars_min <= max && (1..=TEXT_CHARS_MAX).contains(max), "{at}");
            max + 2
        }
        Shape::String { .. } => panic!("{at} is neither words nor bounded"),
        Shape::Array {
            entries_min,
            entries_max,
            items,
        } => {
            // Five years by month.
            assert!(entries_min <= entries_max && (1..=60).contains(entries_max), "{at}");
            entries_max * (measure(items, &format!("{at}[]")) + 1) + 2
        }
        Shape::Object(members) => {
            assert!(!members.takes_others, "{at} takes any member");
            measure_members(members, at)
        }
    }
}

fn measure_members(members: &Members, at: &str) -> usize {
    let known: HashSet<_> = members.properties.keys().collect();
    let required: HashSet<_> = members.required.iter().collect();
    assert!(
        required.len() == members.required.len() && required.is_subset(&known),
        "{at}"
    );
    assert!(known.iter().all(|name| ***name == snake_case(name)), "{at}");
    let sizes = members
        .properties
        .iter()
        .map(|(name, shape)| name.len() + 4 + measure(shape, &format!("{at}.{name}")));
    sizes.sum::<usize>() + 2
}

/// A character is a byte in plain English. In other scripts it is up to four, and then the common members alone may take
/// more than a result has: such an answer is a failed attempt (contract §3), which no schema can rule out.
#[test]
fn bounds_everything_so_that_what_fits_in_plain_letters_is_no_larger_than_a_result() {
    for agent in all() {
        let members = shape::of(agent);
        assert!(members.takes_others && members.required[0] == "summary", "{}", agent.id);
        let chars = measure_members(&members, agent.id);
        assert!(chars <= crate::harness::RESULT_BYTES_MAX, "{}: {chars}", agent.id);
    }
    measure_members(&shape::of(&EVALUATOR), "evaluator");
}

#[test]
fn gives_schemas_that_stay_small_and_without_references() {
    for agent in all().chain([&EVALUATOR]) {
        let schema = schema(agent).to_string();
        assert!(!schema.contains("$ref"), "{}", agent.id);
        assert!(schema.len() < 4_000, "{}: {}", agent.id, schema.len());
    }
}

#[test]
fn refuses_a_schema_that_lacks_a_bound_or_has_another_keyword() {
    for schema in [
        r#"{"type": "number", "minimum": 0}"#,
        r#"{"type": "array", "items": {"type": "boolean"}}"#,
        r#"{"type": "string", "maxLength": 9, "pattern": "^x$"}"#,
        r#"{"type": "string", "maxLength": 9, "format": "email"}"#,
        r#"{"type": "object", "properties": {}, "required": [], "minProperties": 1}"#,
        r#"{"type": "object", "properties": {}}"#,
        r##"{"$ref": "#/$defs/other"}"##,
        r#"{"type": ["string", "null"], "maxLength": 9}"#,
    ] {
        assert!(serde_json::from_str::<Shape>(schema).is_err(), "{schema}");
    }
}

/// What the material may not say, and a model must not make up to fit.
#[test]
fn asks_for_nothing_that_may_be_unknown() {
    for (agent, pointer, member) in [
        ("invoice_processor", "", "supplier"),
        ("invoice_processor", "", "invoice_number"),
        ("invoice_processor", "/properties/totals", "total"),
        ("capex_approver", "", "amount_usd"),
        ("goods_receiver", "", "order_number"),
        ("inventory_monitor", "/properties/items/items", "days_of_cover"),
        ("offer_writer", "", "annual_pay_usd"),
        ("proposal_writer", "", "price_usd"),
        ("nda_manager", "", "term_months"),
        ("system_monitor", "/properties/components/items", "value"),
        ("system_monitor", "/properties/components/items", "threshold"),
        ("campaign_manager", "", "budget_usd"),
    ] {
        let schema = schema(find(agent).expect("an agent of the roster"));
        let object = schema.pointer(pointer).expect("an object");
        assert!(object["properties"][member].is_object(), "{agent}: {member}");
        let required = object["required"].as_array().expect("names");
        assert!(required.iter().all(|name| name != member), "{agent}: {member}");
    }
    let held = &schema(find("vendor_security").expect("an agent of the roster"))["properties"]["data_held"];
    assert!(
        held["enum"]
            .as_array()
            .expect("words")
            .contains(&serde_json::json!("unknown"))
    );
}
