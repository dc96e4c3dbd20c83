//! Phrases: what the sandbox writes where a member asks for words and the data has none.
//!
//! Names are invented, so that no real company or person is named. Data only.

/// Gives phrases for a member, by its name and the name of the list or object that it is in.
pub(super) fn phrases(parent: &str, name: &str) -> Option<&'static [&'static str]> {
    let is_meant = |(within, names, _): &&Row| (*within == ANYWHERE || *within == parent) && names.contains(&name);
    PHRASES.iter().find(is_meant).map(|(_, _, phrases)| *phrases)
}

/// What a member is in, its names, and its phrases.
type Row = (&'static str, &'static [&'static str], &'static [&'static str]);

/// In whatever it is.
const ANYWHERE: &str = "*";

/// The first that is meant wins, so what is meant in one list only stands before what is meant in all.
static PHRASES: &[Row] = &[
    ("transactions", &["signals"], FRAUD_SIGNS),
    ("signals", &["signal"], LEAD_SIGNS),
    ("customers", &["signs"], CHURN_SIGNS),
    ("customers", &["offer"], OFFERS),
    ("employees", &["name"], PEOPLE),
    ("attendees", &["name"], PEOPLE),
    ("changes", &["name"], PEOPLE),
    (ANYWHERE, &["attendees", "person_to_act", "to"], PEOPLE),
    ("indicators", &["name"], METRICS),
    (ANYWHERE, &["metric", "measure"], METRICS),
    ("obligations", &["name"], PRODUCTS),
    (ANYWHERE, &["product", "owned"], PRODUCTS),
    ("vendors", &["name"], FIRMS),
    ("parties", &["name"], FIRMS),
    (ANYWHERE, &["supplier", "vendor", "recommended"], FIRMS),
    (ANYWHERE, &["customer", "parties", "deal", "case"], CUSTOMERS),
    (
        "changes",
        &["change"],
        &[
            "Net pay is within 2 percent of the last period.",
            "Joined during the period.",
        ],
    ),
    (
        "processes",
        &["change"],
        &["Keep the record a year longer.", "Name the responsible person."],
    ),
    ("figures", &["label"], &["Net amount", "Tax", "Total"]),
    ("amounts", &["label"], &["Net amount", "Tax", "Total"]),
    (
        "indicators",
        &["value"],
        &["203.0.113.7", "sign-in.example", "svc-report"],
    ),
    (
        "rights_on_record",
        &["right"],
        &["Word mark on record", "Product design on record"],
    ),
    (
        "",
        &["description"],
        &["What it is, what it costs and how to get it, on one page."],
    ),
    (
        ANYWHERE,
        &["right"],
        &["Read the ledger", "Approve purchases", "Export reports"],
    ),
    (ANYWHERE, &["role", "roles"], &["Requester", "Owner", "Approver"]),
    (ANYWHERE, &["item", "description", "not_needed"], GOODS),
    (
        ANYWHERE,
        &["criterion"],
        &["Price", "Delivery date", "Warranty", "Service"],
    ),
    (
        ANYWHERE,
        &["category"],
        &["IT equipment", "Facilities", "Logistics", "Services"],
    ),
    (ANYWHERE, &["currency"], &["USD", "EUR", "GBP"]),
    (ANYWHERE, &["unit"], &["pieces"]),
    (ANYWHERE, &["country"], &["United States", "India", "Brazil"]),
    (ANYWHERE, &["place_of_supply", "location"], &["Berlin, Germany"]),
    (
        ANYWHERE,
        &["delivery_place", "delivery_address"],
        &["Main warehouse, Dock 2"],
    ),
    (ANYWHERE, &["time_zone"], &["UTC"]),
    (ANYWHERE, &["starts_at"], &["09:30", "13:00", "15:30"]),
    (ANYWHERE, &["ends_at"], &["10:15", "13:45", "16:15"]),
    (
        ANYWHERE,
        &["month", "first_shortfall"],
        &["2026-09", "2026-10", "2026-11", "2026-12"],
    ),
    (ANYWHERE, &["period"], &["2026-Q3", "2026-Q4", "2027-Q1", "2027-Q2"]),
    (ANYWHERE, &["article"], &["Art. 30", "Art. 5(1)(e)", "Art. 28"]),
    (ANYWHERE, &["control"], &["A.5.15", "A.8.13", "A.8.8", "A.5.24"]),
    (ANYWHERE, &["box"], &["1", "2", "5", "9"]),
    (ANYWHERE, &["label"], &["Figure named in the text"]),
    (ANYWHERE, &["value"], &["as stated"]),
    (
        ANYWHERE,
        &["invoice_number", "reference", "references"],
        &["INV-2041", "INV-2057", "INV-2063", "INV-2078"],
    ),
    (ANYWHERE, &["order_number"], &["PO-1180"]),
    (ANYWHERE, &["batch", "hold"], &["LOT-2041", "LOT-2057", "LOT-2063"]),
    (
        ANYWHERE,
        &["bank_line", "line"],
        &["Transfer received", "Card settlement", "Direct debit"],
    ),
    (
        ANYWHERE,
        &["ledger_entry", "entry"],
        &["Receivable cleared", "Card clearing", "Supplier payment"],
    ),
    (ANYWHERE, &["from_account"], &["Operating account"]),
    (ANYWHERE, &["to_account"], &["Payroll account", "Tax account"]),
    (ANYWHERE, &["queue"], &["service-desk", "network", "billing"]),
    (
        ANYWHERE,
        &["job"],
        &["Nightly database copy", "File server copy", "Mail archive"],
    ),
    (
        ANYWHERE,
        &["component", "system", "affected", "access", "access_to_revoke"],
        SYSTEMS,
    ),
    (
        ANYWHERE,
        &["patch"],
        &["Kernel update", "Browser update", "Database update"],
    ),
    (ANYWHERE, &["benefit"], &["Health plan", "Pension plan", "Transit pass"]),
    (
        ANYWHERE,
        &["clause", "heading", "missing_clauses", "missing_terms", "section"],
        CLAUSES,
    ),
    (
        ANYWHERE,
        &["keyword"],
        &["business laptops", "laptop leasing", "office equipment"],
    ),
    (ANYWHERE, &["hashtags"], &["#procurement", "#operations"]),
    (
        ANYWHERE,
        &["audience", "segment"],
        &["Operations managers of mid-sized companies"],
    ),
    (
        ANYWHERE,
        &["subject", "theme"],
        &["What changes this quarter", "Three things to know", "Before you decide"],
    ),
    (
        ANYWHERE,
        &["preview", "call_to_action"],
        &["Ask for a walk through it.", "Read it in two minutes."],
    ),
    (
        ANYWHERE,
        &["process", "policy", "rule"],
        &["Record keeping", "Supplier onboarding", "Access review"],
    ),
    (
        ANYWHERE,
        &["carve_outs"],
        &["Information that is public", "Information known before"],
    ),
    (
        ANYWHERE,
        &["overlap"],
        &["Same kind of goods, similar sign", "Same shape of the front"],
    ),
    (
        ANYWHERE,
        &["next_filing"],
        &["Statement of defence", "Reply to the motion"],
    ),
    (ANYWHERE, &["when"], &["A document is missing", "The approver is away"]),
    (
        ANYWHERE,
        &["idea"],
        &[
            "Buy the same item at the lowest price paid.",
            "Bundle the small orders of a month.",
        ],
    ),
    (
        ANYWHERE,
        &["requirements", "requirement"],
        &["Three years in a comparable role", "Clear writing"],
    ),
    (
        ANYWHERE,
        &["talking_points", "goal"],
        &["What was reached since the last review", "What is open, and until when"],
    ),
    (
        ANYWHERE,
        &["conditions", "assumptions"],
        &[
            "The figures are confirmed by their owner.",
            "It is reviewed after six months.",
        ],
    ),
    (
        ANYWHERE,
        &["answer"],
        &["The material supports it in the main points; what it leaves open is listed."],
    ),
    (
        ANYWHERE,
        &["open_points"],
        &[
            "Who confirms the figures is not said.",
            "The date of the next step is open.",
        ],
    ),
    (
        ANYWHERE,
        &["questions", "open_questions", "question"],
        &["Who decides, and by when?", "Which budget does it come from?"],
    ),
    (
        ANYWHERE,
        &["new", "correction", "proposal", "revised"],
        &["The owner confirms each change in writing within five days."],
    ),
    (
        ANYWHERE,
        &["quote", "old", "evidence", "source"],
        &["As stated in the material that came with the task."],
    ),
    (
        ANYWHERE,
        &[
            "claims",
            "claim",
            "facts",
            "decisions",
            "usage",
            "retention",
            "allegations",
            "precedents",
        ],
        STATED,
    ),
    (
        ANYWHERE,
        &[
            "steps",
            "first_steps",
            "step",
            "next_step",
            "action",
            "task",
            "work",
            "fix",
        ],
        STEPS,
    ),
    (ANYWHERE, &["option", "duties", "then", "records_needed"], STEPS),
    (
        ANYWHERE,
        &[
            "problems",
            "problem",
            "gap",
            "deviation",
            "missing",
            "conflicts",
            "clashes",
        ],
        PROBLEMS,
    ),
    (ANYWHERE, &["weaknesses", "open_issues"], PROBLEMS),
    (
        ANYWHERE,
        &["reason", "reasons", "note", "cause", "driver", "bearing", "strengths"],
        REASONS,
    ),
    (
        ANYWHERE,
        &["letter", "paragraphs", "text", "body", "introduction", "reply"],
        PARAGRAPHS,
    ),
    (ANYWHERE, &["status_message", "handover"], PARAGRAPHS),
];

const FIRMS: &[&str] = &[
    "Northgate Supply",
    "Meridian Wholesale",
    "Halden Trade",
    "Tessaro Industrial",
];

const CUSTOMERS: &[&str] = &["Alder & Finch", "Corvane Labs", "Pinebrook Foods", "Silverline Transit"];

const PEOPLE: &[&str] = &["Mara Lindqvist", "Jonas Okafor", "Priya Castell", "Theo Brandt"];

const PRODUCTS: &[&str] = &["Team licence", "Support plan", "Onboarding package", "Analytics module"];

const GOODS: &[&str] = &["Laptop, 14 inch", "Docking station", "Office chair", "Label printer"];

const SYSTEMS: &[&str] = &["Order service", "File server", "Mail gateway", "Reporting database"];

const METRICS: &[&str] = &["Lead time", "First response time", "Order volume", "Error rate"];

const CLAUSES: &[&str] = &["Scope", "Price and payment", "Term and termination", "Liability"];

const STATED: &[&str] = &[
    "The material names the parties and the amount.",
    "The material gives a date for the next step.",
];

const STEPS: &[&str] = &[
    "Collect the records that the task refers to.",
    "Check them against the policy in force.",
    "Tell the owner and note the outcome.",
    "Review the result after two weeks.",
];

const PROBLEMS: &[&str] = &[
    "One figure has no source document.",
    "The date of approval is not given.",
    "Two entries name the same reference.",
];

const REASONS: &[&str] = &[
    "In line with the figures that came with the task.",
    "Nothing in the data speaks against it.",
    "Compared with the same period before.",
];

const PARAGRAPHS: &[&str] = &[
    "Thank you for your message. Here is where things stand and what happens next.",
    "The details follow from what was given; please check names and figures before it is used.",
    "If anything is unclear, answer to this and a colleague will look at it.",
];

const FRAUD_SIGNS: &[&str] = &[
    "First payment to this payee",
    "Round amount just under the approval limit",
    "Bank details changed within the last week",
    "Same amount and day as another payment",
];

const LEAD_SIGNS: &[&str] = &[
    "Asked for a demonstration",
    "Looked at the prices twice in a week",
    "Same industry as most customers",
    "Answered the last mail within a day",
];

const CHURN_SIGNS: &[&str] = &[
    "Use fell by a third in the last quarter",
    "The sponsor has left the company",
    "A complaint is open for over 30 days",
    "Renewal is due within 90 days",
];

const OFFERS: &[&str] = &[
    "A review of the unused features with their team",
    "A named contact until the open complaint is settled",
    "A smaller plan for the rest of the term",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_phrases_of_a_list_before_those_of_a_name() {
        for (parent, name, expected) in [
            ("transactions", "signals", FRAUD_SIGNS),
            ("signals", "signal", LEAD_SIGNS),
            ("customers", "offer", OFFERS),
            ("customers", "signs", CHURN_SIGNS),
            ("customers", "customer", CUSTOMERS),
            ("claims", "claim", STATED),
            ("tasks", "task", STEPS),
        ] {
            assert_eq!(phrases(parent, name), Some(expected), "{parent}.{name}");
        }
        assert_eq!(phrases("", "unheard_of"), None);
    }
}
