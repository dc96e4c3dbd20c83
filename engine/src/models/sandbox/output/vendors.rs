//! `procurement_specialist`: vendor quotes and the one it recommends.
//!
//! "Get 3 vendor quotes for 500 laptops" has three quotes for 500 laptops. Quotes that the data has are compared as they are;
//! without any the vendors are invented, and their prices follow from the request, so that the same request always
//! recommends the same vendor.

use serde_json::{Map, Value, json};

use super::Written;
use super::facts::{Facts, given};
use super::figures::{figure, money};
use super::numbers::{COUNT_MAX, Counts, numbers};
use super::sums::cents;
use crate::agents::AMOUNT_MAX;
use crate::models::ModelRequest;
use crate::models::sandbox::seed::Seed;
use crate::models::sandbox::wording::{counted, excerpt};

/// Invented names, so that no real company is quoted.
const VENDORS: [&str; 10] = [
    "Northgate Supply",
    "Meridian Wholesale",
    "Halden Trade",
    "Bluecrest Distribution",
    "Tessaro Industrial",
    "Orchard Row Direct",
    "Kestrel & Vane",
    "Lowmark Partners",
    "Quillon Stores",
    "Sundial Sourcing",
];

/// How many quotes are given where the task does not say. *Source*: the manual's example.
const QUOTES: u64 = 3;

/// How many quotes there are at most. *Source*: the agent's schema.
const QUOTES_MAX: usize = 10;

/// Longest time to deliver. *Units*: days. *Source*: the agent's schema.
const DELIVERY_DAYS_MAX: f64 = 730.0;

/// What is to be bought.
#[derive(Debug, PartialEq)]
struct Order<'a> {
    quantity: u64,
    /// As the task calls them; empty when it does not say.
    goods: Vec<&'a str>,
    /// How many quotes are asked for.
    quotes: u64,
}

/// One vendor's offer.
struct Quote {
    vendor: String,
    quantity: u64,
    unit_price_usd: f64,
    total_usd: f64,
    delivery_days: u64,
}

/// Adds `vendors`, `recommended` and a finding that says why.
pub(super) fn add(written: &mut Written, request: &ModelRequest<'_>, seed: &Seed) {
    let facts = Facts::of(request);
    let mut order = read_order(request.task);
    if let Some(quantity) = facts.given("quantity").and_then(quantity) {
        order.quantity = quantity;
    }
    let lists = ["vendors", "quotes", "offers", "bids"].map(|name| facts.entries(name));
    let held = lists.iter().find(|entries| !entries.is_empty());
    let held = held.copied().into_iter().flatten().filter_map(Value::as_object);
    let held: Vec<_> = held
        .filter_map(|entry| held_quote(entry, &order, seed))
        .take(QUOTES_MAX)
        .collect();
    let quotes = if held.is_empty() { invented(&order, seed) } else { held };
    let best = quotes
        .iter()
        .min_by(|one, other| one.by_the_piece().total_cmp(&other.by_the_piece()))
        .expect("there is always a quote");
    let goods = if order.goods.is_empty() {
        "units".to_owned()
    } else {
        excerpt(&order.goods.join(" "), 80)
    };
    let reason = format!(
        "{} has the lowest price of {} for {} {goods}.",
        best.vendor,
        counted(quotes.len(), "quote", "quotes"),
        best.quantity
    );
    if let Some(Value::Array(findings)) = written.output.get_mut("findings") {
        findings.push(Value::from(reason));
    }
    let recommended = Value::from(best.vendor.as_str());
    written.output.insert("recommended".to_owned(), recommended);
    let vendors = quotes.iter().map(Quote::to_json).collect();
    written.output.insert("vendors".to_owned(), vendors);
}

/// Finds goods and quotes: the first number that counts goods, with up to three words that name them, else the first of
/// which nobody says what it counts.
fn read_order(task: &str) -> Order<'_> {
    let mut numbers = numbers(task);
    let of = |counts: Counts| numbers.iter().position(|number| number.counts == counts);
    let quotes = of(Counts::Quotes).map_or(QUOTES, |at| numbers[at].value);
    let goods = of(Counts::Goods)
        .or_else(|| of(Counts::Unsaid))
        .map(|at| numbers.swap_remove(at));
    let (quantity, goods) = goods.map_or((1, Vec::new()), |goods| (goods.value, goods.goods));
    Order {
        quantity,
        goods,
        quotes: quotes.clamp(1, QUOTES_MAX as u64),
    }
}

/// Reads a quantity of the data, as a number or as text.
fn quantity(value: &Value) -> Option<u64> {
    figure(value)
        .filter(|quantity| *quantity > 0.0)
        .map(|quantity| (quantity.round() as u64).clamp(1, COUNT_MAX))
}

/// Reads a quote that the data has; without a vendor or a price in US dollars it is none.
fn held_quote(entry: &Map<String, Value>, order: &Order<'_>, seed: &Seed) -> Option<Quote> {
    let named = |names: &[&str]| names.iter().find_map(|name| given(entry, name));
    let price = |names: &[&str]| {
        let (price, currency) = named(names).and_then(money)?;
        let is_dollars = currency.is_none_or(|code| code == "USD");
        (is_dollars && (0.0..=AMOUNT_MAX).contains(&price)).then(|| cents(price))
    };
    let vendor = named(&["name", "vendor", "supplier"])?.as_str()?.trim();
    let quantity = given(entry, "quantity").and_then(quantity).unwrap_or(order.quantity);
    let (unit, total) = (
        price(&["unit_price_usd", "price_usd"]),
        price(&["total_usd", "amount_usd"]),
    );
    let unit_price_usd = unit.or_else(|| total.map(|total| cents(total / quantity as f64)))?;
    let delivery_days = named(&["delivery_days", "lead_time_days"]).and_then(figure);
    let delivery_days = delivery_days.filter(|days| (0.0..=DELIVERY_DAYS_MAX).contains(days));
    (!vendor.is_empty()).then(|| Quote {
        quantity,
        unit_price_usd,
        total_usd: total.unwrap_or_else(|| cents(unit_price_usd * quantity as f64).min(AMOUNT_MAX)),
        delivery_days: delivery_days.map_or_else(|| drawn_days(vendor, seed), |days| days.round() as u64),
        vendor: excerpt(vendor, 120),
    })
}

impl Quote {
    /// What one piece comes to, with whatever is in the total.
    fn by_the_piece(&self) -> f64 {
        self.total_usd / self.quantity as f64
    }

    fn to_json(&self) -> Value {
        json!({
            "name": self.vendor,
            "quantity": self.quantity,
            "unit_price_usd": self.unit_price_usd,
            "total_usd": self.total_usd,
            "delivery_days": self.delivery_days,
        })
    }
}

/// Prices as many vendors as are asked for around one base price; larger orders are cheaper by the piece.
fn invented(order: &Order<'_>, seed: &Seed) -> Vec<Quote> {
    let base_cents = 4_000 + seed.below("base price", 146_000);
    let discount_percent = match order.quantity {
        0..10 => 0,
        10..100 => 4,
        100..1_000 => 9,
        _ => 14,
    };
    // Of the first six, as when there were no more: the README shows such an answer.
    let first = usize::try_from(seed.below("first vendor", 6)).expect("an index of six");
    let vendors = VENDORS.iter().cycle().skip(first);
    let quote = |vendor: &&str| {
        let unit_cents = base_cents * (100 - discount_percent) / 100 * (960 + seed.below(vendor, 120)) / 1_000;
        Quote {
            vendor: (*vendor).to_owned(),
            quantity: order.quantity,
            unit_price_usd: dollars(unit_cents),
            total_usd: dollars(unit_cents * order.quantity),
            delivery_days: drawn_days(vendor, seed),
        }
    };
    let count = usize::try_from(order.quotes).expect("at most ten");
    vendors.take(count).map(quote).collect()
}

fn drawn_days(vendor: &str, seed: &Seed) -> u64 {
    3 + seed.below(&format!("delivery of {vendor}"), 18)
}

/// Exact: totals stay under 1.7e13 cents, and a double holds whole numbers up to 9e15.
fn dollars(cents: u64) -> f64 {
    cents as f64 / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_quantity_and_goods_from_a_task() {
        let cases: [(&str, u64, &str, u64); 11] = [
            ("Get 3 vendor quotes for 500 laptops", 500, "laptops", 3),
            ("Get 5 vendor quotes", 1, "", 5),
            ("Get 3 competitive quotes for 500 laptops", 500, "laptops", 3),
            (
                "Compare 4 suppliers: 1,500 office chairs with arms, by June",
                1_500,
                "office chairs",
                4,
            ),
            ("Buy 40 desks at $2,000 by 2027", 40, "desks", 3),
            ("Quote 20 chairs under € 90 in 14 days", 20, "chairs", 3),
            ("Find a printer", 1, "", 3),
            ("Three quotes please", 1, "", 3),
            ("Order 0 lamps", 1, "", 3),
            ("Order 99999999999999999999 lamps, ten bids", 1, "", 10),
            ("", 1, "", 3),
        ];
        for (task, quantity, goods, quotes) in cases {
            let order = read_order(task);
            assert_eq!(
                (order.quantity, order.goods.join(" ").as_str(), order.quotes),
                (quantity, goods, quotes),
                "{task}"
            );
        }
    }
}
