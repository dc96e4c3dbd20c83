//! A time as pages show it: short and in UTC; the browser's script turns it into the reader's own zone.

use eclips_shared::time::{DAY_MS, Timestamp};

/// A time for the template `moment.html`.
#[derive(Clone, Debug)]
pub struct Moment {
    /// To the millisecond: `2026-06-06T09:00:00.000Z`.
    pub exact: String,
    /// To the minute: `2026-06-06 09:00 UTC`.
    pub short: String,
}

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        let exact = at.to_string();
        let short = match (exact.get(..10), exact.get(11..16)) {
            (Some(date), Some(time)) => format!("{date} {time} UTC"),
            _ => exact.clone(),
        };
        Self { exact, short }
    }
}

/// A stretch of time until something ends, in words: whole days, rounded down, or less than one.
pub fn days_left(ms: i64) -> String {
    match ms / DAY_MS {
        ..=0 => "in less than a day".to_owned(),
        1 => "in 1 day".to_owned(),
        days => format!("in {days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_short_and_exact() {
        let moment = Moment::from(Timestamp::from_ms(1_780_736_400_007));
        assert_eq!(moment.exact, "2026-06-06T09:00:00.007Z");
        assert_eq!(moment.short, "2026-06-06 09:00 UTC");
    }

    #[test]
    fn counts_whole_days() {
        assert_eq!(days_left(DAY_MS - 1), "in less than a day");
        assert_eq!(days_left(DAY_MS), "in 1 day");
        assert_eq!(days_left(3 * DAY_MS - 1), "in 2 days");
    }
}
