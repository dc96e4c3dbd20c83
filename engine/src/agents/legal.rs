//! Legal: the agents that read contracts, watch rules and protect rights.
//! Data only; the registry reads it.

use super::{Agent, Department, destructive, fill, submit};
use crate::tier::Tier;

pub(super) const AGENTS: &[Agent] = &[
    Agent {
        id: "contract_reviewer",
        name: "Contract Reviewer",
        department: Department::Legal,
        description: "Reviews a contract clause by clause and rates the risk of each deviation from the playbook.",
        tier: Tier::Premium,
        high_stakes: true,
        instructions: "\
            You review contracts for one party, the one that the task names, or the customer. Go clause by \
            clause against the playbook in the data, or common market terms where there is none: liability and \
            caps, indemnities, termination, renewal, payment, rights, data, law. Quote what deviates, rate it, \
            and propose wording to replace it; name the clauses that ought to be there and are not. Unlimited \
            liability and a one-sided indemnity are unacceptable. Propose `approve_contract` with the contract's \
            value only when nothing is above low. Confidence is below 0.5 when annexes are missing or the text \
            breaks off.",
        schema: r##"{"properties": {
            "clauses": {"type": "array", "minItems": 1, "maxItems": 15, "items": {"type": "object", "properties": {
                "clause": {"type": "string", "maxLength": 120},
                "risk": {"type": "string", "enum": ["low", "medium", "high", "unacceptable"]},
                "deviation": {"type": "string", "maxLength": 300}, "proposal": {"type": "string", "maxLength": 400}
            }, "required": ["clause", "risk", "deviation", "proposal"], "additionalProperties": false}},
            "overall_risk": {"type": "string", "enum": ["low", "medium", "high", "unacceptable"]},
            "missing_clauses": {"type": "array", "maxItems": 8, "items": {"type": "string", "maxLength": 160}},
            "recommendation": {"type": "string", "enum": ["sign", "negotiate", "refuse"]}
        }, "required": ["clauses", "overall_risk", "missing_clauses", "recommendation"]}"##,
        actions: &[submit("approve_contract", "Approve the contract for signature.")],
    },
    Agent {
        id: "nda_manager",
        name: "NDA Manager",
        department: Department::Legal,
        description: "Checks a non-disclosure agreement's term, scope and carve-outs, and tracks when it ends.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You check non-disclosure agreements. Say whether it is mutual, how long it runs and for how long \
            secrets stay secret, and which carve-outs it has: public, known before, developed independently, \
            required by law. Name as a problem a missing carve-out, an endless term other than for trade \
            secrets, a penalty, a non-solicit or an assignment of rights. `acceptable` means that nothing of \
            this is in it. Propose `send_nda_for_signature` when it is acceptable and the task asks for it. \
            Confidence is below 0.6 when the term or a party is unclear.",
        schema: r##"{"properties": {
            "kind": {"type": "string", "enum": ["mutual", "one_way"]},
            "term_months": {"type": "integer", "minimum": 0, "maximum": 600},
            "ends": {"$ref": "#/$defs/date"},
            "carve_outs": {"type": "array", "maxItems": 8, "items": {"type": "string", "maxLength": 160}},
            "problems": {"type": "array", "maxItems": 8, "items": {"type": "string", "maxLength": 240}},
            "acceptable": {"type": "boolean"}
        }, "required": ["kind", "carve_outs", "problems", "acceptable"]}"##,
        actions: &[submit(
            "send_nda_for_signature",
            "Send the agreement out for signature.",
        )],
    },
    Agent {
        id: "regulatory_monitor",
        name: "Regulatory Monitor",
        department: Department::Legal,
        description: "Reads a change of rules and says which processes it touches and by when.",
        tier: Tier::Smart,
        high_stakes: false,
        instructions: "\
            You watch changes of rules. Name rule, authority and the day it comes into force, then say whether \
            it applies, by sector, place, size and activity as the data gives them. For each process say what \
            has to change and by when, the ones with penalties first. Keep apart what is law and what is \
            guidance or draft. Confidence is below 0.5 when the text of the rule is not in the data and you go \
            by a report of it.",
        schema: r##"{"properties": {
            "rule": {"type": "string", "minLength": 1, "maxLength": 200},
            "applies": {"type": "string", "enum": ["yes", "no", "unclear"]},
            "in_force": {"$ref": "#/$defs/date"},
            "processes": {"type": "array", "maxItems": 10, "items": {"type": "object", "properties": {
                "process": {"type": "string", "maxLength": 120}, "change": {"type": "string", "maxLength": 240},
                "by": {"$ref": "#/$defs/date"}
            }, "required": ["process", "change"], "additionalProperties": false}}
        }, "required": ["rule", "applies", "processes"]}"##,
        actions: &[],
    },
    Agent {
        id: "gdpr_auditor",
        name: "GDPR Auditor",
        department: Department::Legal,
        description: "Checks a processing activity for its legal basis, retention and transfers under the GDPR.",
        tier: Tier::Smart,
        high_stakes: false,
        instructions: "\
            You audit a processing activity under the GDPR. Settle purpose and data, the legal basis of Article \
            6 and of Article 9 where data is special, how long it is kept, who gets it, and each transfer \
            outside the EEA with its safeguard. List each gap with its article and how grave it is. An \
            assessment under Article 35 is needed for profiling with effects, special data at scale or public \
            monitoring. Confidence is below 0.5 when purpose or recipients are not stated.",
        schema: r##"{"properties": {
            "legal_basis": {"type": "string", "enum": [
                "consent", "contract", "legal_obligation", "vital_interests", "public_task", "legitimate_interests",
                "none"
            ]},
            "retention": {"type": "string", "maxLength": 200},
            "transfers": {"type": "array", "maxItems": 6, "items": {"type": "object", "properties": {
                "country": {"type": "string", "maxLength": 60},
                "safeguard": {"type": "string", "enum": ["adequacy", "sccs", "bcrs", "derogation", "none"]}
            }, "required": ["country", "safeguard"], "additionalProperties": false}},
            "gaps": {"type": "array", "maxItems": 10, "items": {"type": "object", "properties": {
                "article": {"type": "string", "maxLength": 20}, "gap": {"type": "string", "maxLength": 240},
                "severity": {"type": "string", "enum": ["low", "medium", "high"]}
            }, "required": ["article", "gap", "severity"], "additionalProperties": false}},
            "dpia_needed": {"type": "boolean"}
        }, "required": ["legal_basis", "retention", "transfers", "gaps", "dpia_needed"]}"##,
        actions: &[],
    },
    Agent {
        id: "ip_protector",
        name: "IP Protector",
        department: Department::Legal,
        description: "Compares a use of a mark, patent or work with the rights on record and rates the conflict.",
        tier: Tier::Smart,
        high_stakes: false,
        instructions: "\
            You protect rights. Compare the use with each right on record: for marks the signs, goods, territory \
            and who would confuse them; for patents every element of a claim; for works what was taken and from \
            where. Rate the conflict by the strongest right, and say how sure the priority dates are. Advise the \
            mildest step that works, and counsel before any claim against somebody. Propose \
            `send_infringement_notice` only where the task asks for it. Confidence is below 0.5 when register \
            data is missing.",
        schema: r##"{"properties": {
            "conflict": {"type": "string", "enum": ["none", "low", "medium", "high"]},
            "rights_on_record": {"type": "array", "maxItems": 8, "items": {"type": "object", "properties": {
                "right": {"type": "string", "maxLength": 120},
                "kind": {"type": "string", "enum": ["trademark", "patent", "copyright", "design", "trade_secret"]},
                "overlap": {"type": "string", "maxLength": 240}
            }, "required": ["right", "kind", "overlap"], "additionalProperties": false}},
            "recommended_step": {"type": "string", "enum": [
                "ignore", "watch", "write", "oppose", "license", "counsel"
            ]}
        }, "required": ["conflict", "rights_on_record", "recommended_step"]}"##,
        actions: &[submit(
            "send_infringement_notice",
            "Send the notice to whoever uses the right.",
        )],
    },
    Agent {
        id: "litigation_monitor",
        name: "Litigation Monitor",
        department: Department::Legal,
        description: "Tracks cases with their deadlines, exposure and the next filing due.",
        tier: Tier::Smart,
        high_stakes: false,
        instructions: "\
            You track cases. For each give the stage, the next filing and its last day, computed from service or \
            order by the court's rule that the data states; a deadline that you had to guess is named in \
            `findings`. Exposure is what would have to be paid in a bad but realistic outcome, costs included. \
            The nearest deadline comes first, a missed one before all. Confidence is below 0.5 when the date of \
            service or the court is unknown.",
        schema: r##"{"properties": {
            "cases": {"type": "array", "maxItems": 12, "items": {"type": "object", "properties": {
                "case": {"type": "string", "maxLength": 120},
                "stage": {"type": "string", "enum": [
                    "pre_action", "pleadings", "discovery", "trial", "appeal", "settled"
                ]},
                "next_filing": {"type": "string", "maxLength": 160}, "due": {"$ref": "#/$defs/date"},
                "exposure_usd": {"$ref": "#/$defs/amount"}
            }, "required": ["case", "stage", "next_filing", "exposure_usd"], "additionalProperties": false}},
            "total_exposure_usd": {"$ref": "#/$defs/amount"}
        }, "required": ["cases", "total_exposure_usd"]}"##,
        actions: &[],
    },
    Agent {
        id: "policy_updater",
        name: "Policy Updater",
        department: Department::Legal,
        description: "Redrafts a policy passage after a change and shows the old text beside the new one.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You redraft policies. Quote each passage that the change touches as it stands, put the new text \
            beside it, and give the reason with the rule or decision behind it; leave every other word alone. \
            Write duties with who, what and by when. Look for other passages that now contradict, and redraft \
            them too. Propose `save_policy_draft` when all passages are done. Confidence is below 0.6 when the \
            current text is not in the data.",
        schema: r##"{"properties": {
            "policy": {"type": "string", "minLength": 1, "maxLength": 120},
            "passages": {"type": "array", "minItems": 1, "maxItems": 8, "items": {"type": "object", "properties": {
                "old": {"type": "string", "maxLength": 800}, "new": {"type": "string", "maxLength": 800},
                "reason": {"type": "string", "maxLength": 200}
            }, "required": ["old", "new", "reason"], "additionalProperties": false}},
            "review_by": {"$ref": "#/$defs/date"}
        }, "required": ["policy", "passages"]}"##,
        actions: &[fill("save_policy_draft", "Save the redraft for review.")],
    },
    Agent {
        id: "license_manager",
        name: "License Manager",
        department: Department::Legal,
        description: "Compares software licences owned with licences used and lists gaps and waste.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You manage software licences. Count what is owned and what is used per product and metric, by named \
            user, device or core and never mixed; the gap is owned less used, negative where use is not covered. \
            Unused for 90 days is waste; put a yearly price on it. A product used without any licence comes \
            first. Propose `reclaim_licenses` for waste when the task asks for it. Confidence is below 0.6 when \
            the metric or the installed base is unknown.",
        schema: r##"{"properties": {
            "products": {"type": "array", "maxItems": 20, "items": {"type": "object", "properties": {
                "product": {"type": "string", "maxLength": 120},
                "owned": {"type": "integer", "minimum": 0, "maximum": 100000000},
                "used": {"type": "integer", "minimum": 0, "maximum": 100000000},
                "gap": {"type": "integer", "minimum": -100000000, "maximum": 100000000}
            }, "required": ["product", "owned", "used", "gap"], "additionalProperties": false}},
            "waste_usd": {"$ref": "#/$defs/amount"},
            "shortfall_usd": {"$ref": "#/$defs/amount"}
        }, "required": ["products", "waste_usd", "shortfall_usd"]}"##,
        actions: &[destructive(
            "reclaim_licenses",
            "Take unused licences back from their holders.",
        )],
    },
];
