//! Lambda's execution environments in this process: each a thread with its own runtime and its own instance of the
//! function, one invocation at a time, frozen in between. Knows no function and no event.
//!
//! A [`Pool`] is of a function that answers all at once, a [`StreamingPool`] of one whose answer comes piece by piece.
//!
//! *What is as in Lambda*: state lives as long as its environment; tasks left behind stand still after the answer, a
//! streamed one's last piece included; a function that times out or panics loses its environment; a caller who goes away
//! stops nothing.
//! *What is not*: at the limit a call waits instead of being refused; idle environments are never taken away.

mod streaming;
mod thread;

use std::fmt;
use std::future::Future;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use lambda_runtime::{LambdaEvent, Service};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::task::{JoinError, JoinHandle};

pub use streaming::{Pieces, Streamed, StreamingPool};

/// How long a new environment may take before its first invocation. *Source*: Lambda's init phase.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long past its time an environment may keep silent; after that its thread is stuck in something that never awaits.
const SILENCE: Duration = Duration::from_secs(1);

/// The environments of a function that answers all at once; clones share them.
#[derive(Clone)]
pub struct Pool {
    shared: Arc<Shared<(), Vec<u8>>>,
}

/// The environments of one function. `O` goes in beside the event, `A` is what there is when an invocation has ended.
struct Shared<O, A> {
    name: String,
    timeout: Duration,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Environment<O, A>>>,
    start: Box<dyn Fn() -> std::io::Result<Environment<O, A>> + Send + Sync>,
    told: OnceLock<watch::Sender<()>>,
}

/// The handle of a running environment; it ends when the handle is dropped.
struct Environment<O, A> {
    jobs: Sender<Job<O, A>>,
}

/// One invocation on its way to an environment.
struct Job<O, A> {
    payload: Vec<u8>,
    opening: O,
    answer: oneshot::Sender<Result<A, InvokeError>>,
}

/// Why an invocation has no answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum InvokeError {
    /// The environment did not start: the thread, the factory's error, or its own time limit.
    Start(String),
    /// The function did not answer in its time.
    TimedOut(Duration),
    /// The function panicked.
    Panicked(String),
    /// The function answered with an error, or the event is none of its kind.
    Failed(String),
}

impl InvokeError {
    /// Whether the environment can be used again.
    const fn spares_environment(&self) -> bool {
        matches!(self, Self::Failed(_))
    }
}

impl fmt::Display for InvokeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(why) => write!(f, "did not start: {why}"),
            Self::TimedOut(after) => write!(f, "timed out after {} s", after.as_secs_f64()),
            Self::Panicked(why) => write!(f, "panicked: {why}"),
            Self::Failed(why) => write!(f, "failed: {why}"),
        }
    }
}

impl std::error::Error for InvokeError {}

impl Pool {
    /// A function that no environment runs yet; each is started by the first call that finds none idle.
    ///
    /// `factory` is called once per environment, on its thread and inside its runtime, as a function's `main` would be.
    /// The future and the service need not be `Send`.
    pub fn new<S, E, R, F, Fut>(name: &str, environments_max: usize, timeout: Duration, factory: F) -> Self
    where
        F: Fn() -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = anyhow::Result<S>>,
        S: Service<LambdaEvent<E>, Response = R> + 'static,
        S::Error: fmt::Debug,
        E: DeserializeOwned,
        R: Serialize + 'static,
    {
        let function = name.to_owned();
        let start = move || thread::start(function.clone(), timeout, factory.clone(), write);
        Self {
            shared: Shared::new(name, environments_max, timeout, start),
        }
    }

    /// Wakes whoever watches after each invocation: they look for what the function may have written. The first one
    /// stays.
    #[must_use]
    pub fn telling(self, told: watch::Sender<()>) -> Self {
        // A second one is refused, as documented.
        let _ = self.shared.told.set(told);
        self
    }

    /// The function's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// How long an invocation may take.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.shared.timeout
    }

    /// Calls the function with a JSON event and gives its JSON answer.
    ///
    /// Once an environment has taken the event, the invocation runs to its end even when this future is dropped.
    ///
    /// *Errors*: [`InvokeError`]; all but `Failed` cost the environment.
    pub async fn invoke(&self, payload: Vec<u8>) -> Result<Vec<u8>, InvokeError> {
        ended(self.shared.begin(payload, ()).await.await)
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("name", &self.shared.name)
            .finish_non_exhaustive()
    }
}

impl<O: Send + 'static, A: Send + 'static> Shared<O, A> {
    fn new(
        name: &str,
        environments_max: usize,
        timeout: Duration,
        start: impl Fn() -> std::io::Result<Environment<O, A>> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            name: name.to_owned(),
            timeout,
            permits: Arc::new(Semaphore::new(environments_max.max(1))),
            idle: Mutex::new(Vec::new()),
            start: Box::new(start),
            told: OnceLock::new(),
        })
    }

    /// Waits for a free place and starts an invocation, which then runs to its end by itself.
    async fn begin(self: &Arc<Self>, payload: Vec<u8>, opening: O) -> JoinHandle<Result<A, InvokeError>> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            let outcome = shared.run(payload, opening).await;
            drop(permit);
            outcome
        })
    }

    async fn run(&self, payload: Vec<u8>, opening: O) -> Result<A, InvokeError> {
        let warm = self.idle().pop();
        let init = if warm.is_some() { Duration::ZERO } else { INIT_TIMEOUT };
        let environment = match warm {
            Some(environment) => environment,
            None => (self.start)().map_err(|error| InvokeError::Start(error.to_string()))?,
        };
        let (answer, answered) = oneshot::channel();
        // An environment that is gone drops the job and with it the sender, which the match below sees.
        let _ = environment.jobs.send(Job {
            payload,
            opening,
            answer,
        });
        let outcome = match tokio::time::timeout(init + self.timeout + SILENCE, answered).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(InvokeError::Start("the environment is gone".to_owned())),
            Err(_) => Err(InvokeError::TimedOut(self.timeout)),
        };
        if outcome.as_ref().err().is_none_or(InvokeError::spares_environment) {
            // The last used is the next used, as its connections are the freshest.
            self.idle().push(environment);
        }
        if let Some(told) = self.told.get() {
            told.send_replace(());
        }
        outcome
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Environment<O, A>>> {
        self.idle.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

async fn write<R: Serialize>(answer: R, (): ()) -> Result<Vec<u8>, InvokeError> {
    serde_json::to_vec(&answer).map_err(|error| InvokeError::Failed(format!("answer: {error}")))
}

/// What an invocation came to; a task that fell over is one that did not start.
fn ended<A>(joined: Result<Result<A, InvokeError>, JoinError>) -> Result<A, InvokeError> {
    joined.unwrap_or_else(|error| Err(InvokeError::Start(error.to_string())))
}

#[cfg(test)]
mod tests;
