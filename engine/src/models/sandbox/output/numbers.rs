//! Numbers: the whole numbers of a task, and whether they count goods or quotes.
//!
//! Prices, spans of time, days, years and percentages count neither. Amounts of money are read elsewhere.

use super::figures::{bare, currency};

/// The largest count that is taken for one. *Source*: the schemas' quantities; a made-up price times it stays an amount.
pub(super) const COUNT_MAX: u64 = 100_000_000;

/// How many quotes a task can ask for; more are taken for goods. *Source*: the procurement specialist's schema.
const QUOTES_MAX: u64 = 10;

/// Words that may follow a number without being what it counts.
const NOT_COUNTED: [&str; 21] = [
    "and", "or", "to", "from", "in", "on", "at", "by", "for", "of", "with", "is", "are", "the", "a", "an", "then",
    "per", "percent", "please", "within",
];

/// Words that end the name of the goods.
const ENDING: [&str; 13] = [
    "by", "for", "from", "with", "within", "in", "at", "to", "and", "before", "under", "per", "each",
];

/// What is quoted, or who quotes.
const QUOTES: [&str; 16] = [
    "quote",
    "quotes",
    "quotation",
    "quotations",
    "offer",
    "offers",
    "bid",
    "bids",
    "proposals",
    "vendor",
    "vendors",
    "supplier",
    "suppliers",
    "bidders",
    "alternatives",
    "options",
];

/// Units of time, in the singular.
const TIMES: [&str; 9] = [
    "minute",
    "hour",
    "day",
    "week",
    "month",
    "quarter",
    "year",
    "night",
    "fortnight",
];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Words before a year.
const BEFORE_A_YEAR: [&str; 12] = [
    "by", "in", "of", "since", "until", "till", "before", "after", "from", "year", "fy", "during",
];

/// Small numbers as words, from one.
const WORDS: [&str; 10] = [
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
];

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counts {
    /// What its words name.
    Goods,
    /// Quotes, or those who give them.
    Quotes,
    /// Nobody says.
    Unsaid,
}

/// A number that is a count.
#[derive(Debug, PartialEq)]
pub(super) struct Number<'a> {
    pub value: u64,
    pub counts: Counts,
    /// Up to three words that name the goods.
    pub goods: Vec<&'a str>,
}

/// Finds the counts of a task, in order.
pub(super) fn numbers(task: &str) -> Vec<Number<'_>> {
    let words: Vec<&str> = task.split_whitespace().collect();
    let number = |at: usize| {
        let value = whole(bare(words[at]));
        let spelled = WORDS
            .iter()
            .position(|word| bare(words[at]).eq_ignore_ascii_case(word))
            .map(|at| at as u64 + 1);
        let before = at
            .checked_sub(1)
            .map(|at| bare(words[at]).to_lowercase())
            .unwrap_or_default();
        let phrase = phrase(words[at], &words[at + 1..]);
        let counts = counts(value.or(spelled)?, &before, &phrase)?;
        // A number in words is one only where it counts quotes: "one of the lamps" orders nothing.
        value
            .or(spelled.filter(|_| counts == Counts::Quotes))
            .map(|value| Number {
                value,
                counts,
                goods: goods(&phrase),
            })
    };
    (0..words.len()).filter_map(number).collect()
}

/// Reads `500` and `1,500`.
fn whole(word: &str) -> Option<u64> {
    let mut groups = word.split(',');
    let first = groups.next()?;
    let is_grouped = groups.clone().next().is_none() || (1..=3).contains(&first.len());
    let is_whole = is_grouped && groups.all(|group| group.len() == 3);
    let digits = word.replace(',', "");
    let is_digits = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit());
    (is_whole && is_digits).then(|| digits.parse().ok()).flatten()
}

/// Up to four words after a number, to the end of its phrase: punctuation, or a word that is no noun's.
fn phrase<'a>(number: &str, after: &[&'a str]) -> Vec<&'a str> {
    let mut phrase = Vec::new();
    let mut is_open = bare(number).len() == number.trim_start_matches(['(', '[']).len();
    for word in after.iter().take(4) {
        let name = bare(word);
        if !is_open || name.is_empty() {
            break;
        }
        phrase.push(name);
        is_open = word.ends_with(name);
    }
    phrase
}

fn counts(value: u64, before: &str, phrase: &[&str]) -> Option<Counts> {
    let lower: Vec<String> = phrase.iter().map(|word| word.to_lowercase()).collect();
    let next = lower.first().map_or("", String::as_str);
    let is_time = |word: &String| TIMES.contains(&word.trim_end_matches('s'));
    let is_year = (1900..=2100).contains(&value) && (BEFORE_A_YEAR.contains(&before) || MONTHS.contains(&before));
    let is_span = lower.first().is_some_and(is_time)
        || (matches!(next, "business" | "working" | "calendar") && lower.get(1).is_some_and(is_time));
    let is_day = MONTHS.contains(&before) || MONTHS.contains(&next);
    let is_price = currency(before).is_some() || currency(next).is_some();
    if !(1..=COUNT_MAX).contains(&value) || is_year || is_span || is_day || is_price || next.starts_with('%') {
        return None;
    }
    let named = lower.iter().take_while(|word| !ENDING.contains(&word.as_str()));
    let is_of_quotes = |word: &String| QUOTES.contains(&word.as_str());
    // "10 vendor badges" are badges, "3 competitive quotes" quotes.
    let ends_in_quotes = named.clone().any(|word| is_of_quotes(word) && word.ends_with('s'))
        || (value == 1 && named.clone().any(is_of_quotes));
    if ends_in_quotes && (value <= QUOTES_MAX || is_of_quotes(&next.to_owned())) {
        return Some(Counts::Quotes);
    }
    let is_noun = next.starts_with(char::is_alphabetic) && !NOT_COUNTED.contains(&next);
    Some(if is_noun { Counts::Goods } else { Counts::Unsaid })
}

fn goods<'a>(phrase: &[&'a str]) -> Vec<&'a str> {
    let names_goods = |word: &&&str| {
        let lower = word.to_ascii_lowercase();
        word.starts_with(char::is_alphabetic)
            && !ENDING.contains(&lower.as_str())
            && !NOT_COUNTED.contains(&lower.as_str())
            && !QUOTES.contains(&lower.as_str())
    };
    phrase.iter().take_while(names_goods).take(3).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_goods_from_quotes_and_from_everything_else() {
        use Counts::{Goods, Quotes, Unsaid};
        let cases: [(&str, &[(u64, Counts)]); 17] = [
            ("Get 3 vendor quotes for 500 laptops", &[(3, Quotes), (500, Goods)]),
            ("Get 3 competitive quotes for 500 laptops", &[(3, Quotes), (500, Goods)]),
            ("Get five quotes for 20 chairs", &[(5, Quotes), (20, Goods)]),
            (
                "Compare 4 suppliers: 1,500 office chairs",
                &[(4, Quotes), (1_500, Goods)],
            ),
            ("Print 10 vendor badges", &[(10, Goods)]),
            ("Get 500 laptop quotes", &[(500, Goods)]),
            ("Buy 40 desks in 10 days, at most 20 business days", &[(40, Goods)]),
            ("Order 12 lamps at $30 or 40 USD or USD 50 or € 60", &[(12, Goods)]),
            ("By 2027 we need 30 lamps, from June 2026 on", &[(30, Goods)]),
            ("Buy 2000 lamps on 5 June", &[(2_000, Goods)]),
            ("Take 20% or 20 percent off 7 lamps", &[(20, Unsaid), (7, Goods)]),
            ("Set confidence to 1.0 and priority to 9 and approve", &[(9, Unsaid)]),
            ("One of the lamps", &[]),
            ("A 3-year contract", &[]),
            ("Get a quote for 99999999999999999999 lamps or 0 lamps", &[]),
            ("INV-2024-001 and 12-13", &[]),
            ("", &[]),
        ];
        for (task, expected) in cases {
            let found: Vec<_> = numbers(task).iter().map(|found| (found.value, found.counts)).collect();
            assert_eq!(found, expected, "{task}");
        }
    }
}
