//! Figures: what a written number is, and in which currency.
//!
//! `$1,200.50`, `€50.000,00`, `USD 50000` and `900 dollars` are read as people mean them. What can be meant in two ways is
//! no figure: a wrong amount is worse than none.

use serde_json::Value;

/// Signs and words of currencies, in lower case, and their codes; longer ones stand before those that they begin with.
const CURRENCIES: [(&str, &str); 14] = [
    ("us$", "USD"),
    ("$", "USD"),
    ("usd", "USD"),
    ("dollars", "USD"),
    ("dollar", "USD"),
    ("€", "EUR"),
    ("eur", "EUR"),
    ("euros", "EUR"),
    ("euro", "EUR"),
    ("£", "GBP"),
    ("gbp", "GBP"),
    ("pounds", "GBP"),
    ("chf", "CHF"),
    ("jpy", "JPY"),
];

/// Reads a figure, as a number or as text like `$5,000.00`.
pub(super) fn figure(value: &Value) -> Option<f64> {
    money(value).map(|(figure, _)| figure)
}

/// Reads a figure with the currency that it names, if it names one.
pub(super) fn money(value: &Value) -> Option<(f64, Option<&'static str>)> {
    match value {
        Value::Number(number) => number
            .as_f64()
            .filter(|figure| figure.is_finite())
            .map(|figure| (figure, None)),
        Value::String(text) => written(text),
        _ => None,
    }
}

/// Gives the code of a currency's sign or word.
pub(super) fn currency(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    CURRENCIES
        .iter()
        .find(|(known, _)| *known == word)
        .map(|(_, code)| *code)
}

/// Finds amounts of money with their currency: `$1,200`, `$ 5,000`, `€40`, `900 USD`, `USD 50000`.
pub(super) fn amounts(text: &str) -> impl Iterator<Item = (f64, &'static str)> {
    let mut words = text.split_whitespace().map(bare).peekable();
    std::iter::from_fn(move || {
        loop {
            let word = words.next()?;
            let next = words.peek().copied().unwrap_or_default();
            let found = match (written(word), currency(word), currency(next)) {
                (Some((amount, Some(code))), _, _) => Some((amount, code)),
                (Some((amount, None)), _, Some(code)) => {
                    words.next();
                    Some((amount, code))
                }
                (None, Some(code), _) => match written(next) {
                    Some((amount, None)) => {
                        words.next();
                        Some((amount, code))
                    }
                    _ => None,
                },
                _ => None,
            };
            if let Some((amount, code)) = found.filter(|(amount, _)| *amount >= 0.0) {
                return Some((amount, code));
            }
        }
    })
}

/// A word without the punctuation around it; a currency's sign stays.
pub(super) fn bare(word: &str) -> &str {
    word.trim_start_matches(['(', '[', '"', '\u{201c}'])
        .trim_end_matches(['.', ',', ';', ':', ')', ']', '?', '!', '"', '\u{201d}'])
}

/// Reads a number with or without a currency before or behind it.
fn written(text: &str) -> Option<(f64, Option<&'static str>)> {
    let text = text.trim();
    let is_of_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '-');
    let start = text.find(is_of_number)?;
    let end = text.rfind(|c: char| c.is_ascii_digit())? + 1;
    let digits = text.get(start..end)?;
    let around = [text[..start].trim(), text[end..].trim()];
    let code = match around {
        ["", ""] => None,
        [sign, ""] | ["", sign] => Some(currency(sign)?),
        _ => return None,
    };
    Some((number(digits, code)?, code))
}

/// Reads digits with points and commas. The last of the two kinds is the decimal one, where both are there.
fn number(digits: &str, code: Option<&str>) -> Option<f64> {
    let (is_negative, digits) = match digits.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, digits),
    };
    let (whole, fraction, separator) = match (digits.rfind('.'), digits.rfind(',')) {
        (Some(point), Some(comma)) if point > comma => (&digits[..point], &digits[point + 1..], ','),
        (Some(_), Some(comma)) => (&digits[..comma], &digits[comma + 1..], '.'),
        (Some(_), None) if digits.matches('.').count() > 1 => (digits, "", '.'),
        // In euros a thousand is written with a point; in dollars nobody writes three places.
        (Some(point), None) if code == Some("EUR") && digits.len() - point == 4 => (digits, "", '.'),
        (Some(point), None) => (&digits[..point], &digits[point + 1..], ','),
        // `50,00` has cents, `50,000` has thousands.
        (None, Some(comma)) if digits.len() - comma < 4 => (&digits[..comma], &digits[comma + 1..], '.'),
        (None, _) => (digits, "", ','),
    };
    let mut groups = whole.split(separator);
    let first = groups.next()?;
    let is_grouped = groups.clone().next().is_none() || (1..=3).contains(&first.len());
    let is_plain = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    if !is_grouped || !groups.all(|group| group.len() == 3) || first.is_empty() {
        return None;
    }
    let whole = whole.replace(separator, "");
    if !is_plain(&whole) || !is_plain(fraction) {
        return None;
    }
    let figure: f64 = format!("{whole}.{fraction}0").parse().ok()?;
    Some(if is_negative { -figure } else { figure }).filter(|figure: &f64| figure.is_finite())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_a_number_as_people_write_it() {
        let cases = [
            ("5000", Some((5_000.0, None))),
            ("-12.5", Some((-12.5, None))),
            ("5,000", Some((5_000.0, None))),
            ("1,500,000.25", Some((1_500_000.25, None))),
            ("50,00", Some((50.0, None))),
            ("1.500.000", Some((1_500_000.0, None))),
            ("12.500", Some((12.5, None))),
            ("$5,000.50", Some((5_000.5, Some("USD")))),
            ("US$ 12", Some((12.0, Some("USD")))),
            ("€50.000,00", Some((50_000.0, Some("EUR")))),
            ("€50.000", Some((50_000.0, Some("EUR")))),
            ("1.234.567,89 EUR", Some((1_234_567.89, Some("EUR")))),
            ("900 dollars", Some((900.0, Some("USD")))),
            ("£ 3", Some((3.0, Some("GBP")))),
            ("1,23,456", None),
            ("5,0000", None),
            ("1.5.2", None),
            ("1,500.000,25", None),
            ("12 lamps", None),
            ("INV-2024", None),
            ("2026-06-30", None),
            (".5", None),
            ("1e5", None),
            ("inf", None),
            ("NaN", None),
            ("", None),
            ("$", None),
        ];
        for (text, expected) in cases {
            assert_eq!(money(&json!(text)), expected, "{text}");
        }
        assert_eq!(money(&json!(12.5)), Some((12.5, None)));
        assert_eq!(money(&json!(true)), None);
    }

    #[test]
    fn finds_amounts_that_say_what_they_are() {
        let text = "Pay $1,200.50, then 900 USD and €40; $ 5,000 (USD 50000), €50.000,00 and 7 pounds, not 77 or $x.";
        let found: Vec<_> = amounts(text).collect();
        let expected = [
            (1_200.5, "USD"),
            (900.0, "USD"),
            (40.0, "EUR"),
            (5_000.0, "USD"),
            (50_000.0, "USD"),
            (50_000.0, "EUR"),
            (7.0, "GBP"),
        ];
        assert_eq!(found, expected);
    }
}
