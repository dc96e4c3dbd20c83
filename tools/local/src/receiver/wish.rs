//! What the query of a receiver's address asks to be answered. Names that it does not know are somebody else's.

use std::time::Duration;

use axum::extract::Query;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

/// The longest wait. *Source*: our choice, three times what a delivery may take (contract §6).
const DELAY_MAX_MS: u64 = 30_000;

/// What is said of a query that cannot be read; the answer is a 400.
const UNREADABLE: &str = "the query may say answer (200 to 599), delay_ms (30000 at most) and retry_after, each once";

/// The query, as far as it is ours.
#[derive(Deserialize)]
struct Asked {
    answer: Option<u16>,
    delay_ms: Option<u64>,
    retry_after: Option<String>,
}

/// An answer, and when to give it.
#[derive(Debug)]
pub(super) struct Wish {
    /// With which status.
    pub(super) status: StatusCode,
    /// How long after the arrival.
    pub(super) delay: Duration,
    retry_after: Option<HeaderValue>,
    text: String,
}

impl Wish {
    /// Reads an address; what cannot be read of it is answered with a 400 that says so, not guessed.
    pub(super) fn of(uri: &Uri) -> Self {
        Self::read(uri).unwrap_or_else(|| Self {
            status: StatusCode::BAD_REQUEST,
            delay: Duration::ZERO,
            retry_after: None,
            text: UNREADABLE.to_owned(),
        })
    }

    fn read(uri: &Uri) -> Option<Self> {
        let Query(asked) = Query::<Asked>::try_from_uri(uri).ok()?;
        let status = asked.answer.unwrap_or(200);
        let status = StatusCode::from_u16(status)
            .ok()
            .filter(|_| (200..=599).contains(&status))?;
        let delay_ms = asked.delay_ms.unwrap_or_default();
        let retry_after = asked.retry_after.map(HeaderValue::try_from).transpose().ok()?;
        (delay_ms <= DELAY_MAX_MS).then(|| Self {
            status,
            delay: Duration::from_millis(delay_ms),
            retry_after,
            text: if status.is_success() {
                "ok".to_owned()
            } else {
                status.to_string()
            },
        })
    }
}

impl IntoResponse for Wish {
    fn into_response(self) -> Response {
        // These have no body, and a client that keeps the connection would take one for its next answer.
        let is_bare = matches!(
            self.status,
            StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
        );
        let mut response = if is_bare {
            self.status.into_response()
        } else {
            (self.status, self.text).into_response()
        };
        if let Some(value) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        response
    }
}
