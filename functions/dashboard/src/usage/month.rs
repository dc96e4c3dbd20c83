//! A calendar month in UTC, as addresses and people say it.

use std::fmt;

use eclips_shared::store::Days;
use eclips_shared::time::{Day, Timestamp};

/// Months that can be chosen. *Source*: totals are kept for 730 days.
const MONTHS_MAX: usize = 24;
const NAMES: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A month, by its first day. *Shape*: `2026-11`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Month(Day);

impl Month {
    /// The month that is now.
    pub fn now() -> Self {
        Self(Day::of(Timestamp::now()).first_of_month())
    }

    /// Reads `2026-11` and no other spelling.
    pub fn parse(word: &str) -> Option<Self> {
        Day::parse(&format!("{word}-01")).map(Self)
    }

    /// Its days, as far as they have come.
    pub fn days(self) -> Days {
        let start = self.0.start();
        let last = Day::of(start.plus_ms(start.ms_to_next_month())).plus(-1);
        Days {
            from: self.0,
            to: last.min(Day::of(Timestamp::now())),
        }
    }

    /// This month and those before it, newest first, as far as totals go.
    pub fn and_before(self) -> impl Iterator<Item = Self> {
        let before = |month: &Self| Some(Self(month.0.plus(-1).first_of_month()));
        std::iter::successors(Some(self), before).take(MONTHS_MAX)
    }

    /// `November 2026`.
    pub fn in_words(self) -> String {
        let word = self.to_string();
        let (year, number) = word.split_once('-').unwrap_or_default();
        let at = number.parse::<usize>().unwrap_or(1);
        format!("{} {year}", NAMES[(at - 1).min(11)])
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.start().month())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_and_written_in_one_spelling() {
        let month = Month::parse("2026-02").unwrap();
        assert_eq!(
            (month.to_string().as_str(), month.in_words().as_str()),
            ("2026-02", "February 2026")
        );
        let days = month.days();
        assert_eq!(
            (days.from.to_string().as_str(), days.to.to_string().as_str()),
            ("2026-02-01", "2026-02-28")
        );
        for word in ["", "2026", "2026-2", "2026-13", "2026-00", "2026-02-01", "x"] {
            assert!(Month::parse(word).is_none(), "{word}");
        }
        let months: Vec<String> = Month::parse("2026-01")
            .unwrap()
            .and_before()
            .take(3)
            .map(|m| m.to_string())
            .collect();
        assert_eq!(months, ["2026-01", "2025-12", "2025-11"]);
        assert_eq!(Month::now().days().to, Day::of(Timestamp::now()));
    }
}
