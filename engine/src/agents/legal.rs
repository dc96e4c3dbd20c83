//! Legal: the agents that read contracts, watch rules and protect rights.
//! Data only; the registry reads it.

use super::{Agent, Department};
use crate::tier::Tier;

pub(super) const AGENTS: &[Agent] = &[
    Agent {
        id: "contract_reviewer",
        name: "Contract Reviewer",
        department: Department::Legal,
        description: "Reviews a contract clause by clause and rates the risk of each deviation from the playbook.",
        tier: Tier::Premium,
        high_stakes: true,
    },
    Agent {
        id: "nda_manager",
        name: "NDA Manager",
        department: Department::Legal,
        description: "Checks a non-disclosure agreement's term, scope and carve-outs, and tracks when it ends.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "regulatory_monitor",
        name: "Regulatory Monitor",
        department: Department::Legal,
        description: "Reads a change of rules and says which processes it touches and by when.",
        tier: Tier::Smart,
        high_stakes: false,
    },
    Agent {
        id: "gdpr_auditor",
        name: "GDPR Auditor",
        department: Department::Legal,
        description: "Checks a processing activity for its legal basis, retention and transfers under the GDPR.",
        tier: Tier::Smart,
        high_stakes: false,
    },
    Agent {
        id: "ip_protector",
        name: "IP Protector",
        department: Department::Legal,
        description: "Compares a use of a mark, patent or work with the rights on record and rates the conflict.",
        tier: Tier::Smart,
        high_stakes: false,
    },
    Agent {
        id: "litigation_monitor",
        name: "Litigation Monitor",
        department: Department::Legal,
        description: "Tracks cases with their deadlines, exposure and the next filing due.",
        tier: Tier::Smart,
        high_stakes: false,
    },
    Agent {
        id: "policy_updater",
        name: "Policy Updater",
        department: Department::Legal,
        description: "Redrafts a policy passage after a change and shows the old text beside the new one.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "license_manager",
        name: "License Manager",
        department: Department::Legal,
        description: "Compares software licences owned with licences used and lists gaps and waste.",
        tier: Tier::Fast,
        high_stakes: false,
    },
];
