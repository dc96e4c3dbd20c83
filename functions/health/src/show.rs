//! `GET /v1/health`: says that the service runs, and which version. *Source*: contract §3.

use eclips_shared::VERSION;
use eclips_shared::serve::Answer;
use eclips_shared::time::Timestamp;
use http::StatusCode;
use serde::Serialize;

/// *Shape*: `{ "status": "ok", "version", "timestamp" }`.
#[derive(Serialize)]
struct Health {
    status: &'static str,
    version: &'static str,
    timestamp: Timestamp,
}

/// Answers without asking anyone.
pub fn answer() -> Answer {
    Answer::json(
        StatusCode::OK,
        &Health {
            status: "ok",
            version: VERSION,
            timestamp: Timestamp::now(),
        },
    )
}
