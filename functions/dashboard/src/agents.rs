//! Agents: whom a run can be given to. A file per page; here, the roster by department, to look at and to choose from.

pub mod list;
pub mod show;

use eclips_engine::agents::{self, Agent};

/// The agents of a department.
pub struct Department {
    pub name: &'static str,
    pub agents: Vec<&'static Agent>,
}

impl Department {
    /// Whether an agent is among them.
    pub fn has(&self, id: &str) -> bool {
        self.agents.iter().any(|agent| agent.id == id)
    }
}

/// All agents. They are compiled in; no store is asked.
pub fn departments() -> Vec<Department> {
    let mut departments: Vec<Department> = Vec::new();
    for agent in agents::all() {
        let name = agent.department.name();
        match departments.last_mut() {
            Some(last) if last.name == name => last.agents.push(agent),
            _ => departments.push(Department {
                name,
                agents: vec![agent],
            }),
        }
    }
    departments
}
