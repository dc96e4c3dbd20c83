//! The meter: what a call has taken so far.
//!
//! It belongs to whoever makes the call and is read when the call has ended in any way, also by being dropped half-way:
//! an answer that was thrown away, or whose repair was cut off, has been paid for all the same.

use std::sync::{Mutex, PoisonError};

/// The most tokens that one answer is believed to have taken; a larger figure is a lie and counts as none. *Source*: our
/// choice, a hundred times the largest context there is.
const TOKENS_MAX: u64 = 100_000_000;

/// What a call took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    /// Answers of the model: none, one, or two where the first was asked to be repaired.
    pub answers: u32,
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
}

/// Counts the answers of one call, and their tokens.
#[derive(Debug, Default)]
pub struct Meter(Mutex<Reading>);

/// What a meter shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reading {
    /// Answers whose tokens the provider did not tell, or not credibly: they count as none.
    pub untold: u32,
    /// The answers, and the tokens of all.
    pub spent: Spent,
}

impl Meter {
    /// Counts an answer and its tokens, as the provider told them.
    pub(super) fn count(&self, input_tokens: Option<u64>, output_tokens: Option<u64>) {
        let mut reading = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let told = |tokens: Option<u64>| tokens.filter(|tokens| *tokens <= TOKENS_MAX);
        let (input, output) = (told(input_tokens), told(output_tokens));
        reading.spent.answers += 1;
        reading.untold += u32::from(input.is_none() || output.is_none());
        reading.spent.input_tokens += input.unwrap_or(0);
        reading.spent.output_tokens += output.unwrap_or(0);
    }

    /// Gives what has been counted so far.
    #[must_use]
    pub fn read(&self) -> Reading {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_up_what_was_told() {
        let meter = Meter::default();
        assert_eq!(meter.read(), Reading::default());
        meter.count(Some(10), Some(2));
        meter.count(Some(30), Some(4));
        let reading = meter.read();
        assert_eq!((reading.spent.answers, reading.untold), (2, 0));
        assert_eq!((reading.spent.input_tokens, reading.spent.output_tokens), (40, 6));
    }

    #[test]
    fn counts_an_answer_whose_tokens_are_unknown_or_absurd() {
        let meter = Meter::default();
        meter.count(None, Some(2));
        meter.count(Some(u64::MAX), Some(u64::MAX));
        let reading = meter.read();
        assert_eq!((reading.spent.answers, reading.untold), (2, 2));
        assert_eq!((reading.spent.input_tokens, reading.spent.output_tokens), (0, 2));
    }
}
