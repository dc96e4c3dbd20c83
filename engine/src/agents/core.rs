//! Core: the agents that read, route and split work for every other department.
//! Data only; the registry reads it.

use super::{Agent, Department};
use crate::tier::Tier;

pub(super) const AGENTS: &[Agent] = &[
    Agent {
        id: "center",
        name: "Center",
        department: Department::Core,
        description: "Reads a task that names no specialist, picks the one who should do it and records the choice.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "",
        schema: "{}",
        actions: &[],
    },
    Agent {
        id: "reader",
        name: "Reader",
        department: Department::Core,
        description: "Reads a document given as text and pulls out its type, parties, dates and amounts.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "",
        schema: "{}",
        actions: &[],
    },
    Agent {
        id: "orchestrator",
        name: "Orchestrator",
        department: Department::Core,
        description: "Splits a task into ordered parts and names the specialist for each part.",
        tier: Tier::Smart,
        high_stakes: false,
        instructions: "",
        schema: "{}",
        actions: &[],
    },
    Agent {
        id: "researcher",
        name: "Researcher",
        department: Department::Core,
        description: "Answers a question from the material it is given and says which part supports each claim.",
        tier: Tier::Smart,
        high_stakes: false,
        instructions: "",
        schema: "{}",
        actions: &[],
    },
    Agent {
        id: "summariser",
        name: "Summariser",
        department: Department::Core,
        description: "Cuts a long text down to its decisions, numbers and open points.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "",
        schema: "{}",
        actions: &[],
    },
];
