//! What the roster promises as a whole.

use std::collections::HashSet;

use super::*;

/// The name in lower case, every run of other characters one underscore.
fn snake_case(name: &str) -> String {
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect::<Vec<_>>()
        .join("_")
}

#[test]
fn holds_the_whole_roster() {
    let sizes = ROSTER.map(<[Agent]>::len);
    assert_eq!(sizes, [5, 12, 11, 11, 9, 8, 8, 7, 8]);
    assert_eq!(all().count(), 79);
}

#[test]
fn gives_each_agent_an_id_of_its_own() {
    let ids: HashSet<_> = all().map(|agent| agent.id).collect();
    assert_eq!(ids.len(), all().count());
}

#[test]
fn names_every_id_after_its_agent() {
    for agent in all() {
        assert_eq!(agent.id, snake_case(agent.name));
    }
    assert!(find("tier_1_support").is_some() && find("capex_approver").is_some());
}

#[test]
fn keeps_each_agent_in_one_department() {
    let departments: HashSet<_> = ROSTER.iter().map(|agents| agents[0].department).collect();
    assert_eq!(departments.len(), ROSTER.len());
    for agents in ROSTER {
        assert!(agents.iter().all(|agent| agent.department == agents[0].department));
    }
}

#[test]
fn describes_each_agent_in_one_sentence() {
    for agent in all() {
        assert!(agent.description.ends_with('.'), "{}", agent.id);
        assert_eq!(agent.description.matches(['.', '!', '?']).count(), 1, "{}", agent.id);
        assert!(agent.description.chars().count() <= 120, "{}", agent.id);
    }
}

#[test]
fn marks_exactly_the_six_high_stakes_agents() {
    let high_stakes: Vec<_> = all().filter(|agent| agent.high_stakes).map(|agent| agent.id).collect();
    let contract = [
        "payroll_processor",
        "fraud_detector",
        "tax_filer",
        "capex_approver",
        "po_approver",
        "contract_reviewer",
    ];
    assert_eq!(high_stakes, contract);
}

#[test]
fn never_gives_high_stakes_to_the_fast_tier() {
    assert!(all().all(|agent| !agent.high_stakes || agent.tier > Tier::Fast));
}

#[test]
fn finds_every_agent_by_its_id() {
    for agent in all() {
        assert!(find(agent.id).is_some_and(|found| std::ptr::eq(found, agent)));
    }
}

#[test]
fn finds_the_default_agent() {
    assert!(find(DEFAULT).is_some());
}

#[test]
fn finds_nothing_by_another_spelling() {
    for id in ["", "Center", "center ", "ap-specialist", "AP Specialist", "centre"] {
        assert_eq!(find(id), None, "{id:?}");
    }
}
