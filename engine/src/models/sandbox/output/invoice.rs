//! `ap_specialist`: whether an invoice may be paid, and why.
//!
//! The amount comes from the data, and so may the threshold, `approval_threshold_usd`. Above it the sandbox does not approve
//! by itself but proposes to submit the payment, which the trust gate then sends to a person.

use serde_json::{Map, Value};

use super::Written;
use super::facts::figure;
use crate::action::ProposedAction;
use crate::agents::AMOUNT_MAX;
use crate::models::ModelRequest;
use crate::models::sandbox::wording::references;

/// Where an organization's threshold stands in the data. *Units*: US dollars, inclusive: that much is still approved.
const THRESHOLD_FIELD: &str = "approval_threshold_usd";

/// The threshold where the data has none. *Units*: US dollars, inclusive. Our choice: organizations have no setting of
/// their own for it, and this is the one figure of the trust ladder (contract §10).
const THRESHOLD_USD: f64 = 10_000.0;

/// Where an amount may stand, first hit wins.
const AMOUNT_FIELDS: [&str; 4] = ["amount", "amount_usd", "total", "total_usd"];

/// Adds `approved` with its reasons, and above the threshold the action.
pub(super) fn add(written: &mut Written, request: &ModelRequest<'_>) {
    let number = references(request.task).next();
    let invoice = number.unwrap_or("the invoice");
    let amount = request.data.and_then(amount_usd);
    let threshold = request.data.and_then(threshold_usd).unwrap_or(THRESHOLD_USD);
    let (approved, reasons) = match amount {
        None => (false, vec![format!("No amount for {invoice} was given in the data.")]),
        Some(amount) if amount <= 0.0 => (false, vec![format!("The amount {amount} USD is not above zero.")]),
        Some(amount) if amount > threshold => {
            written.action = payment(request, invoice, amount);
            let over = format!("The amount {amount} USD is over the approval threshold of {threshold} USD.");
            (false, vec![over, "A person has to approve the payment.".to_owned()])
        }
        Some(amount) => {
            let within = format!("The amount {amount} USD is within the approval threshold of {threshold} USD.");
            (
                true,
                vec![within, format!("Nothing in the data speaks against paying {invoice}.")],
            )
        }
    };
    let output = &mut written.output;
    output.insert("approved".to_owned(), Value::Bool(approved));
    output.insert("reasons".to_owned(), Value::from(reasons));
    if let Some(number) = number {
        output.insert("invoice_number".to_owned(), Value::from(number));
    }
    if let Some(amount) = amount.filter(|amount| *amount >= 0.0) {
        output.insert("amount_usd".to_owned(), Value::from(amount));
    }
}

fn payment(request: &ModelRequest<'_>, invoice: &str, amount_usd: f64) -> Option<ProposedAction> {
    let action = request.agent.actions.iter().find(|action| action.id == "pay_invoice")?;
    Some(ProposedAction {
        kind: action.kind,
        description: format!("Release the payment of {amount_usd} USD for {invoice}."),
        value_usd: Some(amount_usd),
    })
}

/// Reads the amount; one that no invoice has is none.
fn amount_usd(data: &Map<String, Value>) -> Option<f64> {
    let amount = AMOUNT_FIELDS.iter().find_map(|name| data.get(*name))?;
    figure(amount).filter(|amount| amount.abs() <= AMOUNT_MAX)
}

fn threshold_usd(data: &Map<String, Value>) -> Option<f64> {
    figure(data.get(THRESHOLD_FIELD)?).filter(|threshold| (0.0..=AMOUNT_MAX).contains(threshold))
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
            (json!({ "amount": 1e308 }), None),
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
