//! Somebody who reads a run's stream, piece by piece, and may leave at any moment.

use std::time::Duration;

use reqwest::{Method, Response, StatusCode};
use serde_json::Value;

use crate::world::{PATIENCE, Person, World};

/// What every stream begins with.
pub const RETRY: &str = "retry: 1000\n\n";

/// An event as it came over the wire.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Received {
    /// Its `id`.
    pub id: u64,
    /// Its `event`.
    pub name: String,
    /// Its `data`.
    pub data: String,
}

impl Received {
    /// The data as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).expect("data is JSON")
    }
}

/// An open stream.
pub struct Reader {
    response: Response,
    text: String,
    /// How much of the text has been taken.
    taken: usize,
}

impl Reader {
    /// Opens a run's stream; it must be given.
    ///
    /// # Panics
    /// When it is not.
    pub async fn open(world: &World, person: &Person, run: impl std::fmt::Display, after: Option<&str>) -> Self {
        let response = Self::ask(world, person, run, after).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        Self {
            response,
            text: String::new(),
            taken: 0,
        }
    }

    /// Asks for a run's stream, whatever comes of it.
    ///
    /// # Panics
    /// When the gateway does not answer.
    pub async fn ask(world: &World, person: &Person, run: impl std::fmt::Display, after: Option<&str>) -> Response {
        let path = format!("/v1/runs/{run}/stream");
        let mut request = world.request(Method::GET, &path).bearer_auth(&person.key);
        if let Some(after) = after {
            request = request.header("last-event-id", after);
        }
        request.send().await.expect("the gateway answers")
    }

    /// Waits for the next event; `None` at the end of the stream.
    ///
    /// # Panics
    /// When nothing comes in a test's patience, or what comes is no event.
    pub async fn next(&mut self) -> Option<Received> {
        loop {
            while let Some((block, _)) = self.text[self.taken..].split_once("\n\n") {
                let block = block.to_owned();
                self.taken += block.len() + 2;
                if let Some(event) = event(&block) {
                    return Some(event);
                }
            }
            let piece = tokio::time::timeout(PATIENCE, self.response.chunk()).await;
            let piece = piece.expect("somebody says something").expect("the stream is whole")?;
            self.text
                .push_str(std::str::from_utf8(&piece).expect("events are text"));
        }
    }

    /// All events up to the end.
    pub async fn rest(&mut self) -> Vec<Received> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }

    /// Whether the stream ends within a while without another event.
    pub async fn ends_within(&mut self, a_while: Duration) -> bool {
        matches!(tokio::time::timeout(a_while, self.next()).await, Ok(None))
    }

    /// Everything that came so far, as it came.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Reads the events of a whole body.
#[must_use]
pub fn events_in(body: &str) -> Vec<Received> {
    body.split("\n\n").filter_map(event).collect()
}

/// *Shape*: `id: n`, `event: name`, `data: json`, one line each; comments and `retry` are no events.
fn event(block: &str) -> Option<Received> {
    let mut lines = block.lines();
    let id = lines.next()?.strip_prefix("id: ")?.parse().expect("a number");
    let name = lines.next().and_then(|line| line.strip_prefix("event: "));
    let data = lines.next().and_then(|line| line.strip_prefix("data: "));
    assert_eq!(lines.next(), None, "{block}");
    Some(Received {
        id,
        name: name.expect("a type").to_owned(),
        data: data.expect("data").to_owned(),
    })
}
