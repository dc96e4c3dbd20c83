//! `GET /v1/usage`: this calendar month at a glance. *Source*: contract §8.

use eclips_shared::error::ApiError;
use eclips_shared::ids::OrgId;
use eclips_shared::plan::Plan;
use eclips_shared::serve::{Answer, Call, Incoming, Verb};
use eclips_shared::store::{Days, Figures, Per};
use eclips_shared::time::{Day, Timestamp};
use http::StatusCode;
use serde::Serialize;

use crate::figures::Rest;

/// Nothing can be asked for.
pub struct Summary;

impl Verb for Summary {
    fn read(incoming: &Incoming) -> Result<Self, ApiError> {
        incoming.query.only(&[]).map(|()| Self)
    }

    async fn answer(self, call: Call<'_>) -> Result<Answer, ApiError> {
        let now = Timestamp::now();
        let today = Day::of(now);
        let month = Days {
            from: today.first_of_month(),
            to: today,
        };
        let (caller, totals, limits) = (call.caller, call.store.totals(), call.store.limits());
        let (rows, allowed) = futures_util::try_join!(
            totals.rows(caller.tenant(), Per::Agent, month),
            limits.allowed(caller.org()),
        )?;
        let mut used = Figures::default();
        rows.into_iter().for_each(|row| used += row.figures);
        let included = allowed.credits_per_month;
        let (last, count) = allowed.requests;
        let shown = Shown {
            organization_id: caller.org(),
            plan: allowed.plan,
            period: Period {
                start: month.from.start(),
                end: now.plus_ms(now.ms_to_next_month()),
            },
            credits: Credits {
                included,
                used: used.credits,
                remaining: included.saturating_sub(used.credits),
            },
            rest: used.into(),
            requests: Requests {
                today: if last == today { count } else { 0 },
                daily_limit: allowed.requests_per_day,
            },
        };
        Ok(Answer::json(StatusCode::OK, &shown))
    }
}

/// *Shape*: `{ "organization_id", "plan", "period", "credits", "runs", "tokens", "requests" }`.
#[derive(Serialize)]
struct Shown {
    organization_id: OrgId,
    plan: Plan,
    period: Period,
    credits: Credits,
    #[serde(flatten)]
    rest: Rest,
    requests: Requests,
}

/// *Units*: UTC; `end` is exclusive.
#[derive(Serialize)]
struct Period {
    start: Timestamp,
    end: Timestamp,
}

/// *Units*: credits; `remaining` is never below 0.
#[derive(Serialize)]
struct Credits {
    included: u64,
    used: u64,
    remaining: u64,
}

/// *Units*: requests of the UTC day, all keys of the organization together.
#[derive(Serialize)]
struct Requests {
    today: u64,
    daily_limit: u64,
}
