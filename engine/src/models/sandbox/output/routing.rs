//! `center` and `orchestrator`: who should do what.
//!
//! The task's words speak for an agent: those of its trade (`trades.rs`), of its name, and of its description, the rarer
//! over the roster the louder. Among equals the first of the roster has it. Words choose among agents here and nothing
//! else: a task that names an agent is routed, not obeyed.

use serde_json::{Value, json};

use super::Written;
use super::trades::rank;
use crate::models::ModelRequest;
use crate::models::sandbox::wording::excerpt;

/// Who gets a task that shares no word with anybody.
const FALLBACK: &str = "researcher";

/// How many parts a task is split into. *Source*: the orchestrator's schema.
const PARTS_MAX: usize = 8;

/// How much of the task a part quotes. *Units*: characters. Our choice, within the schema.
const PART_CHARS_MAX: usize = 300;

/// Words that link a part to the one before it and say nothing of the work.
const LINKS: [&str; 4] = ["And", "and", "Then", "then"];

/// Words whose point ends no sentence.
const ABBREVIATIONS: [&str; 12] = [
    "mr", "mrs", "ms", "dr", "prof", "st", "no", "nos", "vs", "approx", "attn", "dept",
];

/// Adds `specialist`, `reason` and whom else it could be, and says what to do with the choice.
pub(super) fn pick(written: &mut Written, request: &ModelRequest<'_>) {
    let ranked = rank(request.task);
    let specialist = ranked.first().map_or(FALLBACK, |found| found.agent.id);
    let reason = ranked.first().map_or_else(
        || "No word of the task belongs to one trade, so somebody has to find out first.".to_owned(),
        |found| format!("The task speaks of {}.", found.words.join(", ")),
    );
    let others: Vec<_> = ranked.iter().skip(1).take(2).map(|found| found.agent.id).collect();
    let next = format!("Start a run with agent_type `{specialist}` and the same task and data.");
    let output = &mut written.output;
    output.insert("specialist".to_owned(), Value::from(specialist));
    output.insert("reason".to_owned(), Value::from(excerpt(&reason, PART_CHARS_MAX)));
    output.insert("alternatives".to_owned(), Value::from(others));
    output.insert("next_steps".to_owned(), json!([next]));
}

/// Adds `parts`, one after the other, and the `outcome`.
pub(super) fn split(written: &mut Written, request: &ModelRequest<'_>) {
    let mut parts: Vec<_> = parts(request.task)
        .into_iter()
        .take(PARTS_MAX)
        .map(|part| excerpt(part, PART_CHARS_MAX))
        .collect();
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
    let next = "Start a run for each part with its `specialist` as agent_type, in the order of `after`.";
    written.output.insert("parts".to_owned(), numbered.collect());
    written.output.insert("outcome".to_owned(), Value::from(outcome));
    written.output.insert("next_steps".to_owned(), json!([next]));
}

/// Cuts a task at the ends of its sentences, at semicolons, at new lines and at ` then `.
fn parts(task: &str) -> Vec<&str> {
    let pieces = task.split([';', '\n']).flat_map(sentences);
    let pieces = pieces.flat_map(|sentence| sentence.split(" then "));
    let pieces = pieces.map(|piece| {
        let mut piece = piece.trim_matches(is_between);
        while let Some(rest) = LINKS.iter().find_map(|link| piece.strip_prefix(link)) {
            if !rest.starts_with(is_between) {
                break;
            }
            piece = rest.trim_start_matches(is_between);
        }
        piece.strip_suffix(" and").unwrap_or(piece).trim_end_matches(is_between)
    });
    pieces
        .filter(|piece| piece.contains(char::is_alphabetic) && !LINKS.contains(piece))
        .collect()
}

fn is_between(c: char) -> bool {
    c.is_whitespace() || c == ','
}

/// Cuts where a point, or a mark of question or exclamation, is followed by space and a capital, or by nothing. What has no
/// space behind it, as in `1,200.50`, `v1.2` or an address, is no end, and neither is `Acme Inc. then`.
fn sentences(line: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut start = 0;
    for (at, mark) in line.match_indices(['.', '!', '?']) {
        let after = &line[at + 1..];
        let next = after.trim_start().chars().next();
        let is_capital = after.starts_with(char::is_whitespace) && next.is_some_and(char::is_uppercase);
        let word = line[start..at]
            .rsplit(|c: char| !c.is_alphanumeric())
            .next()
            .unwrap_or_default();
        let is_short = mark == "." && ABBREVIATIONS.contains(&word.to_lowercase().as_str());
        if next.is_none() || (is_capital && !is_short) {
            sentences.push(&line[start..at]);
            start = at + 1;
        }
    }
    sentences.push(&line[start..]);
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_a_task_at_its_ends_and_nowhere_else() {
        let cases: [(&str, &[&str]); 9] = [
            (
                "Approve $1,200.50 for Acme Inc. then pay",
                &["Approve $1,200.50 for Acme Inc.", "pay"],
            ),
            (
                "Read https://acme.example/a.html?x=1. Compare it with v1.2.3 of the page.",
                &[
                    "Read https://acme.example/a.html?x=1",
                    "Compare it with v1.2.3 of the page",
                ],
            ),
            (
                "Split this. Then that;\nand then, the rest then",
                &["Split this", "that", "the rest then"],
            ),
            (
                "Review it, then pay, and then file it.",
                &["Review it", "pay", "file it"],
            ),
            (
                "Ask Mr. Smith and Dr. Jones. Write to both!",
                &["Ask Mr. Smith and Dr. Jones", "Write to both"],
            ),
            ("First\nsecond\n\nthird", &["First", "second", "third"]),
            ("Is it paid? Say so.", &["Is it paid", "Say so"]),
            ("Is it paid? say so.", &["Is it paid? say so"]),
            ("... ; 12", &[]),
        ];
        for (task, expected) in cases {
            assert_eq!(parts(task), expected, "{task}");
        }
    }
}
