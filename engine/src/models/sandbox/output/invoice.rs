//! `ap_specialist`: whether an invoice may be paid, and why.
//!
//! The amount comes from the data, and so may the threshold, `approval_threshold_usd`. Above it the sandbox does not approve
//! by itself but proposes to submit the payment, which the trust gate then sends to a person.

use serde_json::{Map, Value};

use super::Written;
use super::figures::{currency, figure, money};
use super::sums::cents;
use crate::action::ProposedAction;
use crate::agents::AMOUNT_MAX;
use crate::models::ModelRequest;
use crate::models::sandbox::wording::{excerpt, references};

/// Where an organization's threshold stands in the data. *Units*: US dollars, inclusive: that much is still approved.
const THRESHOLD_FIELD: &str = "approval_threshold_usd";

/// The threshold where the data has none. *Units*: US dollars, inclusive. Our choice: organizations have no setting of
/// their own for it, and this is the one figure of the trust ladder (contract §10).
const THRESHOLD_USD: f64 = 10_000.0;

/// Where an amount may stand, first hit wins.
const AMOUNT_FIELDS: [&str; 4] = ["amount", "amount_usd", "total", "total_usd"];

/// How long a reason may be. *Units*: characters. *Source*: the agent's schema.
const REASON_CHARS_MAX: usize = 300;

/// Adds `approved` with its reasons, and above the threshold the action.
pub(super) fn add(written: &mut Written, request: &ModelRequest<'_>) {
    let number = references(request.task).next();
    let invoice = number.unwrap_or("the invoice");
    let amount = request.data.and_then(Amount::of);
    let threshold = request.data.and_then(threshold_usd).unwrap_or(THRESHOLD_USD);
    let (approved, reasons) = match amount {
        None => (false, vec![format!("No amount for {invoice} was given in the data.")]),
        Some(Amount { figure, currency }) if currency != USD => {
            let other = format!("The amount {figure} is in {currency}, and the approval threshold in USD.");
            (false, vec![other, "A person has to convert it first.".to_owned()])
        }
        Some(Amount { figure, .. }) if figure <= 0.0 => {
            (false, vec![format!("The amount {figure} USD is not above zero.")])
        }
        Some(Amount { figure, .. }) if figure > threshold => {
            written.action = payment(request, invoice, figure);
            let over = format!("The amount {figure} USD is over the approval threshold of {threshold} USD.");
            (false, vec![over, "A person has to approve the payment.".to_owned()])
        }
        Some(Amount { figure, .. }) => {
            let within = format!("The amount {figure} USD is within the approval threshold of {threshold} USD.");
            let clean = format!("Nothing in the data speaks against paying {invoice}.");
            (true, vec![within, clean])
        }
    };
    let reasons = reasons
        .iter()
        .map(|reason| Value::from(excerpt(reason, REASON_CHARS_MAX)));
    let output = &mut written.output;
    output.insert("approved".to_owned(), Value::Bool(approved));
    output.insert("reasons".to_owned(), reasons.collect());
    if let Some(number) = number {
        output.insert("invoice_number".to_owned(), Value::from(number));
    }
    if let Some(amount) = amount.filter(|amount| amount.figure >= 0.0 && amount.currency == USD) {
        output.insert("amount_usd".to_owned(), Value::from(amount.figure));
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

/// The currency that the threshold is in.
const USD: &str = "USD";

/// What an invoice is over.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Amount {
    /// To the cent.
    figure: f64,
    /// As an ISO 4217 code; `another currency` where the data names one that is not known here.
    currency: &'static str,
}

impl Amount {
    /// Reads the amount; one that no invoice has is none. What it says of its currency itself counts first.
    fn of(data: &Map<String, Value>) -> Option<Self> {
        let (name, amount) = AMOUNT_FIELDS
            .iter()
            .find_map(|name| data.get(*name).map(|amount| (*name, amount)))?;
        let (figure, written) = money(amount)?;
        let named = if name.ends_with("_usd") {
            None
        } else {
            data.get("currency").and_then(Value::as_str)
        };
        let named = named.map(str::trim).filter(|named| !named.is_empty());
        let named = named.map(|named| currency(named).unwrap_or("another currency"));
        (figure.abs() <= AMOUNT_MAX).then(|| Self {
            // A fraction of a cent is nobody's invoice, and thousands of digits no reason.
            figure: cents(figure),
            currency: written.or(named).unwrap_or(USD),
        })
    }
}

fn threshold_usd(data: &Map<String, Value>) -> Option<f64> {
    let threshold = figure(data.get(THRESHOLD_FIELD)?).map(cents);
    threshold.filter(|threshold| (0.0..=AMOUNT_MAX).contains(threshold))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_an_amount_however_it_is_written() {
        let cases = [
            (json!({ "amount": 5000 }), Some((5_000.0, USD))),
            (json!({ "amount": "$5,000.50" }), Some((5_000.5, USD))),
            (json!({ "amount": "USD 5000" }), Some((5_000.0, USD))),
            (json!({ "total": 12.5 }), Some((12.5, USD))),
            (json!({ "amount": 12.005_001 }), Some((12.01, USD))),
            (json!({ "amount": 1e-300 }), Some((0.0, USD))),
            (json!({ "amount": "€50.000,00" }), Some((50_000.0, "EUR"))),
            (json!({ "amount": 5, "currency": " eur " }), Some((5.0, "EUR"))),
            (json!({ "amount": 5, "currency": "US$" }), Some((5.0, USD))),
            (
                json!({ "amount": 5, "currency": "XAU" }),
                Some((5.0, "another currency")),
            ),
            (json!({ "amount": 5, "currency": "" }), Some((5.0, USD))),
            (json!({ "amount_usd": 5, "currency": "EUR" }), Some((5.0, USD))),
            (json!({ "amount": "much" }), None),
            (json!({ "amount": "inf" }), None),
            (json!({ "amount": 1e308 }), None),
            (json!({ "amount": "NaN" }), None),
            (json!({ "amount": null }), None),
            (json!({ "price": 3 }), None),
        ];
        for (data, expected) in cases {
            let amount = data.as_object().and_then(Amount::of);
            assert_eq!(
                amount.map(|amount| (amount.figure, amount.currency)),
                expected,
                "{data}"
            );
        }
    }
}
