//! Sales: the agents that find, win and keep customers.
//! Data only; the registry reads it.

use super::{Agent, Department, fill, submit};
use crate::tier::Tier;

pub(super) const AGENTS: &[Agent] = &[
    Agent {
        id: "lead_qualifier",
        name: "Lead Qualifier",
        department: Department::Sales,
        description: "Checks a lead for budget, authority, need and timing, and says what is still unknown.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You qualify leads. Look in the data for budget, authority, need and timing, and call each confirmed \
            only when the lead said so, unclear when it is guessed from size or title, absent when the lead \
            denied it. `qualified` takes a confirmed need and none of the others absent. Ask for what is unclear \
            in questions that a salesperson can put as they stand. Propose `update_lead` when the status \
            changes. Confidence is below 0.5 when all there is is a name or an address.",
        schema: r##"{"properties": {
            "qualified": {"type": "boolean"},
            "criteria": {"type": "object", "properties": {
                "budget": {"type": "string", "enum": ["confirmed", "unclear", "absent"]},
                "authority": {"type": "string", "enum": ["confirmed", "unclear", "absent"]},
                "need": {"type": "string", "enum": ["confirmed", "unclear", "absent"]},
                "timing": {"type": "string", "enum": ["confirmed", "unclear", "absent"]}
            }, "required": ["budget", "authority", "need", "timing"], "additionalProperties": false},
            "questions": {"type": "array", "maxItems": 6, "items": {"type": "string", "maxLength": 200}}
        }, "required": ["qualified", "criteria", "questions"]}"##,
        actions: &[fill("update_lead", "Enter the lead's new status.")],
    },
    Agent {
        id: "lead_scorer",
        name: "Lead Scorer",
        department: Department::Sales,
        description: "Scores a lead from 0 to 100 by fit and intent and names the strongest signals.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You score leads. Fit is how near company and person are to the customers who buy: industry, size, \
            region, role. Intent is what they did lately: a demo asked for, prices looked at, mails answered. \
            Score each from 0 to 100, weigh them equally for `score`, and name the signals with the points that \
            each gave or took. Confidence is below 0.6 when there is no behaviour to look at or the profile is \
            older than a year.",
        schema: r##"{"properties": {
            "score": {"type": "integer", "minimum": 0, "maximum": 100},
            "fit": {"type": "integer", "minimum": 0, "maximum": 100},
            "intent": {"type": "integer", "minimum": 0, "maximum": 100},
            "signals": {"type": "array", "minItems": 1, "maxItems": 6, "items": {"type": "object", "properties": {
                "signal": {"type": "string", "maxLength": 160},
                "points": {"type": "integer", "minimum": -50, "maximum": 50}
            }, "required": ["signal", "points"], "additionalProperties": false}}
        }, "required": ["score", "fit", "intent", "signals"]}"##,
        actions: &[],
    },
    Agent {
        id: "proposal_writer",
        name: "Proposal Writer",
        department: Department::Sales,
        description: "Writes a sales proposal from the customer's need, the offer and its price.",
        tier: Tier::Smart,
        high_stakes: false,
        instructions: "\
            You write proposals. Begin with the customer's need in their own terms, then what is offered, how it \
            goes ahead, what it costs and what it brings; a section to each. Take prices, dates and references \
            from the data, and put whatever you had to assume under `assumptions`. Promise nothing that the \
            offer does not contain. Propose `send_proposal` with the price as its value when the task asks for \
            it. Confidence is below 0.5 when scope or price are missing.",
        schema: r##"{"properties": {
            "title": {"type": "string", "minLength": 1, "maxLength": 120},
            "price_usd": {"$ref": "#/$defs/amount"},
            "sections": {"type": "array", "minItems": 1, "maxItems": 8, "items": {"type": "object", "properties": {
                "heading": {"type": "string", "maxLength": 80}, "text": {"type": "string", "maxLength": 1200}
            }, "required": ["heading", "text"], "additionalProperties": false}},
            "assumptions": {"type": "array", "maxItems": 6, "items": {"type": "string", "maxLength": 200}}
        }, "required": ["title", "sections", "assumptions"]}"##,
        actions: &[submit("send_proposal", "Send the proposal to the customer.")],
    },
    Agent {
        id: "contract_drafter",
        name: "Contract Drafter",
        department: Department::Sales,
        description: "Drafts a sales contract from agreed terms and marks the clauses that need a lawyer.",
        tier: Tier::Smart,
        high_stakes: false,
        instructions: "\
            You draft sales contracts from agreed terms. A clause to each subject: parties, subject, price and \
            payment, delivery, warranty, liability, term and termination, data, law and venue. Use plain defined \
            words, the same word for the same thing. Set `needs_lawyer` wherever the terms leave a gap, shift \
            liability, grant rights or touch personal data, and list what was never agreed under \
            `missing_terms`. Propose `save_contract_draft` when all parties are named. Confidence is below 0.5 \
            when price, term or a party are missing.",
        schema: r##"{"properties": {
            "parties": {"type": "array", "minItems": 2, "maxItems": 4, "items": {"type": "string", "maxLength": 120}},
            "clauses": {"type": "array", "minItems": 1, "maxItems": 15, "items": {"type": "object", "properties": {
                "heading": {"type": "string", "maxLength": 80}, "text": {"type": "string", "maxLength": 1000},
                "needs_lawyer": {"type": "boolean"}
            }, "required": ["heading", "text", "needs_lawyer"], "additionalProperties": false}},
            "missing_terms": {"type": "array", "maxItems": 8, "items": {"type": "string", "maxLength": 160}}
        }, "required": ["parties", "clauses", "missing_terms"]}"##,
        actions: &[fill("save_contract_draft", "Save the draft with the deal.")],
    },
    Agent {
        id: "deal_tracker",
        name: "Deal Tracker",
        department: Department::Sales,
        description: "Reports the stage, next step and risk of each open deal.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You report on open deals. Give each its stage by what has happened and not by what is hoped, the \
            value, and one next step with somebody to take it. Risk is high with no contact in 30 days, a close \
            date that moved twice or a single contact; medium with one of the milder signs, else low. The \
            pipeline counts open deals only. Propose `update_deals` when stage or close date on record are \
            wrong. Confidence is below 0.6 when activity is missing.",
        schema: r##"{"properties": {
            "deals": {"type": "array", "maxItems": 20, "items": {"type": "object", "properties": {
                "deal": {"type": "string", "maxLength": 120},
                "stage": {"type": "string", "enum": ["lead", "qualified", "proposal", "negotiation", "won", "lost"]},
                "value_usd": {"$ref": "#/$defs/amount"},
                "risk": {"type": "string", "enum": ["low", "medium", "high"]},
                "next_step": {"type": "string", "maxLength": 200}
            }, "required": ["deal", "stage", "value_usd", "risk", "next_step"], "additionalProperties": false}},
            "pipeline_usd": {"$ref": "#/$defs/amount"}
        }, "required": ["deals", "pipeline_usd"]}"##,
        actions: &[fill("update_deals", "Enter the corrected stages and dates.")],
    },
    Agent {
        id: "account_manager",
        name: "Account Manager",
        department: Department::Sales,
        description: "Prepares an account review with usage, open issues and the next conversation to have.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You prepare reviews of a customer's account. Say how use moved against the period before, what is \
            open and since when, and what was promised to them. Health is at risk when use fell by a fifth, an \
            issue is open over 30 days or the sponsor left; watch with one milder sign, else good. Give talking \
            points in the order to raise them, the hardest not last. Confidence is below 0.6 when use figures or \
            the renewal date are missing.",
        schema: r##"{"properties": {
            "health": {"type": "string", "enum": ["good", "watch", "at_risk"]},
            "usage": {"type": "string", "maxLength": 400},
            "open_issues": {"type": "array", "maxItems": 8, "items": {"type": "string", "maxLength": 200}},
            "talking_points": {"type": "array", "minItems": 1, "maxItems": 6,
                "items": {"type": "string", "maxLength": 200}},
            "renewal_date": {"$ref": "#/$defs/date"}
        }, "required": ["health", "usage", "open_issues", "talking_points"]}"##,
        actions: &[],
    },
    Agent {
        id: "churn_detector",
        name: "Churn Detector",
        department: Department::Sales,
        description: "Estimates which customers are about to leave and what would keep each.",
        tier: Tier::Smart,
        high_stakes: false,
        instructions: "\
            You find customers who are about to leave. Look at falling use, fewer users, late payment, open \
            complaints, a sponsor who left, and a renewal within 90 days; one sign alone is rarely more than 40 \
            percent. Give each customer a risk, the signs behind it, and one offer that answers those signs \
            rather than a discount by habit. Sum up the yearly revenue above 50 percent. Confidence is below 0.6 \
            with under three months of history.",
        schema: r##"{"properties": {
            "customers": {"type": "array", "maxItems": 15, "items": {"type": "object", "properties": {
                "customer": {"type": "string", "maxLength": 120}, "risk_percent": {"$ref": "#/$defs/percent"},
                "signs": {"type": "array", "minItems": 1, "maxItems": 4,
                    "items": {"type": "string", "maxLength": 120}},
                "offer": {"type": "string", "maxLength": 200}
            }, "required": ["customer", "risk_percent", "signs", "offer"], "additionalProperties": false}},
            "revenue_at_risk_usd": {"$ref": "#/$defs/amount"}
        }, "required": ["customers", "revenue_at_risk_usd"]}"##,
        actions: &[],
    },
    Agent {
        id: "quote_generator",
        name: "Quote Generator",
        department: Department::Sales,
        description: "Prices a list of products with discounts, tax and validity into one quote.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You price quotes. Take each product's list price, the discount of its volume band or of the \
            customer's agreement, never both unless the data says so, and compute line, tax and total to the \
            cent. Name a discount beyond the limit in the data, or beyond 20 percent where none is given, in \
            `findings`: it needs approval. Propose `send_quote` with the total as its value when the task asks \
            for it. Confidence is below 0.5 when a price or a quantity is missing.",
        schema: r##"{"properties": {
            "lines": {"type": "array", "minItems": 1, "maxItems": 20, "items": {"type": "object", "properties": {
                "product": {"type": "string", "maxLength": 160},
                "quantity": {"type": "integer", "minimum": 1, "maximum": 100000000},
                "unit_price_usd": {"$ref": "#/$defs/amount"}, "discount_percent": {"$ref": "#/$defs/percent"},
                "total_usd": {"$ref": "#/$defs/amount"}
            }, "required": [
                "product", "quantity", "unit_price_usd", "discount_percent", "total_usd"
            ], "additionalProperties": false}},
            "tax_usd": {"$ref": "#/$defs/amount"},
            "total_usd": {"$ref": "#/$defs/amount"},
            "valid_until": {"$ref": "#/$defs/date"}
        }, "required": ["lines", "tax_usd", "total_usd"]}"##,
        actions: &[submit("send_quote", "Send the quote to the customer.")],
    },
    Agent {
        id: "upsell_identifier",
        name: "Upsell Identifier",
        department: Department::Sales,
        description: "Finds products that a customer lacks and similar customers use.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You look for what else would help a customer. Compare what they own and how they use it with \
            customers of the same industry and size, and name what is missing only where their use shows the \
            need. Fit is strong with two signs or more, fair with one, weak with likeness alone. Give the yearly \
            value from the price list. Offer nothing while a serious complaint is open; say so instead. \
            Confidence is below 0.6 when products or use are unknown.",
        schema: r##"{"properties": {
            "opportunities": {"type": "array", "maxItems": 8, "items": {"type": "object", "properties": {
                "product": {"type": "string", "maxLength": 120},
                "fit": {"type": "string", "enum": ["strong", "fair", "weak"]},
                "value_usd": {"$ref": "#/$defs/amount"}, "reason": {"type": "string", "maxLength": 200}
            }, "required": ["product", "fit", "value_usd", "reason"], "additionalProperties": false}},
            "owned": {"type": "array", "maxItems": 15, "items": {"type": "string", "maxLength": 120}}
        }, "required": ["opportunities", "owned"]}"##,
        actions: &[],
    },
];
