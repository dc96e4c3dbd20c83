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

mod memory;
mod state;

use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};

use super::item::{n, s};
use super::transact::jitter;
use super::{Store, StoreError, unavailable};
use crate::error::ApiError;
use crate::ids::OrgId;
use crate::plan::Plan;
use crate::routes::Limiter;
use crate::time::{Day, Timestamp};
use crate::window::CELL_MS;

pub(super) use self::memory::Memory;
use self::state::State;

/// Updates that one request may need: its own, one roll, and a few that others overtook.
const TRIES: usize = 8;
/// The wait after a conflict, with jitter.
const CONFLICT_WAIT: Duration = Duration::from_millis(15);

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

/// What an organization has, and what it has used of it, for its owner to see.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Allowed {
    /// The plan.
    pub plan: Plan,
    /// Requests a minute on the strict routes, the organization's own number included; so are those that follow.
    pub strict_per_minute: u64,
    /// Requests a minute on the standard routes.
    pub standard_per_minute: u64,
    /// Credits a UTC month.
    pub credits_per_month: u64,
    /// What is left of them this month, as the guard sees it; below zero by the runs in flight.
    pub credits_left: i64,
    /// Requests a UTC day.
    pub requests_per_day: u64,
    /// The last day on which there was a request, and how many.
    pub requests: (Day, u64),
}

/// Rate limits and what else stands on the limits item.
#[derive(Debug)]
pub struct Limits<'a>(pub(super) &'a Store);

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

    /// Reads what an organization may do and has done, without counting anything; eventually consistent.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn allowed(&self, org: OrgId) -> Result<Allowed, StoreError> {
        let read = self
            .0
            .client
            .get_item()
            .table_name(&*self.0.main)
            .key("pk", s(format!("L#{org}")))
            .key("sk", s("M"));
        let answer = read.send().await.map_err(|error| unavailable("read limits", &error))?;
        let state = State::read(answer.item())?;
        Ok(Allowed {
            plan: state.plan,
            strict_per_minute: state.allowance.strict_per_minute,
            standard_per_minute: state.allowance.standard_per_minute,
            credits_per_month: state.allowance.credits_per_month,
            credits_left: state.quota(Limiter::Strict, Timestamp::now()).credits_left,
            requests_per_day: state.allowance.requests_per_day,
            requests: (Day::of(Timestamp::from_ms(state.cell * CELL_MS)), state.day_used),
        })
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
            // What memory knows of the rest, the month's credits above all, may be old.
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        match sent {
            Ok(done) => Ok(Counted::Yes(Box::new(State::read(done.attributes())?))),
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
