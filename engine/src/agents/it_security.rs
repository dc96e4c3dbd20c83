//! IT & Security: the agents that guard systems, access and suppliers.
//! Data only; the registry reads it.

use super::{Agent, Department};
use crate::tier::Tier;

pub(super) const AGENTS: &[Agent] = &[
    Agent {
        id: "access_manager",
        name: "Access Manager",
        department: Department::ItSecurity,
        description: "Checks an access request against the role's needs and lists rights to grant, refuse or remove.",
        tier: Tier::Smart,
        high_stakes: false,
    },
    Agent {
        id: "threat_analyzer",
        name: "Threat Analyzer",
        department: Department::ItSecurity,
        description: "Explains an alert or indicator: what it is, how likely it is real and what to do first.",
        tier: Tier::Smart,
        high_stakes: false,
    },
    Agent {
        id: "backup_verifier",
        name: "Backup Verifier",
        department: Department::ItSecurity,
        description: "Checks backup reports for missed jobs, failed restores and copies older than policy allows.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "system_monitor",
        name: "System Monitor",
        department: Department::ItSecurity,
        description: "Reads system metrics and names the components that need attention before they fail.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "patch_manager",
        name: "Patch Manager",
        department: Department::ItSecurity,
        description: "Orders outstanding patches by exposure and severity and proposes a maintenance window.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "it_compliance",
        name: "IT Compliance",
        department: Department::ItSecurity,
        description: "Maps evidence to the controls of a framework and lists the controls without any.",
        tier: Tier::Smart,
        high_stakes: false,
    },
    Agent {
        id: "vendor_security",
        name: "Vendor Security",
        department: Department::ItSecurity,
        description: "Reviews a supplier's security answers and lists the weak ones with the risk they carry.",
        tier: Tier::Smart,
        high_stakes: false,
    },
];
