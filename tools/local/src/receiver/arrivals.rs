//! The last arrivals, in memory only. Knows neither secrets nor pages.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use bytes::Bytes;
use eclips_shared::time::Timestamp;
use serde::Deserialize;

use super::signatures::{self, Verdict};

/// How many are kept; the oldest goes first. *Source*: our choice, 50 MB at the very most.
const ARRIVALS_MAX: usize = 200;

/// What arrived.
#[derive(Debug)]
pub(super) struct Arrival {
    /// When its body was read.
    pub(super) at: Timestamp,
    /// Path and query, as they were sent.
    pub(super) path: String,
    /// What the header `X-eClips-Event` says.
    pub(super) event: Option<String>,
    /// What the header `webhook-id` says: the same over all tries of a delivery.
    pub(super) webhook_id: Option<String>,
    /// What the body says, where it is JSON.
    pub(super) run_id: Option<String>,
    /// All headers, those above among them.
    pub(super) headers: HeaderMap,
    /// As it came.
    pub(super) body: Bytes,
    /// Of the signature in `webhook-signature`.
    pub(super) standard_webhooks: Verdict,
    /// Of the signature in `X-eClips-Signature`.
    pub(super) manual: Verdict,
}

impl Arrival {
    /// Reads a request and judges its signatures.
    pub(super) fn of(head: &Parts, body: Bytes, secrets: &[(String, String)]) -> Self {
        /// What is looked for in a body; whatever else it holds is only shown.
        #[derive(Deserialize)]
        struct Told {
            run_id: Option<String>,
        }
        let text = |name| head.headers.get(name).map(value);
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        Self {
            at: Timestamp::now(),
            path: path.to_owned(),
            event: text("x-eclips-event"),
            webhook_id: text("webhook-id"),
            run_id: serde_json::from_slice(&body).ok().and_then(|told: Told| told.run_id),
            standard_webhooks: signatures::standard_webhooks(&head.headers, &body, secrets),
            manual: signatures::manual(&head.headers, &body, secrets),
            headers: head.headers.clone(),
            body,
        }
    }

    /// Whether both are one delivery: the same id to the same path. Two webhooks may well be told of one event by one id.
    fn is_again(&self, other: &Self) -> bool {
        let path = |arrival: &Self| arrival.path.split('?').next().map(str::to_owned);
        self.webhook_id.is_some() && self.webhook_id == other.webhook_id && path(self) == path(other)
    }
}

/// A header's value as text.
pub(super) fn value(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

/// What became of an arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Its answer is held back, as its address asks.
    Waiting,
    /// It was answered with this status.
    Answered(StatusCode),
    /// Its sender closed the connection before the answer.
    GivenUp,
}

/// An arrival in its place.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// Counts from 1 since the start.
    pub(super) number: u64,
    /// How often this delivery came until then, this time included.
    pub(super) times: u64,
    /// What became of it so far.
    pub(super) outcome: Outcome,
    /// What arrived.
    pub(super) arrival: Arc<Arrival>,
}

/// The arrivals, oldest first.
#[derive(Debug)]
pub(super) struct Arrivals {
    started: Timestamp,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    kept: VecDeque<Kept>,
    number: u64,
    changes: u64,
}

impl Default for Arrivals {
    fn default() -> Self {
        Self {
            started: Timestamp::now(),
            state: Mutex::default(),
        }
    }
}

impl Arrivals {
    /// Keeps one. What is given back has to be told when it is answered; dropped before, its sender gave up.
    pub(super) fn keep(&self, arrival: Arrival, outcome: Outcome) -> Pending<'_> {
        let mut state = self.change();
        // The latest of its kind has counted those that are forgotten already.
        let before = state.kept.iter().rev().find(|kept| arrival.is_again(&kept.arrival));
        let times = before.map_or(0, |kept| kept.times) + 1;
        state.number += 1;
        let number = state.number;
        log(&arrival, times);
        if state.kept.len() == ARRIVALS_MAX {
            state.kept.pop_front();
        }
        state.kept.push_back(Kept {
            number,
            times,
            outcome,
            arrival: Arc::new(arrival),
        });
        Pending { arrivals: self, number }
    }

    /// All that is kept, newest first, and the word for this state of it.
    pub(super) fn look(&self) -> (String, Vec<Kept>) {
        let state = self.state();
        let kept = state.kept.iter().rev().cloned().collect();
        (self.word(state.changes), kept)
    }

    /// A word that is another one after every change, also after a restart.
    pub(super) fn changes(&self) -> String {
        self.word(self.state().changes)
    }

    /// Forgets all.
    pub(super) fn clear(&self) {
        self.change().kept.clear();
    }

    fn settle(&self, number: u64, outcome: Outcome) {
        let waits = |kept: &&mut Kept| kept.number == number && kept.outcome == Outcome::Waiting;
        let mut state = self.state();
        // It may be settled, cleared or pushed out by now.
        if let Some(kept) = state.kept.iter_mut().find(waits) {
            kept.outcome = outcome;
            state.changes += 1;
        }
    }

    fn word(&self, changes: u64) -> String {
        format!("{}-{changes}", self.started.ms())
    }

    fn change(&self) -> MutexGuard<'_, State> {
        let mut state = self.state();
        state.changes += 1;
        state
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An arrival that is on its way to an answer.
pub(super) struct Pending<'a> {
    arrivals: &'a Arrivals,
    number: u64,
}

impl Pending<'_> {
    /// Its answer goes out now.
    pub(super) fn answered(self, status: StatusCode) {
        self.arrivals.settle(self.number, Outcome::Answered(status));
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        // The server drops what answers a request when its sender closes the connection.
        self.arrivals.settle(self.number, Outcome::GivenUp);
    }
}

/// One line for each; of what was sent only what we made of it.
fn log(arrival: &Arrival, times: u64) {
    let standard_webhooks = arrival.standard_webhooks.to_string();
    let manual = arrival.manual.to_string();
    tracing::info!(times, standard_webhooks, manual, "a webhook arrived");
}
