//! `POST /<anything>`: keeps the arrival, then answers as the address asks.

use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;

use super::arrivals::{Arrival, Outcome};
use super::wish::Wish;
use super::{Served, changed};

/// The largest body that is kept. *Source*: our choice, four times the largest result of a run.
pub(super) const BODY_MAX_BYTES: usize = 256 * 1024;

/// What is read and thrown away of a larger body, so that its sender is still listening when the refusal comes.
const DISCARD_MAX_BYTES: usize = 8 * 1024 * 1024;

/// Why a body was not read.
enum Unread {
    TooLarge,
    BrokenOff,
}

/// Takes one arrival in. It is kept before the wait, so that it is seen while it waits, and also when its sender gives up.
pub(super) async fn receive(served: &Served, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = match read(body).await {
        Ok(body) => body,
        Err(Unread::TooLarge) => {
            return (StatusCode::PAYLOAD_TOO_LARGE, "a body is 256 KiB at most here").into_response();
        }
        Err(Unread::BrokenOff) => return (StatusCode::BAD_REQUEST, "the body broke off").into_response(),
    };
    let wish = Wish::of(&head.uri);
    let arrival = Arrival::of(&head, body, &(served.secrets)().await);
    let outcome = if wish.delay.is_zero() {
        Outcome::Answered(wish.status)
    } else {
        Outcome::Waiting
    };
    let kept = served.arrivals.keep(arrival, outcome);
    if !wish.delay.is_zero() {
        tokio::select! {
            () = tokio::time::sleep(wish.delay) => {}
            () = changed(served.stopped.clone()) => {}
        }
    }
    kept.answered(wish.status);
    wish.into_response()
}

async fn read(body: Body) -> Result<Bytes, Unread> {
    let (mut body, mut kept, mut bytes) = (body.into_data_stream(), BytesMut::new(), 0);
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|_| Unread::BrokenOff)?;
        bytes += piece.len();
        if bytes <= BODY_MAX_BYTES {
            kept.extend_from_slice(&piece);
        } else if bytes > DISCARD_MAX_BYTES {
            break;
        }
    }
    if bytes > BODY_MAX_BYTES {
        Err(Unread::TooLarge)
    } else {
        Ok(kept.freeze())
    }
}
