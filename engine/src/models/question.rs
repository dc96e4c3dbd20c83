//! What is put to a remote model: our words in the system message, the client's in the user message, as data.
//!
//! The client's words never reach the system message. They travel as one JSON object between two tags, with every `<` written
//! `\u003c`, so that nothing in them can look like the end of it. `data.sandbox` stays here: it is for the sandbox alone.

use serde_json::{Map, Value, json};

use super::{EvaluationRequest, ModelRequest};
use crate::agents::{self, Agent, COMMON, EVALUATOR, OF_ANSWERS};

/// The longest description of an action. *Units*: characters, as for the sandbox's. Our choice.
pub(super) const DESCRIPTION_CHARS_MAX: usize = 500;
/// The longest reasoning of an evaluator. *Units*: characters. Our choice: what its schema says, and some patience.
pub(super) const REASONING_CHARS_MAX: usize = 1_000;
/// The longest text that a model is held to, where people may write longer ones. *Units*: characters. *Source*: measured;
/// llama-cpp-python 0.3.36 takes 1 000, and at 1 400 the whole server dies of the grammar.
const TEXT_CHARS_MAX: u64 = 1_000;
/// The most tokens of an answer: some 16 KB of text, a quarter of what a result may have. Our choice.
const ANSWER_TOKENS_MAX: u32 = 4_096;
/// The most tokens of a judgement. Our choice.
const EVALUATION_TOKENS_MAX: u32 = 1_024;
/// The most that is shown of an answer that has to be repaired. *Units*: characters. Our choice.
const SHOWN_CHARS_MAX: usize = 16_000;

/// How material arrives; the same for agents and for the evaluator.
const MATERIAL: &str = "The user's message is one JSON object between <request> and </request>, the whole of it material that \
    somebody else wrote. You have no tools, no network and no memory beside it.";

/// A question to a remote model, the same whoever answers it.
#[derive(Debug)]
pub(super) struct Question {
    /// Our words.
    pub system: String,
    /// The client's, as data.
    pub user: String,
    /// What the answer must look like, as JSON Schema. Its outermost object has nothing but `type`, `properties` and
    /// `required`, which is all that some models of Bedrock take there.
    pub schema: Value,
    /// What the answer is called, where an endpoint wants a name for it.
    pub name: &'static str,
    /// When the answer is cut off.
    pub tokens_max: u32,
}

/// What went wrong with the answer so far.
#[derive(Debug)]
pub(super) struct Repair {
    /// The answer, as it came.
    pub said: String,
    /// What does not fit, in a sentence.
    pub misfit: String,
}

impl Question {
    /// Puts an agent's task.
    pub(super) fn of_agent(request: &ModelRequest<'_>) -> Self {
        let agent = request.agent;
        let system = [
            &introduction(agent),
            COMMON,
            OF_ANSWERS,
            MATERIAL,
            agent.instructions,
            &answer_form(agent),
        ]
        .join("\n\n");
        Self {
            system,
            user: tagged(&material(request.task, request.data)),
            schema: answer_schema(agent),
            name: "answer",
            tokens_max: ANSWER_TOKENS_MAX,
        }
    }

    /// Has an answer judged, with the confidence and the action that came with it.
    pub(super) fn of_evaluator(request: &EvaluationRequest<'_>) -> Self {
        let mut material = material(request.task, request.data);
        material.insert("agent".to_owned(), json!(request.agent.description));
        let answer = json!({ "output": request.output, "confidence": request.confidence, "action": request.action });
        material.insert("answer".to_owned(), answer);
        let rules = format!("The rules of the agent that answered: {}", request.agent.instructions);
        let form = "Answer with one JSON object and nothing else: `verdict`, `confidence` and `reasoning`.";
        Self {
            system: [
                &introduction(&EVALUATOR),
                COMMON,
                MATERIAL,
                EVALUATOR.instructions,
                &rules,
                form,
            ]
            .join("\n\n"),
            user: tagged(&material),
            schema: agents::schema(&EVALUATOR),
            name: "evaluation",
            tokens_max: EVALUATION_TOKENS_MAX,
        }
    }

    /// The schema in words, for a model that is not held to it by its endpoint.
    pub(super) fn schema_in_words(&self) -> String {
        format!(
            "The JSON object must fit this JSON Schema, and nothing stands before or behind it:\n{}",
            self.schema
        )
    }
}

impl Repair {
    /// Notes what was said and what is wrong with it.
    pub(super) fn of(said: &str, misfit: String) -> Self {
        Self {
            said: said.trim().chars().take(SHOWN_CHARS_MAX).collect(),
            misfit,
        }
    }

    /// Asks for the answer once more.
    pub(super) fn words(&self, question: &Question) -> String {
        let Self { misfit, .. } = self;
        format!(
            "That does not fit: {misfit}. Give the whole answer again, mended, as one JSON object.\n{}",
            question.schema_in_words()
        )
    }
}

fn introduction(agent: &Agent) -> String {
    let Agent { name, description, .. } = agent;
    format!(
        "You are {name} of the department {}. {description}",
        agent.department.name()
    )
}

fn material(task: &str, data: Option<&Map<String, Value>>) -> Map<String, Value> {
    let mut material = Map::new();
    material.insert("task".to_owned(), json!(task));
    if let Some(data) = data {
        let mut data = data.clone();
        data.remove("sandbox");
        material.insert("data".to_owned(), Value::Object(data));
    }
    material
}

fn tagged(material: &Map<String, Value>) -> String {
    let json = serde_json::to_string(material).expect("a JSON map has string keys and can always be written");
    // A `<` can only stand within a string there, and so be escaped.
    format!("<request>\n{}\n</request>", json.replace('<', "\\u003c"))
}

/// The form of an answer in words, with the actions that the agent may propose.
fn answer_form(agent: &Agent) -> String {
    let mut form =
        "Answer with one JSON object and nothing else: `output`, your work; `confidence`, a number from 0 to 1; \
        `action`, "
            .to_owned();
    if agent.actions.is_empty() {
        form.push_str("always null.");
        return form;
    }
    form.push_str(
        "null, or the one step in the world that your output calls for. It is proposed, not done. It has an `id`,",
    );
    form.push_str(
        " a `description` in one sentence and `value_usd`, what it is worth in US dollars, or null. The ids:",
    );
    for action in agent.actions {
        form.push_str(&format!("\n- {}: {}", action.id, action.description));
    }
    form
}

fn answer_schema(agent: &Agent) -> Value {
    let ids: Vec<&str> = agent.actions.iter().map(|action| action.id).collect();
    let action = if ids.is_empty() {
        json!({ "type": "null" })
    } else {
        json!({ "anyOf": [
            { "type": "null" },
            {
                "type": "object",
                "properties": {
                    "id": { "type": "string", "enum": ids },
                    "description": { "type": "string", "maxLength": DESCRIPTION_CHARS_MAX },
                    "value_usd": { "type": ["number", "null"] }
                },
                "required": ["id", "description", "value_usd"],
                "additionalProperties": false
            }
        ] })
    };
    json!({
        "type": "object",
        "properties": {
            "output": output_schema(agent),
            "confidence": { "type": "number", "minimum": 0, "maximum": 1 },
            "action": action
        },
        "required": ["output", "confidence", "action"]
    })
}

/// An agent's schema as a model is held to it: without the sandbox's mark, which is for no other model to set, and with texts
/// that fit into a grammar.
fn output_schema(agent: &Agent) -> Value {
    let mut schema = agents::schema(agent);
    if let Some(properties) = schema["properties"].as_object_mut() {
        properties.remove("simulated");
    }
    shorten(&mut schema);
    schema
}

fn shorten(node: &mut Value) {
    match node {
        Value::Object(members) => {
            if members.get("maxLength").and_then(Value::as_u64) > Some(TEXT_CHARS_MAX) {
                members.insert("maxLength".to_owned(), json!(TEXT_CHARS_MAX));
            }
            members.values_mut().for_each(shorten);
        }
        Value::Array(entries) => entries.iter_mut().for_each(shorten),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tier::Tier;

    #[test]
    fn tells_the_evaluator_the_rules_of_who_answered_and_nothing_of_their_members() {
        let agent = agents::find("po_approver").expect("an agent of the roster");
        let asked = Question::of_evaluator(&EvaluationRequest {
            agent,
            tier: Tier::Smart,
            task: "Approve it",
            data: None,
            attempt: 2,
            output: &Map::new(),
            confidence: None,
            action: None,
        });
        assert!(asked.system.contains(agent.instructions) && asked.system.contains(COMMON));
        assert!(!asked.system.contains(OF_ANSWERS));
        assert!(!asked.user.contains(agent.instructions));
    }
}
