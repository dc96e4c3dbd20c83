//! `data.sandbox`: what an integrator asks the sandbox model to do.
//!
//! Read member by member. A member of the wrong type or outside its range is ignored, so that a typo gives a plain
//! answer and never an error of ours.

use serde_json::{Map, Value};

use super::wording::excerpt;
use crate::action::{ActionKind, ProposedAction};

/// The longest delay. *Units*: ms. *Source*: contract §10.
const DELAY_MS_MAX: f64 = 10_000.0;

/// How much of an action's description is kept; enough for a sentence or three. *Units*: characters. Our choice.
const DESCRIPTION_CHARS_MAX: usize = 500;

/// How attempts are to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// Every attempt errors.
    Model,
    /// The first attempt errors.
    Once,
    /// Attempts hang.
    Timeout,
}

/// The directives that were given and made sense.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Directives {
    /// 0–1.
    pub confidence: Option<f64>,
    /// 0–10 000.
    pub delay_ms: u64,
    pub fail: Option<Failure>,
    pub action: Option<ProposedAction>,
}

impl Directives {
    /// Reads them from a run's data.
    pub(super) fn read(data: Option<&Map<String, Value>>) -> Self {
        let Some(Value::Object(sandbox)) = data.and_then(|data| data.get("sandbox")) else {
            return Self::default();
        };
        Self {
            confidence: number(sandbox, "confidence").filter(|figure| (0.0..=1.0).contains(figure)),
            delay_ms: delay_ms(sandbox),
            fail: match sandbox.get("fail").and_then(Value::as_str) {
                Some("model") => Some(Failure::Model),
                Some("once") => Some(Failure::Once),
                Some("timeout") => Some(Failure::Timeout),
                _ => None,
            },
            action: sandbox.get("action").and_then(Value::as_object).and_then(action),
        }
    }
}

fn number(object: &Map<String, Value>, name: &str) -> Option<f64> {
    object.get(name).and_then(Value::as_f64)
}

/// Whole milliseconds from 0 to the longest delay; a fraction is dropped.
fn delay_ms(sandbox: &Map<String, Value>) -> u64 {
    number(sandbox, "delay_ms").map_or(0, |ms| ms.clamp(0.0, DELAY_MS_MAX) as u64)
}

/// Without a known kind there is no action; without a value the trust gate takes the strict side.
fn action(object: &Map<String, Value>) -> Option<ProposedAction> {
    let description = object.get("description").and_then(Value::as_str).unwrap_or_default();
    Some(ProposedAction {
        kind: object.get("kind").and_then(Value::as_str).and_then(ActionKind::parse)?,
        description: excerpt(description, DESCRIPTION_CHARS_MAX),
        value_usd: number(object, "value_usd"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(sandbox: Value) -> Directives {
        Directives::read(Some(&Map::from_iter([("sandbox".to_owned(), sandbox)])))
    }

    #[test]
    fn reads_every_directive() {
        let action = json!({ "kind": "submit", "description": "Pay it", "value_usd": 12.5 });
        let directives = read(json!({ "confidence": 0.4, "delay_ms": 500, "fail": "once", "action": action }));
        let expected = Directives {
            confidence: Some(0.4),
            delay_ms: 500,
            fail: Some(Failure::Once),
            action: Some(ProposedAction {
                kind: ActionKind::Submit,
                description: "Pay it".to_owned(),
                value_usd: Some(12.5),
            }),
        };
        assert_eq!(directives, expected);
    }

    #[test]
    fn takes_both_ends_of_confidence() {
        assert_eq!(read(json!({ "confidence": 0 })).confidence, Some(0.0));
        assert_eq!(read(json!({ "confidence": 1 })).confidence, Some(1.0));
    }

    #[test]
    fn holds_a_delay_to_ten_seconds() {
        assert_eq!(read(json!({ "delay_ms": 10_000 })).delay_ms, 10_000);
        assert_eq!(read(json!({ "delay_ms": 10_001 })).delay_ms, 10_000);
        assert_eq!(read(json!({ "delay_ms": 1e300 })).delay_ms, 10_000);
        assert_eq!(read(json!({ "delay_ms": u64::MAX })).delay_ms, 10_000);
    }

    #[test]
    fn ignores_what_is_malformed() {
        let malformed = [
            json!(null),
            json!("fail"),
            json!([1, 2]),
            json!({ "confidence": 1.01 }),
            json!({ "confidence": -0.1 }),
            json!({ "confidence": "0.4" }),
            json!({ "delay_ms": -5 }),
            json!({ "delay_ms": "500" }),
            json!({ "fail": "always" }),
            json!({ "fail": true }),
            json!({ "action": "submit" }),
            json!({ "action": {} }),
            json!({ "action": { "kind": "approve", "description": "x" } }),
        ];
        for sandbox in malformed {
            assert_eq!(read(sandbox.clone()), Directives::default(), "{sandbox}");
        }
        assert_eq!(Directives::read(None), Directives::default());
    }

    #[test]
    fn keeps_an_action_that_lacks_all_but_its_kind() {
        let action = read(json!({ "action": { "kind": "fill", "value_usd": "12" } }))
            .action
            .expect("an action");
        assert_eq!((action.description.as_str(), action.value_usd), ("", None));
    }

    #[test]
    fn cuts_a_long_description() {
        let action = json!({ "kind": "fill", "description": "é".repeat(100_000) });
        let description = read(json!({ "action": action })).action.expect("an action").description;
        assert_eq!(description.chars().count(), 500);
    }
}
