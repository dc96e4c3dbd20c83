//! The calls that came through a proxy, by name and time. Nothing of what they say is kept.

use std::time::Instant;

/// A call that came through.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its operation.
    pub operation: String,
    /// When it came.
    pub began: Instant,
    /// When its answer went; `None` while it is under way, and for ever where it was never answered.
    pub ended: Option<Instant>,
}

/// The calls since somebody last asked.
#[derive(Default)]
pub(super) struct Calls {
    /// How many there were before these.
    before: usize,
    these: Vec<Call>,
}

impl Calls {
    /// Notes a call; gives its number.
    pub(super) fn begin(&mut self, operation: &str) -> usize {
        self.these.push(Call {
            operation: operation.to_owned(),
            began: Instant::now(),
            ended: None,
        });
        self.before + self.these.len() - 1
    }

    pub(super) fn end(&mut self, number: usize) {
        let at = number.checked_sub(self.before);
        if let Some(call) = at.and_then(|at| self.these.get_mut(at)) {
            call.ended = Some(Instant::now());
        }
    }

    pub(super) fn take(&mut self) -> Vec<Call> {
        self.before += self.these.len();
        std::mem::take(&mut self.these)
    }
}
