//! The event source mapping from a queue to a function: takes messages, invokes, deletes what was done. Decides nothing
//! about a message.
//!
//! A message whose function fails is left alone: it comes back when its visibility timeout ends, and goes to the dead
//! letters when that happened too often. That is the queue's business.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::engine::REGION;
use crate::environment::Pool;
use crate::queue::{Message, Queues, md5_hex};
use crate::sqs::ACCOUNT;

/// A long poll's length. *Source*: SQS's maximum.
const PATIENCE: Duration = Duration::from_secs(20);

/// After the queue's file failed, so that a full disk does not fill the log as well.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Starts so many pollers; each has one message in its hands at a time. They end when the set is dropped, and leave
/// invocations under way to their end.
#[must_use]
pub fn start(queues: &Queues, queue: &str, pool: &Pool, pollers: usize) -> JoinSet<()> {
    let mut set = JoinSet::new();
    for _ in 0..pollers {
        let (queues, queue, pool) = (queues.clone(), queue.to_owned(), pool.clone());
        set.spawn(async move {
            loop {
                if let Err(error) = step(&queues, &queue, &pool).await {
                    tracing::error!(queue, error = format!("{error:#}"), "polling failed");
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
        });
    }
    set
}

/// Waits for a message and hands it to the function; says whether there was one.
async fn step(queues: &Queues, queue: &str, pool: &Pool) -> Result<bool> {
    // Taken one by one: with a second message in the batch, a slow first one would eat into its visibility timeout.
    let messages = queues.wait(queue, 1, None, PATIENCE).await?;
    let Some(message) = messages.first() else {
        return Ok(false);
    };
    match pool.invoke(event(queue, message).to_string().into_bytes()).await {
        Ok(answer) if done(&answer, &message.message_id) => queues.delete(queue, &message.receipt_handle)?,
        Ok(_) => tracing::warn!(
            queue,
            message_id = message.message_id,
            "the function left a message for later"
        ),
        Err(error) => {
            tracing::warn!(queue, function = pool.name(), message_id = message.message_id, %error, "the function failed");
        }
    }
    Ok(true)
}

/// What Lambda sends to a function whose source is a queue.
fn event(queue: &str, message: &Message) -> Value {
    json!({ "Records": [{
        "messageId": message.message_id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": message.attributes(),
        "messageAttributes": {},
        "md5OfBody": md5_hex(&message.body),
        "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"),
        "awsRegion": REGION,
    }] })
}

/// Whether the answer counts the message as done.
///
/// *Source*: Lambda, `ReportBatchItemFailures`: nothing, `null` and an empty list mean all were done; an answer of
/// another form, an empty or an unknown id mean that none was.
fn done(answer: &[u8], message_id: &str) -> bool {
    let Ok(answer) = serde_json::from_slice::<Value>(answer) else {
        return false;
    };
    match &answer["batchItemFailures"] {
        Value::Null => true,
        Value::Array(failures) => failures.is_empty(),
        other => {
            tracing::warn!(message_id, "batchItemFailures is no list: {other}");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::Place;
    use crate::queue::{Depth, Rules};
    use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
    use lambda_runtime::{LambdaEvent, service_fn};
    use std::sync::Mutex;

    fn queues(visibility: Duration) -> Queues {
        let rules = Rules {
            name: "q".into(),
            visibility_timeout: visibility,
            retention: PATIENCE,
            dead_letters: None,
        };
        Queues::open(&Place::Memory, vec![rules]).unwrap()
    }

    /// Does `ok`, leaves `later`, panics at `panic`.
    fn worker(seen: &'static Mutex<Vec<String>>) -> Pool {
        Pool::new("worker", 2, PATIENCE, move || async move {
            Ok(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
                let record = &event.payload.records[0];
                let body = record.body.clone().unwrap();
                assert_eq!(record.md5_of_body.as_deref(), Some(md5_hex(&body).as_str()));
                seen.lock()
                    .unwrap()
                    .push(format!("{body}#{}", record.attributes["ApproximateReceiveCount"]));
                assert_ne!(body, "panic");
                let mut answer = SqsBatchResponse::default();
                if body == "later" {
                    let mut failure = BatchItemFailure::default();
                    failure.item_identifier = record.message_id.clone().unwrap();
                    answer.batch_item_failures.push(failure);
                }
                Ok::<_, anyhow::Error>(answer)
            }))
        })
    }

    #[tokio::test]
    async fn what_is_done_is_deleted_and_what_is_not_comes_back() {
        static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());
        // Long beside the three first steps, even on a busy machine.
        let queues = queues(Duration::from_millis(800));
        let pool = worker(&SEEN);
        for body in ["ok", "later", "panic"] {
            queues.send("q", None, body, Duration::ZERO).unwrap();
        }
        for _ in 0..5 {
            assert!(step(&queues, "q", &pool).await.unwrap());
        }
        let mut seen = SEEN.lock().unwrap().clone();
        seen.sort();
        assert_eq!(seen, ["later#1", "later#2", "ok#1", "panic#1", "panic#2"]);
    }

    #[test]
    fn the_function_is_told_a_message_s_group() {
        let queues = queues(PATIENCE);
        queues.send("q", Some("org#live"), "a", Duration::ZERO).unwrap();
        queues.send("q", None, "b", Duration::ZERO).unwrap();
        let groups = queues.receive("q", 2, None).unwrap().into_iter().map(|message| {
            let event: SqsEvent = serde_json::from_value(event("q", &message)).unwrap();
            event.records[0].attributes.get("MessageGroupId").cloned()
        });
        assert_eq!(groups.collect::<Vec<_>>(), [Some("org#live".to_owned()), None]);
    }

    #[tokio::test]
    async fn pollers_empty_the_queue_and_stop_when_dropped() {
        static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());
        let queues = queues(PATIENCE);
        let pollers = start(&queues, "q", &worker(&SEEN), 3);
        for _ in 0..20 {
            queues.send("q", None, "ok", Duration::ZERO).unwrap();
        }
        while queues.depth("q").unwrap() != Depth::default() {
            tokio::task::yield_now().await;
        }
        assert_eq!(SEEN.lock().unwrap().len(), 20);
        drop(pollers);
        tokio::task::yield_now().await;
        queues.send("q", None, "ok", Duration::ZERO).unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(queues.depth("q").unwrap().visible, 1);
    }

    #[test]
    fn an_answer_of_another_form_does_nothing() {
        for answer in [
            "null",
            "{}",
            r#"{"batchItemFailures":null}"#,
            r#"{"batchItemFailures":[]}"#,
        ] {
            assert!(done(answer.as_bytes(), "m"), "{answer}");
        }
        for answer in [
            "",
            r#"{"batchItemFailures":{}}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":"m"}]}"#,
            r#"{"batchItemFailures":[{}]}"#,
        ] {
            assert!(!done(answer.as_bytes(), "m"), "{answer}");
        }
    }
}
