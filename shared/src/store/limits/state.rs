//! The limits item, read and moved on in time. Pure but for reading it.

use super::super::StoreError;
use super::super::item::{Attributes, Row};
use super::Quota;
use crate::plan::{Allowance, Plan};
use crate::routes::Limiter;
use crate::time::{DAY_MS, Timestamp};
use crate::window::{CELL_MS, Window};

/// A clock this many cells behind the item is believed; the item's cell is then a lying clock's. What was counted before
/// that clock's visit is forgotten with it, once a swing: no code is worth that on Lambda, whose clocks do not swing.
const SKEW_CELLS: i64 = 20;
const CELLS_PER_DAY: i64 = DAY_MS / CELL_MS;

/// Which count is full.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Full {
    Minute,
    Day,
}

/// The limits item.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct State {
    pub(super) plan: Plan,
    pub(super) suspended: bool,
    pub(super) version: u64,
    pub(super) rolled_version: u64,
    pub(super) cell: i64,
    pub(super) strict: Window,
    pub(super) standard: Window,
    pub(super) day_used: u64,
    pub(super) day_max: u64,
    pub(super) credits_month: Option<String>,
    pub(super) credits_used: i64,
    pub(super) allowance: Allowance,
}

impl State {
    /// *Errors*: [`StoreError::Corrupt`], also when there is no item: a key without limits is nobody's.
    pub(super) fn read(item: Option<&Attributes>) -> Result<Self, StoreError> {
        let none = Attributes::new();
        let row = Row::new("limits", item.unwrap_or(&none));
        let plan = row.parsed("plan", Plan::parse)?;
        let own = plan.allowance();
        let window = |used: &str, cap: &str, past: &str| {
            Window::restore(row.number(used)?, row.number(cap)?, row.text(past)?).ok_or_else(|| row.corrupt(past))
        };
        Ok(Self {
            plan,
            suspended: row.flag("suspended")?,
            version: row.number("version")?,
            rolled_version: row.number("rolled_version")?,
            cell: row.number("cell")?,
            strict: window("strict_used", "strict_cap", "strict_past")?,
            standard: window("standard_used", "standard_cap", "standard_past")?,
            day_used: row.number("day_used")?,
            day_max: row.number("day_max")?,
            credits_month: row.opt_text("credits_month")?.map(str::to_owned),
            credits_used: row.opt_number("credits_used")?.unwrap_or(0),
            allowance: Allowance {
                strict_per_minute: row.opt_number("strict_per_minute")?.unwrap_or(own.strict_per_minute),
                standard_per_minute: row
                    .opt_number("standard_per_minute")?
                    .unwrap_or(own.standard_per_minute),
                requests_per_day: row.opt_number("requests_per_day")?.unwrap_or(own.requests_per_day),
                credits_per_month: row.opt_number("credits_per_month")?.unwrap_or(own.credits_per_month),
            },
        })
    }

    /// The cell that is now for all: a little ahead of this process's clock where another's runs ahead.
    pub(super) fn current_cell(&self, cell: i64) -> i64 {
        if (1..=SKEW_CELLS).contains(&(self.cell - cell)) {
            self.cell
        } else {
            cell
        }
    }

    pub(super) fn is_behind(&self, cell: i64) -> bool {
        self.cell < cell || self.rolled_version != self.version || self.cell - cell > SKEW_CELLS
    }

    /// The state as it is in a cell, under the limits that hold now.
    pub(super) fn at(&self, cell: i64) -> Self {
        let (strict, standard) = (self.allowance.strict_per_minute, self.allowance.standard_per_minute);
        let mut later = self.clone();
        if let Ok(ahead @ 1..) = u64::try_from(cell - self.cell) {
            later.strict = self.strict.later(ahead, strict);
            later.standard = self.standard.later(ahead, standard);
            if cell.div_euclid(CELLS_PER_DAY) != self.cell.div_euclid(CELLS_PER_DAY) {
                later.day_used = 0;
            }
            later.cell = cell;
        } else if self.is_behind(cell) {
            // New limits, or a cell far in the future: what was counted stays counted, in the cell that is now.
            (later.strict, later.standard) = (self.strict.under(strict), self.standard.under(standard));
            later.cell = if self.cell - cell > SKEW_CELLS { cell } else { self.cell };
        }
        if later.is_behind(later.cell) || later.cell != self.cell {
            later.day_max = self.allowance.requests_per_day;
            later.rolled_version = self.version;
        }
        later
    }

    pub(super) fn window(&self, limiter: Limiter) -> &Window {
        match limiter {
            Limiter::Strict => &self.strict,
            Limiter::Standard => &self.standard,
        }
    }

    pub(super) fn window_mut(&mut self, limiter: Limiter) -> &mut Window {
        match limiter {
            Limiter::Strict => &mut self.strict,
            Limiter::Standard => &mut self.standard,
        }
    }

    pub(super) fn per_minute(&self, limiter: Limiter) -> u64 {
        match limiter {
            Limiter::Strict => self.allowance.strict_per_minute,
            Limiter::Standard => self.allowance.standard_per_minute,
        }
    }

    pub(super) fn has_room(&self, limiter: Limiter) -> bool {
        !self.suspended && self.plan.has_api_access() && self.window(limiter).left() > 0 && self.day_used < self.day_max
    }

    pub(super) fn quota(&self, limiter: Limiter, at: Timestamp) -> Quota {
        let used = if self.credits_month.as_deref() == Some(at.month().as_str()) {
            self.credits_used
        } else {
            0
        };
        Quota {
            plan: self.plan,
            limiter,
            per_minute: self.per_minute(limiter),
            minute_left: self.window(limiter).left(),
            per_day: self.day_max,
            day_left: self.day_max.saturating_sub(self.day_used),
            credits_left: i64::try_from(self.allowance.credits_per_month)
                .unwrap_or(i64::MAX)
                .saturating_sub(used),
            at,
        }
    }

    /// When a request of the class can pass again, and which count is full until then.
    pub(super) fn full_until(&self, limiter: Limiter) -> Option<(Timestamp, Full)> {
        if self.day_used >= self.day_max {
            let tomorrow = (self.cell.div_euclid(CELLS_PER_DAY) + 1) * CELLS_PER_DAY;
            return Some((Timestamp::from_ms(tomorrow * CELL_MS), Full::Day));
        }
        let ahead = self.window(limiter).cells_until_free(self.per_minute(limiter));
        let free = self.cell.saturating_add_unsigned(ahead);
        (ahead > 0).then(|| (Timestamp::from_ms(free * CELL_MS), Full::Minute))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh(plan: Plan) -> State {
        let allowance = plan.allowance();
        State {
            plan,
            suspended: false,
            version: 1,
            rolled_version: 1,
            cell: 0,
            strict: Window::new(allowance.strict_per_minute),
            standard: Window::new(allowance.standard_per_minute),
            day_used: 0,
            day_max: allowance.requests_per_day,
            credits_month: None,
            credits_used: 0,
            allowance,
        }
    }

    #[test]
    fn a_new_day_begins_with_its_first_cell() {
        let mut state = fresh(Plan::Team).at(CELLS_PER_DAY - 1);
        state.day_used = state.day_max;
        let (until, full) = state.full_until(Limiter::Strict).unwrap();
        assert_eq!((until.ms(), full), (DAY_MS, Full::Day));
        assert!(state.at(CELLS_PER_DAY).has_room(Limiter::Strict));
    }

    #[test]
    fn new_limits_hold_in_the_same_cell_and_keep_what_was_counted() {
        let mut state = fresh(Plan::Team).at(5);
        state.strict.current = 60;
        assert!(!state.at(5).has_room(Limiter::Strict));
        (state.plan, state.allowance, state.version) = (Plan::Growth, Plan::Growth.allowance(), 2);
        let raised = state.at(5);
        assert_eq!(
            (raised.strict.left(), raised.day_max, raised.rolled_version),
            (240, 200_000, 2)
        );
        (state.plan, state.allowance, state.version) = (Plan::Starter, Plan::Starter.allowance(), 3);
        assert!(!state.at(5).has_room(Limiter::Standard));
    }

    #[test]
    fn a_clock_far_ahead_locks_nobody_out() {
        let mut state = fresh(Plan::Team).at(1_000_000);
        state.strict.current = 10;
        let now = state.at(1_000);
        assert_eq!((now.cell, now.strict.left()), (1_000, 50));
        assert_eq!(state.at(1_000_000 - 3).cell, 1_000_000);
    }
}
