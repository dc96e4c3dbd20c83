//! What a process remembers of organizations' limits: the last item seen, and refusals that hold for a while.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::state::{Full, State};
use super::{Quota, Refusal};
use crate::error::ApiError;
use crate::ids::OrgId;
use crate::routes::Limiter;
use crate::time::{SECOND_MS, Timestamp};

/// How long a refusal is remembered at most, so that a raised limit or a suspension is noticed.
const REMEMBERED_MS: i64 = 5 * SECOND_MS;
/// Organizations that a process remembers; beyond that it forgets all and learns again.
const REMEMBERED_MAX: usize = 4_096;
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

impl Memory {
    pub(super) fn state(&self, org: OrgId) -> Option<State> {
        self.lock().states.get(&org).cloned()
    }

    pub(super) fn learn(&self, org: OrgId, state: State) {
        let mut remembered = self.lock();
        if remembered.states.len() >= REMEMBERED_MAX {
            *remembered = Remembered::default();
        }
        remembered.states.insert(org, state);
    }

    /// Refuses what was refused before, until the moment that was computed then: a storm of requests costs the limits item
    /// one update every few seconds and process.
    pub(super) fn recall_refusal(&self, org: OrgId, limiter: Limiter, now: Timestamp) -> Result<(), Refusal> {
        match self.lock().refused.get(&(org, limiter)) {
            Some(refused) if now < refused.remembered_until => Err(refused.said(now)),
            _ => Ok(()),
        }
    }

    /// Refuses if the item, as just met, says so.
    pub(super) fn refuse(&self, org: OrgId, limiter: Limiter, now: Timestamp, met: &State) -> Result<(), Refusal> {
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

    fn lock(&self) -> MutexGuard<'_, Remembered> {
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
