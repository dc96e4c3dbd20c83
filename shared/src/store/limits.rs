//! Plan, suspension, per-minute window, day and month of an organization: one item, one conditional update a request.
//!
//! *Item* `L#<org>` / `M`: `plan`, `suspended`, `version` (raised by every change an administrator makes) and
//! `rolled_version` (the version that the caps were made from); `cell` (3-second cell of the counts), per class
//! `<class>_used`, `<class>_cap`, `<class>_past`; `day_used`, `day_max`; `credits_month`, `credits_used`; the organization's
//! own `strict_per_minute`, `standard_per_minute`, `requests_per_day`, `credits_per_month` where it has any.
//!
//! A request whose cell is already there needs one update, whatever the process knows. A request in a new cell rolls the
//! item: a process that saw the last one does that in one update too, any other learns the item from its refused update
//! and needs a second. Nothing is refused from memory except what stays refused until a moment that was computed.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};

use super::item::{Attributes, Row, n, s};
use super::transact::jitter;
use super::{Store, StoreError, unavailable};
use crate::error::ApiError;
use crate::ids::OrgId;
use crate::plan::{Allowance, Plan};
use crate::routes::Limiter;
use crate::time::{DAY_MS, SECOND_MS, Timestamp};
use crate::window::{CELL_MS, Window};

/// Updates that one request may need: its own, one roll, and a few that others overtook.
const TRIES: usize = 8;
/// The wait after a conflict, with jitter.
const CONFLICT_WAIT: Duration = Duration::from_millis(15);
/// How long a refusal is remembered at most, so that a raised limit or a suspension is noticed.
const REMEMBERED_MS: i64 = 5 * SECOND_MS;
/// Organizations that a process remembers; beyond that it forgets all and learns again.
const REMEMBERED_MAX: usize = 4_096;
/// A clock this many cells behind the item is believed; the item's cell is then a lying clock's. What was counted before
/// that clock's visit is forgotten with it, once a swing: no code is worth that on Lambda, whose clocks do not swing.
const SKEW_CELLS: i64 = 20;
const CELLS_PER_DAY: i64 = DAY_MS / CELL_MS;

/// What an admitted request may still do; becomes the `RateLimit` headers.
#[derive(Clone, Debug)]
pub struct Quota {
    /// The organization's plan.
    pub plan: Plan,
    /// The class that the request counted against.
    pub limiter: Limiter,
    /// The class's requests a minute.
    pub per_minute: u64,
    /// What is left of them now.
    pub minute_left: u64,
    /// Requests a UTC day.
    pub per_day: u64,
    /// What is left of them today.
    pub day_left: u64,
    /// Credits left this UTC month; may be negative by the runs in flight.
    pub credits_left: i64,
    /// When the request was counted.
    pub at: Timestamp,
}

/// Why a request may not pass, and what the caller's quota looks like.
#[derive(Debug)]
pub struct Refusal {
    /// What the client hears.
    pub error: ApiError,
    /// For the `RateLimit` headers; absent when no limit was the reason.
    pub quota: Option<Box<Quota>>,
}

impl<E: Into<ApiError>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self {
            error: error.into(),
            quota: None,
        }
    }
}

/// Rate limits and what else stands on the limits item.
#[derive(Debug)]
pub struct Limits<'a>(pub(super) &'a Store);

/// What a process remembers between requests.
#[derive(Debug, Default)]
pub struct Memory(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    states: HashMap<OrgId, State>,
    refused: HashMap<(OrgId, Limiter), Refused>,
}

/// A refusal that holds for a while.
#[derive(Clone, Debug)]
struct Refused {
    /// Until when it is remembered.
    remembered_until: Timestamp,
    /// Until when it holds.
    until: Timestamp,
    full: Full,
    quota: Quota,
}

/// Which count is full.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Full {
    Minute,
    Day,
}

/// The limits item.
#[derive(Clone, PartialEq, Eq, Debug)]
struct State {
    plan: Plan,
    suspended: bool,
    version: u64,
    rolled_version: u64,
    cell: i64,
    strict: Window,
    standard: Window,
    day_used: u64,
    day_max: u64,
    credits_month: Option<String>,
    credits_used: i64,
    allowance: Allowance,
}

/// The outcome of one update.
enum Counted {
    Yes(Box<State>),
    /// The condition did not hold; this is the item it met.
    No(Box<State>),
    /// An administrator's transaction holds the item at this moment.
    Conflict,
}

impl Limits<'_> {
    /// Counts a request, or says why it may not pass.
    ///
    /// *Errors*: [`ApiError::PlanRequired`], [`ApiError::OrganizationSuspended`], [`ApiError::RateLimited`],
    /// [`ApiError::DailyLimit`] (none of which consumes anything); [`ApiError::Unavailable`] when the store is.
    pub async fn admit(&self, org: OrgId, limiter: Limiter) -> Result<Quota, Refusal> {
        let now = Timestamp::now();
        let memory = &self.0.limits;
        memory.recall_refusal(org, limiter, now)?;
        let mut cell = now.ms().div_euclid(CELL_MS);
        let remembered = memory.state(org);
        if let Some(state) = &remembered {
            cell = state.current_cell(cell);
        }
        let mut seen: Option<State> = remembered.filter(|state| state.at(cell).has_room(limiter));
        for _ in 0..TRIES {
            let counted = match &seen {
                Some(state) if state.is_behind(cell) => self.roll(org, state, cell, limiter).await?,
                _ => self.count(org, cell, limiter).await?,
            };
            let state = match counted {
                Counted::Yes(state) => {
                    let quota = state.quota(limiter, now);
                    memory.learn(org, *state);
                    return Ok(quota);
                }
                Counted::No(state) => *state,
                Counted::Conflict => {
                    tokio::time::sleep(jitter(CONFLICT_WAIT)).await;
                    continue;
                }
            };
            cell = state.current_cell(cell);
            memory.refuse(org, limiter, now, &state.at(cell))?;
            seen = Some(state);
        }
        Err(StoreError::Unavailable {
            call: "limits",
            cause: format!("{TRIES} updates were overtaken"),
        }
        .into())
    }

    /// The update of a request whose cell is already on the item.
    async fn count(&self, org: OrgId, cell: i64, limiter: Limiter) -> Result<Counted, StoreError> {
        let class = limiter.as_str();
        let plans: Vec<Plan> = Plan::ALL.into_iter().filter(|plan| plan.has_api_access()).collect();
        let names: Vec<String> = (0..plans.len()).map(|at| format!(":plan{at}")).collect();
        let condition = format!(
            "cell = :cell AND rolled_version = version AND suspended = :no AND #plan IN ({}) \
             AND {class}_used < {class}_cap AND day_used < day_max",
            names.join(", ")
        );
        let mut update = self
            .update(org)
            .update_expression(format!("ADD {class}_used :one, day_used :one"))
            .condition_expression(condition)
            .expression_attribute_names("#plan", "plan")
            .expression_attribute_values(":cell", n(cell))
            .expression_attribute_values(":no", AttributeValue::Bool(false))
            .expression_attribute_values(":one", n(1))
            .return_values(ReturnValue::AllNew);
        for (name, plan) in names.into_iter().zip(plans) {
            update = update.expression_attribute_values(name, s(plan.as_str()));
        }
        match update.send().await {
            Ok(done) => Ok(Counted::Yes(Box::new(State::read(done.attributes())?))),
            Err(error) => refused(&error),
        }
    }

    /// The update of a request that begins a new cell: both classes and the day move on, and the request is counted.
    async fn roll(&self, org: OrgId, old: &State, cell: i64, limiter: Limiter) -> Result<Counted, StoreError> {
        let mut new = old.at(cell);
        new.window_mut(limiter).current += 1;
        new.day_used += 1;
        let sent = self
            .update(org)
            .update_expression(
                "SET cell = :cell, rolled_version = :version, day_used = :day, day_max = :day_max, \
                 strict_used = :strict, strict_cap = :strict_cap, strict_past = :strict_past, \
                 standard_used = :standard, standard_cap = :standard_cap, standard_past = :standard_past",
            )
            .condition_expression(
                "cell = :old_cell AND version = :version AND suspended = :no AND day_used = :old_day \
                 AND strict_used = :old_strict AND standard_used = :old_standard",
            )
            .expression_attribute_values(":cell", n(cell))
            .expression_attribute_values(":version", n(new.version))
            .expression_attribute_values(":day", n(new.day_used))
            .expression_attribute_values(":day_max", n(new.day_max))
            .expression_attribute_values(":strict", n(new.strict.current))
            .expression_attribute_values(":strict_cap", n(new.strict.cap))
            .expression_attribute_values(":strict_past", s(new.strict.past()))
            .expression_attribute_values(":standard", n(new.standard.current))
            .expression_attribute_values(":standard_cap", n(new.standard.cap))
            .expression_attribute_values(":standard_past", s(new.standard.past()))
            .expression_attribute_values(":no", AttributeValue::Bool(false))
            .expression_attribute_values(":old_cell", n(old.cell))
            .expression_attribute_values(":old_day", n(old.day_used))
            .expression_attribute_values(":old_strict", n(old.strict.current))
            .expression_attribute_values(":old_standard", n(old.standard.current))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(Counted::Yes(Box::new(new))),
            Err(error) => refused(&error),
        }
    }

    fn update(&self, org: OrgId) -> aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder {
        self.0
            .client
            .update_item()
            .table_name(&*self.0.main)
            .key("pk", s(format!("L#{org}")))
            .key("sk", s("M"))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

/// A refused condition brings the item along, so no second read has to say why.
fn refused(error: &aws_sdk_dynamodb::error::SdkError<UpdateItemError>) -> Result<Counted, StoreError> {
    match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(met)) => {
            Ok(Counted::No(Box::new(State::read(met.item())?)))
        }
        Some(UpdateItemError::TransactionConflictException(_)) => Ok(Counted::Conflict),
        _ => Err(unavailable("limits", error)),
    }
}

impl State {
    /// *Errors*: [`StoreError::Corrupt`], also when there is no item: a key without limits is nobody's.
    fn read(item: Option<&Attributes>) -> Result<Self, StoreError> {
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
    fn current_cell(&self, cell: i64) -> i64 {
        if (1..=SKEW_CELLS).contains(&(self.cell - cell)) {
            self.cell
        } else {
            cell
        }
    }

    fn is_behind(&self, cell: i64) -> bool {
        self.cell < cell || self.rolled_version != self.version || self.cell - cell > SKEW_CELLS
    }

    /// The state as it is in a cell, under the limits that hold now.
    fn at(&self, cell: i64) -> Self {
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

    fn window(&self, limiter: Limiter) -> &Window {
        match limiter {
            Limiter::Strict => &self.strict,
            Limiter::Standard => &self.standard,
        }
    }

    fn window_mut(&mut self, limiter: Limiter) -> &mut Window {
        match limiter {
            Limiter::Strict => &mut self.strict,
            Limiter::Standard => &mut self.standard,
        }
    }

    fn per_minute(&self, limiter: Limiter) -> u64 {
        match limiter {
            Limiter::Strict => self.allowance.strict_per_minute,
            Limiter::Standard => self.allowance.standard_per_minute,
        }
    }

    fn has_room(&self, limiter: Limiter) -> bool {
        !self.suspended && self.plan.has_api_access() && self.window(limiter).left() > 0 && self.day_used < self.day_max
    }

    fn quota(&self, limiter: Limiter, at: Timestamp) -> Quota {
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
    fn full_until(&self, limiter: Limiter) -> Option<(Timestamp, Full)> {
        if self.day_used >= self.day_max {
            let tomorrow = (self.cell.div_euclid(CELLS_PER_DAY) + 1) * CELLS_PER_DAY;
            return Some((Timestamp::from_ms(tomorrow * CELL_MS), Full::Day));
        }
        let ahead = self.window(limiter).cells_until_free(self.per_minute(limiter));
        let free = self.cell.saturating_add_unsigned(ahead);
        (ahead > 0).then(|| (Timestamp::from_ms(free * CELL_MS), Full::Minute))
    }
}

impl Memory {
    fn state(&self, org: OrgId) -> Option<State> {
        self.lock().states.get(&org).cloned()
    }

    fn learn(&self, org: OrgId, state: State) {
        let mut remembered = self.lock();
        if remembered.states.len() >= REMEMBERED_MAX {
            *remembered = Remembered::default();
        }
        remembered.states.insert(org, state);
    }

    /// Refuses what was refused before, until the moment that was computed then: a storm of requests costs the limits item
    /// one update every few seconds and process.
    fn recall_refusal(&self, org: OrgId, limiter: Limiter, now: Timestamp) -> Result<(), Refusal> {
        match self.lock().refused.get(&(org, limiter)) {
            Some(refused) if now < refused.remembered_until => Err(refused.said(now)),
            _ => Ok(()),
        }
    }

    /// Refuses if the item, as just met, says so.
    fn refuse(&self, org: OrgId, limiter: Limiter, now: Timestamp, met: &State) -> Result<(), Refusal> {
        if met.suspended {
            return Err(ApiError::OrganizationSuspended.into());
        }
        if !met.plan.has_api_access() {
            return Err(ApiError::PlanRequired(met.plan).into());
        }
        let Some((until, full)) = met.full_until(limiter) else {
            return Ok(());
        };
        let remembered_until = until.min(now.plus_ms(REMEMBERED_MS));
        let refused = Refused {
            remembered_until,
            until,
            full,
            quota: met.quota(limiter, now),
        };
        let said = refused.said(now);
        let mut remembered = self.lock();
        if remembered.refused.len() >= REMEMBERED_MAX {
            remembered.refused.clear();
        }
        remembered.refused.insert((org, limiter), refused);
        Err(said)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Remembered> {
        // Every value in there is whole at any moment, so a panic elsewhere leaves nothing half-written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Refused {
    fn said(&self, now: Timestamp) -> Refusal {
        let wait_ms = u64::try_from(self.until.ms() - now.ms()).unwrap_or(0);
        let retry_after_s = wait_ms.div_ceil(SECOND_MS.unsigned_abs()).max(1);
        let error = match self.full {
            Full::Minute => ApiError::RateLimited { retry_after_s },
            Full::Day => ApiError::DailyLimit { retry_after_s },
        };
        Refusal {
            error,
            quota: Some(Box::new(self.quota.clone())),
        }
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
