//! Credits: whether the month still pays for a run.
//!
//! The road asks the same before it accepts a run; this room asks again, because a run may have waited.
//! *Source*: contract §9.

use super::{Effect, Progress};

/// The `error` of a run that the month's credits do not cover.
const EXCEEDED: &str = "Credit limit exceeded";

/// What the month's credits say to one more run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credits {
    /// There are some left, or the run is a test and costs none.
    Covered,
    /// They are used up.
    UsedUp,
}

/// Refuses a run before its first attempt and never later: a run in flight may overshoot (contract §9).
pub(super) fn refuse(credits: Credits, progress: &Progress) -> Option<Effect> {
    match credits {
        Credits::UsedUp if progress.is_untried() => Some(Effect::Fail {
            error: EXCEEDED.to_owned(),
        }),
        Credits::UsedUp | Credits::Covered => None,
    }
}
