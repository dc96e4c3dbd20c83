//! What an answer makes of itself.

use serde_json::{Map, Value};

use crate::models::{ModelAnswer, ModelError};

fn answer_of(text: &str) -> ModelAnswer {
    ModelAnswer {
        output: Map::from_iter([("t".to_owned(), Value::from(text))]),
        confidence: Some(0.9),
        input_tokens: 1,
        output_tokens: 1,
        model: "sandbox-fast".to_owned(),
        repaired: false,
        action: None,
    }
}

#[test]
fn accepts_a_result_of_exactly_64_kib() {
    let frame = r#"{"t":""}"#.len();
    let json = answer_of(&"x".repeat(65_536 - frame)).result_json().expect("fits");
    assert_eq!(json.len(), 65_536);
}

#[test]
fn refuses_a_result_one_byte_larger() {
    let frame = r#"{"t":""}"#.len();
    let refused = answer_of(&"x".repeat(65_537 - frame)).result_json();
    assert_eq!(refused, Err(ModelError::TooLarge { bytes: 65_537 }));
}

#[test]
fn hands_the_harness_the_models_own_figure() {
    let answer = answer_of("x");
    let verdict = answer.verdict();
    assert_eq!(
        (verdict.confidence, verdict.repaired, verdict.action),
        (Some(0.9), false, None)
    );
}
