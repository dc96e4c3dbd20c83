//! The actions, one function each: read the request, ask the queues, build the answer.

use std::collections::HashSet;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::{Failure, Refusal, Served, queue_url};
use crate::queue::{DELAY_MAX, Message, Queues, Sent};

/// A message's and a whole batch's limit. *Source*: SQS, since August 2025.
const MESSAGE_MAX_BYTES: usize = 1024 * 1024;
/// The longest name of a group. *Source*: SQS.
const GROUP_MAX_BYTES: usize = 128;
/// Entries of a batch, and messages of one receive. *Source*: SQS.
const BATCH_MAX: usize = 10;
/// The longest long poll. *Source*: SQS.
const WAIT_MAX_S: u64 = 20;
/// The longest time to hide a message. *Source*: SQS, 12 hours.
const VISIBILITY_MAX_S: u64 = 43_200;

type Answer = Result<Value, Failure>;

pub(super) async fn run(served: &Served, action: &str, request: Value) -> Answer {
    let queues = &served.queues;
    match action {
        "SendMessage" => send(queues, read(request)?),
        "SendMessageBatch" => send_batch(queues, read(request)?),
        "ReceiveMessage" => receive(queues, read(request)?).await,
        "DeleteMessage" => delete(queues, &read(request)?),
        "DeleteMessageBatch" => delete_batch(queues, read(request)?),
        "ChangeMessageVisibility" => change_visibility(queues, &read(request)?),
        "GetQueueUrl" => queue_by_name(served, &read(request)?),
        "GetQueueAttributes" => attributes(queues, &read(request)?),
        "ListQueues" => {
            Ok(json!({ "QueueUrls": queues.names().map(|name| queue_url(&served.url, name)).collect::<Vec<_>>() }))
        }
        other => Err(Refusal::new("InvalidAction", format!("{other} is not spoken here")).into()),
    }
}

fn read<T: DeserializeOwned>(request: Value) -> Result<T, Failure> {
    serde_json::from_value(request).map_err(|error| Refusal::new("SerializationException", error.to_string()).into())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Send {
    queue_url: String,
    #[serde(flatten)]
    message: Outgoing,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Outgoing {
    message_body: String,
    #[serde(default)]
    delay_seconds: u64,
    message_group_id: Option<String>,
    #[serde(default)]
    message_attributes: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Batch<T> {
    queue_url: String,
    entries: Vec<Entry<T>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<T> {
    id: String,
    #[serde(flatten)]
    content: T,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Receive {
    queue_url: String,
    max_number_of_messages: Option<usize>,
    visibility_timeout: Option<u64>,
    #[serde(default)]
    wait_time_seconds: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Delete {
    queue_url: String,
    receipt_handle: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Receipt {
    receipt_handle: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ChangeVisibility {
    queue_url: String,
    receipt_handle: String,
    visibility_timeout: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct QueueName {
    queue_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct QueueUrl {
    queue_url: String,
}

/// The queue that a URL names, whatever port it was written with.
fn queue<'u>(queues: &Queues, url: &'u str) -> Result<&'u str, Refusal> {
    let name = url.rsplit('/').next().unwrap_or_default();
    match queues.rules(name) {
        Some(_) => Ok(name),
        None => Err(Refusal::new("QueueDoesNotExist", "The specified queue does not exist.")),
    }
}

fn put(queues: &Queues, queue: &str, message: &Outgoing) -> Result<Sent, Failure> {
    if message
        .message_attributes
        .as_ref()
        .is_some_and(|attributes| !attributes.is_empty())
    {
        return Err(Refusal::new(
            "UnsupportedOperation",
            "message attributes are not kept by the local queues",
        )
        .into());
    }
    if message.delay_seconds > DELAY_MAX.as_secs() {
        return Err(Refusal::new("InvalidParameterValue", "DelaySeconds must be between 0 and 900").into());
    }
    let body = &message.message_body;
    if body.is_empty() || body.len() > MESSAGE_MAX_BYTES {
        return Err(Refusal::new(
            "InvalidParameterValue",
            "MessageBody must be between 1 and 1048576 bytes",
        )
        .into());
    }
    let group = message.message_group_id.as_deref();
    check_group(group)?;
    Ok(queues.send(queue, group, body, Duration::from_secs(message.delay_seconds))?)
}

/// A group's name is letters, digits and punctuation. *Source*: SQS.
fn check_group(group: Option<&str>) -> Result<(), Refusal> {
    let fits = |name: &str| {
        (1..=GROUP_MAX_BYTES).contains(&name.len()) && name.bytes().all(|character| character.is_ascii_graphic())
    };
    if group.is_none_or(fits) {
        return Ok(());
    }
    Err(Refusal::new(
        "InvalidParameterValue",
        "MessageGroupId must be 1 to 128 alphanumeric characters and punctuation",
    ))
}

fn send(queues: &Queues, request: Send) -> Answer {
    let Send { queue_url, message } = request;
    let sent = put(queues, queue(queues, &queue_url)?, &message)?;
    Ok(json!({ "MessageId": sent.message_id, "MD5OfMessageBody": sent.md5_of_body }))
}

/// The checks of a whole batch; a fault of one entry fails that entry alone.
fn check_batch<T>(entries: &[Entry<T>]) -> Result<(), Refusal> {
    if entries.is_empty() {
        return Err(Refusal::new("EmptyBatchRequest", "The batch holds no entry."));
    }
    if entries.len() > BATCH_MAX {
        return Err(Refusal::new(
            "TooManyEntriesInBatchRequest",
            "The batch holds more than 10 entries.",
        ));
    }
    let ids: HashSet<_> = entries.iter().map(|entry| &entry.id).collect();
    if ids.len() < entries.len() {
        return Err(Refusal::new(
            "BatchEntryIdsNotDistinct",
            "Two entries have the same Id.",
        ));
    }
    Ok(())
}

/// Runs every entry of a batch and sorts the outcomes.
fn each<T>(entries: Vec<Entry<T>>, mut run: impl FnMut(T) -> Answer) -> Answer {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        match run(entry.content) {
            Ok(mut done) => {
                done["Id"] = json!(entry.id);
                successful.push(done);
            }
            Err(Failure::Refused(refusal)) => failed.push(json!({
                "Id": entry.id, "SenderFault": true, "Code": refusal.code, "Message": refusal.message,
            })),
            Err(broken) => return Err(broken),
        }
    }
    Ok(json!({ "Successful": successful, "Failed": failed }))
}

fn send_batch(queues: &Queues, request: Batch<Outgoing>) -> Answer {
    let queue = queue(queues, &request.queue_url)?;
    check_batch(&request.entries)?;
    if request
        .entries
        .iter()
        .map(|entry| entry.content.message_body.len())
        .sum::<usize>()
        > MESSAGE_MAX_BYTES
    {
        return Err(Refusal::new("BatchRequestTooLong", "The batch is over 1048576 bytes.").into());
    }
    each(request.entries, |message| {
        let sent = put(queues, queue, &message)?;
        Ok(json!({ "MessageId": sent.message_id, "MD5OfMessageBody": sent.md5_of_body }))
    })
}

async fn receive(queues: &Queues, request: Receive) -> Answer {
    let queue = queue(queues, &request.queue_url)?;
    let max = request.max_number_of_messages.unwrap_or(1);
    if !(1..=BATCH_MAX).contains(&max) {
        return Err(Refusal::new("InvalidParameterValue", "MaxNumberOfMessages must be between 1 and 10").into());
    }
    if request.wait_time_seconds > WAIT_MAX_S {
        return Err(Refusal::new("InvalidParameterValue", "WaitTimeSeconds must be between 0 and 20").into());
    }
    let visibility = request.visibility_timeout.map(visibility).transpose()?;
    let patience = Duration::from_secs(request.wait_time_seconds);
    let messages = queues.wait(queue, max, visibility, patience).await?;
    Ok(json!({ "Messages": messages.iter().map(shown).collect::<Vec<_>>() }))
}

/// All attributes, asked for or not: a client ignores what it did not ask for.
fn shown(message: &Message) -> Value {
    json!({
        "MessageId": message.message_id,
        "ReceiptHandle": message.receipt_handle,
        "MD5OfBody": crate::queue::md5_hex(&message.body),
        "Body": message.body,
        "Attributes": message.attributes(),
    })
}

fn visibility(seconds: u64) -> Result<Duration, Refusal> {
    if seconds > VISIBILITY_MAX_S {
        return Err(Refusal::new(
            "InvalidParameterValue",
            "VisibilityTimeout must be between 0 and 43200",
        ));
    }
    Ok(Duration::from_secs(seconds))
}

fn delete(queues: &Queues, request: &Delete) -> Answer {
    queues.delete(queue(queues, &request.queue_url)?, &request.receipt_handle)?;
    Ok(json!({}))
}

fn delete_batch(queues: &Queues, request: Batch<Receipt>) -> Answer {
    let queue = queue(queues, &request.queue_url)?;
    check_batch(&request.entries)?;
    each(request.entries, |receipt| {
        queues.delete(queue, &receipt.receipt_handle)?;
        Ok(json!({}))
    })
}

fn change_visibility(queues: &Queues, request: &ChangeVisibility) -> Answer {
    let queue = queue(queues, &request.queue_url)?;
    queues.change_visibility(queue, &request.receipt_handle, visibility(request.visibility_timeout)?)?;
    Ok(json!({}))
}

fn queue_by_name(served: &Served, request: &QueueName) -> Answer {
    let name = queue(&served.queues, &request.queue_name)?;
    Ok(json!({ "QueueUrl": queue_url(&served.url, name) }))
}

fn attributes(queues: &Queues, request: &QueueUrl) -> Answer {
    let name = queue(queues, &request.queue_url)?;
    let depth = queues.depth(name)?;
    let rules = queues
        .rules(name)
        .ok_or_else(|| Refusal::new("QueueDoesNotExist", name))?;
    Ok(json!({ "Attributes": {
        "ApproximateNumberOfMessages": depth.visible.to_string(),
        "ApproximateNumberOfMessagesNotVisible": depth.in_flight.to_string(),
        "ApproximateNumberOfMessagesDelayed": depth.delayed.to_string(),
        "VisibilityTimeout": rules.visibility_timeout.as_secs().to_string(),
        "MessageRetentionPeriod": rules.retention.as_secs().to_string(),
    } }))
}
