//! `reader`: what a document says, given as text in the data.
//!
//! The texts of the data are the document; without one the task is. What it orders is reported and not done.

use serde_json::{Value, json};

use super::Written;
use super::facts::Facts;
use super::figures::amounts;
use crate::agents::AMOUNT_MAX;
use crate::models::ModelRequest;
use crate::models::sandbox::fields;
use crate::models::sandbox::wording::{describe, excerpt, field_words};

/// Words that tell what kind of document it is, first hit wins; more telling ones stand first. A letter that goes with an
/// invoice is the invoice, and who asks to "resume" work sends no résumé.
const KINDS: [(&str, &str); 12] = [
    ("purchase order", "purchase_order"),
    ("delivery note", "delivery_note"),
    ("curriculum vitae", "resume"),
    ("invoice", "invoice"),
    ("résumé", "resume"),
    ("agreement", "contract"),
    ("contract", "contract"),
    ("statement", "statement"),
    ("report", "report"),
    ("resume", "resume"),
    ("dear", "letter"),
    ("sincerely", "letter"),
];

/// Fields that name a party.
const PARTIES: [&str; 8] = [
    "supplier", "vendor", "customer", "buyer", "seller", "from", "to", "employee",
];

/// How much of the texts is read. *Units*: characters. Our choice.
const READ_CHARS_MAX: usize = 20_000;

/// How many amounts are reported. *Source*: the reader's schema.
const AMOUNTS_MAX: usize = 12;

/// Adds type, parties, dates, amounts and references.
pub(super) fn add(written: &mut Written, request: &ModelRequest<'_>, facts: &Facts<'_>) {
    let texts: Vec<_> = fields(request).filter_map(|(_, value)| value.as_str()).collect();
    let document: String = if texts.is_empty() {
        request.task.to_owned()
    } else {
        texts.join("\n")
    };
    let document: String = document.chars().take(READ_CHARS_MAX).collect();
    let kind = kind(&document);
    let parties = fields(request)
        .filter(|(name, value)| value.is_string() && PARTIES.contains(&name.as_str()))
        .take(6);
    let parties = parties.map(|(name, value)| json!({ "name": describe(value), "role": field_words(name) }));
    let dates = facts
        .dates
        .iter()
        .take(10)
        .map(|date| json!({ "label": "Date in the text", "date": date }));
    let amounts = amounts(&document)
        .filter(|(amount, _)| *amount <= AMOUNT_MAX)
        .take(AMOUNTS_MAX);
    let amounts = amounts
        .map(|(amount, currency)| json!({ "label": "Amount in the text", "amount": amount, "currency": currency }));
    let references = facts
        .references
        .iter()
        .take(10)
        .map(|reference| Value::from(excerpt(reference, 60)));
    let output = &mut written.output;
    output.insert("document_type".to_owned(), Value::from(kind));
    output.insert("parties".to_owned(), parties.collect());
    output.insert("dates".to_owned(), dates.collect());
    output.insert("amounts".to_owned(), amounts.collect());
    output.insert("references".to_owned(), references.collect());
}

/// Finds the kind by whole words, in the singular or the plural.
fn kind(document: &str) -> &'static str {
    let words = document.to_lowercase();
    let words: Vec<&str> = words
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let words = format!(" {} ", words.join(" "));
    let is_named = |word: &str| words.contains(&format!(" {word} ")) || words.contains(&format!(" {word}s "));
    let known = KINDS.iter().find(|(word, _)| is_named(word));
    known.map_or("other", |(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_a_kind_by_whole_words() {
        for (document, expected) in [
            ("We resume work once the invoice is paid.", "invoice"),
            ("Invoices of May", "invoice"),
            ("Curriculum vitae of Ada", "resume"),
            ("My résumé", "resume"),
            ("It was reported that he contracted a cold.", "other"),
            ("Dear Sir,\nyours", "letter"),
            ("The dearest of all", "other"),
            ("Purchase\norder 7, with an invoice", "purchase_order"),
            ("", "other"),
        ] {
            assert_eq!(kind(document), expected, "{document}");
        }
    }
}
