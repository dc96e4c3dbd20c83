//! Outputs: what the sandbox model writes for an agent.
//!
//! Every output has `summary`, `findings`, `next_steps` and `simulated`. The manual's examples and the agents that route or
//! read have a room of their own here; every other agent's members are made up from its schema. All of it is derived
//! from task and data, and fits the schema.

mod facts;
mod figures;
mod invoice;
mod made_up;
mod numbers;
mod phrases;
mod reading;
mod routing;
mod sums;
mod trades;
mod vendors;

use std::cell::RefCell;

use serde_json::{Map, Value};

use self::facts::Facts;
use self::made_up::MadeUp;
use super::fields;
use super::seed::Seed;
use super::wording::{counted, describe, excerpt, field_words, references};
use crate::action::ProposedAction;
use crate::agents::{Department, shape};
use crate::models::ModelRequest;

/// How much of the task the summary quotes. *Units*: characters. Our choice.
const TASK_CHARS_MAX: usize = 200;

/// How many data fields become findings; the rest is counted in one more. Our choice.
const FIELDS_MAX: usize = 8;

/// How many document numbers of a task become findings. Our choice.
const REFERENCES_MAX: usize = 4;

/// An output and the action that goes with it.
pub(super) struct Written {
    pub output: Map<String, Value>,
    pub action: Option<ProposedAction>,
}

/// Writes the output for the request's agent.
pub(super) fn write(request: &ModelRequest<'_>, seed: &Seed) -> Written {
    // Without the task: its words choose nothing that they could choose on purpose.
    let deaf = Seed::of(&ModelRequest { task: "", ..*request });
    let mut written = Written {
        output: common(request, &deaf),
        action: None,
    };
    match request.agent.id {
        "procurement_specialist" => vendors::add(&mut written, request, seed),
        "ap_specialist" => invoice::add(&mut written, request),
        "center" => routing::pick(&mut written, request),
        "orchestrator" => routing::split(&mut written, request),
        "reader" => reading::add(&mut written, request, &Facts::of(request)),
        _ => {
            let made_up = MadeUp {
                facts: &Facts::of(request),
                seed: &deaf,
                given: RefCell::default(),
            };
            made_up.complete(&mut written.output, &shape::of(request.agent));
        }
    }
    written
}

/// Writes the members that every output has.
fn common(request: &ModelRequest<'_>, seed: &Seed) -> Map<String, Value> {
    let fields: Vec<_> = fields(request).collect();
    let task = excerpt(request.task.trim(), TASK_CHARS_MAX);
    let basis = match fields.len() {
        0 => "the task alone".to_owned(),
        count => format!("the task and {}", counted(count, "data field", "data fields")),
    };
    let summary = format!("{} handled \u{201c}{task}\u{201d} from {basis}.", request.agent.name);
    Map::from_iter([
        ("summary".to_owned(), Value::from(summary)),
        ("findings".to_owned(), Value::from(findings(request.task, &fields))),
        (
            "next_steps".to_owned(),
            Value::from(next_steps(request.agent.department, seed)),
        ),
        ("simulated".to_owned(), Value::Bool(true)),
    ])
}

/// Says what the task names and what each data field holds.
fn findings(task: &str, fields: &[(&String, &Value)]) -> Vec<String> {
    let named = references(task)
        .take(REFERENCES_MAX)
        .map(|reference| format!("The task names {reference}."));
    let held = fields
        .iter()
        .take(FIELDS_MAX)
        .map(|(name, value)| format!("{}: {}", field_words(name), describe(value)));
    let mut findings: Vec<_> = named.chain(held).collect();
    if fields.len() > FIELDS_MAX {
        findings.push(format!(
            "{} more were read.",
            counted(fields.len() - FIELDS_MAX, "field", "fields")
        ));
    }
    if fields.is_empty() {
        findings.push("No data came with the task, so nothing could be checked against a record.".to_owned());
    }
    findings
}

/// Picks two of the department's three usual next steps, in an order of the agent's and the data's own.
fn next_steps(department: Department, seed: &Seed) -> Vec<&'static str> {
    let steps = usual_steps(department);
    let skipped = usize::try_from(seed.below("next_steps", 3)).expect("a number below 3");
    steps.iter().cycle().skip(skipped).take(2).copied().collect()
}

const fn usual_steps(department: Department) -> [&'static str; 3] {
    match department {
        Department::Core => [
            "Hand the result to the specialist it concerns.",
            "Add the documents that the task refers to.",
            "Confirm that the summary covers every open point.",
        ],
        Department::Finance => [
            "Compare the figures with the ledger.",
            "Attach the source documents for the audit trail.",
            "Have the account owner confirm the booking.",
        ],
        Department::Procurement => [
            "Confirm specification and delivery date with the requester.",
            "Check the vendor's contract terms.",
            "Raise the purchase order once the budget is confirmed.",
        ],
        Department::Hr => [
            "Check the applicable policy and local law.",
            "Inform the employee and the line manager.",
            "File the record with its retention date.",
        ],
        Department::Sales => [
            "Log the outcome with the opportunity.",
            "Agree the next meeting with the customer.",
            "Check the discount against the price list.",
        ],
        Department::Legal => [
            "Have counsel confirm the reading.",
            "Note the deadline in the calendar.",
            "Compare the wording with the current playbook.",
        ],
        Department::Operations => [
            "Tell the owner of the affected process.",
            "Set a date to measure the effect.",
            "Record the case for the weekly review.",
        ],
        Department::ItSecurity => [
            "Open a ticket for the system owner.",
            "Keep the evidence before anything is changed.",
            "Check whether other systems are affected.",
        ],
        Department::Marketing => [
            "Review the text against the brand guide.",
            "Set the measure of success before publishing.",
            "Tell the customer team what will be sent.",
        ],
    }
}
