//! Which keys this process touched when, so that `last_used_at` is written now and then and not at every request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::ids::KeyId;
use crate::time::{MINUTE_MS, Timestamp};

/// How old `last_used_at` may grow before a process writes it again. A process whose write was refused, because another's
/// is younger than this, waits as long once more: twice this stays below the five minutes of contract §1.
pub(super) const TOUCH_AFTER_MS: i64 = 2 * MINUTE_MS;
/// Keys that a process remembers having touched.
const TOUCHED_MAX: usize = 4_096;

/// Which keys this process touched when.
#[derive(Debug, Default)]
pub struct Touched(Mutex<HashMap<KeyId, Timestamp>>);

impl Touched {
    /// Whether the key is due, and from now on counts as touched.
    pub(super) fn is_due(&self, key: KeyId, now: Timestamp) -> bool {
        let mut touched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = touched
            .get(&key)
            .is_none_or(|last| now.ms() - last.ms() >= TOUCH_AFTER_MS);
        if due {
            if touched.len() >= TOUCHED_MAX {
                touched.clear();
            }
            touched.insert(key, now);
        }
        due
    }

    pub(super) fn forget(&self, key: KeyId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
    }
}
