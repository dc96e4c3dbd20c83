//! `GET /v1/usage/daily`: what was used, per day. *Source*: contract §8.

use std::collections::BTreeMap;

use eclips_shared::error::ApiError;
use eclips_shared::serve::{Answer, Call, Incoming, Verb};
use eclips_shared::store::{Days, Figures, Per};
use eclips_shared::time::Day;
use http::StatusCode;
use serde::Serialize;

use crate::days;
use crate::figures::{Data, Shown};

/// *Shape* of the query: `from`, `to`.
pub struct Daily(Days);

impl Verb for Daily {
    fn read(incoming: &Incoming) -> Result<Self, ApiError> {
        days::read(&incoming.query).map(Self)
    }

    async fn answer(self, call: Call<'_>) -> Result<Answer, ApiError> {
        let (caller, totals, limits, days) = (call.caller, call.store.totals(), call.store.limits(), self.0);
        let (rows, requests, allowed) = futures_util::try_join!(
            totals.rows(caller.tenant(), Per::Agent, days),
            totals.requests(caller.org(), days),
            limits.allowed(caller.org()),
        )?;
        let mut sums: BTreeMap<Day, Figures> = BTreeMap::new();
        for row in rows {
            *sums.entry(row.day).or_default() += row.figures;
        }
        let mut requests = requests;
        // The last day with requests is not over for the limiter, even if it is for the calendar.
        let (last, count) = allowed.requests;
        requests.insert(last, count);
        let day = |ahead| {
            let date = days.from.plus(ahead);
            Item {
                date,
                figures: sums.get(&date).copied().unwrap_or_default().into(),
                requests: requests.get(&date).copied().unwrap_or(0),
            }
        };
        let data = (0..=days.to.since(days.from)).map(day).collect();
        Ok(Answer::json(StatusCode::OK, &Data { data }))
    }
}

/// *Shape*: `{ "date", "credits", "runs", "tokens", "requests" }`; a day without anything is there as well. `requests` are
/// those of all keys of the organization, live and test.
#[derive(Serialize)]
struct Item {
    date: Day,
    #[serde(flatten)]
    figures: Shown,
    requests: u64,
}
