//! The registry: every agent there is, one data file per department.
//!
//! It says who an agent is and which tier answers for it. Nothing here runs one.

mod core;
mod finance;
mod fits;
mod hr;
mod it_security;
mod legal;
mod marketing;
mod operations;
mod procurement;
mod sales;

#[cfg(test)]
mod tests;

pub use self::fits::fits;
use crate::action::ActionKind;
use crate::tier::Tier;

/// The agent of a run that names none. *Source*: contract §3.
pub const DEFAULT: &str = "center";

/// A specialist that a run can be given to.
#[derive(Debug, PartialEq, Eq)]
pub struct Agent {
    /// The `agent_type` of the API: the name in snake_case.
    pub id: &'static str,
    /// The name people read.
    pub name: &'static str,
    /// Where it belongs.
    pub department: Department,
    /// What it does, in one sentence.
    pub description: &'static str,
    /// The model tier that answers where the plan allows it.
    pub tier: Tier,
    /// Whether an answer never completes a run without the evaluator's pass. *Source*: contract §10.
    pub high_stakes: bool,
    /// What the model is told of its trade, beside what every agent is told. Never a client's words.
    pub instructions: &'static str,
    /// What its output has beside the members that all outputs have.
    ///
    /// *Shape*: a JSON Schema object with `properties` and `required`; everything in it is bounded.
    pub schema: &'static str,
    /// What its answers may propose to do, the kind of each fixed here and not by the model.
    pub actions: &'static [Proposable],
}

/// Something that an agent's answer may propose to do.
#[derive(Debug, PartialEq, Eq)]
pub struct Proposable {
    /// Its word in the answer, in snake_case: `pay_invoice`.
    pub id: &'static str,
    /// How far it reaches.
    pub kind: ActionKind,
    /// What is done, in a few words.
    pub description: &'static str,
}

/// A department of the roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Department {
    /// Reads, routes and splits work for the others.
    Core,
    /// Books, pays and collects.
    Finance,
    /// Buys.
    Procurement,
    /// Hires and looks after employees.
    Hr,
    /// Finds and keeps customers.
    Sales,
    /// Contracts, rules and rights.
    Legal,
    /// Keeps daily work on time and on standard.
    Operations,
    /// Guards systems and access.
    ItSecurity,
    /// Reaches and helps customers.
    Marketing,
}

impl Department {
    /// Gives the name people read.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Core => "Core",
            Self::Finance => "Finance",
            Self::Procurement => "Procurement",
            Self::Hr => "HR",
            Self::Sales => "Sales",
            Self::Legal => "Legal",
            Self::Operations => "Operations",
            Self::ItSecurity => "IT & Security",
            Self::Marketing => "Marketing & Customer Success",
        }
    }
}

/// The departments in the roster's order.
static ROSTER: [&[Agent]; 9] = [
    core::AGENTS,
    finance::AGENTS,
    procurement::AGENTS,
    hr::AGENTS,
    sales::AGENTS,
    legal::AGENTS,
    operations::AGENTS,
    it_security::AGENTS,
    marketing::AGENTS,
];

/// Gives every agent, department by department.
pub fn all() -> impl Iterator<Item = &'static Agent> {
    ROSTER.iter().flat_map(|department| department.iter())
}

/// Finds the agent with exactly this id.
///
/// A walk over the roster: string equality looks at the length first, so a search touches few bytes and a
/// map would only add start-up time to every function that has one.
#[must_use]
pub fn find(id: &str) -> Option<&'static Agent> {
    all().find(|agent| agent.id == id)
}
