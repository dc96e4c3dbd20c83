//! Operations: the agents that keep daily work on time and on standard.
//! Data only; the registry reads it.

use super::{Agent, Department};
use crate::tier::Tier;

pub(super) const AGENTS: &[Agent] = &[
    Agent {
        id: "sla_monitor",
        name: "SLA Monitor",
        department: Department::Operations,
        description: "Compares response and resolution times with the agreed levels and lists breaches and near misses.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "ticket_router",
        name: "Ticket Router",
        department: Department::Operations,
        description: "Reads a ticket and picks its queue, priority and category.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "incident_responder",
        name: "Incident Responder",
        department: Department::Operations,
        description: "Rates an incident, proposes the first containment steps and drafts the status message.",
        tier: Tier::Smart,
        high_stakes: false,
    },
    Agent {
        id: "quality_checker",
        name: "Quality Checker",
        department: Department::Operations,
        description: "Checks measurements against their tolerances and lists the batches to hold.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "kpi_reporter",
        name: "KPI Reporter",
        department: Department::Operations,
        description: "Reports each indicator against its target with the trend and the largest driver.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "process_documenter",
        name: "Process Documenter",
        department: Department::Operations,
        description: "Writes a procedure from a description of the work, with roles, steps and exceptions.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "capacity_planner",
        name: "Capacity Planner",
        department: Department::Operations,
        description: "Compares forecast load with available capacity and says where and when it falls short.",
        tier: Tier::Smart,
        high_stakes: false,
    },
    Agent {
        id: "change_manager",
        name: "Change Manager",
        department: Department::Operations,
        description: "Rates the risk of a planned change and checks its test, rollback and approval steps.",
        tier: Tier::Smart,
        high_stakes: false,
    },
];
