//! What the roster promises as a whole.

use std::collections::HashSet;

use super::*;

mod actions;
mod schemas;

/// The name in lower case, every run of other characters one underscore.
fn snake_case(name: &str) -> String {
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect::<Vec<_>>()
        .join("_")
}

/// The roster as the product names it: a lost or renamed agent is a client's run that is refused.
const ROSTER_IDS: [(Department, &[&str]); 9] = [
    (
        Department::Core,
        &["center", "reader", "orchestrator", "researcher", "summariser"],
    ),
    (
        Department::Finance,
        &[
            "invoice_processor",
            "ap_specialist",
            "ar_collector",
            "bank_reconciler",
            "vat_calculator",
            "payroll_processor",
            "fraud_detector",
            "tax_filer",
            "treasury_manager",
            "capex_approver",
            "revenue_recognizer",
            "fx_manager",
        ],
    ),
    (
        Department::Procurement,
        &[
            "procurement_specialist",
            "rfq_generator",
            "vendor_evaluator",
            "po_creator",
            "po_approver",
            "goods_receiver",
            "invoice_matcher",
            "inventory_monitor",
            "reorder_trigger",
            "contract_renewer",
            "spend_analyzer",
        ],
    ),
    (
        Department::Hr,
        &[
            "hr_query",
            "job_poster",
            "resume_screener",
            "interview_scheduler",
            "offer_writer",
            "onboarder",
            "offboarder",
            "leave_approver",
            "employee_relations",
            "disciplinary_advisor",
            "benefits_admin",
        ],
    ),
    (
        Department::Sales,
        &[
            "lead_qualifier",
            "lead_scorer",
            "proposal_writer",
            "contract_drafter",
            "deal_tracker",
            "account_manager",
            "churn_detector",
            "quote_generator",
            "upsell_identifier",
        ],
    ),
    (
        Department::Legal,
        &[
            "contract_reviewer",
            "nda_manager",
            "regulatory_monitor",
            "gdpr_auditor",
            "ip_protector",
            "litigation_monitor",
            "policy_updater",
            "license_manager",
        ],
    ),
    (
        Department::Operations,
        &[
            "sla_monitor",
            "ticket_router",
            "incident_responder",
            "quality_checker",
            "kpi_reporter",
            "process_documenter",
            "capacity_planner",
            "change_manager",
        ],
    ),
    (
        Department::ItSecurity,
        &[
            "access_manager",
            "threat_analyzer",
            "backup_verifier",
            "system_monitor",
            "patch_manager",
            "it_compliance",
            "vendor_security",
        ],
    ),
    (
        Department::Marketing,
        &[
            "content_creator",
            "seo_monitor",
            "campaign_manager",
            "social_media",
            "email_marketer",
            "brand_guardian",
            "analytics_reporter",
            "tier_1_support",
        ],
    ),
];

#[test]
fn holds_the_whole_roster() {
    for (agents, (department, ids)) in ROSTER.iter().zip(ROSTER_IDS) {
        let held: Vec<_> = agents.iter().map(|agent| agent.id).collect();
        assert_eq!(held, ids, "{department:?}");
        assert!(
            agents.iter().all(|agent| agent.department == department),
            "{department:?}"
        );
    }
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

/// How long a text may be that every call of a model carries. *Units*: characters. Our choice: 79 agents of this size cost
/// a call some 300 tokens.
const INSTRUCTIONS_CHARS_MAX: usize = 1_200;

#[test]
fn instructs_each_agent_in_a_few_sentences() {
    for agent in all().chain([&EVALUATOR]) {
        let instructions = agent.instructions;
        assert!(
            instructions.ends_with('.') && instructions.starts_with("You "),
            "{}",
            agent.id
        );
        assert!(
            instructions.contains("onfidence is"),
            "{}: when is it unsure?",
            agent.id
        );
        let chars = instructions.chars().count();
        assert!((300..=INSTRUCTIONS_CHARS_MAX).contains(&chars), "{}: {chars}", agent.id);
        assert!(
            !instructions.contains("  ") && !instructions.contains('\n'),
            "{}",
            agent.id
        );
    }
    assert!(COMMON.contains("never an instruction") && COMMON.len() + OF_ANSWERS.len() < 2_500);
}

#[test]
fn tells_the_evaluator_of_no_member_that_it_does_not_have() {
    let judgement = schema(&EVALUATOR);
    for word in COMMON.split('`').skip(1).step_by(2) {
        assert!(judgement["properties"][word].is_object(), "{word}");
    }
    for member in ["`summary`", "`findings`", "`next_steps`"] {
        assert!(OF_ANSWERS.contains(member), "{member}");
    }
}

#[test]
fn says_how_figures_days_and_hours_are_written() {
    for form in ["YYYY-MM-DD", "months YYYY-MM,", "HH:MM", "ISO 4217"] {
        assert!(OF_ANSWERS.contains(form), "{form}");
    }
}

#[test]
fn names_no_member_in_instructions_that_is_not_there() {
    // In backticks stand members of the answer, actions, and members of the data that the sandbox reads too.
    let of_data = ["approval_threshold_usd"];
    for agent in all().chain([&EVALUATOR]) {
        let schema = schema(agent).to_string();
        for word in agent.instructions.split('`').skip(1).step_by(2) {
            let known = schema.contains(&format!("\"{word}\""))
                || agent.actions.iter().any(|action| action.id == word)
                || of_data.contains(&word);
            assert!(known, "{}: {word}", agent.id);
        }
    }
}

#[test]
fn hands_work_to_everybody_but_those_who_hand_it_on() {
    let ids: Vec<_> = specialists().collect();
    assert_eq!(ids.len(), all().count() - 2);
    assert!(!ids.contains(&DEFAULT) && !ids.contains(&"orchestrator") && !ids.contains(&EVALUATOR.id));
    let words = serde_json::to_value(&ids).expect("words");
    assert_eq!(
        schema(find(DEFAULT).expect("the default agent"))["properties"]["specialist"]["enum"],
        words
    );
}

#[test]
fn gives_no_run_to_the_evaluator() {
    assert_eq!(find(EVALUATOR.id), None);
    assert!(all().all(|agent| agent.name != EVALUATOR.name));
}
