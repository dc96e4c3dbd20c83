//! `center` and `orchestrator`: who should do what.
//!
//! The agent whose name and description share most words with the task, the one with more of them in its name among equals, and then the first of the roster. Words
//! choose among agents here and nothing else: a task that names an agent is routed, not obeyed.

use serde_json::{Value, json};

use super::Written;
use crate::agents::{self, Agent};
use crate::models::ModelRequest;
use crate::models::sandbox::wording::{excerpt, words};

/// Who gets a task that shares no word with anybody.
const FALLBACK: &str = "researcher";

/// How many parts a task is split into. *Source*: the orchestrator's schema.
const PARTS_MAX: usize = 8;

/// How much of the task a part quotes. *Units*: characters. Our choice, within the schema.
const PART_CHARS_MAX: usize = 300;

/// How many words of a task are looked at. Our choice, for tasks of 20 000 characters.
const WORDS_MAX: usize = 400;

/// Words of a description that say nothing of the trade.
const SMALL_WORDS: [&str; 26] = [
    "what", "which", "with", "from", "each", "them", "that", "this", "then", "when", "where", "every", "most", "about",
    "into", "near", "this", "have", "their", "next", "list", "say", "lists", "says", "give", "work",
];

/// Adds `specialist`, `reason` and whom else it could be.
pub(super) fn pick(written: &mut Written, request: &ModelRequest<'_>) {
    let ranked = rank(request.task);
    let specialist = ranked.first().map_or(FALLBACK, |found| found.agent.id);
    let reason = ranked.first().map_or_else(
        || "No word of the task belongs to one trade, so somebody has to find out first.".to_owned(),
        |found| format!("The task speaks of {}.", found.shared.join(", ")),
    );
    let others: Vec<_> = ranked.iter().skip(1).take(2).map(|found| found.agent.id).collect();
    let output = &mut written.output;
    output.insert("specialist".to_owned(), Value::from(specialist));
    output.insert("reason".to_owned(), Value::from(excerpt(&reason, PART_CHARS_MAX)));
    output.insert("alternatives".to_owned(), Value::from(others));
}

/// Adds `parts`, one after the other, and the `outcome`.
pub(super) fn split(written: &mut Written, request: &ModelRequest<'_>) {
    let parts = request
        .task
        .split(['.', ';', '\n'])
        .flat_map(|sentence| sentence.split(" then "))
        .map(|part| {
            part.trim_matches(|c: char| c.is_whitespace() || c == ',')
                .trim_end_matches(" and")
                .trim()
        })
        .filter(|part| part.contains(char::is_alphabetic))
        .take(PARTS_MAX);
    let mut parts: Vec<_> = parts.map(|part| excerpt(part, PART_CHARS_MAX)).collect();
    if parts.is_empty() {
        parts.push("Find out what the task asks for".to_owned());
    }
    let count = parts.len();
    let numbered = parts.iter().zip(1..).map(|(task, number)| {
        let specialist = rank(task).first().map_or(FALLBACK, |found| found.agent.id);
        let after: Vec<i32> = if number > 1 { vec![number - 1] } else { Vec::new() };
        json!({ "number": number, "task": task, "specialist": specialist, "after": after })
    });
    let outcome = if count == 1 {
        "One specialist does it all."
    } else {
        "Each part goes on from the one before it."
    };
    written.output.insert("parts".to_owned(), numbered.collect());
    written.output.insert("outcome".to_owned(), Value::from(outcome));
}

/// An agent and the task's words that speak for it.
struct Found<'a> {
    agent: &'static Agent,
    shared: Vec<&'a str>,
    in_name: usize,
}

/// The agents that share a word with the task, those that share most first.
fn rank(task: &str) -> Vec<Found<'_>> {
    let mut asked: Vec<(String, &str)> = Vec::new();
    for word in words(task).take(WORDS_MAX) {
        if let Some(stem) = stem(word).filter(|stem| asked.iter().all(|(known, _)| known != stem)) {
            asked.push((stem, word));
        }
    }
    let mut ranked: Vec<_> = agents::specialists()
        .filter_map(agents::find)
        .filter_map(|agent| {
            let name: Vec<_> = words(agent.name).filter_map(stem).collect();
            let described: Vec<_> = words(agent.description).filter_map(stem).collect();
            let shared = asked
                .iter()
                .filter(|(stem, _)| name.contains(stem) || described.contains(stem));
            let shared: Vec<_> = shared.map(|(_, word)| *word).collect();
            let in_name = asked.iter().filter(|(stem, _)| name.contains(stem)).count();
            (!shared.is_empty()).then_some(Found { agent, shared, in_name })
        })
        .collect();
    ranked.sort_by_key(|found| std::cmp::Reverse((found.shared.len(), found.in_name)));
    ranked
}

/// The beginning of a word, by which `invoices` is `invoice` and `process` is `Processor`. Short words count in capitals
/// only: `PO`, `VAT`.
fn stem(word: &str) -> Option<String> {
    let is_short = word.chars().count() < 4;
    let lower = word.to_lowercase();
    let counts = if is_short {
        word.chars().count() > 1 && word.chars().all(char::is_uppercase)
    } else {
        !SMALL_WORDS.contains(&lower.as_str())
    };
    counts.then(|| lower.trim_end_matches('s').chars().take(6).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_specialist_by_the_words_of_the_task() {
        let cases = [
            ("Get 3 vendor quotes for 500 laptops", "procurement_specialist"),
            ("Process invoice INV-2024-001", "invoice_processor"),
            ("Review this contract clause by clause", "contract_reviewer"),
            ("Compute the payroll for September", "payroll_processor"),
            ("Review NDA-12", "contract_reviewer"),
            ("Work out the VAT on this sale", "vat_calculator"),
            ("Screen this resume for the analyst role", "resume_screener"),
        ];
        for (task, expected) in cases {
            let ranked = rank(task);
            assert_eq!(ranked.first().map(|found| found.agent.id), Some(expected), "{task}");
        }
        for task in ["", "Hello", "1234 ....", "hi you"] {
            assert!(rank(task).is_empty(), "{task}");
        }
    }
}
