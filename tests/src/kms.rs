//! A KMS that keeps its one key to itself: it makes keys for data and opens them again, for the context that they were made for and
//! no other. In the form of its JSON protocol, as much of it as the SDK sends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A KMS on loopback; it ends when dropped.
#[derive(Debug)]
pub struct Kms {
    url: String,
    state: Arc<Shown>,
    serving: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shown {
    calls: AtomicU32,
    is_down: AtomicBool,
}

impl Kms {
    /// Starts one.
    ///
    /// # Panics
    /// When loopback has no port left.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has ports");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let state = Arc::<Shown>::default();
        let app = Router::new().route("/", post(answer)).with_state(state.clone());
        let serving = tokio::spawn(async move {
            axum::serve(listener, app).await.expect("it serves until it is dropped");
        });
        Self { url, state, serving }
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Calls that it got.
    #[must_use]
    pub fn calls(&self) -> u32 {
        self.state.calls.load(Ordering::Relaxed)
    }

    /// Has it refuse everything from now on, or answer again.
    pub fn set_down(&self, is_down: bool) {
        self.state.is_down.store(is_down, Ordering::Relaxed);
    }
}

impl Drop for Kms {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(State(state): State<Arc<Shown>>, headers: HeaderMap, body: Bytes) -> Response {
    state.calls.fetch_add(1, Ordering::Relaxed);
    if state.is_down.load(Ordering::Relaxed) {
        let refused = json!({ "__type": "KMSInternalException", "message": "down" });
        return (StatusCode::INTERNAL_SERVER_ERROR, refused.to_string()).into_response();
    }
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let asked: Value = serde_json::from_slice(&body).expect("the SDK sends JSON");
    let context = asked["EncryptionContext"].to_string();
    match target {
        Some("TrentService.GenerateDataKey") => {
            let plain = uuid::Uuid::new_v4();
            let key: [u8; 32] = Sha256::digest(plain.as_bytes()).into();
            // What it wraps is not hidden: whether a secret is hidden is the vault's business.
            let wrapped = json!({ "key": STANDARD.encode(key), "context": context }).to_string();
            let made = json!({
                "CiphertextBlob": STANDARD.encode(wrapped), "Plaintext": STANDARD.encode(key), "KeyId": asked["KeyId"],
            });
            (StatusCode::OK, made.to_string()).into_response()
        }
        Some("TrentService.Decrypt") => {
            let wrapped = asked["CiphertextBlob"]
                .as_str()
                .and_then(|text| STANDARD.decode(text).ok());
            let wrapped: Option<Value> = wrapped.and_then(|wrapped| serde_json::from_slice(&wrapped).ok());
            match wrapped {
                Some(wrapped) if wrapped["context"] == context => {
                    let opened = json!({ "Plaintext": wrapped["key"], "KeyId": asked["KeyId"] });
                    (StatusCode::OK, opened.to_string()).into_response()
                }
                _ => {
                    let refused = json!({ "__type": "InvalidCiphertextException" });
                    (StatusCode::BAD_REQUEST, refused.to_string()).into_response()
                }
            }
        }
        other => panic!("the vault asks for {other:?}"),
    }
}
