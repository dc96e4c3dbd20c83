//! What a queue promises and what it hands out.

use std::time::Duration;

use serde_json::{Value, json};

/// How a queue treats its messages; the names are local ones.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rules {
    /// The queue's name.
    pub name: String,
    /// How long a received message is hidden from others.
    pub visibility_timeout: Duration,
    /// How long a message is kept at all, counted from when it was first sent.
    pub retention: Duration,
    /// Where a message goes that was received this often and not deleted.
    pub dead_letters: Option<(String, u32)>,
}

/// What a sender is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sent {
    /// The message's id; it stays the same among the dead letters.
    pub message_id: String,
    /// The body's MD5 in hexadecimal, by which an SDK checks the transfer.
    pub md5_of_body: String,
}

/// A received message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// The message's id.
    pub message_id: String,
    /// By which this receive's taker deletes it; a later receive makes a new one.
    pub receipt_handle: String,
    /// Whose it is, in the sender's words; `None` when the sender named no group.
    pub group: Option<String>,
    /// The body as it was sent.
    pub body: String,
    /// How often it was received, this time included, across queues.
    pub receive_count: u32,
    /// When it was sent, in ms since 1970.
    pub sent_ms: i64,
    /// When it was received first, in ms since 1970.
    pub first_received_ms: i64,
}

impl Message {
    /// The attributes that SQS gives with a message, as texts; a message without a group has none of that name.
    #[must_use]
    pub fn attributes(&self) -> Value {
        let mut attributes = json!({
            "ApproximateReceiveCount": self.receive_count.to_string(),
            "SentTimestamp": self.sent_ms.to_string(),
            "SenderId": "local",
            "ApproximateFirstReceiveTimestamp": self.first_received_ms.to_string(),
        });
        if let Some(group) = &self.group {
            attributes["MessageGroupId"] = json!(group);
        }
        attributes
    }
}

/// How many messages a queue holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Depth {
    /// Ready to be received.
    pub visible: u64,
    /// Received, neither deleted nor visible again.
    pub in_flight: u64,
    /// Sent with a delay that has not passed.
    pub delayed: u64,
}

/// The MD5 of a body in hexadecimal, as SQS gives it.
#[must_use]
pub fn md5_hex(body: &str) -> String {
    format!("{:x}", md5::compute(body))
}
