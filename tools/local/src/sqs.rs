//! The local queues on the wire: the part of SQS's JSON protocol that senders and curious people use, on loopback.
//! Keeps nothing; `queue.rs` has the rules.
//!
//! Message attributes are refused: nothing of ours uses them, and dropping them would be a lie.

mod actions;

use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::host;
use crate::queue::Queues;

/// The account in the queues' URLs.
pub const ACCOUNT: &str = "000000000000";

/// Ten messages of a batch are 1 MiB at most; the rest is JSON's escapes.
const BODY_MAX_BYTES: usize = 8 * 1024 * 1024;

/// The running endpoint; it stops when dropped.
#[derive(Debug)]
pub struct Endpoint {
    url: String,
    task: JoinHandle<()>,
}

impl Endpoint {
    /// Serves the queues on 127.0.0.1, on a port of the system's choice.
    ///
    /// *Errors*: no port is free.
    pub async fn start(queues: Queues) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("no loopback port for the queues")?;
        let url = format!("http://{}", listener.local_addr()?);
        let served = Served {
            queues,
            url: url.clone(),
        };
        let app = Router::new()
            .fallback(answer)
            .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
            .with_state(served);
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                tracing::error!(%error, "the local queues stopped serving");
            }
        });
        Ok(Self { url, task })
    }

    /// The URL to hand to an SDK as its endpoint.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The URL of a queue, as a function is given it. Only its last segment counts, so one of an earlier start works.
    #[must_use]
    pub fn queue_url(&self, queue: &str) -> String {
        queue_url(&self.url, queue)
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Clone, Debug)]
struct Served {
    queues: Queues,
    url: String,
}

/// What a client did wrong, in SQS's words.
#[derive(Debug)]
struct Refusal {
    code: &'static str,
    message: String,
}

impl Refusal {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

/// Either the client's fault or ours.
#[derive(Debug)]
enum Failure {
    Refused(Refusal),
    Broken(anyhow::Error),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Broken(error)
    }
}

fn queue_url(endpoint: &str, queue: &str) -> String {
    format!("{endpoint}/{ACCOUNT}/{queue}")
}

async fn answer(State(served): State<Served>, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    if !host::only(&headers, header::HOST).is_some_and(host::is_local) {
        return wire(
            StatusCode::MISDIRECTED_REQUEST,
            &json!({ "message": "only localhost is served here" }),
        );
    }
    let Some(action) = text("x-amz-target").strip_prefix("AmazonSQS.") else {
        return refuse(&Refusal::new(
            "InvalidAction",
            "only the JSON protocol (x-amz-target: AmazonSQS.…) is spoken here",
        ));
    };
    let outcome = match serde_json::from_slice::<Value>(&body) {
        Ok(request) => actions::run(&served, action, request).await,
        Err(error) => Err(Refusal::new("SerializationException", error.to_string()).into()),
    };
    match outcome {
        Ok(answer) => wire(StatusCode::OK, &answer),
        Err(Failure::Refused(refusal)) => refuse(&refusal),
        Err(Failure::Broken(error)) => {
            tracing::error!(action, error = format!("{error:#}"), "a local queue failed");
            let body = json!({ "__type": "com.amazonaws.sqs#InternalError", "message": "see the log of eclips-local" });
            wire(StatusCode::INTERNAL_SERVER_ERROR, &body)
        }
    }
}

fn refuse(refusal: &Refusal) -> Response {
    let body = json!({ "__type": format!("com.amazonaws.sqs#{}", refusal.code), "message": refusal.message });
    let mut response = wire(StatusCode::BAD_REQUEST, &body);
    // SDKs know the older protocol's names of the errors, and look for them in this header first.
    let older = match refusal.code {
        "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue;Sender".to_owned(),
        code @ ("InvalidParameterValue" | "InvalidAction" | "SerializationException") => format!("{code};Sender"),
        code => format!("AWS.SimpleQueueService.{code};Sender"),
    };
    let older = HeaderValue::try_from(older).expect("codes are ASCII words");
    response.headers_mut().insert("x-amzn-query-error", older);
    response
}

fn wire(status: StatusCode, body: &Value) -> Response {
    let request_id = uuid::Uuid::new_v4().to_string();
    let headers = [
        (header::CONTENT_TYPE.as_str(), "application/x-amz-json-1.0"),
        ("x-amzn-requestid", request_id.as_str()),
    ];
    (status, headers, body.to_string()).into_response()
}

#[cfg(test)]
mod tests;
