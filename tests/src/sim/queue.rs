//! The queues: messages with a time from which they are visible. Rules of SQS, as far as they matter to a run.

use eclips_shared::time::{SECOND_MS, Timestamp};
use serde_json::{Value, json};

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
    pub(super) messages: Vec<Message>,
    sent: u64,
}

impl Queue {
    /// Answers a request of the SDK, by its operation.
    pub(super) fn answer(&mut self, operation: &str, body: &Value, now: Timestamp) -> Value {
        match operation {
            "SendMessage" => json!({ "MessageId": self.send(body, now), "MD5OfMessageBody": md5(body) }),
            "SendMessageBatch" => {
                let entries = body["Entries"].as_array().cloned().unwrap_or_default();
                let sent = entries.iter().map(|entry| {
                    json!({ "Id": entry["Id"], "MessageId": self.send(entry, now), "MD5OfMessageBody": md5(entry) })
                });
                json!({ "Successful": sent.collect::<Vec<_>>(), "Failed": [] })
            }
            _ => panic!("the queues here know no {operation}"),
        }
    }

    fn send(&mut self, entry: &Value, now: Timestamp) -> String {
        self.sent += 1;
        let delay_s = entry["DelaySeconds"].as_i64().unwrap_or(0);
        self.messages.push(Message {
            body: entry["MessageBody"].as_str().expect("a message has a body").to_owned(),
            visible_at: now.plus_ms(delay_s * SECOND_MS),
            receives: 0,
            id: self.sent,
        });
        self.sent.to_string()
    }
}

fn md5(entry: &Value) -> String {
    eclips_local::queue::md5_hex(entry["MessageBody"].as_str().unwrap_or_default())
}
