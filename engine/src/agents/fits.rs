//! Fitting: what an output must look like, whether a model wrote it or a person edited it.
//!
//! So far one shape for every agent, that of the members which all outputs have in common; a schema for each agent comes
//! later, and until then members that only some agents write are not looked at. Nothing is repaired here.

use serde_json::{Map, Value};

use super::Agent;

/// Members that, where they are present, are lists of sentences.
const LISTS: [&str; 2] = ["findings", "next_steps"];

/// Says whether an output has an agent's shape.
///
/// *Shape*: `summary`, a string that is not blank; `findings` and `next_steps`, arrays of strings where present; any
/// other members.
///
/// *Errors*: one sentence for the client that names the first member that does not fit: `output.summary must be a
/// string`.
pub fn fits(_agent: &Agent, output: &Map<String, Value>) -> Result<(), String> {
    match output.get("summary") {
        Some(Value::String(summary)) if summary.trim().is_empty() => {
            return Err("output.summary must not be empty".to_owned());
        }
        Some(Value::String(_)) => {}
        Some(_) | None => return Err("output.summary must be a string".to_owned()),
    }
    let misfit = LISTS
        .into_iter()
        .find(|name| output.get(*name).is_some_and(|member| !is_strings(member)));
    match misfit {
        Some(name) => Err(format!("output.{name} must be an array of strings")),
        None => Ok(()),
    }
}

fn is_strings(member: &Value) -> bool {
    member
        .as_array()
        .is_some_and(|entries| entries.iter().all(Value::is_string))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::agents;

    fn fitted(output: &Value) -> Result<(), String> {
        let agent = agents::find(agents::DEFAULT).expect("the default agent");
        fits(agent, output.as_object().expect("an object"))
    }

    #[test]
    fn takes_what_every_output_has_in_common() {
        for output in [
            json!({ "summary": "Done." }),
            json!({ "summary": "Done.", "findings": [], "next_steps": ["Wait."] }),
            json!({ "summary": "Done.", "vendors": 7, "approved": null, "simulated": true }),
        ] {
            assert_eq!(fitted(&output), Ok(()), "{output}");
        }
    }

    #[test]
    fn names_the_member_that_does_not_fit() {
        let cases = [
            (json!({}), "output.summary must be a string"),
            (json!({ "summary": null }), "output.summary must be a string"),
            (json!({ "summary": ["x"] }), "output.summary must be a string"),
            (json!({ "summary": "" }), "output.summary must not be empty"),
            (json!({ "summary": " \n" }), "output.summary must not be empty"),
            (
                json!({ "summary": "x", "findings": null }),
                "output.findings must be an array of strings",
            ),
            (
                json!({ "summary": "x", "findings": "x" }),
                "output.findings must be an array of strings",
            ),
            (
                json!({ "summary": "x", "findings": ["x", 1] }),
                "output.findings must be an array of strings",
            ),
            (
                json!({ "summary": "x", "next_steps": {} }),
                "output.next_steps must be an array of strings",
            ),
            (json!({ "findings": 1 }), "output.summary must be a string"),
        ];
        for (output, error) in cases {
            assert_eq!(fitted(&output), Err(error.to_owned()), "{output}");
        }
    }
}
