//! Time as the API shows and compares it: UTC milliseconds. The only room that reads the clock.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// One second, minute, hour and day in milliseconds.
pub const SECOND_MS: i64 = 1_000;
/// One minute in milliseconds.
pub const MINUTE_MS: i64 = 60 * SECOND_MS;
/// One hour in milliseconds.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// One day in milliseconds.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
///
/// *Shape*: in JSON and in print `2026-06-06T09:00:00.000Z`; in the store a number of milliseconds.
/// *Source*: contract, "All times are UTC, ISO 8601, milliseconds, Z".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Reads the clock.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the room that reads the clock")]
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// The moment so many milliseconds after 1970.
    #[must_use]
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, as DynamoDB's TTL attribute wants them.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(SECOND_MS)
    }

    /// The moment `ms` milliseconds later (or earlier, when negative); saturates.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// The calendar month in UTC, `2026-06`, by which credits are counted.
    #[must_use]
    pub fn month(self) -> String {
        let date = self.calendar();
        format!("{:04}-{:02}", date.year(), u8::from(date.month()))
    }

    /// Milliseconds until the next calendar month in UTC begins.
    #[must_use]
    pub fn ms_to_next_month(self) -> i64 {
        let date = self.calendar();
        let days_left = i64::from(date.month().length(date.year()) - date.day() + 1);
        days_left * DAY_MS - self.0.rem_euclid(DAY_MS)
    }

    /// Reads `2026-06-06T09:00:00.000Z` or any other RFC 3339 time.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok().map(Self)
    }

    /// Its second by the calendar. Outside the years of four digits the epoch stands in: such a time is never made by us.
    fn calendar(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.seconds())
            .ok()
            .filter(|at| at.year() >= 0)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// Prints it. By hand: a list of runs prints sixty, and a general formatter takes a hundred instructions for each letter.
    fn iso(self) -> Iso {
        let (at, mut text) = (self.calendar(), *b"0000-00-00T00:00:00.000Z");
        let milliseconds = u16::try_from(self.0.rem_euclid(SECOND_MS)).unwrap_or_default();
        put(&mut text[0..4], u16::try_from(at.year()).unwrap_or_default());
        put(&mut text[5..7], u8::from(at.month()).into());
        put(&mut text[8..10], at.day().into());
        put(&mut text[11..13], at.hour().into());
        put(&mut text[14..16], at.minute().into());
        put(&mut text[17..19], at.second().into());
        put(&mut text[20..23], milliseconds);
        Iso(text)
    }
}

/// A moment in print.
struct Iso([u8; 24]);

impl Iso {
    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    fn day(&self) -> &str {
        self.as_str().get(..10).unwrap_or_default()
    }
}

/// Writes a number with leading zeros.
fn put(place: &mut [u8], mut number: u16) {
    for digit in place.iter_mut().rev() {
        *digit = b"0123456789"[usize::from(number % 10)];
        number /= 10;
    }
}

/// A day in UTC: days since 1970-01-01. *Shape*: `2026-06-06`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i64);

impl Day {
    /// The day of a moment.
    #[must_use]
    pub const fn of(at: Timestamp) -> Self {
        Self(at.0.div_euclid(DAY_MS))
    }

    /// Its first moment.
    #[must_use]
    pub const fn start(self) -> Timestamp {
        Timestamp(self.0 * DAY_MS)
    }

    /// The day so many days later (or earlier, when negative).
    #[must_use]
    pub const fn plus(self, days: i64) -> Self {
        Self(self.0 + days)
    }

    /// How many days it is after another; negative before.
    #[must_use]
    pub const fn since(self, other: Self) -> i64 {
        self.0 - other.0
    }

    /// The first day of its calendar month.
    #[must_use]
    pub fn first_of_month(self) -> Self {
        self.plus(1 - i64::from(self.start().calendar().day()))
    }

    /// Reads `2026-06-06` and no other spelling; years to 9999.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let day = Self::of(Timestamp::parse(&format!("{text}T00:00:00Z"))?);
        // The calendar may take what it does not print.
        (day.to_string() == text).then_some(day)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.start().iso().day())
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.start().iso().day())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.iso().as_str())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.iso().as_str())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not an RFC 3339 time"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_milliseconds_and_reads_them_back() {
        let at = Timestamp::from_ms(1_780_736_400_007);
        assert_eq!(at.to_string(), "2026-06-06T09:00:00.007Z");
        assert_eq!(Timestamp::parse("2026-06-06T09:00:00.007Z"), Some(at));
        assert_eq!(Timestamp::parse("2026-06-06"), None);
    }

    #[test]
    fn prints_as_a_general_formatter_does() {
        let general = |at: Timestamp| {
            let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.ms()) * 1_000_000).unwrap();
            let text = at.format(&Rfc3339).unwrap();
            let (second, fraction) = text
                .trim_end_matches('Z')
                .split_once('.')
                .unwrap_or((text.trim_end_matches('Z'), ""));
            format!("{second}.{fraction:0<3}Z")
        };
        // From year 0 to year 9999 in steps of some 36 days, each at another moment of its day.
        for step in 0..100_000 {
            let at = Timestamp::from_ms(-62_167_219_200_000 + step * 3_155_692_597_123 / 1_000);
            assert_eq!(at.to_string(), general(at));
            assert_eq!(serde_json::to_value(at).unwrap(), at.to_string());
        }
        assert_eq!(Timestamp::from_ms(-1).to_string(), "1969-12-31T23:59:59.999Z");
        for beyond in [i64::MIN, -62_167_219_200_001, 253_402_300_800_000, i64::MAX] {
            assert!(
                Timestamp::from_ms(beyond)
                    .to_string()
                    .starts_with("1970-01-01T00:00:00."),
                "{beyond}"
            );
        }
    }

    #[test]
    fn days_have_one_spelling_and_a_month() {
        let day = Day::parse("2028-02-29").unwrap();
        assert_eq!(day.to_string(), "2028-02-29");
        assert_eq!(day.plus(1).to_string(), "2028-03-01");
        assert_eq!(day.first_of_month().to_string(), "2028-02-01");
        assert_eq!(Day::of(day.start().plus_ms(DAY_MS - 1)), day);
        assert_eq!(Day::of(Timestamp::from_ms(-1)).to_string(), "1969-12-31");
        for wrong in [
            "",
            "2026-6-6",
            "2026-02-30",
            "2026-06-06T00:00:00Z",
            "20260606",
            " 2026-06-06",
            "+2026-06-06",
            "2026-06-06Z",
        ] {
            assert_eq!(Day::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn months_end_in_utc() {
        let last = Timestamp::parse("2026-12-31T23:59:59.999Z").unwrap();
        assert_eq!(last.month(), "2026-12");
        assert_eq!(last.ms_to_next_month(), 1);
        assert_eq!(last.plus_ms(1).month(), "2027-01");
        let leap = Timestamp::parse("2028-02-01T00:00:00.000Z").unwrap();
        assert_eq!(leap.ms_to_next_month(), 29 * DAY_MS);
    }
}
