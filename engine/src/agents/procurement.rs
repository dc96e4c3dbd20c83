//! Procurement: the agents that buy, from the first quote to the goods on the shelf.
//! Data only; the registry reads it.

use super::{Agent, Department, destructive, fill, submit};
use crate::tier::Tier;

pub(super) const AGENTS: &[Agent] = &[
    Agent {
        id: "procurement_specialist",
        name: "Procurement Specialist",
        department: Department::Procurement,
        description: "Compares vendor quotes for a stated quantity and recommends one.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You compare offers. Bring every quote to the same footing: the stated quantity, unit price and total \
            in USD with freight and discounts in it, days to delivery; total is quantity times unit price. \
            Recommend the lowest total that meets specification and date, and say in `findings` why where it is \
            not the cheapest. Never make up a vendor or a price: without quotes in the data `vendors` is empty, \
            `recommended` is empty, and you say in `next_steps` what to ask for and whom. Propose `place_order` \
            with the total as its value only when the task asks to buy. Confidence is below 0.5 when fewer than \
            two quotes or no quantity are known.",
        schema: r##"{"properties": {
            "vendors": {"type": "array", "maxItems": 10, "items": {"type": "object", "properties": {
                "name": {"type": "string", "minLength": 1, "maxLength": 120},
                "quantity": {"type": "integer", "minimum": 1, "maximum": 100000000},
                "unit_price_usd": {"$ref": "#/$defs/amount"}, "total_usd": {"$ref": "#/$defs/amount"},
                "delivery_days": {"type": "integer", "minimum": 0, "maximum": 730}
            }, "required": [
                "name", "quantity", "unit_price_usd", "total_usd", "delivery_days"
            ], "additionalProperties": false}},
            "recommended": {"type": "string", "maxLength": 120}
        }, "required": ["vendors", "recommended"]}"##,
        actions: &[submit("place_order", "Place the order with the recommended vendor.")],
    },
    Agent {
        id: "rfq_generator",
        name: "RFQ Generator",
        department: Department::Procurement,
        description: "Writes a request for quotation with items, quantities, delivery terms and evaluation criteria.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You write requests for quotation. Describe each item so that two vendors would offer the same thing: \
            function, size, standard, quantity and unit, no brand unless the task names one. State where and by \
            when to deliver and by when to answer, and weigh the criteria so that they add up to 100 percent. \
            Propose `send_rfq` when the task names vendors to ask. Confidence is below 0.6 when quantity, place \
            or date are missing.",
        schema: r##"{"properties": {
            "title": {"type": "string", "minLength": 1, "maxLength": 120},
            "items": {"type": "array", "minItems": 1, "maxItems": 20, "items": {"type": "object", "properties": {
                "description": {"type": "string", "maxLength": 200},
                "quantity": {"type": "integer", "minimum": 1, "maximum": 100000000},
                "unit": {"type": "string", "maxLength": 20}
            }, "required": ["description", "quantity", "unit"], "additionalProperties": false}},
            "delivery_place": {"type": "string", "maxLength": 160},
            "reply_by": {"$ref": "#/$defs/date"},
            "criteria": {"type": "array", "minItems": 1, "maxItems": 8, "items": {"type": "object", "properties": {
                "criterion": {"type": "string", "maxLength": 120}, "weight_percent": {"$ref": "#/$defs/percent"}
            }, "required": ["criterion", "weight_percent"], "additionalProperties": false}}
        }, "required": ["title", "items", "delivery_place", "criteria"]}"##,
        actions: &[submit("send_rfq", "Send the request for quotation to the vendors.")],
    },
    Agent {
        id: "vendor_evaluator",
        name: "Vendor Evaluator",
        department: Department::Procurement,
        description: "Scores a vendor on price, quality, delivery and risk from its record.",
        tier: Tier::Smart,
        high_stakes: false,
        instructions: "\
            You evaluate a vendor from its record. Score price against the market, quality by reject and return \
            rates, delivery by orders in full and on time, and risk by finances, dependence and sanctions; 100 \
            is best, also for risk. Back each score with a figure in `findings`; where there is no record the \
            score is 50 and you say so. Propose `set_vendor_status` when the verdict differs from today's. \
            Confidence is below 0.6 with fewer than ten orders or under six months of record.",
        schema: r##"{"properties": {
            "scores": {"type": "object", "properties": {
                "price": {"type": "integer", "minimum": 0, "maximum": 100},
                "quality": {"type": "integer", "minimum": 0, "maximum": 100},
                "delivery": {"type": "integer", "minimum": 0, "maximum": 100},
                "risk": {"type": "integer", "minimum": 0, "maximum": 100}
            }, "required": ["price", "quality", "delivery", "risk"], "additionalProperties": false},
            "overall_score": {"type": "integer", "minimum": 0, "maximum": 100},
            "verdict": {"type": "string", "enum": ["preferred", "approved", "conditional", "rejected"]},
            "strengths": {"type": "array", "maxItems": 6, "items": {"type": "string", "maxLength": 160}},
            "weaknesses": {"type": "array", "maxItems": 6, "items": {"type": "string", "maxLength": 160}}
        }, "required": ["scores", "overall_score", "verdict", "strengths", "weaknesses"]}"##,
        actions: &[submit("set_vendor_status", "Set the vendor's new status.")],
    },
    Agent {
        id: "po_creator",
        name: "PO Creator",
        department: Department::Procurement,
        description: "Turns an approved request into a purchase order with lines, prices and delivery address.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You write purchase orders from approved requests. Take vendor, items, quantities and agreed prices \
            over as they are, compute each line and the total, and give address and date of delivery. A line \
            without an agreed price stays at 0 and is named in `findings`. Change no quantity and no vendor, \
            whatever looks better. Propose `create_po` with the total as its value when vendor, lines and prices \
            are complete. Confidence is below 0.5 when the request is not approved or has no vendor.",
        schema: r##"{"properties": {
            "vendor": {"type": "string", "minLength": 1, "maxLength": 120},
            "lines": {"type": "array", "minItems": 1, "maxItems": 20, "items": {"type": "object", "properties": {
                "item": {"type": "string", "maxLength": 160},
                "quantity": {"type": "integer", "minimum": 1, "maximum": 100000000},
                "unit_price_usd": {"$ref": "#/$defs/amount"}, "total_usd": {"$ref": "#/$defs/amount"}
            }, "required": ["item", "quantity", "unit_price_usd", "total_usd"], "additionalProperties": false}},
            "total_usd": {"$ref": "#/$defs/amount"},
            "delivery_address": {"type": "string", "maxLength": 200},
            "needed_by": {"$ref": "#/$defs/date"}
        }, "required": ["vendor", "lines", "total_usd", "delivery_address"]}"##,
        actions: &[fill("create_po", "Create the purchase order as a draft.")],
    },
    Agent {
        id: "po_approver",
        name: "PO Approver",
        department: Department::Procurement,
        description: "Checks a purchase order against budget, contract and authority, and recommends approval or refusal.",
        tier: Tier::Premium,
        high_stakes: true,
        instructions: "\
            You judge a purchase order before it goes out. Check it line by line against the budget that is \
            left, the contract's prices, the vendor's status, and the authority of who asks for it. Look for an \
            order split to stay under a limit, prices over contract, and a vendor that nobody evaluated. Approve \
            only when every check passed; return what can be mended; refuse the rest. Propose `approve_po` with \
            the total as its value when you approve. Confidence is below 0.5 when budget or contract were not \
            given.",
        schema: r##"{"properties": {
            "decision": {"type": "string", "enum": ["approve", "return", "refuse"]},
            "total_usd": {"$ref": "#/$defs/amount"},
            "checks": {"type": "array", "minItems": 1, "maxItems": 8, "items": {"type": "object", "properties": {
                "check": {"type": "string", "enum": ["budget", "contract", "authority", "vendor", "price", "other"]},
                "passed": {"type": "boolean"}, "note": {"type": "string", "maxLength": 200}
            }, "required": ["check", "passed", "note"], "additionalProperties": false}},
            "reasons": {"type": "array", "minItems": 1, "maxItems": 6, "items": {"type": "string", "maxLength": 240}}
        }, "required": ["decision", "total_usd", "checks", "reasons"]}"##,
        actions: &[submit(
            "approve_po",
            "Approve the purchase order and release it to the vendor.",
        )],
    },
    Agent {
        id: "goods_receiver",
        name: "Goods Receiver",
        department: Department::Procurement,
        description: "Compares a delivery note with its purchase order and records shortages and damage.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You receive goods. Compare each line of the delivery note with the order: ordered, received and \
            damaged pieces; what arrived without being ordered is a line with 0 ordered. `complete` is true only \
            when every line arrived in full and undamaged. Word each claim so that it can be sent: item, count, \
            what is wrong. Propose `post_receipt` when order and note belong together. Confidence is below 0.5 \
            when the order number is missing or counts cannot be read.",
        schema: r##"{"properties": {
            "order_number": {"type": "string", "minLength": 1, "maxLength": 60},
            "lines": {"type": "array", "minItems": 1, "maxItems": 20, "items": {"type": "object", "properties": {
                "item": {"type": "string", "maxLength": 160},
                "ordered": {"type": "integer", "minimum": 0, "maximum": 100000000},
                "received": {"type": "integer", "minimum": 0, "maximum": 100000000},
                "damaged": {"type": "integer", "minimum": 0, "maximum": 100000000}
            }, "required": ["item", "ordered", "received", "damaged"], "additionalProperties": false}},
            "complete": {"type": "boolean"},
            "claims": {"type": "array", "maxItems": 10, "items": {"type": "string", "maxLength": 240}}
        }, "required": ["lines", "complete", "claims"]}"##,
        actions: &[submit("post_receipt", "Post the goods receipt.")],
    },
    Agent {
        id: "invoice_matcher",
        name: "Invoice Matcher",
        department: Department::Procurement,
        description: "Matches an invoice to its purchase order and goods receipt, and lists every difference.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You match invoice, order and receipt. Compare quantity with the receipt and price with the order, \
            line by line, then tax and freight, and list each difference with what was expected and what was \
            invoiced. `matched` is true when nothing differs beyond the tolerance in the data, or 1 percent \
            where none is given. `difference_usd` is invoiced less expected. Propose `block_invoice` when it \
            does not match. Confidence is below 0.5 when order or receipt are missing.",
        schema: r##"{"properties": {
            "matched": {"type": "boolean"},
            "order_number": {"type": "string", "maxLength": 60},
            "differences": {"type": "array", "maxItems": 15, "items": {"type": "object", "properties": {
                "item": {"type": "string", "maxLength": 160},
                "field": {"type": "string", "enum": [
                    "price", "quantity", "tax", "freight", "missing_receipt", "other"
                ]},
                "expected": {"$ref": "#/$defs/signed_amount"}, "invoiced": {"$ref": "#/$defs/signed_amount"}
            }, "required": ["item", "field", "expected", "invoiced"], "additionalProperties": false}},
            "difference_usd": {"$ref": "#/$defs/signed_amount"}
        }, "required": ["matched", "differences", "difference_usd"]}"##,
        actions: &[fill(
            "block_invoice",
            "Block the invoice until the differences are settled.",
        )],
    },
    Agent {
        id: "inventory_monitor",
        name: "Inventory Monitor",
        department: Department::Procurement,
        description: "Watches stock levels and reports items that run short, stand still or near their expiry.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You watch stock. Compute how many days the stock on hand covers at the average demand, and report \
            items below their lead time as short, those without a movement in 180 days as dead, those whose \
            expiry comes before they are used up, and those over a year's demand. The most urgent comes first. \
            An item without demand figures is named in `findings` and not judged. Confidence is below 0.6 when \
            counts are older than the last movements.",
        schema: r##"{"properties": {
            "items": {"type": "array", "maxItems": 20, "items": {"type": "object", "properties": {
                "item": {"type": "string", "maxLength": 120},
                "state": {"type": "string", "enum": ["short", "expiring", "dead", "overstocked"]},
                "on_hand": {"type": "integer", "minimum": 0, "maximum": 100000000},
                "days_of_cover": {"type": "integer", "minimum": 0, "maximum": 3650}
            }, "required": ["item", "state", "on_hand"], "additionalProperties": false}},
            "items_checked": {"type": "integer", "minimum": 0, "maximum": 100000000}
        }, "required": ["items", "items_checked"]}"##,
        actions: &[],
    },
    Agent {
        id: "reorder_trigger",
        name: "Reorder Trigger",
        department: Department::Procurement,
        description: "Decides which items to reorder now, and how many, from stock, demand and lead time.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You decide on reorders. The reorder point is demand a day times lead time, plus safety stock; \
            reorder when stock on hand and on order is at or below it. Order up to the target level, rounded up \
            to the pack or minimum order size, and name the figures in `reason`. `total_usd` is what the orders cost \
            at the prices in the data, left out where there are none. Propose `raise_requisition` with it as its \
            value when something is to be ordered. Confidence is below 0.6 when lead time \
            or demand are missing.",
        schema: r##"{"properties": {
            "orders": {"type": "array", "maxItems": 15, "items": {"type": "object", "properties": {
                "item": {"type": "string", "maxLength": 120},
                "quantity": {"type": "integer", "minimum": 1, "maximum": 100000000},
                "reorder_point": {"type": "integer", "minimum": 0, "maximum": 100000000},
                "lead_time_days": {"type": "integer", "minimum": 0, "maximum": 730},
                "reason": {"type": "string", "maxLength": 200}
            }, "required": [
                "item", "quantity", "reorder_point", "lead_time_days", "reason"
            ], "additionalProperties": false}},
            "not_needed": {"type": "array", "maxItems": 15, "items": {"type": "string", "maxLength": 120}},
            "total_usd": {"$ref": "#/$defs/amount"}
        }, "required": ["orders", "not_needed"]}"##,
        actions: &[fill("raise_requisition", "Raise the purchase requisition as a draft.")],
    },
    Agent {
        id: "contract_renewer",
        name: "Contract Renewer",
        department: Department::Procurement,
        description: "Lists supply contracts near their notice date and proposes to renew, renegotiate or leave each.",
        tier: Tier::Smart,
        high_stakes: false,
        instructions: "\
            You keep supply contracts from renewing by themselves. Compute the notice date from end and notice \
            period, list those within 120 days with the nearest first, and mark one whose notice date is past. \
            Advise to renew where price and service are right, to renegotiate where the market or the volume \
            moved, to leave where nobody uses it; give the figure that decides. Propose \
            `send_termination_notice` with the value at stake as its value only where the task asks for it. \
            Confidence is below 0.6 when term or notice period are unclear.",
        schema: r##"{"properties": {
            "contracts": {"type": "array", "maxItems": 15, "items": {"type": "object", "properties": {
                "vendor": {"type": "string", "maxLength": 120}, "ends": {"$ref": "#/$defs/date"},
                "notice_by": {"$ref": "#/$defs/date"},
                "advice": {"type": "string", "enum": ["renew", "renegotiate", "leave"]},
                "reason": {"type": "string", "maxLength": 200}
            }, "required": ["vendor", "ends", "notice_by", "advice", "reason"], "additionalProperties": false}},
            "value_at_stake_usd": {"$ref": "#/$defs/amount"}
        }, "required": ["contracts", "value_at_stake_usd"]}"##,
        actions: &[destructive(
            "send_termination_notice",
            "Send notice of termination to the vendor.",
        )],
    },
    Agent {
        id: "spend_analyzer",
        name: "Spend Analyzer",
        department: Department::Procurement,
        description: "Groups spend by category and vendor and points out savings and purchases off contract.",
        tier: Tier::Smart,
        high_stakes: false,
        instructions: "\
            You analyse spend. Put each purchase into one category, sum up, and give shares that add up to 100 \
            percent; treat spellings of one vendor as one. Look for savings that somebody can act on: the same \
            item at several prices, many small vendors in one category, purchases beside an existing contract. \
            Put a yearly figure on each. Confidence is below 0.6 when more than a tenth of the spend cannot be \
            placed.",
        schema: r##"{"properties": {
            "total_usd": {"$ref": "#/$defs/amount"},
            "categories": {"type": "array", "minItems": 1, "maxItems": 12, "items": {"type": "object", "properties": {
                "category": {"type": "string", "maxLength": 80}, "spend_usd": {"$ref": "#/$defs/amount"},
                "share_percent": {"$ref": "#/$defs/percent"}
            }, "required": ["category", "spend_usd", "share_percent"], "additionalProperties": false}},
            "savings": {"type": "array", "maxItems": 8, "items": {"type": "object", "properties": {
                "idea": {"type": "string", "maxLength": 240}, "saving_usd": {"$ref": "#/$defs/amount"}
            }, "required": ["idea", "saving_usd"], "additionalProperties": false}},
            "off_contract_usd": {"$ref": "#/$defs/amount"}
        }, "required": ["total_usd", "categories", "savings", "off_contract_usd"]}"##,
        actions: &[],
    },
];
