//! Finance: the agents that book, pay, collect and protect money.
//! Data only; the registry reads it.

use super::{Agent, Department, fill, submit};
use crate::tier::Tier;

pub(super) const AGENTS: &[Agent] = &[
    Agent {
        id: "invoice_processor",
        name: "Invoice Processor",
        department: Department::Finance,
        description: "Reads an invoice into supplier, number, due date, lines, tax and total, and lists what does not add up.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You enter supplier invoices. Copy supplier, invoice number, due date, currency and every line as \
            they are printed; compute nothing into them. Then check the arithmetic: quantity times price for \
            each line, the lines against the net amount, net plus tax against the total, and name each \
            difference in `problems` with both figures. Propose `enter_invoice` when number, supplier and total \
            are there and the sums agree. Confidence is below 0.5 when the total or the supplier cannot be read.",
        schema: r##"{"properties": {
            "supplier": {"type": "string", "minLength": 1, "maxLength": 120},
            "invoice_number": {"type": "string", "minLength": 1, "maxLength": 60},
            "due_date": {"$ref": "#/$defs/date"},
            "lines": {"type": "array", "maxItems": 20, "items": {"type": "object", "properties": {
                "description": {"type": "string", "maxLength": 160},
                "quantity": {"type": "number", "minimum": 0, "maximum": 1000000000},
                "amount": {"$ref": "#/$defs/signed_amount"}
            }, "required": ["description", "quantity", "amount"], "additionalProperties": false}},
            "totals": {"type": "object", "properties": {
                "currency": {"type": "string", "maxLength": 3}, "net": {"$ref": "#/$defs/signed_amount"},
                "tax": {"$ref": "#/$defs/signed_amount"}, "total": {"$ref": "#/$defs/signed_amount"}
            }, "required": [], "additionalProperties": false},
            "problems": {"type": "array", "maxItems": 10, "items": {"type": "string", "maxLength": 240}}
        }, "required": ["lines", "totals", "problems"]}"##,
        actions: &[fill("enter_invoice", "Enter the invoice as a draft in the ledger.")],
    },
    Agent {
        id: "ap_specialist",
        name: "AP Specialist",
        department: Department::Finance,
        description: "Decides whether a supplier invoice may be paid and gives the reasons for it.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You decide whether a supplier invoice may be paid. Look at the amount, the supplier, the due date, \
            the order and receipt it refers to, and signs of a duplicate: the same number, or the same amount \
            and date. `approved` is true only for an amount above zero and up to the organization's approval \
            threshold, `approval_threshold_usd` in the data or 10,000 USD where none is given, with nothing \
            against it; give each reason with its figure. An amount in another currency is not approved. Propose \
            `hold_invoice` when something speaks against the invoice; otherwise propose `pay_invoice` with the \
            amount as its value above the threshold, so that a person releases it, and nothing below. Confidence \
            is below 0.5 when the amount or the supplier is not known.",
        schema: r##"{"properties": {
            "approved": {"type": "boolean"},
            "reasons": {"type": "array", "minItems": 1, "maxItems": 8, "items": {"type": "string", "maxLength": 300}},
            "invoice_number": {"type": "string", "maxLength": 60},
            "amount_usd": {"$ref": "#/$defs/amount"}
        }, "required": ["approved", "reasons"]}"##,
        actions: &[
            submit("pay_invoice", "Release the payment of the invoice."),
            fill("hold_invoice", "Put the invoice on hold with its reason."),
        ],
    },
    Agent {
        id: "ar_collector",
        name: "AR Collector",
        department: Department::Finance,
        description: "Ranks overdue receivables and drafts the next reminder for each customer.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You collect receivables. Sort the open items by days overdue times amount, the worst first, and \
            leave out what is disputed or not yet due. Choose the reminder by age: friendly to 14 days, firm to \
            45, final after that, none where a payment is promised. Draft each reminder with invoice number, \
            amount and a date to pay by, and threaten nothing that the terms do not allow. Propose \
            `send_reminders` when the task asks for them to go out. Confidence is below 0.6 when due dates or \
            payments are missing.",
        schema: r##"{"properties": {
            "overdue": {"type": "array", "maxItems": 20, "items": {"type": "object", "properties": {
                "customer": {"type": "string", "maxLength": 120}, "amount_usd": {"$ref": "#/$defs/amount"},
                "days_overdue": {"type": "integer", "minimum": 0, "maximum": 3650},
                "reminder": {"type": "string", "enum": ["friendly", "firm", "final", "none"]}
            }, "required": ["customer", "amount_usd", "days_overdue", "reminder"], "additionalProperties": false}},
            "total_overdue_usd": {"$ref": "#/$defs/amount"},
            "drafts": {"type": "array", "maxItems": 8, "items": {"type": "object", "properties": {
                "customer": {"type": "string", "maxLength": 120}, "text": {"type": "string", "maxLength": 800}
            }, "required": ["customer", "text"], "additionalProperties": false}}
        }, "required": ["overdue", "total_overdue_usd", "drafts"]}"##,
        actions: &[submit("send_reminders", "Send the drafted reminders to the customers.")],
    },
    Agent {
        id: "bank_reconciler",
        name: "Bank Reconciler",
        department: Department::Finance,
        description: "Matches bank lines to ledger entries and lists what stays unmatched on either side.",
        tier: Tier::Smart,
        high_stakes: false,
        instructions: "\
            You reconcile a bank account. Match a bank line to a ledger entry when the amount is equal and \
            reference or date agree within three days; match several entries to one line only when they add up \
            to the cent. Whatever is left stands under its own side, with its amount signed as on the statement. \
            `difference_usd` is the statement's closing balance less the ledger's. Propose `post_matches` when \
            the difference is explained. Confidence is below 0.6 when balances are missing or a match is a \
            guess.",
        schema: r##"{"properties": {
            "matched": {"type": "array", "maxItems": 30, "items": {"type": "object", "properties": {
                "bank_line": {"type": "string", "maxLength": 120},
                "ledger_entry": {"type": "string", "maxLength": 120}, "amount_usd": {"$ref": "#/$defs/signed_amount"}
            }, "required": ["bank_line", "ledger_entry", "amount_usd"], "additionalProperties": false}},
            "unmatched_bank": {"type": "array", "maxItems": 20, "items": {"type": "object", "properties": {
                "line": {"type": "string", "maxLength": 120}, "amount_usd": {"$ref": "#/$defs/signed_amount"}
            }, "required": ["line", "amount_usd"], "additionalProperties": false}},
            "unmatched_ledger": {"type": "array", "maxItems": 20, "items": {"type": "object", "properties": {
                "entry": {"type": "string", "maxLength": 120}, "amount_usd": {"$ref": "#/$defs/signed_amount"}
            }, "required": ["entry", "amount_usd"], "additionalProperties": false}},
            "difference_usd": {"$ref": "#/$defs/signed_amount"}
        }, "required": ["matched", "unmatched_bank", "unmatched_ledger", "difference_usd"]}"##,
        actions: &[submit("post_matches", "Mark the matched entries as reconciled.")],
    },
    Agent {
        id: "vat_calculator",
        name: "VAT Calculator",
        department: Department::Finance,
        description: "Works out the VAT treatment, rate and amount of each line of a sale or purchase.",
        tier: Tier::Smart,
        high_stakes: false,
        instructions: "\
            You work out value added tax. For each line settle first the place of supply, from where seller and \
            buyer are and whether it is goods or a service, then the treatment, then the rate of that country. To a \
            business in another EU country with a valid VAT number a service is reverse charge, without VAT; \
            goods are an exempt supply within the Community, `zero` at 0 percent: name the proof of transport in \
            `next_steps`. Compute `vat` as net times rate, to the cent, and the totals from the lines. Confidence \
            is below 0.5 when a party's country or VAT status is unknown.",
        schema: r##"{"properties": {
            "place_of_supply": {"type": "string", "maxLength": 60},
            "lines": {"type": "array", "minItems": 1, "maxItems": 20, "items": {"type": "object", "properties": {
                "description": {"type": "string", "maxLength": 160},
                "treatment": {"type": "string", "enum": [
                    "standard", "reduced", "zero", "exempt", "reverse_charge", "out_of_scope"
                ]},
                "rate_percent": {"$ref": "#/$defs/percent"}, "net": {"$ref": "#/$defs/signed_amount"},
                "vat": {"$ref": "#/$defs/signed_amount"}
            }, "required": [
                "description", "treatment", "rate_percent", "net", "vat"
            ], "additionalProperties": false}},
            "total_net": {"$ref": "#/$defs/signed_amount"},
            "total_vat": {"$ref": "#/$defs/signed_amount"}
        }, "required": ["place_of_supply", "lines", "total_net", "total_vat"]}"##,
        actions: &[],
    },
    Agent {
        id: "payroll_processor",
        name: "Payroll Processor",
        department: Department::Finance,
        description: "Computes gross to net pay for each employee and flags changes against the last period.",
        tier: Tier::Premium,
        high_stakes: true,
        instructions: "\
            You compute a payroll. For each employee take base pay, hours and extras to gross, subtract the \
            taxes and contributions that are given, and show deductions and net; gross less deductions must be \
            net to the cent. Compare with the last period where it is given, and list every new or missing \
            person, every change of bank details and every net pay that moved by more than 10 percent. Propose \
            `run_payroll` with the total net as its value when the task asks to pay. Confidence is below 0.5 \
            when rates, hours or a person's data are missing.",
        schema: r##"{"properties": {
            "period": {"type": "string", "maxLength": 40},
            "employees": {"type": "array", "minItems": 1, "maxItems": 30, "items": {"type": "object", "properties": {
                "name": {"type": "string", "maxLength": 120}, "gross_usd": {"$ref": "#/$defs/amount"},
                "deductions_usd": {"$ref": "#/$defs/amount"}, "net_usd": {"$ref": "#/$defs/amount"}
            }, "required": ["name", "gross_usd", "deductions_usd", "net_usd"], "additionalProperties": false}},
            "total_gross_usd": {"$ref": "#/$defs/amount"},
            "total_net_usd": {"$ref": "#/$defs/amount"},
            "changes": {"type": "array", "maxItems": 15, "items": {"type": "object", "properties": {
                "name": {"type": "string", "maxLength": 120}, "change": {"type": "string", "maxLength": 200}
            }, "required": ["name", "change"], "additionalProperties": false}}
        }, "required": ["period", "employees", "total_gross_usd", "total_net_usd", "changes"]}"##,
        actions: &[submit("run_payroll", "Pay out the computed payroll.")],
    },
    Agent {
        id: "fraud_detector",
        name: "Fraud Detector",
        department: Department::Finance,
        description: "Scores transactions for fraud and names the signals behind each score.",
        tier: Tier::Premium,
        high_stakes: true,
        instructions: "\
            You look for fraud in transactions. Score each from 0 to 100 on signals you can point at: new payee, \
            changed bank details, round or split amounts just under a limit, odd hour or country, velocity, a \
            duplicate, a mismatch of name and account. Verdict is clear below 30, review to 70, block above. One \
            weak signal never blocks; a changed bank account with a new payee always gets at least a review. \
            Propose `hold_transactions` for what is to be blocked, with their sum as the value. Confidence is \
            below 0.6 when there is no history to compare with.",
        schema: r##"{"properties": {
            "transactions": {"type": "array", "minItems": 1, "maxItems": 20, "items": {"type": "object", "properties": {
                "reference": {"type": "string", "maxLength": 60},
                "score": {"type": "integer", "minimum": 0, "maximum": 100},
                "verdict": {"type": "string", "enum": ["clear", "review", "block"]},
                "signals": {"type": "array", "maxItems": 5, "items": {"type": "string", "maxLength": 120}}
            }, "required": ["reference", "score", "verdict", "signals"], "additionalProperties": false}},
            "highest_score": {"type": "integer", "minimum": 0, "maximum": 100},
            "amount_at_risk_usd": {"$ref": "#/$defs/amount"}
        }, "required": ["transactions", "highest_score", "amount_at_risk_usd"]}"##,
        actions: &[submit(
            "hold_transactions",
            "Hold the suspicious transactions before they are paid out.",
        )],
    },
    Agent {
        id: "tax_filer",
        name: "Tax Filer",
        department: Department::Finance,
        description: "Prepares the figures of a tax return and lists what is missing before it can be filed.",
        tier: Tier::Premium,
        high_stakes: true,
        instructions: "\
            You prepare a tax return. Name the tax and the period, fill each box of the form with its label and \
            figure from the ledger data, and derive the amount due, negative for a refund. List every missing \
            document, unreconciled account or election under `missing`; a return with anything missing is not \
            ready. Check the figures against the period before and say what moved. Propose `file_return` with \
            the amount due as its value only when nothing is missing. Confidence is below 0.5 when the period's \
            books are not closed.",
        schema: r##"{"properties": {
            "tax": {"type": "string", "enum": [
                "vat", "corporate_income", "payroll", "sales", "withholding", "other"
            ]},
            "period": {"type": "string", "maxLength": 40},
            "figures": {"type": "array", "minItems": 1, "maxItems": 20, "items": {"type": "object", "properties": {
                "box": {"type": "string", "maxLength": 40}, "label": {"type": "string", "maxLength": 120},
                "amount_usd": {"$ref": "#/$defs/signed_amount"}
            }, "required": ["box", "label", "amount_usd"], "additionalProperties": false}},
            "due_usd": {"$ref": "#/$defs/signed_amount"},
            "missing": {"type": "array", "maxItems": 10, "items": {"type": "string", "maxLength": 200}}
        }, "required": ["tax", "period", "figures", "due_usd", "missing"]}"##,
        actions: &[submit("file_return", "File the return with the tax authority.")],
    },
    Agent {
        id: "treasury_manager",
        name: "Treasury Manager",
        department: Department::Finance,
        description: "Forecasts cash by week and proposes transfers that keep every account above its floor.",
        tier: Tier::Smart,
        high_stakes: false,
        instructions: "\
            You plan cash. Start from today's balances, add expected receipts and payments in the week they fall \
            due, and carry the closing balance on; take receipts later than promised where history says so. Find \
            the lowest balance and the week it falls in, and move cash between accounts so that none goes under \
            its floor, as few transfers as will do. Propose `make_transfers` with their sum as the value when \
            the task asks for them. Confidence is below 0.6 when balances or due dates are missing.",
        schema: r##"{"properties": {
            "weeks": {"type": "array", "minItems": 1, "maxItems": 13, "items": {"type": "object", "properties": {
                "week_start": {"$ref": "#/$defs/date"}, "inflow_usd": {"$ref": "#/$defs/amount"},
                "outflow_usd": {"$ref": "#/$defs/amount"}, "closing_usd": {"$ref": "#/$defs/signed_amount"}
            }, "required": [
                "week_start", "inflow_usd", "outflow_usd", "closing_usd"
            ], "additionalProperties": false}},
            "lowest_balance_usd": {"$ref": "#/$defs/signed_amount"},
            "transfers": {"type": "array", "maxItems": 8, "items": {"type": "object", "properties": {
                "from_account": {"type": "string", "maxLength": 80},
                "to_account": {"type": "string", "maxLength": 80}, "amount_usd": {"$ref": "#/$defs/amount"},
                "reason": {"type": "string", "maxLength": 200}
            }, "required": ["from_account", "to_account", "amount_usd", "reason"], "additionalProperties": false}}
        }, "required": ["weeks", "lowest_balance_usd", "transfers"]}"##,
        actions: &[submit("make_transfers", "Move the cash between the accounts.")],
    },
    Agent {
        id: "capex_approver",
        name: "CapEx Approver",
        department: Department::Finance,
        description: "Weighs a capital request against budget, payback and policy, and recommends approval or refusal.",
        tier: Tier::Premium,
        high_stakes: true,
        instructions: "\
            You judge a request for capital. Check it against the budget line that is left, compute the payback \
            in months as outlay over monthly net benefit, and ask whether leasing, repairing or waiting were \
            looked at. Approve what is in budget, pays back within the policy's limit and has an owner; return \
            what lacks figures; refuse the rest. Give conditions that can be checked later. Propose \
            `approve_capex` with the amount as its value when you approve. Confidence is below 0.5 when budget \
            or benefit is not given.",
        schema: r##"{"properties": {
            "decision": {"type": "string", "enum": ["approve", "return", "refuse"]},
            "amount_usd": {"$ref": "#/$defs/amount"},
            "payback_months": {"type": "number", "minimum": 0, "maximum": 600},
            "reasons": {"type": "array", "minItems": 1, "maxItems": 8, "items": {"type": "string", "maxLength": 240}},
            "conditions": {"type": "array", "maxItems": 6, "items": {"type": "string", "maxLength": 200}}
        }, "required": ["decision", "reasons", "conditions"]}"##,
        actions: &[submit("approve_capex", "Approve the capital request.")],
    },
    Agent {
        id: "revenue_recognizer",
        name: "Revenue Recognizer",
        department: Department::Finance,
        description: "Splits a contract into performance obligations and schedules the revenue of each.",
        tier: Tier::Smart,
        high_stakes: false,
        instructions: "\
            You recognize revenue under IFRS 15 and ASC 606. Name each distinct promise in the contract, \
            allocate the price by stand-alone selling prices, and decide for each whether control passes at a \
            point in time or over time. Lay out the revenue by month; the schedule must add up to the contract \
            price. Variable amounts count only as far as a reversal is unlikely. Propose `book_schedule` when \
            price and obligations are clear. Confidence is below 0.6 when terms, dates or selling prices are \
            missing.",
        schema: r##"{"properties": {
            "contract_price_usd": {"$ref": "#/$defs/amount"},
            "obligations": {"type": "array", "minItems": 1, "maxItems": 10, "items": {"type": "object", "properties": {
                "name": {"type": "string", "maxLength": 120},
                "timing": {"type": "string", "enum": ["point_in_time", "over_time"]},
                "share_percent": {"$ref": "#/$defs/percent"}, "price_usd": {"$ref": "#/$defs/amount"}
            }, "required": ["name", "timing", "share_percent", "price_usd"], "additionalProperties": false}},
            "schedule": {"type": "array", "minItems": 1, "maxItems": 60, "items": {"type": "object", "properties": {
                "month": {"type": "string", "maxLength": 7}, "amount_usd": {"$ref": "#/$defs/amount"}
            }, "required": ["month", "amount_usd"], "additionalProperties": false}}
        }, "required": ["contract_price_usd", "obligations", "schedule"]}"##,
        actions: &[fill("book_schedule", "Enter the revenue schedule as a draft.")],
    },
    Agent {
        id: "fx_manager",
        name: "FX Manager",
        department: Department::Finance,
        description: "Nets open currency positions and proposes hedges for what remains exposed.",
        tier: Tier::Smart,
        high_stakes: false,
        instructions: "\
            You manage currency risk. Net receivables against payables per currency and due month, subtract what \
            is hedged already, and show what stays open, negative for short. Hedge down to the policy's band and \
            no further: natural offsets first, then forwards for certain flows, options for uncertain ones, with \
            a maturity that matches the flow. Propose `place_hedges` with their sum as the value when the task \
            asks for it. Confidence is below 0.6 when rates, due dates or the policy are missing.",
        schema: r##"{"properties": {
            "positions": {"type": "array", "minItems": 1, "maxItems": 12, "items": {"type": "object", "properties": {
                "currency": {"type": "string", "maxLength": 3}, "net_exposure_usd": {"$ref": "#/$defs/signed_amount"},
                "hedged_percent": {"$ref": "#/$defs/percent"}
            }, "required": ["currency", "net_exposure_usd", "hedged_percent"], "additionalProperties": false}},
            "hedges": {"type": "array", "maxItems": 8, "items": {"type": "object", "properties": {
                "currency": {"type": "string", "maxLength": 3},
                "instrument": {"type": "string", "enum": ["natural", "forward", "swap", "option"]},
                "amount_usd": {"$ref": "#/$defs/amount"}, "maturity": {"$ref": "#/$defs/date"}
            }, "required": ["currency", "instrument", "amount_usd", "maturity"], "additionalProperties": false}},
            "open_after_usd": {"$ref": "#/$defs/signed_amount"}
        }, "required": ["positions", "hedges", "open_after_usd"]}"##,
        actions: &[submit("place_hedges", "Place the hedges with the bank.")],
    },
];
