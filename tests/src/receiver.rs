//! A receiver of webhooks on loopback: it keeps what it got, and answers as a test wants it to. It verifies nothing by itself.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use eclips_shared::time::Timestamp;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::openapi::DOCUMENT;
use crate::world::PATIENCE;

/// What arrived.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// When.
    pub at: Timestamp,
    /// Path and query.
    pub path: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The bytes.
    pub body: Bytes,
}

impl Arrival {
    /// A header's value, or the empty string.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a webhook's body is JSON")
    }
}

/// How it answers.
#[derive(Clone, Debug)]
pub enum Reply {
    /// With a status.
    Status(u16),
    /// With a status and a header.
    With(u16, &'static str, String),
    /// With a status after a while.
    Late(u16, Duration),
}

/// A receiver; it ends when dropped.
#[derive(Debug)]
pub struct Receiver {
    url: String,
    state: Arc<Mutex<Kept>>,
    serving: JoinHandle<()>,
}

#[derive(Debug)]
struct Kept {
    arrivals: Vec<Arrival>,
    /// The next answers, and then the last one for ever.
    replies: VecDeque<Reply>,
    always: Reply,
}

impl Receiver {
    /// Starts one that says 200.
    ///
    /// # Panics
    /// When loopback has no port left.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has ports");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let state = Arc::new(Mutex::new(Kept {
            arrivals: Vec::new(),
            replies: VecDeque::new(),
            always: Reply::Status(200),
        }));
        let app = Router::new().fallback(receive).with_state(state.clone());
        let serving = tokio::spawn(async move {
            axum::serve(listener, app).await.expect("it serves until it is dropped");
        });
        Self { url, state, serving }
    }

    /// An address of it.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Has it answer like this from now on.
    pub fn always(&self, reply: Reply) {
        self.kept().always = reply;
    }

    /// Has it answer the next ones like these.
    pub fn next(&self, replies: impl IntoIterator<Item = Reply>) {
        self.kept().replies.extend(replies);
    }

    /// What arrived so far, oldest first.
    ///
    /// # Panics
    /// When something arrived that `docs/openapi.json` does not describe.
    #[must_use]
    pub fn arrivals(&self) -> Vec<Arrival> {
        let arrivals = self.kept().arrivals.clone();
        for arrival in &arrivals {
            let described = DOCUMENT.describes_posted(|name| arrival.header(name), &arrival.json());
            described.unwrap_or_else(|wrong| panic!("docs/openapi.json: {wrong}: {}", arrival.json()));
        }
        arrivals
    }

    /// Waits until so many have arrived, and gives them.
    ///
    /// # Panics
    /// When they do not.
    pub async fn wait(&self, count: usize) -> Vec<Arrival> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let arrivals = self.arrivals();
            if arrivals.len() >= count {
                return arrivals;
            }
            assert!(Instant::now() < deadline, "only {} of {count} arrived", arrivals.len());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.state.lock().expect("nobody panics with it")
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn receive(State(state): State<Arc<Mutex<Kept>>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let reply = {
        let mut kept = state.lock().expect("nobody panics with it");
        kept.arrivals.push(Arrival {
            at: Timestamp::now(),
            path: uri.to_string(),
            headers,
            body,
        });
        kept.replies.pop_front().unwrap_or_else(|| kept.always.clone())
    };
    let status = |code| StatusCode::from_u16(code).expect("a status");
    match reply {
        Reply::Status(code) => status(code).into_response(),
        Reply::With(code, name, value) => {
            let mut response = status(code).into_response();
            let value = HeaderValue::from_str(&value).expect("a header's value");
            response.headers_mut().insert(name, value);
            response
        }
        Reply::Late(code, wait) => {
            tokio::time::sleep(wait).await;
            status(code).into_response()
        }
    }
}
