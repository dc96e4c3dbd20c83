//! `procurement_specialist`: three vendor quotes and the one it recommends.
//!
//! "Get 3 vendor quotes for 500 laptops" quotes 500 laptops. The vendors are invented; their prices follow from the
//! request, so the same request always recommends the same vendor.

use serde_json::{Value, json};

use super::Written;
use crate::models::ModelRequest;
use crate::models::sandbox::seed::Seed;
use crate::models::sandbox::wording::{excerpt, words};

/// Invented names, so that no real company is quoted.
const VENDORS: [&str; 6] = [
    "Northgate Supply",
    "Meridian Wholesale",
    "Halden Trade",
    "Bluecrest Distribution",
    "Tessaro Industrial",
    "Orchard Row Direct",
];

/// How many quotes are given. *Source*: the manual's example.
const QUOTES: usize = 3;

/// The largest quantity that is taken for one. *Source*: the agent's schema; totals stay exact and within it.
const QUANTITY_MAX: u64 = 100_000_000;

/// Words after a number that say it counts quotes and not goods.
const QUOTE_WORDS: [&str; 9] = [
    "vendor",
    "vendors",
    "quote",
    "quotes",
    "supplier",
    "suppliers",
    "bid",
    "bids",
    "offers",
];

/// Words that end the name of the goods.
const ENDING_WORDS: [&str; 12] = [
    "by", "for", "from", "with", "within", "in", "at", "to", "and", "before", "under", "per",
];

/// What is to be bought.
#[derive(Debug, PartialEq)]
struct Order<'a> {
    quantity: u64,
    /// As the task calls them; empty when it does not say.
    goods: Vec<&'a str>,
}

/// Adds `vendors`, `recommended` and a finding that says why.
pub(super) fn add(written: &mut Written, request: &ModelRequest<'_>, seed: &Seed) {
    let mut order = read_order(request.task);
    if let Some(quantity) = request
        .data
        .and_then(|data| data.get("quantity"))
        .and_then(Value::as_u64)
    {
        order.quantity = quantity.clamp(1, QUANTITY_MAX);
    }
    let quotes = quotes(order.quantity, seed);
    let best = quotes
        .iter()
        .min_by_key(|quote| quote.unit_cents)
        .expect("there are always three quotes");
    let goods = if order.goods.is_empty() {
        "units".to_owned()
    } else {
        excerpt(&order.goods.join(" "), 80)
    };
    let reason = format!(
        "{} has the lowest price of {QUOTES} quotes for {} {goods}.",
        best.vendor, order.quantity
    );
    if let Some(Value::Array(findings)) = written.output.get_mut("findings") {
        findings.push(Value::from(reason));
    }
    written
        .output
        .insert("recommended".to_owned(), Value::from(best.vendor));
    written.output.insert(
        "vendors".to_owned(),
        quotes.iter().map(|quote| quote.to_json(order.quantity)).collect(),
    );
}

/// Finds quantity and goods: the first number that does not count quotes, and up to three words after it.
fn read_order(task: &str) -> Order<'_> {
    let words: Vec<_> = words(task).collect();
    for (at, word) in words.iter().enumerate() {
        let Some(quantity) = quantity(word) else {
            continue;
        };
        let after = &words[at + 1..];
        if after
            .first()
            .is_some_and(|next| QUOTE_WORDS.contains(&next.to_ascii_lowercase().as_str()))
        {
            continue;
        }
        let names_goods = |word: &&&str| {
            word.starts_with(char::is_alphabetic) && !ENDING_WORDS.contains(&word.to_ascii_lowercase().as_str())
        };
        let goods = after.iter().take_while(names_goods).take(3).copied().collect();
        return Order { quantity, goods };
    }
    Order {
        quantity: 1,
        goods: Vec::new(),
    }
}

/// Reads `500` and `1,500`; prices, years in dates and model names are not quantities.
fn quantity(word: &str) -> Option<u64> {
    word.replace(',', "")
        .parse()
        .ok()
        .filter(|quantity| (1..=QUANTITY_MAX).contains(quantity))
}

/// One vendor's offer.
struct Quote {
    vendor: &'static str,
    unit_cents: u64,
    delivery_days: u64,
}

impl Quote {
    fn to_json(&self, quantity: u64) -> Value {
        json!({
            "name": self.vendor,
            "quantity": quantity,
            "unit_price_usd": dollars(self.unit_cents),
            "total_usd": dollars(self.unit_cents * quantity),
            "delivery_days": self.delivery_days,
        })
    }
}

/// Exact: totals stay under 1.7e13 cents, and a double holds whole numbers up to 9e15.
fn dollars(cents: u64) -> f64 {
    cents as f64 / 100.0
}

/// Prices three vendors around one base price; larger orders are cheaper by the piece.
fn quotes(quantity: u64, seed: &Seed) -> Vec<Quote> {
    let base_cents = 4_000 + seed.below("base price", 146_000);
    let discount_percent = match quantity {
        0..10 => 0,
        10..100 => 4,
        100..1_000 => 9,
        _ => 14,
    };
    let first = usize::try_from(seed.below("first vendor", VENDORS.len() as u64)).expect("an index of six");
    let vendors = VENDORS.iter().cycle().skip(first).take(QUOTES);
    vendors
        .map(|vendor| Quote {
            vendor,
            unit_cents: base_cents * (100 - discount_percent) / 100 * (960 + seed.below(vendor, 120)) / 1_000,
            delivery_days: 3 + seed.below(&format!("delivery of {vendor}"), 18),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_quantity_and_goods_from_a_task() {
        let cases: [(&str, u64, &str); 8] = [
            ("Get 3 vendor quotes for 500 laptops", 500, "laptops"),
            (
                "Compare 4 suppliers: 1,500 office chairs with arms, by June",
                1_500,
                "office chairs",
            ),
            ("Buy 40 desks", 40, "desks"),
            ("Find a printer", 1, ""),
            ("Three quotes please", 1, ""),
            ("Order 0 lamps", 1, ""),
            ("Order 99999999999999999999 lamps", 1, ""),
            ("", 1, ""),
        ];
        for (task, quantity, goods) in cases {
            let order = read_order(task);
            assert_eq!(
                (order.quantity, order.goods.join(" ").as_str()),
                (quantity, goods),
                "{task}"
            );
        }
    }
}
