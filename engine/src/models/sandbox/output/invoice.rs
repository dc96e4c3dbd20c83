//! `ap_specialist`: whether an invoice may be paid, and why.
//!
//! The amount comes from the data. Above the limit it does not approve by itself but proposes to submit the payment,
//! which the trust gate then sends to a person.

use serde_json::{Map, Value};

use super::Written;
use crate::action::{ActionKind, ProposedAction};
use crate::models::ModelRequest;
use crate::models::sandbox::wording::references;

/// The amount up to which the sandbox approves. *Units*: US dollars, inclusive. Our choice: organizations have no
/// threshold of their own yet, and this is the one figure of the trust ladder (contract §10).
const APPROVAL_LIMIT_USD: f64 = 10_000.0;

/// Where an amount may stand, first hit wins.
const AMOUNT_FIELDS: [&str; 4] = ["amount", "amount_usd", "total", "total_usd"];

/// Adds `approved` and `reasons`, and above the limit the action.
pub(super) fn add(written: &mut Written, request: &ModelRequest<'_>) {
    let invoice = references(request.task).next().unwrap_or("the invoice");
    let (approved, reasons) = match request.data.and_then(amount_usd) {
        None => (false, vec![format!("No amount for {invoice} was given in the data.")]),
        Some(amount) if amount <= 0.0 => (false, vec![format!("The amount {amount} USD is not above zero.")]),
        Some(amount) if amount > APPROVAL_LIMIT_USD => {
            written.action = Some(payment(invoice, amount));
            let over = format!("The amount {amount} USD is over the approval limit of {APPROVAL_LIMIT_USD} USD.");
            (false, vec![over, "A person has to approve the payment.".to_owned()])
        }
        Some(amount) => {
            let within = format!("The amount {amount} USD is within the approval limit of {APPROVAL_LIMIT_USD} USD.");
            (
                true,
                vec![within, format!("Nothing in the data speaks against paying {invoice}.")],
            )
        }
    };
    written.output.insert("approved".to_owned(), Value::Bool(approved));
    written.output.insert("reasons".to_owned(), Value::from(reasons));
}

fn payment(invoice: &str, amount_usd: f64) -> ProposedAction {
    ProposedAction {
        kind: ActionKind::Submit,
        description: format!("Release the payment of {amount_usd} USD for {invoice}."),
        value_usd: Some(amount_usd),
    }
}

/// Reads the amount, as a number or as text like `$5,000.00`.
fn amount_usd(data: &Map<String, Value>) -> Option<f64> {
    let amount = AMOUNT_FIELDS.iter().find_map(|name| data.get(*name))?;
    let figure = match amount {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().trim_start_matches('$').replace(',', "").parse().ok(),
        _ => None,
    };
    figure.filter(|figure| figure.is_finite())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_an_amount_however_it_is_written() {
        let cases = [
            (json!({ "amount": 5000 }), Some(5000.0)),
            (json!({ "amount": "$5,000.50" }), Some(5000.5)),
            (json!({ "total": 12.5 }), Some(12.5)),
            (json!({ "amount": "much" }), None),
            (json!({ "amount": "inf" }), None),
            (json!({ "amount": "NaN" }), None),
            (json!({ "amount": null }), None),
            (json!({ "price": 3 }), None),
        ];
        for (data, expected) in cases {
            let amount = data.as_object().and_then(amount_usd);
            assert_eq!(amount, expected, "{data}");
        }
    }
}
