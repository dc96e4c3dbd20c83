//! The inside of an environment: the thread, its runtime, the function's instance.

use std::any::Any;
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use eclips_shared::time::Timestamp;
use lambda_runtime::{Config, Context, LambdaEvent, Service};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::runtime::{Builder, Runtime};

use super::{Environment, INIT_TIMEOUT, InvokeError, Job};

/// Starts the thread; what goes wrong inside is the first invocation's answer.
pub(super) fn start<S, E, R, F, Fut>(name: String, timeout: Duration, factory: F) -> std::io::Result<Environment>
where
    F: Fn() -> Fut + Send + 'static,
    Fut: Future<Output = anyhow::Result<S>>,
    S: Service<LambdaEvent<E>, Response = R> + 'static,
    S::Error: fmt::Debug,
    E: DeserializeOwned,
    R: Serialize,
{
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (jobs, received) = channel();
    std::thread::Builder::new().name(name.clone()).spawn(move || {
        let service = catch(|| runtime.block_on(init(factory)));
        match service {
            Ok(service) => live(&runtime, service, &name, timeout, &received),
            Err(error) => refuse(&received, error),
        }
        // Does not wait for what is still running on its blocking threads.
        runtime.shutdown_background();
    })?;
    Ok(Environment { jobs })
}

async fn init<S, F, Fut>(factory: F) -> Result<S, InvokeError>
where
    F: Fn() -> Fut,
    Fut: Future<Output = anyhow::Result<S>>,
{
    match tokio::time::timeout(INIT_TIMEOUT, factory()).await {
        Ok(Ok(service)) => Ok(service),
        Ok(Err(error)) => Err(InvokeError::Start(format!("{error:#}"))),
        Err(_) => Err(InvokeError::Start(format!(
            "not ready after {} s",
            INIT_TIMEOUT.as_secs()
        ))),
    }
}

fn refuse(jobs: &Receiver<Job>, error: InvokeError) {
    if let Ok(job) = jobs.recv() {
        // The caller may have gone away.
        let _ = job.answer.send(Err(error));
    }
}

/// One invocation after the other. Between two the runtime is not driven: that is the freeze.
fn live<S, E, R>(runtime: &Runtime, mut service: S, name: &str, timeout: Duration, jobs: &Receiver<Job>)
where
    S: Service<LambdaEvent<E>, Response = R>,
    S::Error: fmt::Debug,
    E: DeserializeOwned,
    R: Serialize,
{
    while let Ok(job) = jobs.recv() {
        let call = answer(&mut service, job.payload, name, timeout);
        let outcome = catch(|| runtime.block_on(call));
        let again = outcome.as_ref().err().is_none_or(InvokeError::spares_environment);
        let _ = job.answer.send(outcome);
        if !again {
            break;
        }
    }
    // What the service holds may expect a runtime around it even when it is dropped.
    let _inside = runtime.enter();
    drop(service);
}

async fn answer<S, E, R>(
    service: &mut S,
    payload: Vec<u8>,
    name: &str,
    timeout: Duration,
) -> Result<Vec<u8>, InvokeError>
where
    S: Service<LambdaEvent<E>, Response = R>,
    S::Error: fmt::Debug,
    E: DeserializeOwned,
    R: Serialize,
{
    let failed = |error: S::Error| InvokeError::Failed(format!("{error:?}"));
    let event = serde_json::from_slice(&payload).map_err(|error| InvokeError::Failed(format!("event: {error}")))?;
    let event = LambdaEvent::new(event, context(name, timeout));
    let call = async {
        poll_fn(|task| service.poll_ready(task)).await.map_err(failed)?;
        service.call(event).await.map_err(failed)
    };
    match tokio::time::timeout(timeout, call).await {
        Ok(Ok(answer)) => serde_json::to_vec(&answer).map_err(|error| InvokeError::Failed(format!("answer: {error}"))),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(InvokeError::TimedOut(timeout)),
    }
}

fn context(name: &str, timeout: Duration) -> Context {
    let timeout_ms = i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX);
    let mut context = Context::default();
    context.request_id = uuid::Uuid::new_v4().to_string();
    context.deadline = u64::try_from(Timestamp::now().plus_ms(timeout_ms).ms()).unwrap_or(u64::MAX);
    context.invoked_function_arn = format!("arn:aws:lambda:local:000000000000:function:eclips-{name}");
    context.env_config = Arc::new(Config {
        function_name: format!("eclips-{name}"),
        memory: 256,
        version: "$LATEST".to_owned(),
        log_stream: String::new(),
        log_group: String::new(),
    });
    context
}

/// A panic as an error. What it left behind is dropped with the environment, so nobody sees it half-changed.
fn catch<T>(run: impl FnOnce() -> Result<T, InvokeError>) -> Result<T, InvokeError> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| Err(InvokeError::Panicked(message(&*panic))))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
