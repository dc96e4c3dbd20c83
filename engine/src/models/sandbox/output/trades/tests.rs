//! Whom the words of a task call.

use super::*;

fn picked(task: &str) -> Option<&'static str> {
    rank(task).first().map(|found| found.agent.id)
}

#[test]
fn finds_the_specialist_by_the_words_of_the_task() {
    let cases = [
        ("Approve PO-4711 for 12 servers", "po_approver"),
        ("Review this NDA with Acme", "nda_manager"),
        ("Review NDA-12", "nda_manager"),
        ("Draft an NDA with Acme", "nda_manager"),
        ("Is my holiday request of 3 days approved?", "leave_approver"),
        ("How many vacation days do I have left?", "leave_approver"),
        ("Does this processing comply with GDPR?", "gdpr_auditor"),
        ("Our website is down, customers cannot log in", "incident_responder"),
        ("Post our open engineer position", "job_poster"),
        ("Customer asks where the parcel is", "tier_1_support"),
        ("Analyse this phishing email", "threat_analyzer"),
        ("File the VAT return for Q2", "tax_filer"),
        ("Get quotes for 20 chairs", "procurement_specialist"),
        ("Get 3 vendor quotes for 500 laptops", "procurement_specialist"),
        ("Process invoice INV-2024-001", "invoice_processor"),
        ("Screen these resumes", "resume_screener"),
        ("Screen this résumé for the analyst role", "resume_screener"),
        ("Review this contract clause by clause", "contract_reviewer"),
        ("Compute the payroll for September", "payroll_processor"),
        ("Work out the VAT on this sale", "vat_calculator"),
        ("Match the bank statement with the ledger", "bank_reconciler"),
        ("Write a newsletter for our customers", "email_marketer"),
        ("Schedule an interview with Ada next week", "interview_scheduler"),
        ("Which customers are about to leave us?", "churn_detector"),
        ("Summarise the minutes of the board meeting", "summariser"),
        ("Is last night's backup good?", "backup_verifier"),
        ("Route this ticket to the right queue", "ticket_router"),
        ("Create the purchase order for the lamps", "po_creator"),
        ("Remind customers of overdue invoices", "ar_collector"),
        ("Check our SOC 2 evidence", "it_compliance"),
        ("Score this lead", "lead_scorer"),
        ("Plan the campaign for the spring launch", "campaign_manager"),
        ("Which contracts come up for renewal?", "contract_renewer"),
        ("Pay out last month's salaries", "payroll_processor"),
        ("Somebody uses our trademark", "ip_protector"),
        ("Reset my password", "access_manager"),
        ("What is our travel policy?", "hr_query"),
        ("Check stock of the A4 paper", "inventory_monitor"),
        ("Our server CPU is at 95%", "system_monitor"),
        ("Approve the new machine for 80,000 USD", "capex_approver"),
    ];
    let wrong: Vec<_> = cases
        .into_iter()
        .map(|(task, expected)| (task, expected, picked(task)))
        .filter(|(_, expected, picked)| *picked != Some(expected))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn finds_nobody_by_words_of_no_trade() {
    for task in [
        "",
        "Hello",
        "1234 ....",
        "hi you",
        "What is this and where does it open?",
    ] {
        assert_eq!(picked(task), None, "{task}");
    }
}

#[test]
fn lists_words_of_agents_that_there_are_and_each_once() {
    let mut seen = HashSet::new();
    for (id, phrases) in TRADES {
        assert!(agents::specialists().any(|known| known == *id), "{id}");
        for phrase in *phrases {
            assert!(seen.insert(*phrase), "{phrase}");
            // As a task's words are found, which have no numbers among them.
            assert_eq!(words(phrase).join(" "), *phrase);
            assert!(!phrase.contains(|c: char| c.is_ascii_digit()), "{phrase}");
        }
    }
    let mut sorted = SMALL_WORDS;
    sorted.sort_unstable();
    assert_eq!(sorted, SMALL_WORDS);
    assert_eq!(HashSet::from(SMALL_WORDS).len(), SMALL_WORDS.len());
}

#[test]
fn gives_one_stem_to_the_words_of_one_work() {
    for words in [
        &["process", "Processor", "processing", "processed"][..],
        &["approve", "Approver", "approval"],
        &["create", "Creator", "creation"],
        &["monitor", "monitoring"],
        &["analyse", "Analyzer", "analyzed"],
        &["policy", "policies"],
        &["post", "Poster", "posting"],
    ] {
        let stems: HashSet<_> = words.iter().map(|word| stem(word)).collect();
        assert_eq!(stems.len(), 1, "{stems:?}");
    }
}

#[test]
fn finds_each_agent_by_its_own_name_and_description() {
    for agent in agents::specialists().filter_map(agents::find) {
        let task = format!("{}: {}", agent.name, agent.description);
        assert_eq!(picked(&task), Some(agent.id));
    }
}
