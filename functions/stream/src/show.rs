//! `GET /v1/runs/{id}/stream`: the run's events, those that there are and those that come. *Source*: contract §4.

use eclips_shared::error::{ApiError, Missing};
use eclips_shared::ids::RunId;
use eclips_shared::serve::{Answer, Call, Incoming, LAST_EVENT_ID, Verb, run_id};
use eclips_shared::store::Taken;
use eclips_shared::time::{SECOND_MS, Timestamp};

use crate::follow::Follow;

/// The run that the path names, and the last event that the reader has.
pub struct Show {
    run: RunId,
    after: Option<u64>,
}

/// A number in the one spelling that we give out.
fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

impl Verb for Show {
    fn read(incoming: &Incoming) -> Result<Self, ApiError> {
        incoming.query.only(&[])?;
        let mut named = incoming.headers.get_all(LAST_EVENT_ID).iter();
        let after = match (named.next(), named.next()) {
            // A number as we write it; anything else begins from the beginning.
            (Some(value), None) => value.to_str().ok().and_then(number),
            _ => None,
        };
        Ok(Self {
            run: run_id(incoming)?,
            after,
        })
    }

    async fn answer(self, call: Call<'_>) -> Result<Answer, ApiError> {
        let (store, caller) = (call.store, call.caller);
        let watched = store.runs().watch(caller.tenant(), self.run).await?;
        let (watch, events) = watched.ok_or(ApiError::NotFound(Missing::Run))?;
        let known = events.last().map_or(0, |event| event.seq);
        let after = self.after.filter(|after| *after <= known).unwrap_or(0);
        let mut follow = Follow::new(call, self.run, watch);
        follow.add(events, after);
        // A run that has ended is told at once and holds nothing.
        if !follow.has_ended() {
            match store.slots().take(caller.org()).await? {
                Taken::Slot(slot) => follow.hold(slot),
                Taken::Full(until) => {
                    let wait_ms = u64::try_from(until.ms() - Timestamp::now().ms()).unwrap_or(0);
                    let retry_after_s = wait_ms.div_ceil(SECOND_MS.unsigned_abs()).max(1);
                    return Err(ApiError::TooManyStreams { retry_after_s });
                }
            }
        }
        Ok(Answer::events(follow.events()))
    }
}
