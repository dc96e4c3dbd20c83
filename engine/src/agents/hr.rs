//! HR: the agents that hire, answer and look after employees.
//! Data only; the registry reads it.

use super::{Agent, Department, destructive, submit};
use crate::tier::Tier;

pub(super) const AGENTS: &[Agent] = &[
    Agent {
        id: "hr_query",
        name: "HR Query",
        department: Department::Hr,
        description: "Answers an employee's question from the policy text it is given and quotes the passage.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You answer employees from the policy text in the data and from nothing else. Answer in plain words, \
            say from when and for whom it holds, and quote the passage that says so with its section. Where the \
            policy leaves it open, or the case turns on health, a conflict or a contract, say that a person of \
            HR has to answer and set `answered` to partly or no. Confidence is below 0.5 when no passage covers \
            the question.",
        schema: r##"{"properties": {
            "answer": {"type": "string", "minLength": 1, "maxLength": 1200},
            "answered": {"type": "string", "enum": ["yes", "partly", "no"]},
            "passages": {"type": "array", "maxItems": 5, "items": {"type": "object", "properties": {
                "section": {"type": "string", "maxLength": 80}, "quote": {"type": "string", "maxLength": 400}
            }, "required": ["section", "quote"], "additionalProperties": false}}
        }, "required": ["answer", "answered", "passages"]}"##,
        actions: &[],
    },
    Agent {
        id: "job_poster",
        name: "Job Poster",
        department: Department::Hr,
        description: "Writes a job advertisement from a role, its duties and its requirements.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You write job advertisements. Open with what the role is for, then list duties and requirements, the \
            ones that decide first; keep what is merely nice to have out of the requirements. Use neutral titles \
            and no word that hints at age, sex, origin, family or health. Promise no pay or benefit that the \
            data does not give. Propose `publish_posting` when the task asks for it. Confidence is below 0.6 \
            when duties or location are missing.",
        schema: r##"{"properties": {
            "title": {"type": "string", "minLength": 1, "maxLength": 120},
            "introduction": {"type": "string", "maxLength": 600},
            "duties": {"type": "array", "minItems": 1, "maxItems": 10, "items": {"type": "string", "maxLength": 200}},
            "requirements": {"type": "array", "minItems": 1, "maxItems": 10,
                "items": {"type": "string", "maxLength": 200}},
            "location": {"type": "string", "maxLength": 80},
            "employment": {"type": "string", "enum": ["full_time", "part_time", "contract", "internship"]}
        }, "required": ["title", "introduction", "duties", "requirements", "location", "employment"]}"##,
        actions: &[submit("publish_posting", "Publish the job advertisement.")],
    },
    Agent {
        id: "resume_screener",
        name: "Resume Screener",
        department: Department::Hr,
        description: "Compares a résumé with the stated requirements of a role and shows the evidence for each.",
        tier: Tier::Smart,
        high_stakes: false,
        instructions: "\
            You compare a résumé with the stated requirements of a role. Take them one by one, say whether the \
            résumé shows it, partly or not, or does not speak of it, and quote the line that is the evidence. \
            Judge by nothing else: not by name, age, sex, photograph, origin, family, gaps or the ring of a \
            school. Your recommendation is advice; a person decides on every candidate. Confidence is below 0.5 \
            when requirements are missing or the résumé is cut off.",
        schema: r##"{"properties": {
            "requirements": {"type": "array", "minItems": 1, "maxItems": 12, "items": {"type": "object", "properties": {
                "requirement": {"type": "string", "maxLength": 160},
                "met": {"type": "string", "enum": ["yes", "partly", "no", "not_stated"]},
                "evidence": {"type": "string", "maxLength": 240}
            }, "required": ["requirement", "met", "evidence"], "additionalProperties": false}},
            "met_count": {"type": "integer", "minimum": 0, "maximum": 12},
            "recommendation": {"type": "string", "enum": ["interview", "hold", "decline"]}
        }, "required": ["requirements", "met_count", "recommendation"]}"##,
        actions: &[],
    },
    Agent {
        id: "interview_scheduler",
        name: "Interview Scheduler",
        department: Department::Hr,
        description: "Finds interview slots that suit the candidate and every interviewer.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You schedule interviews. Find the hours in which candidate and all interviewers are free, inside the \
            working hours of each one's time zone, with 15 minutes between two interviews of one person. Offer \
            the earliest that suit, in the candidate's time zone, and name each conflict that stood in the way. \
            Propose `send_invitation` when the task names the slot to take. Confidence is below 0.5 when a \
            calendar or a time zone is missing.",
        schema: r##"{"properties": {
            "slots": {"type": "array", "maxItems": 6, "items": {"type": "object", "properties": {
                "date": {"$ref": "#/$defs/date"}, "starts_at": {"type": "string", "maxLength": 5},
                "ends_at": {"type": "string", "maxLength": 5},
                "attendees": {"type": "array", "minItems": 1, "maxItems": 8,
                    "items": {"type": "string", "maxLength": 80}}
            }, "required": ["date", "starts_at", "ends_at", "attendees"], "additionalProperties": false}},
            "time_zone": {"type": "string", "maxLength": 40},
            "duration_minutes": {"type": "integer", "minimum": 15, "maximum": 480},
            "conflicts": {"type": "array", "maxItems": 8, "items": {"type": "string", "maxLength": 200}}
        }, "required": ["slots", "time_zone", "duration_minutes", "conflicts"]}"##,
        actions: &[submit("send_invitation", "Send the interview invitation.")],
    },
    Agent {
        id: "offer_writer",
        name: "Offer Writer",
        department: Department::Hr,
        description: "Drafts an offer letter with role, pay, start date and conditions.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You draft offer letters. State role, place, pay with its period, start date, working time, and what \
            the offer depends on; take every figure from the data and invent none. Check the pay against the \
            band where one is given and say in `findings` when it is outside. The letter is plain and warm, a \
            paragraph to each subject. Propose `send_offer` with the annual pay as its value when the task asks \
            for it. Confidence is below 0.5 when pay or start date are missing.",
        schema: r##"{"properties": {
            "role": {"type": "string", "minLength": 1, "maxLength": 120},
            "annual_pay_usd": {"$ref": "#/$defs/amount"},
            "start_date": {"$ref": "#/$defs/date"},
            "conditions": {"type": "array", "maxItems": 8, "items": {"type": "string", "maxLength": 200}},
            "letter": {"type": "array", "minItems": 1, "maxItems": 8, "items": {"type": "string", "maxLength": 800}}
        }, "required": ["role", "conditions", "letter"]}"##,
        actions: &[submit("send_offer", "Send the offer letter to the candidate.")],
    },
    Agent {
        id: "onboarder",
        name: "Onboarder",
        department: Department::Hr,
        description: "Plans a new employee's first weeks: accounts, equipment, training and introductions.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You plan how somebody starts. List each task with its owner and its day counted from the first one, \
            negative for before: contract and equipment before, access on day 0, introductions and training in \
            the first two weeks, a review on day 30 and 90. Give the access that the role needs and no more, and \
            say who approves it. Propose `create_onboarding_tasks` when name, role and first day are known. \
            Confidence is below 0.6 when role or start date are missing.",
        schema: r##"{"properties": {
            "tasks": {"type": "array", "minItems": 1, "maxItems": 20, "items": {"type": "object", "properties": {
                "task": {"type": "string", "maxLength": 200},
                "owner": {"type": "string", "enum": ["hr", "it", "manager", "buddy", "employee"]},
                "day": {"type": "integer", "minimum": -90, "maximum": 180}
            }, "required": ["task", "owner", "day"], "additionalProperties": false}},
            "access": {"type": "array", "maxItems": 12, "items": {"type": "string", "maxLength": 80}},
            "first_day": {"$ref": "#/$defs/date"}
        }, "required": ["tasks", "access"]}"##,
        actions: &[submit(
            "create_onboarding_tasks",
            "Give the onboarding tasks to their owners.",
        )],
    },
    Agent {
        id: "offboarder",
        name: "Offboarder",
        department: Department::Hr,
        description: "Lists what to return, revoke and hand over before an employee's last day.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You plan how somebody leaves. List what is to be returned, paid out, signed and handed over, each \
            with its owner and date before the last day; access ends at the end of that day, at once where the \
            leave is contested. Name every account and shared secret that the role had, and who takes over each \
            open piece of work. Propose `revoke_leaver_access` only when the task says that access is to end now, \
            with the tasks to give out under `next_steps`; otherwise propose `create_offboarding_tasks` when the \
            last day is known. Confidence is below 0.6 when last day or accounts are not known.",
        schema: r##"{"properties": {
            "tasks": {"type": "array", "minItems": 1, "maxItems": 20, "items": {"type": "object", "properties": {
                "task": {"type": "string", "maxLength": 200},
                "owner": {"type": "string", "enum": ["hr", "it", "manager", "finance", "employee"]},
                "due": {"$ref": "#/$defs/date"}
            }, "required": ["task", "owner"], "additionalProperties": false}},
            "access_to_revoke": {"type": "array", "maxItems": 20, "items": {"type": "string", "maxLength": 80}},
            "handovers": {"type": "array", "maxItems": 10, "items": {"type": "object", "properties": {
                "work": {"type": "string", "maxLength": 160}, "to": {"type": "string", "maxLength": 80}
            }, "required": ["work", "to"], "additionalProperties": false}},
            "last_day": {"$ref": "#/$defs/date"}
        }, "required": ["tasks", "access_to_revoke", "handovers"]}"##,
        actions: &[
            destructive("revoke_leaver_access", "Revoke the leaver's accounts and access."),
            submit(
                "create_offboarding_tasks",
                "Give the offboarding tasks to their owners.",
            ),
        ],
    },
    Agent {
        id: "leave_approver",
        name: "Leave Approver",
        department: Department::Hr,
        description: "Checks a leave request against the balance, the calendar and the team's cover.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You check leave requests. Count working days without weekends and holidays, half days as 0.5, take \
            them from the balance, and look who else of the team is away and whether the cover rule still holds. \
            Approve what balance, notice and cover allow; ask where a date or a cover is open; refuse only with \
            the rule that stands against it. Sick and parental leave are entitlements: never refuse them, hand \
            them to HR. Propose `approve_leave` when you approve. Confidence is below 0.5 when balance or dates \
            are missing.",
        schema: r##"{"properties": {
            "decision": {"type": "string", "enum": ["approve", "ask", "refuse"]},
            "working_days": {"type": "number", "minimum": 0, "maximum": 366},
            "balance_after_days": {"type": "number", "minimum": -366, "maximum": 366},
            "clashes": {"type": "array", "maxItems": 8, "items": {"type": "string", "maxLength": 160}},
            "reason": {"type": "string", "minLength": 1, "maxLength": 300}
        }, "required": ["decision", "working_days", "clashes", "reason"]}"##,
        actions: &[submit("approve_leave", "Approve the leave.")],
    },
    Agent {
        id: "employee_relations",
        name: "Employee Relations",
        department: Department::Hr,
        description: "Sorts an employee's concern into facts, policy and next steps for a person to take.",
        tier: Tier::Smart,
        high_stakes: false,
        instructions: "\
            You sort a concern for a person of employee relations. Keep apart what was seen or written and what \
            is alleged, with who said it and when, and name the policy passages that bear on it. Immediate is \
            anything with harm, threats, harassment or retaliation in it. Judge nobody, promise no outcome, and \
            repeat no more personal detail than the case needs. Confidence is below 0.6 when only one side was \
            heard, which is usual: say so.",
        schema: r##"{"properties": {
            "facts": {"type": "array", "maxItems": 10, "items": {"type": "string", "maxLength": 240}},
            "allegations": {"type": "array", "maxItems": 8, "items": {"type": "string", "maxLength": 240}},
            "policies": {"type": "array", "maxItems": 6, "items": {"type": "object", "properties": {
                "policy": {"type": "string", "maxLength": 120}, "bearing": {"type": "string", "maxLength": 240}
            }, "required": ["policy", "bearing"], "additionalProperties": false}},
            "urgency": {"type": "string", "enum": ["immediate", "this_week", "routine"]},
            "person_to_act": {"type": "string", "maxLength": 80}
        }, "required": ["facts", "allegations", "policies", "urgency", "person_to_act"]}"##,
        actions: &[],
    },
    Agent {
        id: "disciplinary_advisor",
        name: "Disciplinary Advisor",
        department: Department::Hr,
        description: "Sets out the fair steps, records and precedents for a conduct case.",
        tier: Tier::Smart,
        high_stakes: false,
        instructions: "\
            You advise on a fair process in a conduct case; the decision is a person's. Set out the steps in \
            order with who takes each: establish the facts, hear the employee, weigh, decide, appeal. Name the \
            records that are needed and comparable cases with their outcome, and advise the mildest level that \
            fits conduct, record and precedents. Counsel takes part wherever dismissal or a protected ground is \
            possible. Confidence is below 0.5 when the employee has not been heard or the policy is missing.",
        schema: r##"{"properties": {
            "level": {"type": "string", "enum": [
                "informal", "verbal_warning", "written_warning", "final_warning", "dismissal_review"
            ]},
            "steps": {"type": "array", "minItems": 1, "maxItems": 8, "items": {"type": "object", "properties": {
                "step": {"type": "string", "maxLength": 240},
                "by": {"type": "string", "enum": ["manager", "hr", "counsel", "employee"]}
            }, "required": ["step", "by"], "additionalProperties": false}},
            "records_needed": {"type": "array", "maxItems": 8, "items": {"type": "string", "maxLength": 160}},
            "precedents": {"type": "array", "maxItems": 5, "items": {"type": "string", "maxLength": 240}}
        }, "required": ["level", "steps", "records_needed", "precedents"]}"##,
        actions: &[],
    },
    Agent {
        id: "benefits_admin",
        name: "Benefits Admin",
        department: Department::Hr,
        description: "Works out which benefits an employee is eligible for and what enrolling costs.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You work out benefits. Check each plan's conditions, such as hours, length of service, place and \
            family status, and give what employee and employer pay a month; say for each refused plan which \
            condition is missing. `employee_monthly_cost_usd` is what the employee pays for all of them together. \
            Name the day by which to enrol and what happens to somebody who misses it. \
            Advise on no medical question. Propose `enrol_employee` when the task names the plans to take. \
            Confidence is below 0.5 when the plan's rules or the employee's data are missing.",
        schema: r##"{"properties": {
            "eligible": {"type": "array", "maxItems": 10, "items": {"type": "object", "properties": {
                "benefit": {"type": "string", "maxLength": 100}, "employee_cost_usd": {"$ref": "#/$defs/amount"},
                "employer_cost_usd": {"$ref": "#/$defs/amount"}
            }, "required": ["benefit", "employee_cost_usd", "employer_cost_usd"], "additionalProperties": false}},
            "not_eligible": {"type": "array", "maxItems": 10, "items": {"type": "object", "properties": {
                "benefit": {"type": "string", "maxLength": 100}, "reason": {"type": "string", "maxLength": 200}
            }, "required": ["benefit", "reason"], "additionalProperties": false}},
            "employee_monthly_cost_usd": {"$ref": "#/$defs/amount"},
            "enrol_by": {"$ref": "#/$defs/date"}
        }, "required": ["eligible", "not_eligible", "employee_monthly_cost_usd"]}"##,
        actions: &[submit("enrol_employee", "Enrol the employee in the named benefits.")],
    },
];
