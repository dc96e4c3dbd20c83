//! What a verb answers, before the road puts its headers on.

use std::fmt;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

/// What a verb answers: a status, a header of its own perhaps, and a JSON text or a stream of events.
#[derive(Debug)]
pub struct Answer {
    pub(super) status: StatusCode,
    pub(super) header: Option<(HeaderName, HeaderValue)>,
    pub(super) content: Content,
}

/// A stream of server-sent events, in pieces as they become known.
pub type Events = Pin<Box<dyn Stream<Item = Bytes> + Send>>;

/// The body of an answer.
pub(super) enum Content {
    Json(String),
    /// Only a function whose answers are streamed can give these: [`super::Road::stream`].
    Events(Events),
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json(_) => "Json",
            Self::Events(_) => "Events",
        })
    }
}

impl Answer {
    /// An answer with a JSON body.
    ///
    /// # Panics
    /// When the value cannot be written as JSON, which no type of ours can cause.
    #[must_use]
    pub fn json(status: StatusCode, value: &impl Serialize) -> Self {
        Self {
            status,
            header: None,
            content: Content::Json(serde_json::to_string(value).expect("answers are plain data")),
        }
    }

    /// A 200 whose body is a stream of events; for a function whose answers are streamed.
    #[must_use]
    pub fn events(events: Events) -> Self {
        Self {
            status: StatusCode::OK,
            header: None,
            content: Content::Events(events),
        }
    }

    /// The same answer, which says that it was given before. *Source*: contract §2 "Idempotency".
    #[must_use]
    pub fn as_replay(self) -> Self {
        let header = (
            HeaderName::from_static("idempotent-replay"),
            HeaderValue::from_static("true"),
        );
        Self {
            header: Some(header),
            ..self
        }
    }
}
