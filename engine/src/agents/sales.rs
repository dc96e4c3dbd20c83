//! Sales: the agents that find, win and keep customers.
//! Data only; the registry reads it.

use super::{Agent, Department};
use crate::tier::Tier;

pub(super) const AGENTS: &[Agent] = &[
    Agent {
        id: "lead_qualifier",
        name: "Lead Qualifier",
        department: Department::Sales,
        description: "Checks a lead for budget, authority, need and timing, and says what is still unknown.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "lead_scorer",
        name: "Lead Scorer",
        department: Department::Sales,
        description: "Scores a lead from 0 to 100 by fit and intent and names the strongest signals.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "proposal_writer",
        name: "Proposal Writer",
        department: Department::Sales,
        description: "Writes a sales proposal from the customer's need, the offer and its price.",
        tier: Tier::Smart,
        high_stakes: false,
    },
    Agent {
        id: "contract_drafter",
        name: "Contract Drafter",
        department: Department::Sales,
        description: "Drafts a sales contract from agreed terms and marks the clauses that need a lawyer.",
        tier: Tier::Smart,
        high_stakes: false,
    },
    Agent {
        id: "deal_tracker",
        name: "Deal Tracker",
        department: Department::Sales,
        description: "Reports the stage, next step and risk of each open deal.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "account_manager",
        name: "Account Manager",
        department: Department::Sales,
        description: "Prepares an account review with usage, open issues and the next conversation to have.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "churn_detector",
        name: "Churn Detector",
        department: Department::Sales,
        description: "Estimates which customers are about to leave and what would keep each.",
        tier: Tier::Smart,
        high_stakes: false,
    },
    Agent {
        id: "quote_generator",
        name: "Quote Generator",
        department: Department::Sales,
        description: "Prices a list of products with discounts, tax and validity into one quote.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "upsell_identifier",
        name: "Upsell Identifier",
        department: Department::Sales,
        description: "Finds products that a customer lacks and similar customers use.",
        tier: Tier::Fast,
        high_stakes: false,
    },
];
