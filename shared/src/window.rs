//! The sliding window of a per-minute limit: twenty-one cells of three seconds. Pure.
//!
//! A cell admits what the last minute leaves over. The oldest cell, which the window only partly covers, is forgiven up to
//! 5 % of the limit and counted in full beyond that. So in any 60 s at most 5 % more than the limit passes whatever the
//! arrivals; a burst never passes more than the limit; and a steady load of one request a minute below the limit is never
//! refused. The usual two-cell window gives all of that up for bursts: up to half the limit too much, when a minute's requests all came at its end.
//! *Source*: contract §9 for the promise; the cell count is the smallest for which 5 % forgiveness covers a steady cell.

/// A cell's length in milliseconds. A UTC day is a whole number of cells, so a cell never spans two days.
pub const CELL_MS: i64 = 3_000;
/// Cells in a minute.
const CELLS: usize = 20;

/// The requests admitted in one cell and in the twenty before it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Window {
    /// Requests admitted in the current cell.
    pub current: u64,
    /// Requests that the current cell may admit in all.
    pub cap: u64,
    /// The twenty cells before, oldest first.
    past: [u64; CELLS],
}

impl Window {
    /// A window in which nothing happened yet.
    #[must_use]
    pub fn new(limit: u64) -> Self {
        Self {
            current: 0,
            cap: limit,
            past: [0; CELLS],
        }
    }

    /// Puts a stored window together again.
    #[must_use]
    pub fn restore(current: u64, cap: u64, past: &str) -> Option<Self> {
        let mut cells = [0; CELLS];
        if !past.is_empty() {
            let mut counts = past.split(',');
            for cell in cells.iter_mut().rev() {
                let Some(count) = counts.next() else { break };
                *cell = count.parse().ok()?;
            }
            if counts.next().is_some() {
                return None;
            }
        }
        Some(Self {
            current,
            cap,
            past: cells,
        })
    }

    /// The past as it is stored: counts, newest first, without the empty oldest ones. *Shape*: `3,0,12`.
    #[must_use]
    pub fn past(&self) -> String {
        let oldest = self.past.iter().position(|count| *count > 0).unwrap_or(CELLS);
        let counts: Vec<String> = self.past[oldest..].iter().rev().map(u64::to_string).collect();
        counts.join(",")
    }

    /// The window `cells` cells later, under the limit.
    #[must_use]
    pub fn later(&self, cells: u64, limit: u64) -> Self {
        let mut timeline = self.past.to_vec();
        timeline.push(self.current);
        let shift = usize::try_from(cells).unwrap_or(usize::MAX).min(CELLS + 1);
        timeline.extend(std::iter::repeat_n(0, shift));
        // The last entry is the new current cell, empty so far; the twenty before it are its past.
        let end = timeline.len() - 1;
        let past: [u64; CELLS] = timeline[end - CELLS..end].try_into().expect("twenty cells");
        Self {
            current: 0,
            cap: 0,
            past,
        }
        .under(limit)
    }

    /// The same window under another limit.
    #[must_use]
    pub fn under(&self, limit: u64) -> Self {
        let forgiven = self.past[0].min(limit / 20);
        let spent: u64 = self.past.iter().sum::<u64>() - forgiven;
        Self {
            cap: limit.saturating_sub(spent),
            ..self.clone()
        }
    }

    /// How many cells from now the next request can pass; zero when it can now.
    #[must_use]
    pub fn cells_until_free(&self, limit: u64) -> u64 {
        if self.current < self.cap {
            return 0;
        }
        let cells = CELLS as u64 + 1;
        (1..=cells)
            .find(|ahead| self.later(*ahead, limit).cap > 0)
            .unwrap_or(cells)
    }

    /// How many more requests the current cell admits.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.cap.saturating_sub(self.current)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Plays arrivals (milliseconds, ascending) against a limit; gives the admitted ones.
    fn play(limit: u64, arrivals: &[i64]) -> Vec<i64> {
        let mut window = Window::new(limit);
        let mut cell = arrivals.first().map_or(0, |at| at / CELL_MS);
        let mut admitted = Vec::new();
        for at in arrivals {
            let now = at / CELL_MS;
            if now > cell {
                window = window.later(u64::try_from(now - cell).unwrap(), limit);
                cell = now;
            }
            if window.current < window.cap {
                window.current += 1;
                admitted.push(*at);
            } else {
                assert!(window.cells_until_free(limit) > 0);
            }
        }
        admitted
    }

    fn most_in_a_minute(admitted: &[i64]) -> usize {
        let mut start = 0;
        (0..admitted.len())
            .map(|end| {
                while admitted[end] - admitted[start] >= 60_000 {
                    start += 1;
                }
                end - start + 1
            })
            .max()
            .unwrap_or(0)
    }

    proptest! {
        #[test]
        fn never_lets_more_than_five_percent_over_pass(
            limit in 1u64..400,
            gaps in prop::collection::vec(prop_oneof![Just(0i64), 1..50i64, 500..4_000i64, 20_000..70_000i64], 1..3_000),
        ) {
            let mut at = 0;
            let arrivals: Vec<i64> = gaps.iter().map(|gap| { at += gap; at }).collect();
            let most = most_in_a_minute(&play(limit, &arrivals)) as u64;
            prop_assert!(most <= limit + limit / 20, "{most} of {limit}");
        }

        #[test]
        fn never_refuses_a_steady_load_below_the_limit(limit in 2u64..3_000, start in 0i64..60_000) {
            let rate = limit - 1;
            let count = 4 * i64::try_from(rate).unwrap();
            let arrivals: Vec<i64> = (0..count).map(|n| start + n * 60_000 / i64::try_from(rate).unwrap()).collect();
            prop_assert_eq!(play(limit, &arrivals).len(), arrivals.len());
        }

        #[test]
        fn is_stored_and_restored_whole(limit in 1u64..100, moves in prop::collection::vec((0u64..30, 0u64..40), 0..40)) {
            let mut window = Window::new(limit);
            for (cells, used) in moves {
                window = window.later(cells + 1, limit);
                window.current = used.min(window.cap);
                prop_assert_eq!(Window::restore(window.current, window.cap, &window.past()), Some(window.clone()));
            }
        }
    }

    #[test]
    fn a_burst_passes_exactly_the_limit() {
        for limit in [1, 7, 60, 300] {
            let burst = vec![1_000; usize::try_from(limit).unwrap() + 50];
            assert_eq!(play(limit, &burst).len() as u64, limit);
        }
    }

    #[test]
    fn says_when_there_is_room_again() {
        let mut window = Window::new(60);
        window.current = 60;
        // After twenty cells 5 % are forgiven, so three pass; after twenty-one the burst is forgotten.
        assert_eq!(window.cells_until_free(60), 20);
        assert_eq!(window.later(20, 60).cap, 3);
        assert_eq!(window.later(21, 60).cap, 60);
        assert_eq!(Window::restore(0, 0, "1,x"), None);
        assert_eq!(Window::restore(0, 0, &"1,".repeat(30)), None);
    }
}
