//! Phrases: what the sandbox writes where a member asks for words and the data has none.
//!
//! Names are invented, so that no real company or person is named. Data only.

/// Gives phrases for a member, by its name and the name of the list or object that it is in.
pub(super) fn phrases(parent: &str, name: &str) -> Option<&'static [&'static str]> {
    Some(match (parent, name) {
        ("employees" | "attendees" | "changes", "name") | (_, "attendees" | "person_to_act" | "to") => PEOPLE,
        ("indicators", "name") | (_, "metric" | "measure") => METRICS,
        ("obligations", "name") | (_, "product" | "owned") => PRODUCTS,
        ("vendors" | "parties", "name") | (_, "supplier" | "vendor" | "recommended") => FIRMS,
        (_, "customer" | "parties" | "deal" | "case") => CUSTOMERS,
        ("changes", "change") => &[
            "Net pay is within 2 percent of the last period.",
            "Joined during the period.",
        ],
        ("processes", "change") => &["Keep the record a year longer.", "Name the responsible person."],
        ("figures" | "amounts", "label") => &["Net amount", "Tax", "Total"],
        ("indicators", "value") => &["203.0.113.7", "sign-in.example", "svc-report"],
        ("rights_on_record", "right") => &["Word mark on record", "Product design on record"],
        ("", "description") => &["What it is, what it costs and how to get it, on one page."],
        (_, "right") => &["Read the ledger", "Approve purchases", "Export reports"],
        (_, "role" | "roles") => &["Requester", "Owner", "Approver"],
        (_, "item" | "description" | "not_needed") => GOODS,
        (_, "criterion") => &["Price", "Delivery date", "Warranty", "Service"],
        (_, "category") => &["IT equipment", "Facilities", "Logistics", "Services"],
        (_, "currency") => &["USD", "EUR", "GBP"],
        (_, "unit") => &["pieces"],
        (_, "country") => &["United States", "India", "Brazil"],
        (_, "place_of_supply" | "location") => &["Berlin, Germany"],
        (_, "delivery_place" | "delivery_address") => &["Main warehouse, Dock 2"],
        (_, "time_zone") => &["UTC"],
        (_, "starts_at") => &["09:30", "13:00", "15:30"],
        (_, "ends_at") => &["10:15", "13:45", "16:15"],
        (_, "month" | "first_shortfall") => &["2026-09", "2026-10", "2026-11", "2026-12"],
        (_, "period") => &["2026-Q3", "2026-Q4", "2027-Q1", "2027-Q2"],
        (_, "article") => &["Art. 30", "Art. 5(1)(e)", "Art. 28"],
        (_, "control") => &["A.5.15", "A.8.13", "A.8.8", "A.5.24"],
        (_, "box") => &["1", "2", "5", "9"],
        (_, "label") => &["Figure named in the text"],
        (_, "value") => &["as stated"],
        (_, "invoice_number" | "reference" | "references") => &["INV-2041", "INV-2057", "INV-2063", "INV-2078"],
        (_, "order_number") => &["PO-1180"],
        (_, "batch" | "hold") => &["LOT-2041", "LOT-2057", "LOT-2063"],
        (_, "bank_line" | "line") => &["Transfer received", "Card settlement", "Direct debit"],
        (_, "ledger_entry" | "entry") => &["Receivable cleared", "Card clearing", "Supplier payment"],
        (_, "from_account") => &["Operating account"],
        (_, "to_account") => &["Payroll account", "Tax account"],
        (_, "queue") => &["service-desk", "network", "billing"],
        (_, "job") => &["Nightly database copy", "File server copy", "Mail archive"],
        (_, "component" | "system" | "affected" | "access" | "access_to_revoke") => SYSTEMS,
        (_, "patch") => &["Kernel update", "Browser update", "Database update"],
        (_, "benefit") => &["Health plan", "Pension plan", "Transit pass"],
        (_, "clause" | "heading" | "missing_clauses" | "missing_terms" | "section") => CLAUSES,
        (_, "keyword") => &["business laptops", "laptop leasing", "office equipment"],
        (_, "hashtags") => &["#procurement", "#operations"],
        (_, "audience" | "segment") => &["Operations managers of mid-sized companies"],
        (_, "subject" | "theme") => &["What changes this quarter", "Three things to know", "Before you decide"],
        (_, "preview" | "call_to_action") => &["Ask for a walk through it.", "Read it in two minutes."],
        (_, "process" | "policy" | "rule") => &["Record keeping", "Supplier onboarding", "Access review"],
        (_, "carve_outs") => &["Information that is public", "Information known before"],
        (_, "overlap") => &["Same kind of goods, similar sign", "Same shape of the front"],
        (_, "next_filing") => &["Statement of defence", "Reply to the motion"],
        (_, "when") => &["A document is missing", "The approver is away"],
        (_, "idea") => &[
            "Buy the same item at the lowest price paid.",
            "Bundle the small orders of a month.",
        ],
        (_, "requirements" | "requirement") => &["Three years in a comparable role", "Clear writing"],
        (_, "talking_points" | "goal") => &["What was reached since the last review", "What is open, and until when"],
        (_, "conditions" | "assumptions") => &[
            "The figures are confirmed by their owner.",
            "It is reviewed after six months.",
        ],
        (_, "answer") => &["The material supports it in the main points; what it leaves open is listed."],
        (_, "open_points") => &[
            "Who confirms the figures is not said.",
            "The date of the next step is open.",
        ],
        (_, "questions" | "open_questions" | "question") => {
            &["Who decides, and by when?", "Which budget does it come from?"]
        }
        (_, "new" | "correction" | "proposal" | "revised") => {
            &["The owner confirms each change in writing within five days."]
        }
        (_, "quote" | "old" | "evidence" | "source") => &["As stated in the material that came with the task."],
        (_, "claims" | "claim" | "facts" | "decisions" | "usage" | "retention" | "allegations" | "precedents") => {
            STATED
        }
        (_, "steps" | "first_steps" | "step" | "next_step" | "action" | "task" | "work" | "fix") => STEPS,
        (_, "option" | "duties" | "then" | "records_needed") => STEPS,
        (_, "problems" | "problem" | "gap" | "deviation" | "missing" | "conflicts" | "clashes") => PROBLEMS,
        (_, "weaknesses" | "open_issues") => PROBLEMS,
        (_, "reason" | "reasons" | "note" | "cause" | "driver" | "bearing" | "strengths") => REASONS,
        (_, "signals" | "signal" | "signs" | "offer") => REASONS,
        (_, "letter" | "paragraphs" | "text" | "body" | "introduction" | "reply") => PARAGRAPHS,
        (_, "status_message" | "handover") => PARAGRAPHS,
        _ => return None,
    })
}

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
