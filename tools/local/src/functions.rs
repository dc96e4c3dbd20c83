//! The functions of the stack, each with environments of its own and the time that the template gives it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use eclips_shared::config::Config;
use eclips_shared::routes::Function;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::watch;

use crate::environment::{Pool, StreamingPool};
use crate::gateway::Integration;
use crate::template::Template;
use crate::{DELIVERERS, Front, WORKERS};

/// Environments of an API function, as many requests as are answered at once.
const API_ENVIRONMENTS: usize = 16;
/// Streams that are open at once; each has an environment to itself for as long as it lasts.
const STREAM_ENVIRONMENTS: usize = 32;
/// Environments of a function behind the table's stream: there is one shard, and its batches go one after the other.
const STREAM_CONSUMERS: usize = 1;

/// Environments of `sweep`: for its schedule and for each of the queues of dead letters.
const SWEEPERS: usize = 5;

/// Every function.
pub struct Functions {
    health: Pool,
    runs: Pool,
    stream: StreamingPool,
    /// How long the gateway gives an answer of `stream`.
    stream_time: Duration,
    triage: Pool,
    batches: Pool,
    webhooks: Pool,
    usage: Pool,
    /// The dashboard, on a host of its own.
    pub dashboard: Pool,
    /// Behind the queues.
    pub worker: Pool,
    /// Behind the table's stream.
    pub dispatch: Pool,
    /// Behind the table's stream as well.
    pub fold: Pool,
    /// Behind the queues of deliveries.
    pub deliver: Pool,
    /// Behind its schedule and the queues of dead letters.
    pub sweep: Pool,
}

impl Functions {
    /// Each environment is told what the front makes of the settings; `written` is told after each invocation that may have written:
    /// the stream is then looked at without delay.
    pub fn over(config: &Config, front: &Front, template: &Template, written: &watch::Sender<()>) -> Result<Self> {
        let time = |logical_id| template.function_timeout(logical_id);
        let told = |name| {
            let (front, config) = (Arc::clone(front), config.clone());
            move || front(name, config.clone())
        };
        let stream_time = template.streaming_timeout("StreamFunction")?;
        let health = || async { Ok(eclips_health::service()) };
        let runs = with(
            told("runs"),
            |config| async move { Ok(eclips_runs::service(&config).await) },
        );
        let stream = with(told("stream"), |config| async move {
            Ok(eclips_stream::service(&config).await)
        });
        let triage = with(told("triage"), |config| async move {
            Ok(eclips_triage::service(&config).await)
        });
        let batches = with(told("batches"), |config| async move {
            Ok(eclips_batches::service(&config).await)
        });
        let webhooks = with(told("webhooks"), |config| async move {
            eclips_webhooks::service(&config).await.map_err(|error| anyhow!(error))
        });
        let usage = with(told("usage"), |config| async move {
            Ok(eclips_usage::service(&config).await)
        });
        let dashboard = with(told("dashboard"), |config| async move {
            eclips_dashboard::service(&config).await.map_err(|error| anyhow!(error))
        });
        let worker = with(told("worker"), |config| async move {
            eclips_worker::service(&config).await.map_err(|error| anyhow!(error))
        });
        let dispatch = with(told("dispatch"), |config| async move {
            Ok(eclips_dispatch::service(&config).await)
        });
        let fold = with(
            told("fold"),
            |config| async move { Ok(eclips_fold::service(&config).await) },
        );
        let deliver = with(told("deliver"), |config| async move {
            eclips_deliver::service(&config).await.map_err(|error| anyhow!(error))
        });
        let sweep = with(told("sweep"), |config| async move {
            Ok(eclips_sweep::service(&config).await)
        });
        Ok(Self {
            health: Pool::new("health", API_ENVIRONMENTS, time("HealthFunction")?, health),
            runs: Pool::new("runs", API_ENVIRONMENTS, time("RunsFunction")?, runs).telling(written.clone()),
            stream: StreamingPool::new("stream", STREAM_ENVIRONMENTS, time("StreamFunction")?, stream),
            stream_time,
            triage: Pool::new("triage", API_ENVIRONMENTS, time("TriageFunction")?, triage),
            batches: Pool::new("batches", API_ENVIRONMENTS, time("BatchesFunction")?, batches).telling(written.clone()),
            webhooks: Pool::new("webhooks", API_ENVIRONMENTS, time("WebhooksFunction")?, webhooks)
                .telling(written.clone()),
            usage: Pool::new("usage", API_ENVIRONMENTS, time("UsageFunction")?, usage),
            dashboard: Pool::new("dashboard", API_ENVIRONMENTS, time("DashboardFunction")?, dashboard),
            worker: Pool::new("worker", 2 * WORKERS, time("WorkerFunction")?, worker),
            dispatch: Pool::new("dispatch", STREAM_CONSUMERS, time("DispatchFunction")?, dispatch),
            fold: Pool::new("fold", STREAM_CONSUMERS, time("FoldFunction")?, fold),
            deliver: Pool::new("deliver", 2 * DELIVERERS, time("DeliverFunction")?, deliver),
            sweep: Pool::new("sweep", SWEEPERS, time("SweepFunction")?, sweep),
        })
    }

    /// What answers a route of the API; `health` also answers what is none.
    pub fn of_route(&self, function: Option<Function>) -> Integration {
        match function {
            Some(Function::Runs) => Integration::Whole(self.runs.clone()),
            Some(Function::Stream) => Integration::Streamed(self.stream.clone(), self.stream_time),
            Some(Function::Triage) => Integration::Whole(self.triage.clone()),
            Some(Function::Batches) => Integration::Whole(self.batches.clone()),
            Some(Function::Webhooks) => Integration::Whole(self.webhooks.clone()),
            Some(Function::Usage) => Integration::Whole(self.usage.clone()),
            Some(Function::Health) | None => Integration::Whole(self.health.clone()),
        }
    }
}

/// A factory of environments that hands each settings of its own.
fn with<S, F, Fut>(
    told: impl Fn() -> BoxFuture<'static, Config> + Clone + Send + Sync + 'static,
    service: F,
) -> impl Fn() -> BoxFuture<'static, Result<S>> + Clone + Send + Sync + 'static
where
    F: Fn(Config) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<S>> + Send + 'static,
{
    move || {
        let (told, service) = (told(), service.clone());
        async move { service(told.await).await }.boxed()
    }
}
