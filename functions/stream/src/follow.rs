//! One open stream: what it has still to say, when it looks again, and why it ends.
//!
//! It looks at the run and then at the key, so that a revoked key hears nothing that happened after its end. What it
//! writes is the stored text of the events, the same bytes for every reader.

use std::time::Duration;

use bytes::Bytes;
use eclips_shared::auth::{Caller, Scope};
use eclips_shared::ids::RunId;
use eclips_shared::serve::{Call, Events};
use eclips_shared::store::{RunEvent, Slot, Store, StoreError, Watch};
use eclips_shared::time::Timestamp;
use tokio::time::Instant;

/// When a stream closes at the latest; the reader comes back with the number of its last event. *Source*: contract §4.
const OPEN_MAX: Duration = Duration::from_secs(110);
/// What is kept of a shorter invocation to end in good order. *Source*: our choice.
const RESERVE: Duration = Duration::from_secs(5);
/// The longest silence. *Source*: contract §4.
const SILENCE_MAX: Duration = Duration::from_secs(15);
/// How often a slot is held longer; its lease outlives two of these.
const RENEW_EVERY: Duration = Duration::from_secs(15);
/// How long after its end a reader waits before it comes back. *Source*: contract §4.
const RETRY: &str = "retry: 1000\n\n";
/// A comment: readers ignore it, and proxies see that somebody is there.
const HEARTBEAT: &str = ": still here\n\n";
/// Looks in a row that may fail before the stream ends; the reader comes back, perhaps to a store that answers.
const FAILURES_MAX: u32 = 3;
/// How long to wait before the next look, by how long ago the last event came: runs that move are looked at often.
const PACE: [(Duration, Duration); 3] = [
    (Duration::from_secs(5), Duration::from_millis(250)),
    (Duration::from_secs(10), Duration::from_millis(500)),
    (Duration::from_secs(20), Duration::from_secs(1)),
];
/// The slowest pace. *Source*: our choice, as all of them: a look is two reads.
const PACE_SLOWEST: Duration = Duration::from_secs(2);

/// Why a stream ended; for the log.
#[derive(Clone, Copy, Debug)]
enum End {
    RunEnded,
    TimeIsUp,
    KeyEnded,
    SlotLost,
    StoreUnavailable,
}

/// An open stream.
pub struct Follow {
    store: Store,
    caller: Caller,
    run: RunId,
    watch: Watch,
    slot: Option<Slot>,
    /// What is to be written next.
    piece: String,
    /// Whether the newest event ends the stream.
    has_ended: bool,
    sent: u64,
    failures: u32,
    began: Instant,
    /// How long it may be open.
    open_max: Duration,
    last_event: Instant,
    last_piece: Instant,
    last_renewal: Instant,
}

impl Follow {
    /// A stream of a run that has nothing to say yet but how to come back.
    pub fn new(call: Call<'_>, run: RunId, watch: Watch) -> Self {
        let now = Instant::now();
        let left_ms = call.deadline.ms() - Timestamp::now().ms();
        let left = Duration::from_millis(u64::try_from(left_ms).unwrap_or(0));
        Self {
            store: call.store.clone(),
            caller: call.caller.clone(),
            run,
            watch,
            slot: None,
            piece: RETRY.to_owned(),
            has_ended: false,
            sent: 0,
            failures: 0,
            began: now,
            open_max: OPEN_MAX.min(left.saturating_sub(RESERVE)),
            last_event: now,
            last_piece: now,
            last_renewal: now,
        }
    }

    /// Adds the events behind a number to what is written next. Only the newest of all can end the stream, written or not.
    pub fn add(&mut self, events: Vec<RunEvent>, after: u64) {
        for RunEvent { seq, kind, text } in events {
            self.has_ended = kind.ends_stream();
            self.last_event = Instant::now();
            if seq > after {
                let name = kind.as_str();
                self.piece
                    .push_str(&format!("id: {seq}\nevent: {name}\ndata: {text}\n\n"));
                self.sent += 1;
            }
        }
    }

    /// Whether nothing more is to come.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Keeps a slot as long as the stream is open.
    pub fn hold(&mut self, slot: Slot) {
        self.slot = Some(slot);
    }

    /// The stream's pieces. Between two of them it does nothing unless somebody asks for the next one.
    pub fn events(self) -> Events {
        Box::pin(futures_util::stream::unfold(self, |mut follow| async move {
            let piece = follow.next().await?;
            Some((Bytes::from(piece), follow))
        }))
    }

    /// The next piece, when there is one; `None` at the end.
    async fn next(&mut self) -> Option<String> {
        loop {
            if !self.piece.is_empty() {
                self.last_piece = Instant::now();
                return Some(std::mem::take(&mut self.piece));
            }
            if let Some(end) = self.wait_and_look().await {
                self.close(end).await;
                return None;
            }
        }
    }

    /// Waits for the next look, and looks; says when it is the last one.
    async fn wait_and_look(&mut self) -> Option<End> {
        if self.has_ended {
            return Some(End::RunEnded);
        }
        if self.began.elapsed() >= self.open_max {
            return Some(End::TimeIsUp);
        }
        tokio::time::sleep(self.pause()).await;
        // First the events, then the key: a key that stood when they were read already may hear them.
        let found = match self.watch.look(&self.store).await {
            Ok(found) => found,
            Err(error) => return self.failed(&error).await,
        };
        match self.caller.still_stands(&self.store, Scope::AgentsRead).await {
            Ok(true) => {
                self.failures = 0;
                self.add(found, 0);
                self.keep_alive().await
            }
            Ok(false) => Some(End::KeyEnded),
            Err(error) => {
                // Nobody knows whether the key stands: nothing is told, and what was read is read again.
                self.watch.unread(&found);
                self.failed(&error).await
            }
        }
    }

    /// How long to wait before the next look: no longer than anybody may be left without a word.
    fn pause(&self) -> Duration {
        let quiet = self.last_event.elapsed();
        let pace = PACE.iter().find(|(until, _)| quiet < *until);
        let silence = SILENCE_MAX.saturating_sub(self.last_piece.elapsed());
        let left = self.open_max.saturating_sub(self.began.elapsed());
        pace.map_or(PACE_SLOWEST, |(_, pause)| *pause).min(left).min(silence)
    }

    async fn failed(&mut self, error: &StoreError) -> Option<End> {
        self.failures += 1;
        tracing::warn!(run_id = %self.run, %error, "a stream could not look");
        if self.failures >= FAILURES_MAX || matches!(error, StoreError::Corrupt { .. }) {
            return Some(End::StoreUnavailable);
        }
        // Without a word its reader would think it gone, and its next look would come without a pause.
        self.keep_alive().await
    }

    /// Ends a long silence, and holds the slot longer.
    async fn keep_alive(&mut self) -> Option<End> {
        if self.piece.is_empty() && self.last_piece.elapsed() >= SILENCE_MAX {
            HEARTBEAT.clone_into(&mut self.piece);
        }
        let Some(slot) = &self.slot else { return None };
        if self.last_renewal.elapsed() < RENEW_EVERY {
            return None;
        }
        self.last_renewal = Instant::now();
        match self.store.slots().renew(slot).await {
            Ok(()) => None,
            Err(StoreError::Lost) => Some(End::SlotLost),
            Err(error) => {
                tracing::warn!(run_id = %self.run, %error, "a stream's slot was not renewed");
                None
            }
        }
    }

    async fn close(&mut self, end: End) {
        if let Some(slot) = self.slot.take() {
            self.store.slots().give_back(&slot).await;
        }
        tracing::info!(
            run_id = %self.run,
            org = %self.caller.org(),
            key_id = %self.caller.key(),
            events = self.sent,
            open_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            store_calls = self.store.take_calls(),
            end = ?end,
            "stream ended"
        );
    }
}
