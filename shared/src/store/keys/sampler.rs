//! What a process writes now and then and not at every request: when it last wrote something of a kind, and how often that
//! happened since.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::time::{SECOND_MS, Timestamp};

/// Kinds that a process remembers; beyond it, it begins anew and writes a little more.
const KINDS_MAX: usize = 4_096;

/// How long after a write that failed the next one is tried. *Source*: our choice.
pub(super) const RETRY_MS: i64 = SECOND_MS;

/// When something of each kind was last written, and how often it was seen since.
#[derive(Debug)]
pub struct Sampler<K>(Mutex<HashMap<K, Seen>>);

#[derive(Debug)]
struct Seen {
    written: Timestamp,
    since: u32,
}

impl<K: Eq + Hash> Sampler<K> {
    /// Counts one. When it is time to write, gives how many there were since the last time, this one included, and
    /// counts anew.
    pub(super) fn due(&self, kind: K, now: Timestamp, every_ms: i64) -> Option<u32> {
        let mut kinds = self.kinds();
        if let Some(seen) = kinds.get_mut(&kind) {
            seen.since = seen.since.saturating_add(1);
            if now.ms() - seen.written.ms() < every_ms {
                return None;
            }
            seen.written = now;
            return Some(std::mem::take(&mut seen.since));
        }
        if kinds.len() >= KINDS_MAX {
            kinds.clear();
        }
        kinds.insert(kind, Seen { written: now, since: 0 });
        Some(1)
    }

    /// After a write that did not happen, or not in time: the next one is due in a while, and not at once, or a table that
    /// throttles would get a write with every request. What was counted is gone, since it may have been written.
    pub(super) fn delay(&self, kind: &K, now: Timestamp, every_ms: i64) {
        if let Some(seen) = self.kinds().get_mut(kind) {
            seen.written = now.plus_ms(RETRY_MS - every_ms);
        }
    }

    fn kinds(&self) -> MutexGuard<'_, HashMap<K, Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K> Default for Sampler<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_all_and_writes_some() {
        let sampler = Sampler::default();
        let at = |ms: i64| Timestamp::from_ms(1_780_736_400_000 + ms);
        assert_eq!(sampler.due("a", at(0), 100), Some(1));
        assert_eq!(sampler.due("a", at(50), 100), None);
        assert_eq!(sampler.due("a", at(99), 100), None);
        assert_eq!(sampler.due("b", at(99), 100), Some(1));
        assert_eq!(sampler.due("a", at(100), 100), Some(3));
        assert_eq!(sampler.due("a", at(101), 100), None);
        sampler.delay(&"a", at(101), 60_000);
        assert_eq!(sampler.due("a", at(100 + RETRY_MS), 60_000), None);
        assert_eq!(sampler.due("a", at(101 + RETRY_MS), 60_000), Some(3));
    }
}
