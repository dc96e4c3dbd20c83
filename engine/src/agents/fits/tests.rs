//! What an output must have, and in which words a client hears that it has not.

use serde_json::json;

use super::*;
use crate::agents::{self, EVALUATOR};
use crate::models::{ModelRequest, sandbox};

fn fitted(agent: &str, output: &Value) -> Result<(), String> {
    let agent = agents::find(agent).expect("an agent of the roster");
    fits(agent, output.as_object().expect("an object"))
}

/// An output of `center`, with or without what a case puts over it.
fn routed(over: &Value) -> Value {
    let mut output = json!({ "summary": "Done.", "specialist": "reader", "reason": "It speaks of a letter." });
    let members = output.as_object_mut().expect("an object");
    members.extend(over.as_object().expect("an object").clone());
    output
}

#[test]
fn takes_what_every_output_has_in_common() {
    for over in [
        json!({}),
        json!({ "findings": [], "next_steps": ["Wait."], "simulated": true }),
        json!({ "summary": "x".repeat(2_000), "findings": ["x".repeat(500)] }),
    ] {
        assert_eq!(fitted("center", &routed(&over)), Ok(()), "{over}");
    }
}

#[test]
fn takes_at_the_top_what_a_person_adds() {
    let over = json!({ "checked": true, "extra": [1, null], "note_of_the_buyer": { "any": "shape" } });
    assert_eq!(fitted("center", &routed(&over)), Ok(()));
}

#[test]
fn names_the_common_member_that_does_not_fit() {
    let cases = [
        (json!({ "summary": null }), "output.summary must be a string"),
        (json!({ "summary": ["x"] }), "output.summary must be a string"),
        (json!({ "summary": "" }), "output.summary must not be empty"),
        (json!({ "summary": " \n" }), "output.summary must not be empty"),
        (
            json!({ "summary": "é".repeat(2_001) }),
            "output.summary must be at most 2000 characters",
        ),
        (
            json!({ "findings": null }),
            "output.findings must be an array of strings",
        ),
        (
            json!({ "findings": "x" }),
            "output.findings must be an array of strings",
        ),
        (
            json!({ "findings": ["x", 1] }),
            "output.findings must be an array of strings",
        ),
        (
            json!({ "findings": ["x", "x".repeat(501)] }),
            "output.findings[1] must be at most 500 characters",
        ),
        (
            json!({ "findings": vec!["x"; 21] }),
            "output.findings must have at most 20 entries",
        ),
        (
            json!({ "next_steps": {} }),
            "output.next_steps must be an array of strings",
        ),
        (json!({ "simulated": 1 }), "output.simulated must be true or false"),
        (json!({ "reason": "  " }), "output.reason must not be empty"),
    ];
    for (over, error) in cases {
        assert_eq!(fitted("center", &routed(&over)), Err(error.to_owned()), "{over}");
    }
    let count = agents::specialists().count();
    let error = format!("output.specialist must be one of {count} known words, such as reader");
    assert_eq!(
        fitted("center", &routed(&json!({ "specialist": "center" }))),
        Err(error)
    );
}

#[test]
fn names_the_summary_before_anything_else() {
    for output in [json!({}), json!({ "findings": 1 }), json!({ "specialist": 1 })] {
        let refused = fitted("center", &output);
        assert_eq!(refused, Err("output.summary must be a string".to_owned()), "{output}");
    }
}

fn quoted(vendor: &Value) -> Value {
    let good = json!({
        "name": "Halden Trade", "quantity": 5, "unit_price_usd": 2.5, "total_usd": 12.5, "delivery_days": 3,
    });
    let mut other = good.clone();
    let members = other.as_object_mut().expect("an object");
    members.extend(vendor.as_object().expect("an object").clone());
    json!({ "summary": "Done.", "recommended": "Halden Trade", "vendors": [good, other] })
}

#[test]
fn names_the_misfit_inside_a_list_by_its_path() {
    let cases = [
        (json!({ "unit_price_usd": "2.5" }), "unit_price_usd must be a number"),
        (json!({ "unit_price_usd": null }), "unit_price_usd must be a number"),
        (
            json!({ "unit_price_usd": 1e13 }),
            "unit_price_usd must be from 0 to 1000000000000",
        ),
        (
            json!({ "unit_price_usd": -0.01 }),
            "unit_price_usd must be from 0 to 1000000000000",
        ),
        (json!({ "quantity": 2.5 }), "quantity must be a whole number"),
        (json!({ "quantity": 0 }), "quantity must be from 1 to 100000000"),
        (json!({ "quantity": u64::MAX }), "quantity must be from 1 to 100000000"),
        (json!({ "name": " " }), "name must not be empty"),
        (json!({ "colour": "red" }), "colour is not a known member"),
    ];
    for (vendor, error) in cases {
        let refused = fitted("procurement_specialist", &quoted(&vendor));
        assert_eq!(refused, Err(format!("output.vendors[1].{error}")), "{vendor}");
    }
    for vendor in [
        json!({ "quantity": 5.0 }),
        json!({ "quantity": 1, "delivery_days": 0 }),
        json!({ "quantity": 100_000_000, "unit_price_usd": 0, "total_usd": 1e12 }),
    ] {
        assert_eq!(fitted("procurement_specialist", &quoted(&vendor)), Ok(()), "{vendor}");
    }
}

#[test]
fn says_what_a_list_or_an_object_must_be() {
    let cases = [
        (json!(7), "output.lines must be an array"),
        (json!([]), "output.lines must have at least 1 entry"),
        (json!([7]), "output.lines[0] must be an object"),
        (json!([{}]), "output.lines[0].item must be a string"),
    ];
    for (lines, error) in cases {
        let output = json!({ "summary": "x", "vendor": "x", "lines": lines, "total_usd": 0 });
        assert_eq!(fitted("po_creator", &output), Err(error.to_owned()));
    }
}

#[test]
fn takes_a_comparison_without_a_single_quote() {
    let output = json!({ "summary": "There are no quotes yet.", "recommended": "", "vendors": [] });
    assert_eq!(fitted("procurement_specialist", &output), Ok(()));
}

#[test]
fn lists_the_words_where_they_are_few() {
    let judgement = json!({ "verdict": "approve", "confidence": 1, "reasoning": "x" });
    let refused = fits(&EVALUATOR, judgement.as_object().expect("an object"));
    assert_eq!(
        refused,
        Err("output.verdict must be one of pass, triage, retry".to_owned())
    );
}

#[test]
fn asks_a_judgement_for_its_own_members_only() {
    for confidence in [json!(0), json!(0.5), json!(1), json!(1.0)] {
        let judgement = json!({ "verdict": "pass", "confidence": confidence, "reasoning": "The sums agree." });
        let judged = fits(&EVALUATOR, judgement.as_object().expect("an object"));
        assert_eq!(judged, Ok(()), "both bounds are inclusive: {confidence}");
    }
}

#[test]
fn knows_the_days_that_exist() {
    for day in ["2026-01-31", "2026-12-01", "2024-02-29", "2000-02-29", "0000-01-01"] {
        assert!(is_date(day), "{day}");
    }
    for day in [
        "",
        "2026-1-31",
        "2026-00-10",
        "2026-13-01",
        "2026-04-31",
        "2026-02-29",
        "1900-02-29",
        "2026-01-00",
        "20260131",
        "2026/01/31",
        "2026-01-3x",
        "-026-01-01",
        "2026-01-31 ",
    ] {
        assert!(!is_date(day), "{day}");
    }
}

#[test]
fn cuts_the_name_of_an_unknown_member() {
    let refused = fitted("procurement_specialist", &quoted(&json!({ "é".repeat(10_000): 1 }))).expect_err("a misfit");
    assert!(refused.chars().count() < 120, "{refused}");
}

/// Values that a shape must refuse, beside those of another type.
fn misfits(shape: &Shape) -> Vec<Value> {
    let mut all = vec![
        json!(null),
        json!(true),
        json!(0.5),
        json!("\u{1}"),
        json!([[]]),
        json!({ "?": 1 }),
    ];
    match shape {
        Shape::Boolean {} => all.retain(|value| !value.is_boolean()),
        Shape::Integer { minimum, maximum } => all.extend([json!(minimum - 1.0), json!(maximum + 1.0)]),
        Shape::Number { minimum, maximum } => {
            all.retain(|value| !value.is_number());
            all.extend([
                json!(minimum - 1.0),
                json!(maximum * 1.001 + 0.001),
                json!(f64::MAX),
                json!(u64::MAX),
            ]);
        }
        Shape::String { words: Some(words), .. } => all.push(json!(words[0].to_uppercase())),
        Shape::String { format: Some(_), .. } => all.push(json!("2026-02-30")),
        Shape::String {
            chars_min, chars_max, ..
        } => {
            all.retain(|value| !value.is_string());
            all.push(json!("ß".repeat(chars_max.expect("a bound") + 1)));
            if *chars_min > 0 {
                all.push(json!(" "));
            }
        }
        Shape::Array {
            entries_min,
            entries_max,
            ..
        } => {
            all.push(json!(vec!["x"; entries_max + 1]));
            if *entries_min > 0 {
                all.push(json!([]));
            }
        }
        Shape::Object(_) => {}
    }
    all
}

/// Puts every misfit into every place of an output, and takes every required member out.
fn spoil(shape: &Members, whole: &Value, pointer: &str, refused: &mut dyn FnMut(&Value, &str)) {
    let object = whole.pointer(pointer).and_then(Value::as_object).expect("an object");
    for (name, shape) in &shape.properties {
        let pointer = format!("{pointer}/{name}");
        let is_there = object.contains_key(name);
        if is_there {
            for misfit in misfits(shape) {
                let mut spoilt = whole.clone();
                *spoilt.pointer_mut(&pointer).expect("it is there") = misfit;
                refused(&spoilt, &pointer);
            }
        }
        match shape {
            Shape::Object(members) if is_there => spoil(members, whole, &pointer, refused),
            Shape::Array { items, .. } => {
                let entries = whole.pointer(&pointer).and_then(Value::as_array).map_or(0, Vec::len);
                for pointer in (0..entries).map(|at| format!("{pointer}/{at}")) {
                    if let Shape::Object(members) = &**items {
                        spoil(members, whole, &pointer, refused);
                    }
                    let mut spoilt = whole.clone();
                    *spoilt.pointer_mut(&pointer).expect("it is there") = json!(null);
                    refused(&spoilt, &pointer);
                }
            }
            _ => {}
        }
    }
    for name in &shape.required {
        let mut spoilt = whole.clone();
        let object = spoilt
            .pointer_mut(pointer)
            .and_then(Value::as_object_mut)
            .expect("an object");
        object.remove(name).expect("what is required is there");
        refused(&spoilt, &format!("{pointer}/{name}"));
    }
    if !shape.takes_others {
        let mut spoilt = whole.clone();
        let object = spoilt
            .pointer_mut(pointer)
            .and_then(Value::as_object_mut)
            .expect("an object");
        object.insert("another".to_owned(), json!(1));
        refused(&spoilt, &format!("{pointer}/another"));
    }
}

/// `/vendors/2/name` is `output.vendors[2].name`.
fn path(pointer: &str) -> String {
    pointer
        .split('/')
        .skip(1)
        .fold("output".to_owned(), |path, part| match part.parse::<usize>() {
            Ok(at) => format!("{path}[{at}]"),
            Err(_) => format!("{path}.{part}"),
        })
}

#[tokio::test]
async fn refuses_every_misfit_in_every_place_of_every_schema() {
    let mut count = 0;
    for agent in agents::all() {
        let request = ModelRequest {
            agent,
            tier: agent.tier,
            task: "Review PO-4711 for 5 lamps",
            data: None,
            attempt: 1,
        };
        let whole = Value::Object(sandbox::answer(&request).await.expect("an answer").output);
        let shape = shape::of(agent);
        spoil(&shape, &whole, "", &mut |spoilt, pointer| {
            count += 1;
            let refused = members(&shape, spoilt.as_object().expect("an object"), "output");
            let (error, path) = (
                refused.expect_err(&format!("{}: {pointer} in {spoilt}", agent.id)),
                path(pointer),
            );
            // A list of strings is named as one, and not by its entry.
            let list = path.rfind('[').map_or(path.as_str(), |at| &path[..at]);
            assert!(
                error.starts_with(&path) || error == format!("{list} must be an array of strings"),
                "{error} for {path}"
            );
        });
    }
    assert!(count > 10_000, "{count}");
}
