//! The circuit breaker: an agent that keeps failing an organization is left alone for a while.
//!
//! Times come from the caller; there is no clock here. Who is the one probe is settled where the record is stored.
//! *Source* of every number: contract §10.

use super::{Effect, Progress};

/// The `error` of a run that is refused while the breaker is open.
const UNAVAILABLE: &str = "Agent temporarily unavailable";

/// From so many consecutive failed runs on it opens.
const FAILURES_TO_OPEN: u32 = 5;

/// How long it stays open. *Units*: ms.
const OPEN_MS: i64 = 300_000;

/// What the breaker says to one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaker {
    /// It may go; so may the one probe.
    Closed,
    /// It is refused.
    Open,
}

/// Refuses a run before its first attempt and never later: a breaker that opens meanwhile does not stop a run under way.
pub(super) fn refuse(breaker: Breaker, progress: &Progress) -> Option<Effect> {
    match breaker {
        Breaker::Open if progress.is_untried() => Some(Effect::Fail {
            error: UNAVAILABLE.to_owned(),
        }),
        Breaker::Open | Breaker::Closed => None,
    }
}

/// What is remembered of an agent's runs for one organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BreakerRecord {
    /// Failed runs since the last one that succeeded.
    pub failures: u32,
    /// When it stops being open. *Units*: ms since 1970 UTC, exclusive.
    pub open_until_ms: Option<i64>,
}

/// How a run ended, as far as the breaker cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEnd {
    /// The agent answered.
    Succeeded,
    /// It did not.
    Failed,
}

/// How the breaker stands at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Every run may go.
    Closed,
    /// No run may go.
    Open,
    /// Exactly one run may go, the probe; the next moves are those of its end.
    HalfOpen,
}

impl BreakerRecord {
    /// Gives the record after a run has ended.
    ///
    /// The fifth consecutive failure opens it, and so does a failed probe. Runs that were under way when it opened, and
    /// those whose end is told late, do not move the end of its time. *Units*: `at_ms` in ms since 1970 UTC.
    #[must_use]
    pub fn after(self, end: RunEnd, at_ms: i64) -> Self {
        match end {
            RunEnd::Succeeded => Self::default(),
            RunEnd::Failed => {
                let failures = self.failures.saturating_add(1);
                let opened = self.open_until_ms.filter(|until_ms| at_ms < *until_ms);
                let opens = (failures >= FAILURES_TO_OPEN).then_some(at_ms.saturating_add(OPEN_MS));
                Self {
                    failures,
                    open_until_ms: opened.or(opens),
                }
            }
        }
    }

    /// Gives the state at a moment. *Units*: `now_ms` in ms since 1970 UTC.
    #[must_use]
    pub fn state(self, now_ms: i64) -> State {
        if self.failures < FAILURES_TO_OPEN {
            State::Closed
        } else if self.open_until_ms.is_some_and(|until_ms| now_ms < until_ms) {
            State::Open
        } else {
            State::HalfOpen
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed_at(times_ms: &[i64]) -> BreakerRecord {
        times_ms.iter().fold(BreakerRecord::default(), |record, &at_ms| {
            record.after(RunEnd::Failed, at_ms)
        })
    }

    #[test]
    fn opens_with_the_fifth_failure_in_a_row() {
        let four = failed_at(&[1, 2, 3, 4]);
        assert_eq!((four.open_until_ms, four.state(4)), (None, State::Closed));
        let five = four.after(RunEnd::Failed, 1_000);
        assert_eq!((five.failures, five.open_until_ms), (5, Some(301_000)));
    }

    #[test]
    fn stays_open_for_300_seconds_then_lets_one_probe_go() {
        let record = failed_at(&[0; 5]);
        for (now_ms, state) in [
            (0, State::Open),
            (299_999, State::Open),
            (300_000, State::HalfOpen),
            (i64::MAX, State::HalfOpen),
        ] {
            assert_eq!(record.state(now_ms), state, "{now_ms}");
        }
    }

    #[test]
    fn opens_anew_with_a_failed_probe_and_with_no_straggler() {
        for late_ms in [-5, 0, 1, 299_999] {
            let straggled = failed_at(&[0, 0, 0, 0, 0, late_ms]);
            assert_eq!((straggled.failures, straggled.open_until_ms), (6, Some(300_000)));
        }
        let probed = failed_at(&[0, 0, 0, 0, 0, 299_999, 300_000]);
        assert_eq!((probed.failures, probed.open_until_ms), (7, Some(600_000)));
        assert_eq!(probed.state(599_999), State::Open);
        assert_eq!(probed.state(600_000), State::HalfOpen);
    }

    #[test]
    fn forgets_everything_with_a_success() {
        for failures in 0..8 {
            let record = failed_at(&vec![7; failures]).after(RunEnd::Succeeded, 8);
            assert_eq!((record, record.state(8)), (BreakerRecord::default(), State::Closed));
        }
        let again = failed_at(&[0; 4]).after(RunEnd::Succeeded, 1).after(RunEnd::Failed, 2);
        assert_eq!((again.failures, again.state(2)), (1, State::Closed));
    }

    #[test]
    fn lets_a_probe_go_where_no_end_was_noted() {
        let record = BreakerRecord {
            failures: 5,
            open_until_ms: None,
        };
        assert_eq!(record.state(0), State::HalfOpen);
    }

    #[test]
    fn counts_on_at_the_ends_of_the_numbers() {
        let record = BreakerRecord {
            failures: u32::MAX,
            open_until_ms: None,
        };
        let after = record.after(RunEnd::Failed, i64::MAX);
        assert_eq!((after.failures, after.open_until_ms), (u32::MAX, Some(i64::MAX)));
    }
}
