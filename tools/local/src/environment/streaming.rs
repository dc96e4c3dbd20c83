//! A function whose answer is streamed: its status and headers first, then piece by piece what it has to say.
//!
//! *What is as in Lambda*: the environment is taken until the last piece has gone, the function's time counts to there,
//! and a slow reader slows the function down. A reader who leaves stops nothing: the rest is thrown away.
//! *What is not*: pieces arrive as the function made them, neither joined nor split, and are held to no rate or size.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use lambda_runtime::{LambdaEvent, MetadataPrelude, Service, StreamResponse};
use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::{InvokeError, Shared, ended, thread};

/// Pieces that wait for their reader before the function waits for it. *Source*: our choice; events are small.
const PIECES_MAX: usize = 16;

/// The environments of a function whose answer is streamed; clones share them.
#[derive(Clone)]
pub struct StreamingPool {
    shared: Arc<Shared<Opening, ()>>,
}

/// An answer that has begun.
#[derive(Debug)]
pub struct Streamed {
    /// Status and headers.
    pub prelude: MetadataPrelude,
    /// What follows.
    pub pieces: Pieces,
}

/// The pieces of an answer, as they come. Dropped early, the rest is thrown away and the function runs on.
#[derive(Debug)]
pub struct Pieces {
    waiting: mpsc::Receiver<Bytes>,
    invocation: JoinHandle<Result<(), InvokeError>>,
    outcome: Option<Result<(), InvokeError>>,
}

/// Where an invocation leaves its prelude, and the pieces that are to come.
type Opening = oneshot::Sender<(MetadataPrelude, mpsc::Receiver<Bytes>)>;

impl StreamingPool {
    /// A function that no environment runs yet; everything is as for [`super::Pool::new`], but for the answer.
    pub fn new<S, E, F, Fut, St, D, X>(name: &str, environments_max: usize, timeout: Duration, factory: F) -> Self
    where
        F: Fn() -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = anyhow::Result<S>>,
        S: Service<LambdaEvent<E>, Response = StreamResponse<St>> + 'static,
        S::Error: fmt::Debug,
        E: DeserializeOwned,
        St: Stream<Item = Result<D, X>> + Unpin + 'static,
        D: Into<Bytes> + 'static,
        X: fmt::Debug + 'static,
    {
        let function = name.to_owned();
        let start = move || thread::start(function.clone(), timeout, factory.clone(), pour);
        Self {
            shared: Shared::new(name, environments_max, timeout, start),
        }
    }

    /// The function's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Calls the function with a JSON event and gives the answer as soon as it has begun.
    ///
    /// Once an environment has taken the event, the invocation runs to its end, whatever becomes of this future and of
    /// the answer.
    ///
    /// *Errors*: [`InvokeError`], of what happens before the answer begins; what happens later is among the pieces.
    pub async fn invoke(&self, payload: Vec<u8>) -> Result<Streamed, InvokeError> {
        let (opening, mut opened) = oneshot::channel();
        let mut invocation = self.shared.begin(payload, opening).await;
        let outcome = tokio::select! {
            biased;
            Ok((prelude, waiting)) = &mut opened => {
                let pieces = Pieces { waiting, invocation, outcome: None };
                return Ok(Streamed { prelude, pieces });
            }
            outcome = &mut invocation => ended(outcome),
        };
        match (outcome, opened.try_recv()) {
            // It began and ended between two looks.
            (outcome, Ok((prelude, waiting))) => {
                let outcome = Some(outcome);
                let pieces = Pieces {
                    waiting,
                    invocation,
                    outcome,
                };
                Ok(Streamed { prelude, pieces })
            }
            (Err(error), Err(_)) => Err(error),
            (Ok(()), Err(_)) => Err(InvokeError::Failed("there was no answer".to_owned())),
        }
    }
}

impl fmt::Debug for StreamingPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamingPool")
            .field("name", &self.shared.name)
            .finish_non_exhaustive()
    }
}

impl Pieces {
    /// The next piece; `None` when the answer is whole.
    ///
    /// *Errors*: [`InvokeError`], when the function broke off. There is nothing behind it.
    pub async fn next(&mut self) -> Option<Result<Bytes, InvokeError>> {
        if self.outcome.is_none() {
            tokio::select! {
                biased;
                Some(piece) = self.waiting.recv() => return Some(Ok(piece)),
                outcome = &mut self.invocation => self.outcome = Some(ended(outcome)),
            }
        }
        // What was said before the end comes before it.
        match (self.waiting.try_recv(), &self.outcome) {
            (Ok(piece), _) => Some(Ok(piece)),
            (Err(_), Some(Err(error))) => Some(Err(error.clone())),
            (Err(_), _) => None,
        }
    }
}

/// Hands on an answer to its end.
async fn pour<St, D, X>(answer: StreamResponse<St>, opening: Opening) -> Result<(), InvokeError>
where
    St: Stream<Item = Result<D, X>> + Unpin,
    D: Into<Bytes>,
    X: fmt::Debug,
{
    let (pieces, waiting) = mpsc::channel(PIECES_MAX);
    // Whoever asked may have gone away, here and below.
    let _ = opening.send((answer.metadata_prelude, waiting));
    let mut stream = answer.stream;
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|error| InvokeError::Failed(format!("{error:?}")))?;
        let _ = pieces.send(piece.into()).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
