//! Lambda's execution environments in this process: each a thread with its own runtime and its own instance of the
//! function, one invocation at a time, frozen in between. Knows no function and no event.
//!
//! *What is as in Lambda*: state lives as long as its environment; tasks left behind stand still after the answer; a
//! function that times out or panics loses its environment; a caller who goes away stops nothing.
//! *What is not*: at the limit a call waits instead of being refused; idle environments are never taken away.

mod thread;

use std::fmt;
use std::future::Future;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use lambda_runtime::{LambdaEvent, Service};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{Notify, Semaphore, oneshot};

/// How long a new environment may take before its first invocation. *Source*: Lambda's init phase.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long past its time an environment may keep silent; after that its thread is stuck in something that never awaits.
const SILENCE: Duration = Duration::from_secs(1);

/// The environments of one function; clones share them.
#[derive(Clone)]
pub struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    name: String,
    timeout: Duration,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Environment>>,
    start: Box<dyn Fn() -> std::io::Result<Environment> + Send + Sync>,
    told: OnceLock<Arc<Notify>>,
}

/// The handle of a running environment; it ends when the handle is dropped.
struct Environment {
    jobs: Sender<Job>,
}

/// One invocation on its way to an environment.
struct Job {
    payload: Vec<u8>,
    answer: oneshot::Sender<Result<Vec<u8>, InvokeError>>,
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
        R: Serialize,
    {
        let function = name.to_owned();
        let start = move || thread::start(function.clone(), timeout, factory.clone());
        Self {
            shared: Arc::new(Shared {
                name: name.to_owned(),
                timeout,
                permits: Arc::new(Semaphore::new(environments_max.max(1))),
                idle: Mutex::new(Vec::new()),
                start: Box::new(start),
                told: OnceLock::new(),
            }),
        }
    }

    /// Wakes somebody after each invocation: whoever looks for what the function may have written. The first one stays.
    #[must_use]
    pub fn telling(self, told: Arc<Notify>) -> Self {
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
        let permit = Arc::clone(&self.shared.permits)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let shared = Arc::clone(&self.shared);
        let invocation = tokio::spawn(async move {
            let outcome = shared.run(payload).await;
            drop(permit);
            outcome
        });
        invocation
            .await
            .unwrap_or_else(|error| Err(InvokeError::Start(error.to_string())))
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("name", &self.shared.name)
            .finish_non_exhaustive()
    }
}

impl Shared {
    async fn run(&self, payload: Vec<u8>) -> Result<Vec<u8>, InvokeError> {
        let warm = self.idle().pop();
        let init = if warm.is_some() { Duration::ZERO } else { INIT_TIMEOUT };
        let environment = match warm {
            Some(environment) => environment,
            None => (self.start)().map_err(|error| InvokeError::Start(error.to_string()))?,
        };
        let (answer, answered) = oneshot::channel();
        // An environment that is gone drops the job and with it the sender, which the match below sees.
        let _ = environment.jobs.send(Job { payload, answer });
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
            told.notify_one();
        }
        outcome
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Environment>> {
        self.idle.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[cfg(test)]
mod tests;
