//! `docs/agents.md` is written from the registry, and this test compares it.

use std::fmt::Write;
use std::path::Path;

use eclips_engine::action::ActionKind;
use eclips_engine::agents::{self, Agent};
use serde_json::Value;

const HEAD: &str = "# Agents

What each agent's output has beside the members that all outputs have: `summary` (text, not blank, at most 2000 characters) and, where there
is something to say, `findings` and `next_steps` (at most 20 texts of at most 500 characters each); `simulated` is true where the sandbox answered.
A member with `?` may be left out. Whoever edits an output in triage is held to this as the agent is: a misfit is a 422 that names the
first one by its path, `output.vendors[2].unit_price_usd must be a number`. Members that are not in this list are allowed at the top of an output,
and nowhere inside it.

An amount is a number up to 1000000000000, a signed one may be below zero; a percentage is from 0 to 100; a date is YYYY-MM-DD; a text is
measured in characters, and one of 1 or more is not blank. What an agent may propose
has a fixed kind, which decides how much trust it takes to go ahead without a person: [contract](contract.md), section 10.

This page is written from `engine/src/agents/`; a test compares it.
";

/// Says in a few words what a value is.
fn shape(schema: &Value) -> String {
    let number = |name: &str| schema[name].as_f64().expect("a number");
    match schema["type"].as_str().expect("a type") {
        "boolean" => "true or false".to_owned(),
        "string" if schema["enum"].is_array() => words(schema["enum"].as_array().expect("words")),
        "string" if schema["format"] == "date" => "date".to_owned(),
        "string" if schema["minLength"].is_number() => format!("text 1…{}", number("maxLength")),
        "string" => format!("text ≤ {}", number("maxLength")),
        "integer" => format!("whole number {}…{}", number("minimum"), number("maximum")),
        "array" => {
            let at_least = schema["minItems"].as_u64().unwrap_or(0);
            format!("{at_least}…{} × {}", number("maxItems"), shape(&schema["items"]))
        }
        "object" => format!("{{ {} }}", members(schema).join("; ")),
        _ => match (number("minimum"), number("maximum")) {
            (0.0, 1e12) => "amount".to_owned(),
            (-1e12, 1e12) => "signed amount".to_owned(),
            (0.0, 100.0) => "percentage".to_owned(),
            (minimum, maximum) => format!("number {minimum}…{maximum}"),
        },
    }
}

fn words(words: &[Value]) -> String {
    if words.len() > 20 {
        return "an agent's id".to_owned();
    }
    let words: Vec<_> = words
        .iter()
        .map(|word| format!("`{}`", word.as_str().expect("a word")))
        .collect();
    words.join(", ")
}

/// What every member is, those of all outputs left out.
fn members(schema: &Value) -> Vec<String> {
    let required = schema["required"].as_array().expect("names");
    let properties = schema["properties"].as_object().expect("properties").iter();
    properties
        .filter(|(name, _)| !["summary", "findings", "next_steps", "simulated"].contains(&name.as_str()))
        .map(|(name, inner)| {
            let mark = if required.iter().any(|known| known == name.as_str()) {
                ""
            } else {
                "?"
            };
            format!("`{name}`{mark} {}", shape(inner))
        })
        .collect()
}

fn entry(agent: &Agent) -> String {
    let stakes = if agent.high_stakes { ", high-stakes" } else { "" };
    let mut entry = format!(
        "\n**`{}`** ({}{stakes}). {}\n\n",
        agent.id,
        agent.tier.as_str(),
        agent.description
    );
    for member in members(&agents::schema(agent)) {
        let _ = writeln!(entry, "- {member}");
    }
    for action in agent.actions {
        let kind = match action.kind {
            ActionKind::Fill => "fill",
            ActionKind::Submit => "submit",
            ActionKind::Destructive => "destructive",
        };
        let _ = writeln!(entry, "- may propose `{}` ({kind}): {}", action.id, action.description);
    }
    entry
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    let mut department = None;
    for agent in agents::all() {
        if department != Some(agent.department) {
            department = Some(agent.department);
            let _ = write!(page, "\n## {}\n", agent.department.name());
        }
        page.push_str(&entry(agent));
    }
    page
}

#[test]
fn the_page_says_what_the_registry_has() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/agents.md");
    let held = std::fs::read_to_string(&path).unwrap_or_default();
    let page = page();
    if held != page {
        let written = Path::new(env!("CARGO_TARGET_TMPDIR")).join("agents.md");
        std::fs::write(&written, &page).unwrap();
        panic!(
            "docs/agents.md is not what the registry says: cp {} docs/agents.md",
            written.display()
        );
    }
}
