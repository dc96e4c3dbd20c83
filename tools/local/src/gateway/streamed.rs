//! The body of a streamed answer: each piece as it comes, and an end that tells a whole answer from a broken one.

use std::fmt;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use http_body_util::StreamBody;
use hyper::body::Frame;
use tokio::time::{Instant, timeout_at};

use crate::environment::Pieces;

/// What hyper sends, piece by piece; it writes out each before it asks for the next.
pub type Body = StreamBody<BoxStream<'static, Result<Frame<Bytes>, Broken>>>;

/// The answer has no end. hyper then closes the connection without the last, empty chunk.
#[derive(Debug)]
pub struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer broke off")
    }
}

impl std::error::Error for Broken {}

/// Hands on the pieces until the answer is whole, breaks off, or its time is over.
pub fn body(pieces: Pieces, until: Instant, request_id: &str, function: &str) -> Body {
    let broken = Told {
        request_id: request_id.to_owned(),
        function: function.to_owned(),
    };
    let frames = stream::unfold(Some((pieces, broken)), move |open| async move {
        let (mut pieces, broken) = open?;
        let why = match timeout_at(until, pieces.next()).await {
            Ok(Some(Ok(piece))) => return Some((Ok(Frame::data(piece)), Some((pieces, broken)))),
            Ok(None) => return None,
            Ok(Some(Err(error))) => error.to_string(),
            Err(_) => "the integration's time is over".to_owned(),
        };
        // While the body has nothing to say, hyper writes out what it has; with an error it would throw that away.
        tokio::task::yield_now().await;
        Some((Err(broken.because(&why)), None))
    });
    StreamBody::new(frames.boxed())
}

/// Whose answer it is, for the log.
struct Told {
    request_id: String,
    function: String,
}

impl Told {
    fn because(&self, error: &str) -> Broken {
        let Self { request_id, function } = self;
        tracing::error!(request_id, function, error, "a streamed answer broke off");
        Broken
    }
}
