//! Lambda's Runtime API on loopback: where a function fetches its events and leaves its answers.
//!
//! *As in Lambda*: the request for the next event waits until there is one; an answer counts when its body has ended;
//! an answer to nothing that was asked, a second answer and one over 6 MB are refused. A streamed answer is read piece by
//! piece and has no such bound; one that breaks off has no outcome. *Not here*: extensions, streamed answers' trailers.
//! *Source*: AWS Lambda, "Using the Lambda runtime API for custom runtimes", version 2018-06-01.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, FromRequest, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use eclips_shared::time::Timestamp;
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

/// The largest answer of a function. *Source*: Lambda's quotas, 6 MB.
const ANSWER_BYTES_MAX: usize = 6 * 1024 * 1024;

/// Between the prelude of a streamed answer and its body. *Source*: AWS Lambda, "Response streaming with custom
/// runtimes".
const DELIMITER: [u8; 8] = [0; 8];

/// What the function said: its answer, or the error that it reported. A streamed answer is that of a proxy integration:
/// `{"statusCode","headers","cookies","body"}`, the body as text.
pub type Outcome = Result<Value, Value>;

/// What becomes of an event.
#[derive(Debug)]
pub struct Asked {
    /// The body of a streamed answer, piece by piece; it ends with the body. Empty where the answer is not streamed.
    pub pieces: mpsc::UnboundedReceiver<Bytes>,
    /// Comes when the function has said all; closed without one when the function went away in the middle.
    pub outcome: oneshot::Receiver<Outcome>,
}

/// Whom to tell what the function says.
#[derive(Debug)]
struct Asker {
    pieces: mpsc::UnboundedSender<Bytes>,
    outcome: oneshot::Sender<Outcome>,
}

/// The API of one execution environment; it stops when dropped.
#[derive(Debug)]
pub struct RuntimeApi {
    address: String,
    events: mpsc::UnboundedSender<Invocation>,
    desk: Arc<Desk>,
    task: JoinHandle<()>,
}

/// An event on its way to the function.
#[derive(Debug)]
struct Invocation {
    id: String,
    deadline_ms: i64,
    event: Vec<u8>,
}

/// What became of the function's start.
#[derive(Clone, Debug)]
enum Start {
    UnderWay,
    /// It asked for its first event then.
    Done(Instant),
    /// It reported that it cannot start.
    Failed(Value),
}

#[derive(Debug)]
struct Desk {
    function: String,
    /// Locked by the one request for the next event that waits.
    events: tokio::sync::Mutex<mpsc::UnboundedReceiver<Invocation>>,
    asked: Mutex<HashMap<String, Asker>>,
    start: watch::Sender<Start>,
}

impl RuntimeApi {
    /// Serves the API for one environment of a function, on 127.0.0.1 and a port of the system's choice.
    ///
    /// # Panics
    /// When no loopback port is free.
    pub async fn start(function: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("loopback has ports");
        let address = listener.local_addr().expect("it is bound").to_string();
        let (events, waiting) = mpsc::unbounded_channel();
        let desk = Arc::new(Desk {
            function: function.to_owned(),
            events: tokio::sync::Mutex::new(waiting),
            asked: Mutex::default(),
            start: watch::Sender::new(Start::UnderWay),
        });
        let runtime = Router::new()
            .route("/invocation/next", get(next))
            .route("/invocation/{id}/response", post(response))
            .route("/invocation/{id}/error", post(error))
            .route("/init/error", post(init_error))
            .layer(DefaultBodyLimit::max(ANSWER_BYTES_MAX));
        let app = Router::new()
            .nest("/2018-06-01/runtime", runtime)
            .with_state(desk.clone());
        let task = tokio::spawn(async move {
            // It ends only with the task.
            let _ = axum::serve(listener, app).await;
        });
        Self {
            address,
            events,
            desk,
            task,
        }
    }

    /// Host and port, as `AWS_LAMBDA_RUNTIME_API` wants them.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Waits until the function asks for its first event, and says when it did.
    ///
    /// *Errors*: what the function reported instead. Cut it off with a timeout: a function that dies says nothing.
    pub async fn ready(&self) -> Result<Instant, Value> {
        let mut start = self.desk.start.subscribe();
        let known = start
            .wait_for(|start| !matches!(start, Start::UnderWay))
            .await
            .expect("the desk holds the sender");
        match &*known {
            Start::Done(at) => Ok(*at),
            Start::Failed(error) => Err(error.clone()),
            Start::UnderWay => unreachable!("it was waited for"),
        }
    }

    /// Puts an event before the function.
    ///
    /// *Units*: `deadline_ms` milliseconds since 1970, as the function sees it.
    pub fn invoke(&self, event: &Value, deadline_ms: i64) -> Asked {
        let (tell, pieces) = mpsc::unbounded_channel();
        let (said, outcome) = oneshot::channel();
        let asker = Asker {
            pieces: tell,
            outcome: said,
        };
        let id = uuid::Uuid::new_v4().to_string();
        self.desk.asked().insert(id.clone(), asker);
        let invocation = Invocation {
            id,
            deadline_ms,
            event: event.to_string().into_bytes(),
        };
        self.events.send(invocation).expect("the desk holds the receiver");
        Asked { pieces, outcome }
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Desk {
    fn asked(&self) -> MutexGuard<'_, HashMap<String, Asker>> {
        self.asked.lock().expect("nothing panics while it holds this")
    }

    fn said(&self, id: &str, outcome: Outcome) -> Response {
        match self.asked().remove(id) {
            None => unasked(),
            Some(asker) => asker.said(outcome),
        }
    }
}

impl Asker {
    fn hand_on(&self, piece: Bytes) {
        if !piece.is_empty() {
            // Most callers want the whole and have let go of the pieces.
            let _ = self.pieces.send(piece);
        }
    }

    fn said(self, outcome: Outcome) -> Response {
        // Nobody may be waiting any more, after a timeout.
        let _ = self.outcome.send(outcome);
        accept()
    }
}

async fn next(State(desk): State<Arc<Desk>>) -> Response {
    desk.start.send_if_modified(|start| {
        let first = matches!(start, Start::UnderWay);
        if first {
            *start = Start::Done(Instant::now());
        }
        first
    });
    let Some(invocation) = desk.events.lock().await.recv().await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let seconds = u32::try_from(Timestamp::now().seconds()).unwrap_or(u32::MAX);
    let trace = uuid::Uuid::new_v4().simple().to_string();
    let headers = [
        (header::CONTENT_TYPE.as_str(), "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", invocation.id),
        ("lambda-runtime-deadline-ms", invocation.deadline_ms.to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            format!(
                "arn:aws:lambda:us-east-1:123456789012:function:eclips-{}",
                desk.function
            ),
        ),
        (
            "lambda-runtime-trace-id",
            format!(
                "Root=1-{seconds:08x}-{};Parent={};Sampled=1",
                &trace[..24],
                &trace[16..]
            ),
        ),
    ];
    (headers, invocation.event).into_response()
}

async fn response(State(desk): State<Arc<Desk>>, Path(id): Path<String>, request: Request) -> Response {
    let mode = request.headers().get("lambda-runtime-function-response-mode");
    if mode.is_some_and(|mode| mode == "streaming") {
        return streamed(&desk, &id, request.into_body()).await;
    }
    let body = match Bytes::from_request(request, &()).await {
        Ok(body) => body,
        Err(refused) => return refused.into_response(),
    };
    match serde_json::from_slice(&body) {
        Ok(answer) => desk.said(&id, Ok(answer)),
        // Lambda takes it, and its caller gets it as it is; ours all expect JSON.
        Err(_) => desk.said(&id, Err(harness("the answer is no JSON"))),
    }
}

/// Reads an answer whose body comes piece by piece, and hands on each.
async fn streamed(desk: &Desk, id: &str, body: Body) -> Response {
    let Some(asker) = desk.asked().remove(id) else {
        return unasked();
    };
    let mut body = body.into_data_stream();
    // Prelude, delimiter and what has come of the body behind them.
    let mut said = Vec::new();
    let mut prelude = None;
    while let Some(piece) = body.next().await {
        let Ok(piece) = piece else {
            // The process is gone, and its asker finds out why.
            return refuse("TruncatedResponse", "the streamed answer broke off");
        };
        said.extend_from_slice(&piece);
        match prelude {
            Some(_) => asker.hand_on(piece),
            None => {
                prelude = end_of_prelude(&said);
                if let Some(end) = prelude {
                    asker.hand_on(Bytes::copy_from_slice(&said[end + DELIMITER.len()..]));
                }
            }
        }
    }
    let answer = prelude.and_then(|end| whole(&said[..end], &said[end + DELIMITER.len()..]));
    asker.said(answer.ok_or_else(|| harness("the streamed answer has no prelude, or no text")))
}

fn end_of_prelude(said: &[u8]) -> Option<usize> {
    said.windows(DELIMITER.len()).position(|bytes| bytes == DELIMITER)
}

/// The prelude's JSON with the body in it.
fn whole(prelude: &[u8], body: &[u8]) -> Option<Value> {
    let mut answer: Value = serde_json::from_slice(prelude).ok()?;
    let body = std::str::from_utf8(body).ok()?;
    answer.as_object_mut()?.insert("body".to_owned(), json!(body));
    Some(answer)
}

async fn error(State(desk): State<Arc<Desk>>, Path(id): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    desk.said(&id, Err(reported(&headers, &body)))
}

async fn init_error(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> Response {
    desk.start.send_replace(Start::Failed(reported(&headers, &body)));
    accept()
}

/// *Shape*: `{"errorType","errorMessage"}`; whatever else the runtime sends is made to look so.
fn reported(headers: &HeaderMap, body: &Bytes) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| {
        let kind = headers
            .get("lambda-runtime-function-error-type")
            .and_then(|value| value.to_str().ok());
        json!({ "errorType": kind, "errorMessage": String::from_utf8_lossy(body) })
    })
}

/// An error of this side's, as one that a function reports.
fn harness(message: &str) -> Value {
    json!({ "errorMessage": message, "errorType": "Harness" })
}

fn unasked() -> Response {
    refuse("InvalidRequestID", "nothing with this id waits for an answer")
}

fn accept() -> Response {
    (StatusCode::ACCEPTED, Json(json!({ "status": "OK" }))).into_response()
}

fn refuse(kind: &str, message: &str) -> Response {
    (
        StatusCode::BAD_REQUEST,
        Json(json!({ "errorType": kind, "errorMessage": message })),
    )
        .into_response()
}
