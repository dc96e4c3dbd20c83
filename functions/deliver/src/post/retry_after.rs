//! How long a receiver asks to be left alone.

use std::time::{Duration, UNIX_EPOCH};

use eclips_shared::time::Timestamp;
use http::HeaderMap;
use http::header::RETRY_AFTER;

/// The longest that is believed. Beyond what any step of the schedule takes; it keeps every sum with it from overflowing.
const MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Reads `Retry-After`: whole seconds, or a date, counted from now on. `None` when it is absent, past, or neither.
/// *Source*: RFC 9110 §10.2.3.
pub(super) fn read(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number takes are still a long time.
        Duration::from_secs(text.parse().unwrap_or(u64::MAX))
    } else {
        let date = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
        let now = Duration::from_millis(u64::try_from(now.ms()).ok()?);
        date.checked_sub(now)?
    };
    Some(wait.min(MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, text.parse().unwrap());
        read(&headers, Timestamp::parse("2026-06-06T09:00:00.250Z").unwrap())
    }

    #[test]
    fn reads_seconds() {
        assert_eq!(of("0"), Some(Duration::ZERO));
        assert_eq!(of("30"), Some(Duration::from_secs(30)));
        assert_eq!(of(" 030 "), Some(Duration::from_secs(30)));
        assert_eq!(of("86400"), Some(MAX));
        assert_eq!(of("86401"), Some(MAX));
        assert_eq!(of("99999999999999999999999"), Some(MAX));
    }

    #[test]
    fn reads_dates_in_each_form_of_http() {
        for date in [
            "Sat, 06 Jun 2026 09:02:00 GMT",
            "Saturday, 06-Jun-26 09:02:00 GMT",
            "Sat Jun  6 09:02:00 2026",
        ] {
            assert_eq!(of(date), Some(Duration::from_millis(119_750)), "{date}");
        }
        assert_eq!(of("Fri, 01 Jan 2027 00:00:00 GMT"), Some(MAX));
    }

    #[test]
    fn is_deaf_to_the_past_and_to_nonsense() {
        for text in [
            "Sat, 06 Jun 2026 09:00:00 GMT",
            "Thu, 01 Jan 1970 00:00:00 GMT",
            "-1",
            "+30",
            "1.5",
            "1e3",
            "30s",
            "",
            "soon",
            "2026-06-06T09:02:00Z",
        ] {
            assert_eq!(of(text), None, "{text:?}");
        }
        assert_eq!(read(&HeaderMap::new(), Timestamp::now()), None);
    }
}
