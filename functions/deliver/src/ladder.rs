//! When a delivery is tried again. Pure. *Source*: contract §6.

use std::time::Duration;

use eclips_shared::time::{HOUR_MS, MINUTE_MS, SECOND_MS};

/// What lies between one try and the next: eight tries in all. *Units*: milliseconds.
const STEPS_MS: [i64; 7] = [
    5 * SECOND_MS,
    5 * MINUTE_MS,
    30 * MINUTE_MS,
    2 * HOUR_MS,
    5 * HOUR_MS,
    10 * HOUR_MS,
    10 * HOUR_MS,
];

/// How long the next try waits; `None` when there is none. *Units*: `tries` that are over, at least 1; `chance` 0–1; milliseconds.
///
/// A receiver that says itself when to come back is heard between once and twice the step; it knows better than chance.
#[must_use]
pub fn wait_ms(tries: u32, chance: f64, retry_after: Option<Duration>) -> Option<i64> {
    let step_ms = *STEPS_MS.get(usize::try_from(tries).ok()?.checked_sub(1)?)?;
    if let Some(asked) = retry_after {
        let asked_ms = i64::try_from(asked.as_millis()).unwrap_or(i64::MAX);
        return Some(asked_ms.clamp(step_ms, 2 * step_ms));
    }
    // Between 80 % and 120 %, in thousandths: who failed together does not come back together.
    #[expect(clippy::cast_possible_truncation, reason = "a number between 800 and 1 200")]
    let thousandths = 800 + (chance.clamp(0.0, 1.0) * 400.0) as i64;
    Some(step_ms * thousandths / 1_000)
}

/// A number from 0 to 1.
#[must_use]
pub fn chance() -> f64 {
    let mut bytes = [0u8; 2];
    // Without randomness they come back together, and are tried all the same.
    let _ = getrandom::fill(&mut bytes);
    f64::from(u16::from_be_bytes(bytes)) / f64::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_tries_each_a_step_apart_give_or_take_a_fifth() {
        let steps_s = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000];
        for (tries, step_s) in (1..).zip(steps_s) {
            assert_eq!(wait_ms(tries, 0.0, None), Some(step_s * 800));
            assert_eq!(wait_ms(tries, 0.5, None), Some(step_s * 1_000));
            assert_eq!(wait_ms(tries, 1.0, None), Some(step_s * 1_200));
            for _ in 0..100 {
                let wait = wait_ms(tries, chance(), None).unwrap();
                assert!((step_s * 800..=step_s * 1_200).contains(&wait), "{wait}");
            }
        }
        assert_eq!(wait_ms(8, 0.5, None), None);
        assert_eq!(wait_ms(0, 0.5, None), None);
    }

    #[test]
    fn a_receiver_is_heard_between_once_and_twice_the_step() {
        let asks = |tries, seconds| wait_ms(tries, 0.0, Some(Duration::from_secs(seconds)));
        assert_eq!(asks(2, 0), Some(300_000));
        assert_eq!(asks(2, 400), Some(400_000));
        assert_eq!(asks(2, 86_400), Some(600_000));
        assert_eq!(asks(2, u64::MAX), Some(600_000));
        assert_eq!(asks(8, 5), None);
    }
}
