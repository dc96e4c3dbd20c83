//! `docs/runbook.md`: its alarm words, log lines, outputs and resources are those of the code and of the template. Its `cargo admin` commands
//! are read by a test of that tool.

use std::collections::BTreeSet;
use std::path::Path;

use eclips_tests::repository;
use eclips_tests::stack::Stack;

fn runbook() -> String {
    repository::text("docs/runbook.md")
}

/// The code that runs in AWS, as one text.
fn sources() -> String {
    fn read(folder: &Path, all: &mut String) {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        for path in entries {
            if path.is_dir() {
                read(&path, all);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                *all += &std::fs::read_to_string(path).unwrap();
            }
        }
    }
    let mut all = String::new();
    for room in ["shared", "engine", "functions"] {
        read(&repository::path(room), &mut all);
    }
    all
}

/// What stands in quotes behind each of these words.
fn quoted<'a>(text: &'a str, behind: &str) -> BTreeSet<&'a str> {
    let after = text.split(behind).skip(1);
    after
        .filter_map(|rest| rest.strip_prefix('"')?.split('"').next())
        .collect()
}

#[test]
fn each_alarm_word_has_its_section_and_no_other_has_one() {
    let (runbook, sources) = (runbook(), sources());
    let sections: BTreeSet<&str> = runbook
        .lines()
        .filter_map(|line| line.strip_prefix("## `")?.strip_suffix('`'))
        .collect();
    let words = quoted(&sources, "alarm = ");
    assert!(words.len() > 5, "{words:?}");
    assert_eq!(words, sections);
    for word in quoted(&runbook, "alarm = ") {
        assert!(words.contains(word), "{word}");
    }
}

#[test]
fn its_queries_ask_for_lines_that_are_written() {
    let (runbook, sources) = (runbook(), sources());
    let mut messages = quoted(&runbook, "message = ");
    messages.extend(quoted(&runbook, "message like "));
    assert!(messages.len() > 5, "{messages:?}");
    for message in messages {
        assert!(sources.contains(&format!("\"{message}")), "{message}");
    }
}

/// A variable with small letters is one of the stack's outputs; what a command does is in capitals.
#[test]
fn its_variables_are_outputs_and_its_resources_are_there() {
    let (runbook, stack) = (runbook(), Stack::read());
    let mut outputs = BTreeSet::new();
    for after in runbook.split('$').skip(1) {
        let after = after.trim_start_matches('{');
        let end = after
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(after.len());
        let name = &after[..end];
        let is_output =
            name.starts_with(|c: char| c.is_ascii_uppercase()) && name.contains(|c: char| c.is_ascii_lowercase());
        if is_output {
            assert!(!stack.output(name).is_null(), "{name}");
            outputs.insert(name);
        }
    }
    assert!(outputs.len() > 12, "{outputs:?}");
    let functions: BTreeSet<&str> = stack.functions().map(|function| function.id).collect();
    let words = runbook.split(|c: char| !c.is_ascii_alphanumeric());
    for word in words.filter(|word| word.ends_with("Function") && word.len() > "Function".len()) {
        assert!(functions.contains(word), "{word}");
    }
}
