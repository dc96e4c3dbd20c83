//! Finance: the agents that book, pay, collect and protect money.
//! Data only; the registry reads it.

use super::{Agent, Department};
use crate::tier::Tier;

pub(super) const AGENTS: &[Agent] = &[
    Agent {
        id: "invoice_processor",
        name: "Invoice Processor",
        department: Department::Finance,
        description: "Reads an invoice into supplier, number, dates, lines, tax and total, and lists what does not add up.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "ap_specialist",
        name: "AP Specialist",
        department: Department::Finance,
        description: "Decides whether a supplier invoice may be paid and gives the reasons for it.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "ar_collector",
        name: "AR Collector",
        department: Department::Finance,
        description: "Ranks overdue receivables and drafts the next reminder for each customer.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "bank_reconciler",
        name: "Bank Reconciler",
        department: Department::Finance,
        description: "Matches bank lines to ledger entries and lists what stays unmatched on either side.",
        tier: Tier::Smart,
        high_stakes: false,
    },
    Agent {
        id: "vat_calculator",
        name: "VAT Calculator",
        department: Department::Finance,
        description: "Works out the VAT treatment, rate and amount of each line of a sale or purchase.",
        tier: Tier::Smart,
        high_stakes: false,
    },
    Agent {
        id: "payroll_processor",
        name: "Payroll Processor",
        department: Department::Finance,
        description: "Computes gross to net pay for each employee and flags changes against the last period.",
        tier: Tier::Premium,
        high_stakes: true,
    },
    Agent {
        id: "fraud_detector",
        name: "Fraud Detector",
        department: Department::Finance,
        description: "Scores transactions for fraud and names the signals behind each score.",
        tier: Tier::Premium,
        high_stakes: true,
    },
    Agent {
        id: "tax_filer",
        name: "Tax Filer",
        department: Department::Finance,
        description: "Prepares the figures of a tax return and lists what is missing before it can be filed.",
        tier: Tier::Premium,
        high_stakes: true,
    },
    Agent {
        id: "treasury_manager",
        name: "Treasury Manager",
        department: Department::Finance,
        description: "Forecasts cash by week and proposes transfers that keep every account above its floor.",
        tier: Tier::Smart,
        high_stakes: false,
    },
    Agent {
        id: "capex_approver",
        name: "CapEx Approver",
        department: Department::Finance,
        description: "Weighs a capital request against budget, payback and policy, and recommends approval or refusal.",
        tier: Tier::Premium,
        high_stakes: true,
    },
    Agent {
        id: "revenue_recognizer",
        name: "Revenue Recognizer",
        department: Department::Finance,
        description: "Splits a contract into performance obligations and schedules the revenue of each.",
        tier: Tier::Smart,
        high_stakes: false,
    },
    Agent {
        id: "fx_manager",
        name: "FX Manager",
        department: Department::Finance,
        description: "Nets open currency positions and proposes hedges for what remains exposed.",
        tier: Tier::Smart,
        high_stakes: false,
    },
];
