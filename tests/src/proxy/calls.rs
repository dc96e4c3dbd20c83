//! The calls that came through a proxy, by name and time, with what they asked and without what they were told.

use std::time::Instant;

use axum::body::Bytes;

/// A call that came through.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its operation.
    pub operation: String,
    /// What it asked, as it came.
    pub body: Bytes,
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
    pub(super) fn begin(&mut self, operation: &str, body: &Bytes) -> usize {
        self.these.push(Call {
            operation: operation.to_owned(),
            body: body.clone(),
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
