//! HR: the agents that hire, answer and look after employees.
//! Data only; the registry reads it.

use super::{Agent, Department};
use crate::tier::Tier;

pub(super) const AGENTS: &[Agent] = &[
    Agent {
        id: "hr_query",
        name: "HR Query",
        department: Department::Hr,
        description: "Answers an employee's question from the policy text it is given and quotes the passage.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "job_poster",
        name: "Job Poster",
        department: Department::Hr,
        description: "Writes a job advertisement from a role, its duties and its requirements.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "resume_screener",
        name: "Resume Screener",
        department: Department::Hr,
        description: "Compares a résumé with the stated requirements of a role and shows the evidence for each.",
        tier: Tier::Smart,
        high_stakes: false,
    },
    Agent {
        id: "interview_scheduler",
        name: "Interview Scheduler",
        department: Department::Hr,
        description: "Finds interview slots that suit the candidate and every interviewer.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "offer_writer",
        name: "Offer Writer",
        department: Department::Hr,
        description: "Drafts an offer letter with role, pay, start date and conditions.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "onboarder",
        name: "Onboarder",
        department: Department::Hr,
        description: "Plans a new employee's first weeks: accounts, equipment, training and introductions.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "offboarder",
        name: "Offboarder",
        department: Department::Hr,
        description: "Lists what to return, revoke and hand over before an employee's last day.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "leave_approver",
        name: "Leave Approver",
        department: Department::Hr,
        description: "Checks a leave request against the balance, the calendar and the team's cover.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "employee_relations",
        name: "Employee Relations",
        department: Department::Hr,
        description: "Sorts an employee's concern into facts, policy and next steps for a person to take.",
        tier: Tier::Smart,
        high_stakes: false,
    },
    Agent {
        id: "disciplinary_advisor",
        name: "Disciplinary Advisor",
        department: Department::Hr,
        description: "Sets out the fair steps, records and precedents for a conduct case.",
        tier: Tier::Smart,
        high_stakes: false,
    },
    Agent {
        id: "benefits_admin",
        name: "Benefits Admin",
        department: Department::Hr,
        description: "Works out which benefits an employee is eligible for and what enrolling costs.",
        tier: Tier::Fast,
        high_stakes: false,
    },
];
