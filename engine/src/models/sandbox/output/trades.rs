//! Trades: which agents the words of a task speak for.
//!
//! A word that few agents have says more than one that many have; one of a name counts twice. What the words of the
//! registry do not say, such as that a holiday is a leave, stands in a list here. Nothing is routed here.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::agents::{self, Agent};

/// How many words of a task are looked at. Our choice, for tasks of 20 000 characters.
const WORDS_MAX: usize = 400;

/// Words that say nothing of a trade.
const SMALL_WORDS: [&str; 72] = [
    "about", "above", "after", "again", "also", "any", "asked", "asks", "been", "before", "being", "below", "both",
    "cannot", "could", "does", "doing", "done", "down", "each", "every", "find", "first", "from", "give", "given",
    "have", "help", "here", "into", "just", "like", "list", "lists", "made", "make", "many", "more", "most", "much",
    "near", "need", "needs", "next", "only", "open", "other", "over", "please", "says", "should", "some", "such",
    "tell", "that", "them", "then", "there", "these", "they", "this", "those", "want", "what", "when", "where",
    "which", "with", "work", "would", "year", "your",
];

/// Short words that count in small letters too.
const SHORT_WORDS: [&str; 9] = ["tax", "job", "vat", "nda", "rfq", "seo", "kpi", "sla", "bug"];

/// Endings that words of one stem differ in, the longer ones first.
const ENDINGS: [&str; 9] = ["ment", "ing", "ion", "er", "or", "ed", "al", "e", "s"];

/// What people call an agent's work, in the words of a task without numbers; of several words all stand together.
const TRADES: &[(&str, &[&str])] = &[
    ("reader", &["pdf", "scanned", "attached document", "this document"]),
    (
        "summariser",
        &["summary", "summarize", "summarise", "minutes of", "shorten"],
    ),
    ("researcher", &["find out", "research"]),
    (
        "ap_specialist",
        &["may be paid", "pay the invoice", "pay invoice", "supplier payment"],
    ),
    (
        "ar_collector",
        &["dunning", "unpaid invoices", "overdue invoices", "late payers"],
    ),
    ("bank_reconciler", &["bank statement", "statement lines"]),
    ("payroll_processor", &["salaries", "wages", "payslip", "payslips"]),
    (
        "fraud_detector",
        &[
            "suspicious payment",
            "suspicious payments",
            "suspicious transactions",
            "fraudulent",
        ],
    ),
    ("tax_filer", &["vat return", "tax return", "sales tax return"]),
    ("treasury_manager", &["cash flow", "liquidity", "cash forecast"]),
    (
        "capex_approver",
        &["capital expenditure", "capital request", "new machine"],
    ),
    (
        "revenue_recognizer",
        &["ifrs", "asc", "performance obligations", "deferred revenue"],
    ),
    ("fx_manager", &["hedge", "hedges", "exchange rate", "currency risk"]),
    (
        "procurement_specialist",
        &[
            "get quotes",
            "vendor quotes",
            "supplier quotes",
            "competitive quotes",
            "compare quotes",
            "get offers",
        ],
    ),
    ("rfq_generator", &["request for quotation", "ask vendors"]),
    (
        "po_creator",
        &[
            "create the purchase order",
            "create a purchase order",
            "write a purchase order",
        ],
    ),
    (
        "po_approver",
        &[
            "approve the purchase order",
            "approve purchase order",
            "approve this purchase order",
        ],
    ),
    ("goods_receiver", &["delivery note", "goods receipt", "short delivery"]),
    (
        "inventory_monitor",
        &["stock of", "in stock", "stock levels", "out of stock", "expiry"],
    ),
    ("reorder_trigger", &["reorder", "replenish"]),
    ("spend_analyzer", &["spending", "savings"]),
    (
        "hr_query",
        &["travel policy", "our policy", "hr policy", "employee handbook"],
    ),
    (
        "job_poster",
        &["position", "vacancy", "job ad", "job advertisement", "job description"],
    ),
    ("resume_screener", &["cv", "cvs", "résumés", "applicants", "candidates"]),
    ("interview_scheduler", &["interview", "interviews"]),
    ("offer_writer", &["offer letter", "job offer"]),
    ("onboarder", &["new hire", "first day", "starts on"]),
    ("offboarder", &["last day", "resigned", "leaver", "leaves the company"]),
    (
        "leave_approver",
        &[
            "vacation",
            "holiday",
            "holidays",
            "day off",
            "days off",
            "sick leave",
            "parental leave",
        ],
    ),
    ("employee_relations", &["harassment", "grievance", "bullying"]),
    ("disciplinary_advisor", &["misconduct", "written warning"]),
    ("benefits_admin", &["health plan", "pension", "enrol", "enroll"]),
    ("account_manager", &["account review", "quarterly business review"]),
    (
        "churn_detector",
        &["cancel their", "about to leave", "at risk of leaving"],
    ),
    (
        "quote_generator",
        &["quote for a customer", "price list", "quote to the customer"],
    ),
    ("upsell_identifier", &["cross sell", "upgrade"]),
    ("nda_manager", &["confidentiality agreement", "non disclosure"]),
    ("gdpr_auditor", &["personal data", "data protection", "privacy", "dpia"]),
    ("ip_protector", &["trademark", "patent", "copyright", "infringement"]),
    ("litigation_monitor", &["lawsuit", "court"]),
    (
        "incident_responder",
        &["outage", "is down", "are down", "log in", "not reachable", "crashed"],
    ),
    ("ticket_router", &["route this ticket", "which queue"]),
    ("quality_checker", &["tolerance", "defects"]),
    ("change_manager", &["rollback", "change request", "deploy"]),
    (
        "access_manager",
        &["password", "access request", "permissions", "admin rights"],
    ),
    (
        "threat_analyzer",
        &["phishing", "malware", "ransomware", "suspicious email", "virus"],
    ),
    ("system_monitor", &["cpu", "disk", "memory"]),
    (
        "patch_manager",
        &["patches", "vulnerabilities", "security update", "security updates"],
    ),
    ("it_compliance", &["soc", "iso", "pci"]),
    ("vendor_security", &["security questionnaire"]),
    ("content_creator", &["blog post", "blog", "press release"]),
    ("seo_monitor", &["search ranking", "google"]),
    ("social_media", &["linkedin", "instagram", "tweet", "facebook"]),
    ("email_marketer", &["newsletter", "email campaign", "mailing"]),
    (
        "tier_1_support",
        &[
            "parcel",
            "refund",
            "customer asks",
            "customer complains",
            "where is my order",
        ],
    ),
];

/// An agent and the task's words that speak for it.
pub(super) struct Found<'a> {
    pub agent: &'static Agent,
    pub words: Vec<&'a str>,
    weight: f64,
}

/// A specialist's own words, as stems.
struct Trade {
    agent: &'static Agent,
    name: HashSet<String>,
    described: HashSet<String>,
}

static SPECIALISTS: LazyLock<Vec<Trade>> = LazyLock::new(|| {
    let found = agents::specialists().filter_map(agents::find);
    let trade = |agent: &'static Agent| Trade {
        agent,
        name: words(agent.name).iter().filter_map(|word| stem(word)).collect(),
        described: words(agent.description).iter().filter_map(|word| stem(word)).collect(),
    };
    found.map(trade).collect()
});

/// The agents that share a word with the task, those for whom it speaks loudest first.
pub(super) fn rank(task: &str) -> Vec<Found<'_>> {
    let words: Vec<&str> = words(task).into_iter().take(WORDS_MAX).collect();
    let mut asked: Vec<(String, &str)> = Vec::new();
    for word in &words {
        if let Some(stem) = stem(word).filter(|stem| asked.iter().all(|(known, _)| known != stem)) {
            asked.push((stem, word));
        }
    }
    let of_trade = called(&words);
    let mut ranked: Vec<_> = SPECIALISTS
        .iter()
        .map(|trade| found(trade, &asked, &of_trade))
        .filter(|found| !found.words.is_empty())
        .collect();
    // Stable, so that the roster's order decides among equals.
    ranked.sort_by(|one, other| other.weight.total_cmp(&one.weight));
    ranked
}

fn found<'a>(trade: &Trade, asked: &[(String, &'a str)], of_trade: &[(&'static str, &'a str, usize)]) -> Found<'a> {
    let mut found = Found {
        agent: trade.agent,
        words: Vec::new(),
        weight: 0.0,
    };
    for (_, word, length) in of_trade.iter().filter(|(id, ..)| *id == trade.agent.id) {
        if !found.words.contains(word) {
            found.words.push(word);
        }
        // As a name's word that nobody else has; of more words, as that many and a half.
        found.weight += 2.0 * rarity(1) * (0.5 + *length as f64 / 2.0);
    }
    for (stem, word) in asked {
        let (in_name, in_description) = (trade.name.contains(stem), trade.described.contains(stem));
        if !in_name && !in_description {
            continue;
        }
        let has_it = |trade: &&Trade| trade.name.contains(stem) || trade.described.contains(stem);
        let times = if in_name { 2.0 } else { 1.0 };
        found.weight += times * rarity(SPECIALISTS.iter().filter(has_it).count());
        if !found.words.contains(word) {
            found.words.push(word);
        }
    }
    found
}

/// How much a word says that so many agents have.
fn rarity(agents: usize) -> f64 {
    (SPECIALISTS.len() as f64 / agents as f64).ln() + 0.5
}

/// The agents whose work the task names in words of the list: the id, the first of the words as the task has it, and how
/// many they are.
fn called<'a>(words: &[&'a str]) -> Vec<(&'static str, &'a str, usize)> {
    // "Get 3 vendor quotes" gets quotes all the same.
    let words: Vec<(&str, String)> = words
        .iter()
        .filter(|word| !word.starts_with(|c: char| c.is_ascii_digit()))
        .map(|word| (*word, word.to_lowercase()))
        .collect();
    let mut called = Vec::new();
    for (id, phrases) in TRADES {
        for phrase in *phrases {
            let phrase: Vec<&str> = phrase.split(' ').collect();
            let is_it =
                |run: &&[(&str, String)]| run.iter().map(|(_, lower)| lower.as_str()).eq(phrase.iter().copied());
            if let Some(run) = words.windows(phrase.len()).find(is_it) {
                called.push((*id, run[0].0, phrase.len()));
            }
        }
    }
    called
}

/// The words of a text, at hyphens and slashes apart.
fn words(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '\'')
        .map(|word| word.trim_matches('\''))
        .filter(|word| !word.is_empty())
        .collect()
}

/// The beginning of a word, by which `invoices` is `invoice` and `process` is `Processor`. Short words count in capitals
/// only, `PO` or `IT`, but for a few.
fn stem(word: &str) -> Option<String> {
    let is_short = word.chars().count() < 4;
    let lower = word.to_lowercase().replace('é', "e").replace('z', "s");
    if is_short {
        let is_capital = word.chars().count() > 1 && word.chars().all(char::is_uppercase);
        return (is_capital || SHORT_WORDS.contains(&lower.as_str())).then_some(lower);
    }
    if SMALL_WORDS.contains(&lower.as_str()) || lower.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let mut stem = match lower.strip_suffix("ies") {
        Some(rest) => format!("{rest}y"),
        None => lower,
    };
    // Twice: `monitoring` is `monitor` is `monit`, as `Monitor` is.
    while let Some(rest) = ENDINGS.iter().find_map(|ending| stem.strip_suffix(ending)) {
        if rest.chars().count() < 3 {
            break;
        }
        stem = rest.to_owned();
    }
    Some(stem)
}

#[cfg(test)]
mod tests;
