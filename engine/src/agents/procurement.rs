//! Procurement: the agents that buy, from the first quote to the goods on the shelf.
//! Data only; the registry reads it.

use super::{Agent, Department};
use crate::tier::Tier;

pub(super) const AGENTS: &[Agent] = &[
    Agent {
        id: "procurement_specialist",
        name: "Procurement Specialist",
        department: Department::Procurement,
        description: "Compares vendor quotes for a stated quantity and recommends one.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "rfq_generator",
        name: "RFQ Generator",
        department: Department::Procurement,
        description: "Writes a request for quotation with items, quantities, delivery terms and evaluation criteria.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "vendor_evaluator",
        name: "Vendor Evaluator",
        department: Department::Procurement,
        description: "Scores a vendor on price, quality, delivery and risk from its record.",
        tier: Tier::Smart,
        high_stakes: false,
    },
    Agent {
        id: "po_creator",
        name: "PO Creator",
        department: Department::Procurement,
        description: "Turns an approved request into a purchase order with lines, prices and delivery address.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "po_approver",
        name: "PO Approver",
        department: Department::Procurement,
        description: "Checks a purchase order against budget, contract and authority, and recommends approval or refusal.",
        tier: Tier::Premium,
        high_stakes: true,
    },
    Agent {
        id: "goods_receiver",
        name: "Goods Receiver",
        department: Department::Procurement,
        description: "Compares a delivery note with its purchase order and records shortages and damage.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "invoice_matcher",
        name: "Invoice Matcher",
        department: Department::Procurement,
        description: "Matches an invoice to its purchase order and goods receipt, and lists every difference.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "inventory_monitor",
        name: "Inventory Monitor",
        department: Department::Procurement,
        description: "Watches stock levels and reports items that run short, stand still or near their expiry.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "reorder_trigger",
        name: "Reorder Trigger",
        department: Department::Procurement,
        description: "Decides which items to reorder now, and how many, from stock, demand and lead time.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "contract_renewer",
        name: "Contract Renewer",
        department: Department::Procurement,
        description: "Lists supply contracts near their notice date and proposes to renew, renegotiate or leave each.",
        tier: Tier::Smart,
        high_stakes: false,
    },
    Agent {
        id: "spend_analyzer",
        name: "Spend Analyzer",
        department: Department::Procurement,
        description: "Groups spend by category and vendor and points out savings and purchases off contract.",
        tier: Tier::Smart,
        high_stakes: false,
    },
];
