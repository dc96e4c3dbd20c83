//! The queues: messages with a time from which they are visible. Rules of SQS, as far as they matter to a run.

use eclips_shared::time::{SECOND_MS, Timestamp};
use serde_json::{Value, json};

/// Receives of a message; whoever would be the next gets none. *Source*: `infra/template.yaml`.
const RECEIVES_MAX: u32 = 5;

/// The queue of what is to be told: nobody delivers in this world, so its messages are taken and forgotten.
pub(super) const NEWS: &str = "news";

/// A message that waits, or is in somebody's hands until its time is over.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its body.
    pub body: String,
    /// From when it is visible.
    pub visible_at: Timestamp,
    /// How often it was received.
    pub receives: u32,
    /// Its number.
    pub id: u64,
}

/// All messages of all queues.
#[derive(Debug, Default)]
pub struct Queue {
    messages: Vec<Message>,
    /// Those that were given up.
    letters: Vec<Message>,
    sent: u64,
}

impl Queue {
    /// Answers a request of the SDK, by its operation.
    pub(super) fn answer(&mut self, operation: &str, body: &Value, now: Timestamp) -> Value {
        let url = body["QueueUrl"].as_str().expect("a message has a queue");
        match operation {
            "SendMessage" => json!({ "MessageId": self.send(url, body, now), "MD5OfMessageBody": md5(body) }),
            "SendMessageBatch" => {
                let entries = body["Entries"].as_array().cloned().unwrap_or_default();
                let sent = entries.iter().map(|entry| {
                    json!({ "Id": entry["Id"], "MessageId": self.send(url, entry, now), "MD5OfMessageBody": md5(entry) })
                });
                json!({ "Successful": sent.collect::<Vec<_>>(), "Failed": [] })
            }
            _ => panic!("the queues here know no {operation}"),
        }
    }

    pub(super) fn receive(&mut self, visibility_ms: i64, now: Timestamp) -> Option<Message> {
        let is_given_up = |message: &mut Message| message.visible_at <= now && message.receives >= RECEIVES_MAX;
        self.letters.extend(self.messages.extract_if(.., is_given_up));
        take(&mut self.messages, visibility_ms, now)
    }

    pub(super) fn receive_letter(&mut self, visibility_ms: i64, now: Timestamp) -> Option<Message> {
        take(&mut self.letters, visibility_ms, now)
    }

    pub(super) fn double(&mut self) {
        for message in self.messages.clone() {
            self.sent += 1;
            self.messages.push(Message {
                id: self.sent,
                ..message
            });
        }
    }

    pub(super) fn delete(&mut self, id: u64) {
        self.messages.retain(|message| message.id != id);
        self.letters.retain(|message| message.id != id);
    }

    pub(super) fn next_at(&self) -> Option<Timestamp> {
        let all = self.messages.iter().chain(&self.letters);
        all.map(|message| message.visible_at).min()
    }

    pub(super) fn clear(&mut self) {
        (self.messages, self.letters) = (Vec::new(), Vec::new());
    }

    fn send(&mut self, url: &str, entry: &Value, now: Timestamp) -> String {
        self.sent += 1;
        let delay_s = entry["DelaySeconds"].as_i64().unwrap_or(0);
        let message = Message {
            body: entry["MessageBody"].as_str().expect("a message has a body").to_owned(),
            visible_at: now.plus_ms(delay_s * SECOND_MS),
            receives: 0,
            id: self.sent,
        };
        self.messages.extend((!url.ends_with(NEWS)).then_some(message));
        self.sent.to_string()
    }
}

/// Takes the first message that is visible out of sight.
fn take(messages: &mut [Message], visibility_ms: i64, now: Timestamp) -> Option<Message> {
    let message = messages.iter_mut().find(|message| message.visible_at <= now)?;
    message.visible_at = now.plus_ms(visibility_ms);
    message.receives += 1;
    Some(message.clone())
}

fn md5(entry: &Value) -> String {
    eclips_local::queue::md5_hex(entry["MessageBody"].as_str().unwrap_or_default())
}
