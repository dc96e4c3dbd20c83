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
use serde::de::DeserializeOwned;
use tokio::runtime::{Builder, Runtime};

use super::{Environment, INIT_TIMEOUT, InvokeError, Job};

/// Starts the thread; what goes wrong inside is the first invocation's answer.
///
/// `finish` makes of the function's response what the invocation comes to. It counts against the function's time.
pub(super) fn start<S, E, O, A, F, Fut, G>(
    name: String,
    timeout: Duration,
    factory: F,
    finish: G,
) -> std::io::Result<Environment<O, A>>
where
    F: Fn() -> Fut + Send + 'static,
    Fut: Future<Output = anyhow::Result<S>>,
    S: Service<LambdaEvent<E>> + 'static,
    S::Error: fmt::Debug,
    E: DeserializeOwned,
    O: Send + 'static,
    A: Send + 'static,
    G: AsyncFn(S::Response, O) -> Result<A, InvokeError> + Send + 'static,
{
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (jobs, received) = channel();
    std::thread::Builder::new().name(name.clone()).spawn(move || {
        let service = catch(|| runtime.block_on(init(factory)));
        match service {
            Ok(service) => live(&runtime, service, &name, timeout, finish, &received),
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

fn refuse<O, A>(jobs: &Receiver<Job<O, A>>, error: InvokeError) {
    if let Ok(job) = jobs.recv() {
        // The caller may have gone away.
        let _ = job.answer.send(Err(error));
    }
}

/// One invocation after the other. Between two the runtime is not driven: that is the freeze.
fn live<S, E, O, A, G>(
    runtime: &Runtime,
    mut service: S,
    name: &str,
    timeout: Duration,
    finish: G,
    jobs: &Receiver<Job<O, A>>,
) where
    S: Service<LambdaEvent<E>>,
    S::Error: fmt::Debug,
    E: DeserializeOwned,
    G: AsyncFn(S::Response, O) -> Result<A, InvokeError>,
{
    while let Ok(job) = jobs.recv() {
        let invocation = async {
            let event = event(&job.payload, name, timeout)?;
            let whole = async { finish(respond(&mut service, event).await?, job.opening).await };
            let cut_off = |_| InvokeError::TimedOut(timeout);
            tokio::time::timeout(timeout, whole).await.map_err(cut_off)?
        };
        let outcome = catch(|| runtime.block_on(invocation));
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

async fn respond<S, E>(service: &mut S, event: LambdaEvent<E>) -> Result<S::Response, InvokeError>
where
    S: Service<LambdaEvent<E>>,
    S::Error: fmt::Debug,
{
    let failed = |error: S::Error| InvokeError::Failed(format!("{error:?}"));
    poll_fn(|task| service.poll_ready(task)).await.map_err(failed)?;
    service.call(event).await.map_err(failed)
}

fn event<E: DeserializeOwned>(payload: &[u8], name: &str, timeout: Duration) -> Result<LambdaEvent<E>, InvokeError> {
    let event = serde_json::from_slice(payload).map_err(|error| InvokeError::Failed(format!("event: {error}")))?;
    Ok(LambdaEvent::new(event, context(name, timeout)))
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
