//! Operations: the agents that keep daily work on time and on standard.
//! Data only; the registry reads it.

use super::{Agent, Department, fill, submit};
use crate::tier::Tier;

pub(super) const AGENTS: &[Agent] = &[
    Agent {
        id: "sla_monitor",
        name: "SLA Monitor",
        department: Department::Operations,
        description: "Compares response and resolution times with the agreed levels and lists breaches and near misses.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You watch service levels. Take for each ticket or service the agreed target, count hours in the \
            agreed service time with pauses out, and list what is over; what has used four fifths of its time \
            and is open is a near miss. `met_percent` is what was kept of what was due in the period, to one \
            decimal. The longest overrun comes first. Confidence is below 0.6 when service hours, pauses or \
            targets are missing.",
        schema: r##"{"properties": {
            "met_percent": {"$ref": "#/$defs/percent"},
            "breaches": {"type": "array", "maxItems": 20, "items": {"type": "object", "properties": {
                "reference": {"type": "string", "maxLength": 60},
                "measure": {"type": "string", "enum": ["response", "resolution", "availability"]},
                "target_hours": {"type": "number", "minimum": 0, "maximum": 100000},
                "actual_hours": {"type": "number", "minimum": 0, "maximum": 100000}
            }, "required": ["reference", "measure", "target_hours", "actual_hours"], "additionalProperties": false}},
            "near_misses": {"type": "array", "maxItems": 20, "items": {"type": "object", "properties": {
                "reference": {"type": "string", "maxLength": 60},
                "remaining_hours": {"type": "number", "minimum": 0, "maximum": 100000}
            }, "required": ["reference", "remaining_hours"], "additionalProperties": false}}
        }, "required": ["met_percent", "breaches", "near_misses"]}"##,
        actions: &[],
    },
    Agent {
        id: "ticket_router",
        name: "Ticket Router",
        department: Department::Operations,
        description: "Reads a ticket and picks its queue, priority and category.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You route tickets. Pick the queue that can solve it, from the queues in the data where there are \
            any; the category by what is asked, not by how it is said. Priority is urgency times how many are \
            affected: urgent only when work stands still for many or safety, money or data are at stake. \
            Capitals and the word urgent in the ticket are no reason. Propose `assign_ticket` when the queue \
            exists. Confidence is below 0.5 when the ticket could go to two queues.",
        schema: r##"{"properties": {
            "queue": {"type": "string", "minLength": 1, "maxLength": 80},
            "priority": {"type": "string", "enum": ["low", "normal", "high", "urgent"]},
            "category": {"type": "string", "enum": ["incident", "request", "question", "complaint", "change"]},
            "reason": {"type": "string", "maxLength": 240}
        }, "required": ["queue", "priority", "category", "reason"]}"##,
        actions: &[fill(
            "assign_ticket",
            "Put the ticket into the queue with its priority.",
        )],
    },
    Agent {
        id: "incident_responder",
        name: "Incident Responder",
        department: Department::Operations,
        description: "Rates an incident, proposes the first containment steps and drafts the status message.",
        tier: Tier::Smart,
        high_stakes: false,
        instructions: "\
            You lead the first half hour of an incident. Rate it: sev1 is an outage or loss of data for most, \
            sev2 a main function for many, sev3 a function with a way around, sev4 a blemish; name what is \
            affected. Give steps that contain before those that cure, each one reversible or marked as not. The \
            status message says what users see, since when, and when the next one comes; it blames nobody and \
            guesses no cause. Propose `post_status` when the task asks for it. Confidence is below 0.6 when \
            scope or start are unknown.",
        schema: r##"{"properties": {
            "severity": {"type": "string", "enum": ["sev1", "sev2", "sev3", "sev4"]},
            "affected": {"type": "array", "minItems": 1, "maxItems": 8,
                "items": {"type": "string", "maxLength": 120}},
            "steps": {"type": "array", "minItems": 1, "maxItems": 8, "items": {"type": "string", "maxLength": 240}},
            "status_message": {"type": "string", "minLength": 1, "maxLength": 600}
        }, "required": ["severity", "affected", "steps", "status_message"]}"##,
        actions: &[submit("post_status", "Publish the status message.")],
    },
    Agent {
        id: "quality_checker",
        name: "Quality Checker",
        department: Department::Operations,
        description: "Checks measurements against their tolerances and lists the batches to hold.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You check quality. Compare each measurement with its lower and upper limit, limits included as good, \
            and look for a run of seven on one side of the middle, which is a drift even inside the limits. Hold \
            a batch with any failed critical measure, or with more failures than the plan accepts. A measurement \
            without limits is named in `findings` and not judged. Propose `hold_batches` when there is one to \
            hold. Confidence is below 0.6 when units or limits do not match.",
        schema: r##"{"properties": {
            "measurements": {"type": "array", "minItems": 1, "maxItems": 20, "items": {"type": "object", "properties": {
                "batch": {"type": "string", "maxLength": 60}, "measure": {"type": "string", "maxLength": 80},
                "value": {"$ref": "#/$defs/signed_amount"}, "low": {"$ref": "#/$defs/signed_amount"},
                "high": {"$ref": "#/$defs/signed_amount"}, "passed": {"type": "boolean"}
            }, "required": ["batch", "measure", "value", "low", "high", "passed"], "additionalProperties": false}},
            "hold": {"type": "array", "maxItems": 10, "items": {"type": "string", "maxLength": 60}},
            "pass_percent": {"$ref": "#/$defs/percent"}
        }, "required": ["measurements", "hold", "pass_percent"]}"##,
        actions: &[submit("hold_batches", "Hold the batches from shipping.")],
    },
    Agent {
        id: "kpi_reporter",
        name: "KPI Reporter",
        department: Department::Operations,
        description: "Reports each indicator against its target with the trend and the largest driver.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You report indicators. Give value, target and unit as they are defined in the data, the trend \
            against the period before, flat within 2 percent, and the one driver that explains most of the move. \
            Say for each whether more or less is better before you call it on target. Mark a figure that is an \
            estimate or covers part of the period in `findings`. Confidence is below 0.6 when definitions or the \
            earlier period are missing.",
        schema: r##"{"properties": {
            "indicators": {"type": "array", "minItems": 1, "maxItems": 12, "items": {"type": "object", "properties": {
                "name": {"type": "string", "maxLength": 80}, "value": {"$ref": "#/$defs/signed_amount"},
                "target": {"$ref": "#/$defs/signed_amount"}, "unit": {"type": "string", "maxLength": 20},
                "trend": {"type": "string", "enum": ["up", "flat", "down"]},
                "driver": {"type": "string", "maxLength": 200}
            }, "required": ["name", "value", "target", "unit", "trend", "driver"], "additionalProperties": false}},
            "on_target_count": {"type": "integer", "minimum": 0, "maximum": 12}
        }, "required": ["indicators", "on_target_count"]}"##,
        actions: &[],
    },
    Agent {
        id: "process_documenter",
        name: "Process Documenter",
        department: Department::Operations,
        description: "Writes a procedure from a description of the work, with roles, steps and exceptions.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You write procedures from how people describe their work. One action a step, numbered, with the role \
            that does it and the record it leaves; decisions become exceptions with their condition. Write for \
            somebody on the first day. Where the description jumps or two people tell it differently, ask in \
            `findings` rather than fill it in. Propose `save_procedure` when every step has a role. Confidence \
            is below 0.6 when start, end or an owner are unclear.",
        schema: r##"{"properties": {
            "title": {"type": "string", "minLength": 1, "maxLength": 120},
            "roles": {"type": "array", "minItems": 1, "maxItems": 8, "items": {"type": "string", "maxLength": 80}},
            "steps": {"type": "array", "minItems": 1, "maxItems": 20, "items": {"type": "object", "properties": {
                "number": {"type": "integer", "minimum": 1, "maximum": 20},
                "role": {"type": "string", "maxLength": 80}, "action": {"type": "string", "maxLength": 300}
            }, "required": ["number", "role", "action"], "additionalProperties": false}},
            "exceptions": {"type": "array", "maxItems": 8, "items": {"type": "object", "properties": {
                "when": {"type": "string", "maxLength": 200}, "then": {"type": "string", "maxLength": 200}
            }, "required": ["when", "then"], "additionalProperties": false}}
        }, "required": ["title", "roles", "steps", "exceptions"]}"##,
        actions: &[fill("save_procedure", "Save the procedure as a draft.")],
    },
    Agent {
        id: "capacity_planner",
        name: "Capacity Planner",
        department: Department::Operations,
        description: "Compares forecast load with available capacity and says where and when it falls short.",
        tier: Tier::Smart,
        high_stakes: false,
        instructions: "\
            You plan capacity. Bring load and capacity to one unit, take absences, maintenance and a realistic \
            utilisation of at most 85 percent off capacity, and compare period by period; the gap is capacity \
            less load. Name the first period that falls short, and options with their cost and how long each \
            takes to work: shift work, overtime, hire, buy, outsource. Confidence is below 0.6 when the forecast \
            has no basis or shifts are unknown.",
        schema: r##"{"properties": {
            "unit": {"type": "string", "maxLength": 20},
            "periods": {"type": "array", "minItems": 1, "maxItems": 12, "items": {"type": "object", "properties": {
                "period": {"type": "string", "maxLength": 20}, "load": {"$ref": "#/$defs/signed_amount"},
                "capacity": {"$ref": "#/$defs/signed_amount"}, "gap": {"$ref": "#/$defs/signed_amount"}
            }, "required": ["period", "load", "capacity", "gap"], "additionalProperties": false}},
            "first_shortfall": {"type": "string", "maxLength": 20},
            "options": {"type": "array", "maxItems": 6, "items": {"type": "object", "properties": {
                "option": {"type": "string", "maxLength": 200}, "cost_usd": {"$ref": "#/$defs/amount"}
            }, "required": ["option", "cost_usd"], "additionalProperties": false}}
        }, "required": ["unit", "periods", "options"]}"##,
        actions: &[],
    },
    Agent {
        id: "change_manager",
        name: "Change Manager",
        department: Department::Operations,
        description: "Rates the risk of a planned change and checks its test, rollback and approval steps.",
        tier: Tier::Smart,
        high_stakes: false,
        instructions: "\
            You check planned changes. Rate the risk by reach, reversibility, novelty and time of day, and see \
            whether test, rollback, approval, window, communication and monitoring are ready, with the evidence \
            in the note. A change without a tried rollback is at least high; one without approval is postponed, \
            however small it is. Proceed only when every check is ready. Propose `schedule_change` when the \
            decision is proceed. Confidence is below 0.5 when the affected systems are not named.",
        schema: r##"{"properties": {
            "risk": {"type": "string", "enum": ["low", "medium", "high", "critical"]},
            "checks": {"type": "array", "minItems": 1, "maxItems": 6, "items": {"type": "object", "properties": {
                "check": {"type": "string", "enum": [
                    "test", "rollback", "approval", "window", "communication", "monitoring"
                ]},
                "ready": {"type": "boolean"}, "note": {"type": "string", "maxLength": 200}
            }, "required": ["check", "ready", "note"], "additionalProperties": false}},
            "decision": {"type": "string", "enum": ["proceed", "postpone", "reject"]}
        }, "required": ["risk", "checks", "decision"]}"##,
        actions: &[submit(
            "schedule_change",
            "Put the change into the calendar as approved.",
        )],
    },
];
