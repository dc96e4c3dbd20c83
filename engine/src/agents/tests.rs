//! What the roster promises as a whole.

use std::collections::HashSet;

use super::shape::{Members, Shape};
use super::*;

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
fn tells_each_agent_when_to_propose_what_it_may() {
    for agent in all() {
        for action in agent.actions {
            let word = format!("`{}`", action.id);
            assert!(agent.instructions.contains(&word), "{}: {}", agent.id, action.id);
        }
        let proposes = agent.instructions.matches("ropose `").count();
        assert!(proposes > 0 || agent.actions.is_empty(), "{}", agent.id);
    }
}

#[test]
fn gives_each_action_a_word_of_its_own() {
    let mut ids = HashSet::new();
    for action in all().flat_map(|agent| agent.actions) {
        assert_eq!(action.id, snake_case(action.id));
        assert!(ids.insert(action.id), "{}", action.id);
        assert!(
            action.description.ends_with('.') && action.description.len() <= 120,
            "{}",
            action.id
        );
    }
}

/// An answer holds one action at most.
#[test]
fn says_which_of_several_actions_goes_before_the_others() {
    for agent in all().filter(|agent| agent.actions.len() > 1) {
        assert!(agent.instructions.contains("otherwise propose"), "{}", agent.id);
    }
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
fn lets_few_actions_be_of_the_weakest_kind_and_few_of_the_strongest() {
    let of = |kind| -> Vec<_> {
        let actions = all().flat_map(|agent| agent.actions);
        actions
            .filter(|action| action.kind == kind)
            .map(|action| action.id)
            .collect()
    };
    // Drafts, notes on the record, and stops that hurt nobody when they are lifted again: nothing that goes out, orders,
    // pays or approves.
    let fill = [
        "enter_invoice",
        "hold_invoice",
        "book_schedule",
        "create_po",
        "block_invoice",
        "raise_requisition",
        "update_lead",
        "save_contract_draft",
        "update_deals",
        "save_policy_draft",
        "assign_ticket",
        "save_procedure",
    ];
    assert_eq!(of(ActionKind::Fill), fill);
    let destructive = [
        "send_termination_notice",
        "revoke_leaver_access",
        "reclaim_licenses",
        "revoke_access",
    ];
    assert_eq!(of(ActionKind::Destructive), destructive);
}

/// What the material may not say, and a model must not make up to fit.
#[test]
fn asks_for_nothing_that_may_be_unknown() {
    for (agent, pointer, member) in [
        ("invoice_processor", "", "supplier"),
        ("invoice_processor", "", "invoice_number"),
        ("invoice_processor", "/properties/totals", "total"),
        ("capex_approver", "", "amount_usd"),
        ("goods_receiver", "", "order_number"),
        ("inventory_monitor", "/properties/items/items", "days_of_cover"),
        ("offer_writer", "", "annual_pay_usd"),
        ("proposal_writer", "", "price_usd"),
        ("nda_manager", "", "term_months"),
        ("system_monitor", "/properties/components/items", "value"),
        ("system_monitor", "/properties/components/items", "threshold"),
        ("campaign_manager", "", "budget_usd"),
    ] {
        let schema = schema(find(agent).expect("an agent of the roster"));
        let object = schema.pointer(pointer).expect("an object");
        assert!(object["properties"][member].is_object(), "{agent}: {member}");
        let required = object["required"].as_array().expect("names");
        assert!(required.iter().all(|name| name != member), "{agent}: {member}");
    }
    let held = &schema(find("vendor_security").expect("an agent of the roster"))["properties"]["data_held"];
    assert!(
        held["enum"]
            .as_array()
            .expect("words")
            .contains(&serde_json::json!("unknown"))
    );
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
fn asks_each_agent_for_two_to_six_members_of_its_own() {
    for agent in all().chain([&EVALUATOR]) {
        let own: serde_json::Value = serde_json::from_str(agent.schema).expect("JSON");
        let keywords: Vec<_> = own.as_object().expect("an object").keys().collect();
        assert_eq!(keywords, ["properties", "required"], "{}", agent.id);
        let properties = own["properties"].as_object().expect("properties");
        assert!((2..=6).contains(&properties.len()), "{}", agent.id);
        for common in ["summary", "findings", "next_steps", "simulated"] {
            assert!(!properties.contains_key(common), "{}: {common}", agent.id);
        }
    }
}

/// The longest a text may be. *Units*: characters. *Source*: llama.cpp's grammars repeat nothing more than 2,000 times.
const TEXT_CHARS_MAX: usize = 2_000;

/// Looks at every node, and gives how many characters the largest value takes.
fn measure(shape: &Shape, at: &str) -> usize {
    match shape {
        Shape::Boolean {} => 5,
        Shape::Integer { minimum, maximum } | Shape::Number { minimum, maximum } => {
            assert!(minimum < maximum && minimum.is_finite() && maximum.is_finite(), "{at}");
            24
        }
        Shape::String {
            words: Some(words),
            format: None,
            chars_max: None,
            chars_min: 0,
        } => {
            let unique: HashSet<_> = words.iter().collect();
            assert!(words.len() > 1 && unique.len() == words.len(), "{at}");
            assert!(words.iter().all(|word| *word == snake_case(word)), "{at}");
            words.iter().map(|word| word.len() + 2).max().unwrap_or(0)
        }
        Shape::String {
            words: None,
            chars_max: Some(max),
            chars_min,
            ..
        } => {
            assert!(chars_min <= max && (1..=TEXT_CHARS_MAX).contains(max), "{at}");
            max + 2
        }
        Shape::String { .. } => panic!("{at} is neither words nor bounded"),
        Shape::Array {
            entries_min,
            entries_max,
            items,
        } => {
            // Five years by month.
            assert!(entries_min <= entries_max && (1..=60).contains(entries_max), "{at}");
            entries_max * (measure(items, &format!("{at}[]")) + 1) + 2
        }
        Shape::Object(members) => {
            assert!(!members.takes_others, "{at} takes any member");
            measure_members(members, at)
        }
    }
}

fn measure_members(members: &Members, at: &str) -> usize {
    let known: HashSet<_> = members.properties.keys().collect();
    let required: HashSet<_> = members.required.iter().collect();
    assert!(
        required.len() == members.required.len() && required.is_subset(&known),
        "{at}"
    );
    assert!(known.iter().all(|name| ***name == snake_case(name)), "{at}");
    let sizes = members
        .properties
        .iter()
        .map(|(name, shape)| name.len() + 4 + measure(shape, &format!("{at}.{name}")));
    sizes.sum::<usize>() + 2
}

#[test]
fn bounds_everything_so_that_what_fits_is_no_larger_than_a_result() {
    for agent in all() {
        let members = shape::of(agent);
        assert!(members.takes_others && members.required[0] == "summary", "{}", agent.id);
        let chars = measure_members(&members, agent.id);
        assert!(chars <= crate::harness::RESULT_BYTES_MAX, "{}: {chars}", agent.id);
    }
    measure_members(&shape::of(&EVALUATOR), "evaluator");
}

#[test]
fn gives_schemas_that_stay_small_and_without_references() {
    for agent in all().chain([&EVALUATOR]) {
        let schema = schema(agent).to_string();
        assert!(!schema.contains("$ref"), "{}", agent.id);
        assert!(schema.len() < 4_000, "{}: {}", agent.id, schema.len());
    }
}

#[test]
fn refuses_a_schema_that_lacks_a_bound_or_has_another_keyword() {
    for schema in [
        r#"{"type": "number", "minimum": 0}"#,
        r#"{"type": "array", "items": {"type": "boolean"}}"#,
        r#"{"type": "string", "maxLength": 9, "pattern": "^x$"}"#,
        r#"{"type": "string", "maxLength": 9, "format": "email"}"#,
        r#"{"type": "object", "properties": {}, "required": [], "minProperties": 1}"#,
        r#"{"type": "object", "properties": {}}"#,
        r##"{"$ref": "#/$defs/other"}"##,
        r#"{"type": ["string", "null"], "maxLength": 9}"#,
    ] {
        assert!(serde_json::from_str::<Shape>(schema).is_err(), "{schema}");
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
