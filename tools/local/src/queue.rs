//! Local queues with SQS's rules: at least once, visibility timeouts, delays, dead letters, fair groups. Knows no message's meaning
//! and no wire; `sqs.rs` speaks to SDKs.
//!
//! An acknowledged send survives a killed process: it is in the file before the answer, and the system keeps what was
//! written. It may be lost with the power, since the file is not synced at every send; a message is only a hint, and the
//! runs themselves are in the tables.

mod rows;
mod rules;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use rusqlite::Connection;
use tokio::sync::Notify;
use tokio::time::Instant;

pub use rules::{Depth, Message, Rules, Sent, md5_hex};

use crate::folder::Place;
use eclips_shared::time::Timestamp;

/// The longest delay of a message. *Source*: SQS.
pub const DELAY_MAX: Duration = Duration::from_secs(900);

/// Without a wake-up, how long a poller sleeps at most before it looks again; a guard, not a mechanism.
const LOOK_AGAIN: Duration = Duration::from_secs(20);

/// All queues of one laptop; clones share them.
#[derive(Clone, Debug)]
pub struct Queues {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    connection: Mutex<Connection>,
    queues: BTreeMap<String, Queue>,
    // Keeps the folder's lock as long as its file is open.
    _place: Place,
}

#[derive(Debug)]
struct Queue {
    rules: Rules,
    changed: Notify,
}

impl Queues {
    /// Opens the queues' file, `queues.sqlite`, or a place in memory.
    ///
    /// What was in flight becomes visible again: the process that held it is gone. Its receive count stays.
    ///
    /// *Errors*: the file cannot be opened; a dead-letter queue is none of the queues.
    pub fn open(place: &Place, rules: Vec<Rules>) -> Result<Self> {
        for (name, _) in rules.iter().filter_map(|rules| rules.dead_letters.as_ref()) {
            if !rules.iter().any(|other| other.name == *name) {
                return Err(anyhow!("there is no queue {name} for the dead letters"));
            }
        }
        let connection = match place.file("queues.sqlite") {
            None => Connection::open_in_memory()?,
            Some(path) => Connection::open(&path).with_context(|| format!("cannot open {}", path.display()))?,
        };
        let now = Timestamp::now().ms();
        rows::prepare(&connection).context("queues.sqlite")?;
        for rules in &rules {
            rows::expire(&connection, rules, now)?;
        }
        let queues = rules.into_iter().map(|rules| {
            (
                rules.name.clone(),
                Queue {
                    rules,
                    changed: Notify::new(),
                },
            )
        });
        let shared = Shared {
            connection: Mutex::new(connection),
            queues: queues.collect(),
            _place: place.clone(),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// The rules of a queue; `None` when there is no such queue.
    #[must_use]
    pub fn rules(&self, queue: &str) -> Option<&Rules> {
        self.shared.queues.get(queue).map(|queue| &queue.rules)
    }

    /// The names of all queues.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.shared.queues.keys().map(String::as_str)
    }

    /// Puts a message in, as one of a group or of none; nobody receives it before the delay has passed.
    ///
    /// *Errors*: no such queue, a delay over [`DELAY_MAX`], the file.
    pub fn send(&self, queue: &str, group: Option<&str>, body: &str, delay: Duration) -> Result<Sent> {
        let found = self.queue(queue)?;
        if delay > DELAY_MAX {
            return Err(anyhow!("a delay of {} s is over 900 s", delay.as_secs()));
        }
        let message_id = uuid::Uuid::new_v4().to_string();
        rows::insert(
            &self.connection(),
            queue,
            &message_id,
            group,
            body,
            Timestamp::now().ms(),
            millis(delay),
        )?;
        // Also for a delayed one: a sleeping poller must learn the new time at which to look.
        found.changed.notify_waiters();
        Ok(Sent {
            message_id,
            md5_of_body: md5_hex(body),
        })
    }

    /// Takes up to `max` visible messages and hides them for the visibility timeout (the queue's own when `None`).
    ///
    /// A message that was received as often as the queue allows goes to the dead letters instead.
    ///
    /// *Errors*: no such queue, the file.
    pub fn receive(&self, queue: &str, max: usize, visibility: Option<Duration>) -> Result<Vec<Message>> {
        let found = self.queue(queue)?;
        let hidden_ms = millis(visibility.unwrap_or(found.rules.visibility_timeout));
        let (messages, buried) = rows::receive(&mut self.connection(), &found.rules, max, hidden_ms)?;
        if buried > 0 {
            tracing::warn!(queue, buried, "messages received too often; moved to the dead letters");
            if let Some((dead, _)) = &found.rules.dead_letters {
                self.queue(dead)?.changed.notify_waiters();
            }
        }
        Ok(messages)
    }

    /// As [`Self::receive`], but waits for a message, at most for `patience`; empty after that.
    pub async fn wait(
        &self,
        queue: &str,
        max: usize,
        visibility: Option<Duration>,
        patience: Duration,
    ) -> Result<Vec<Message>> {
        let found = self.queue(queue)?;
        let until = Instant::now() + patience;
        loop {
            // Registered before the look, so that a message sent between look and wait is not slept over.
            let mut changed = std::pin::pin!(found.changed.notified());
            changed.as_mut().enable();
            let messages = self.receive(queue, max, visibility)?;
            if !messages.is_empty() || Instant::now() >= until {
                return Ok(messages);
            }
            let next = Instant::now() + self.next_visible(&found.rules)?.unwrap_or(LOOK_AGAIN).min(LOOK_AGAIN);
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep_until(next.min(until)) => {}
            }
        }
    }

    /// Deletes a received message. A receipt that is no longer the newest one deletes nothing, which is no error.
    ///
    /// *Errors*: no such queue, the file.
    pub fn delete(&self, queue: &str, receipt_handle: &str) -> Result<()> {
        self.queue(queue)?;
        rows::delete(&self.connection(), queue, receipt_handle)
    }

    /// Hides a received message for so long from now on; zero makes it visible at once.
    ///
    /// *Errors*: no such queue, the file.
    pub fn change_visibility(&self, queue: &str, receipt_handle: &str, visibility: Duration) -> Result<()> {
        let found = self.queue(queue)?;
        rows::hide(
            &self.connection(),
            queue,
            receipt_handle,
            Timestamp::now().ms() + millis(visibility),
        )?;
        found.changed.notify_waiters();
        Ok(())
    }

    /// How many messages a queue holds, by what is happening to them.
    ///
    /// *Errors*: no such queue, the file.
    pub fn depth(&self, queue: &str) -> Result<Depth> {
        self.queue(queue)?;
        rows::depth(&self.connection(), queue, Timestamp::now().ms())
    }

    /// How long until a hidden message may become visible; `None` when there is none.
    fn next_visible(&self, rules: &Rules) -> Result<Option<Duration>> {
        let now = Timestamp::now().ms();
        let next = rows::next_visible(&self.connection(), rules, now)?;
        Ok(next.map(|at| Duration::from_millis(u64::try_from(at - now).unwrap_or(0).max(1))))
    }

    fn queue(&self, name: &str) -> Result<&Queue> {
        self.shared
            .queues
            .get(name)
            .ok_or_else(|| anyhow!("there is no queue {name}"))
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A panic under the lock leaves no transaction open (its guard rolls back), so the connection is still good.
        self.shared
            .connection
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
mod tests;
