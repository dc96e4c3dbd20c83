//! Reading: what a remote model's text says, or in which respect it does not fit.
//!
//! Nothing is guessed. Confidence is taken as it is, since nonsense there is the harness's to judge; an action's kind comes
//! from the registry and never from the model; an action that the registry does not know is a misfit and no silence, because
//! an answer without an action is not gated by trust.

use serde_json::error::Category;
use serde_json::{Map, Value};

use super::question::{DESCRIPTION_CHARS_MAX, REASONING_CHARS_MAX};
use crate::action::ProposedAction;
use crate::agents::{self, Agent};
use crate::harness::Evaluation;

/// What a model said of a task.
#[derive(Debug, PartialEq)]
pub(super) struct Said {
    pub output: Map<String, Value>,
    pub confidence: Option<f64>,
    pub action: Option<ProposedAction>,
}

/// Reads an agent's answer.
///
/// *Errors*: what does not fit, in a sentence for the model.
pub(super) fn answer(agent: &Agent, text: &str) -> Result<Said, String> {
    let mut object = object(text)?;
    let Some(Value::Object(mut output)) = object.remove("output") else {
        return Err("output must be an object".to_owned());
    };
    // It is the sandbox's mark; no other model passes for it.
    output.remove("simulated");
    agents::fits(agent, &output)?;
    Ok(Said {
        output,
        confidence: object.get("confidence").and_then(Value::as_f64),
        action: action(agent, object.get("action"))?,
    })
}

/// Reads an evaluator's judgement, and why.
///
/// *Errors*: what does not fit, in a sentence for the model.
pub(super) fn evaluation(text: &str) -> Result<(Evaluation, String), String> {
    let object = object(text)?;
    let confidence = object.get("confidence").and_then(Value::as_f64);
    let evaluation = match object.get("verdict").and_then(Value::as_str) {
        Some("pass") => Evaluation::Pass { confidence },
        Some("triage") => Evaluation::Triage,
        Some("retry") => Evaluation::Retry,
        Some(_) | None => return Err("verdict must be one of pass, triage and retry".to_owned()),
    };
    let reasoning = object
        .get("reasoning")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .trim();
    if reasoning.is_empty() {
        return Err("reasoning must say why, in a sentence".to_owned());
    }
    Ok((evaluation, cut(reasoning, REASONING_CHARS_MAX)))
}

/// The object that a text is, or that stands in it between fences: many models put them around JSON, whatever they are told.
fn object(text: &str) -> Result<Map<String, Value>, String> {
    let text = text.trim();
    let fenced = text
        .strip_prefix("```json")
        .or_else(|| text.strip_prefix("```"))
        .and_then(|text| text.strip_suffix("```"));
    serde_json::from_str(fenced.unwrap_or(text)).map_err(|error| match error.classify() {
        // Its own words would repeat what the model said, in the log and to the model in our voice.
        Category::Data => "it is no JSON object but something else".to_owned(),
        Category::Io | Category::Syntax | Category::Eof => {
            format!(
                "it is no JSON object: broken at line {} column {}",
                error.line(),
                error.column()
            )
        }
    })
}

fn action(agent: &Agent, action: Option<&Value>) -> Result<Option<ProposedAction>, String> {
    let object = match action {
        // Silence may be a forgotten proposal, and an answer without one is not gated by trust.
        None if !agent.actions.is_empty() => return Err("action must be there: null or an object".to_owned()),
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(object)) => object,
        Some(_) => return Err("action must be null or an object".to_owned()),
    };
    let id = object.get("id").and_then(Value::as_str);
    let Some(known) = agent.actions.iter().find(|known| Some(known.id) == id) else {
        return Err("action.id must be one of those that were named, or action null".to_owned());
    };
    let said = object
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .trim();
    let description = if said.is_empty() { known.description } else { said };
    Ok(Some(ProposedAction {
        kind: known.kind,
        description: cut(description, DESCRIPTION_CHARS_MAX),
        // Without a usable figure the trust gate takes the strict side.
        value_usd: object
            .get("value_usd")
            .and_then(Value::as_f64)
            .filter(|value| *value >= 0.0),
    }))
}

fn cut(text: &str, chars_max: usize) -> String {
    text.chars().take(chars_max).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::action::ActionKind;
    use crate::agents::{Department, Proposable};
    use crate::tier::Tier;

    static PAYER: Agent = Agent {
        id: "payer",
        name: "Payer",
        department: Department::Finance,
        description: "Pays.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "",
        schema: "{}",
        actions: &[Proposable {
            id: "pay_invoice",
            kind: ActionKind::Submit,
            description: "Pay the invoice",
        }],
    };

    fn read(answer: &Value) -> Result<Said, String> {
        super::answer(&PAYER, &answer.to_string())
    }

    fn with(member: &str, value: Value) -> Value {
        let mut answer = json!({ "output": { "summary": "Paid." }, "confidence": 0.9, "action": null });
        answer[member] = value;
        answer
    }

    #[test]
    fn takes_an_answer_also_between_fences() {
        let answer = with("confidence", json!(0.7)).to_string();
        for text in [
            answer.clone(),
            format!("\n  {answer}\n"),
            format!("```json\n{answer}\n```"),
            format!("```\n{answer}\n```\n"),
        ] {
            let said = super::answer(&PAYER, &text).expect("it fits");
            assert_eq!((said.confidence, said.action), (Some(0.7), None), "{text}");
            assert_eq!(said.output["summary"], "Paid.");
        }
    }

    #[test]
    fn leaves_a_nonsensical_confidence_to_the_harness() {
        for (confidence, expected) in [
            (json!(7), Some(7.0)),
            (json!(-1), Some(-1.0)),
            (json!("0.9"), None),
            (json!(null), None),
            (json!([0.9]), None),
        ] {
            assert_eq!(
                read(&with("confidence", confidence)).expect("it fits").confidence,
                expected
            );
        }
    }

    #[test]
    fn takes_an_actions_kind_from_the_registry() {
        let action = json!({ "id": "pay_invoice", "kind": "fill", "description": "Pay 12", "value_usd": 12.5 });
        let said = read(&with("action", action))
            .expect("it fits")
            .action
            .expect("an action");
        assert_eq!(
            (said.kind, said.description.as_str(), said.value_usd),
            (ActionKind::Submit, "Pay 12", Some(12.5))
        );
    }

    #[test]
    fn takes_the_strict_side_of_a_value_that_is_none() {
        for value in [json!(null), json!("12"), json!(-5), json!({})] {
            let action = json!({ "id": "pay_invoice", "description": " ", "value_usd": value });
            let said = read(&with("action", action))
                .expect("it fits")
                .action
                .expect("an action");
            assert_eq!((said.description.as_str(), said.value_usd), ("Pay the invoice", None));
        }
    }

    #[test]
    fn never_drops_an_action_that_it_does_not_know() {
        for action in [
            json!({ "id": "delete_vendor", "description": "x", "value_usd": null }),
            json!({ "kind": "submit" }),
            json!({}),
            json!("pay_invoice"),
            json!([]),
            json!(false),
        ] {
            let misfit = read(&with("action", action.clone())).expect_err("it does not fit");
            assert!(misfit.starts_with("action"), "{action}: {misfit}");
        }
    }

    #[test]
    fn takes_no_silence_for_no_action() {
        let mut answer = with("confidence", json!(0.9));
        answer.as_object_mut().expect("an object").remove("action");
        assert_eq!(read(&answer), Err("action must be there: null or an object".to_owned()));
        answer["output"]["action"] = json!({ "id": "pay_invoice" });
        assert!(read(&answer).is_err(), "it stands in the wrong place");
    }

    #[test]
    fn says_what_does_not_fit() {
        let cases = [
            (json!({}), "output must be an object"),
            (with("output", json!("Paid.")), "output must be an object"),
            (
                with("output", json!({ "summary": 1 })),
                "output.summary must be a string",
            ),
        ];
        for (answer, expected) in cases {
            assert!(
                read(&answer).expect_err("it does not fit").starts_with(expected),
                "{answer}"
            );
        }
        for text in [
            "",
            "I cannot do that.",
            "[1]",
            "{\"output\":",
            "{\"confidence\": 1e999}",
            "NaN",
        ] {
            let misfit = answer(&PAYER, text).expect_err("it does not fit");
            assert!(misfit.starts_with("it is no JSON object"), "{text}: {misfit}");
        }
    }

    #[test]
    fn cuts_what_is_too_long_for_a_person() {
        let action = json!({ "id": "pay_invoice", "description": "é".repeat(10_000), "value_usd": null });
        let said = read(&with("action", action))
            .expect("it fits")
            .action
            .expect("an action");
        assert_eq!(said.description.chars().count(), DESCRIPTION_CHARS_MAX);
        let judged = json!({ "verdict": "triage", "confidence": 1, "reasoning": "é".repeat(10_000) });
        let (_, reasoning) = evaluation(&judged.to_string()).expect("it fits");
        assert_eq!(reasoning.chars().count(), REASONING_CHARS_MAX);
    }

    #[test]
    fn reads_each_verdict_and_no_other() {
        let judge = |verdict: Value| {
            evaluation(&json!({ "verdict": verdict, "confidence": 0.8, "reasoning": "Fine." }).to_string())
        };
        let pass = Evaluation::Pass { confidence: Some(0.8) };
        assert_eq!(judge(json!("pass")), Ok((pass, "Fine.".to_owned())));
        assert_eq!(judge(json!("triage")).map(|(said, _)| said), Ok(Evaluation::Triage));
        assert_eq!(judge(json!("retry")).map(|(said, _)| said), Ok(Evaluation::Retry));
        for reasoning in [json!(null), json!(" "), json!(7)] {
            let silent = json!({ "verdict": "pass", "confidence": 0.8, "reasoning": reasoning });
            assert!(evaluation(&silent.to_string()).is_err(), "{silent}");
        }
        for verdict in [json!("PASS"), json!("approve"), json!(true), json!(null)] {
            assert!(judge(verdict.clone()).is_err(), "{verdict}");
        }
    }
}
