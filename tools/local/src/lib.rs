//! The whole system in one process on loopback: the functions on Lambda-like environments behind a gateway that speaks
//! payload v1, an embedded DynamoDB with its stream, queues with SQS's rules, and the schedules. Never deployed.
//!
//! Everything is opened over the wire, with the code that runs in AWS: `admin`, `cargo lambda watch` and tests reach the
//! same endpoints.

pub mod demo;
pub mod engine;
pub mod environment;
pub mod folder;
mod functions;
pub mod gateway;
pub mod host;
pub mod poll;
pub mod queue;
pub mod receiver;
pub mod schedule;
mod secrets;
pub mod sign_in;
pub mod sqs;
pub mod stream;
pub mod tables;
pub mod template;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use eclips_engine::models::{Lineup, Secret};
use eclips_shared::config::Config;
use eclips_shared::receiver::Receivers;
use eclips_shared::routes::Table;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use crate::engine::{Engine, REGION};
use crate::environment::Pool;
use crate::folder::{Folder, Place};
use crate::functions::Functions;
use crate::gateway::{Gateway, Integration};
use crate::queue::Queues;
use crate::receiver::Receiver;
use crate::sign_in::SignIn;
use crate::sqs::Endpoint;
use crate::template::Template;

/// Runs that are worked on at once from each queue. Locally a run mostly waits for a model.
const WORKERS: usize = 16;
/// Looks at what is to be told that are under way at once.
const TELLERS: usize = 8;
/// Deliveries that are under way at once from each of their queues. Each mostly waits for its receiver.
const DELIVERERS: usize = 32;
/// How often expired items are deleted; AWS does it within days, and all code compares times itself.
const TTL_SWEEP_EVERY: Duration = Duration::from_secs(60);

/// Somebody between the functions and what they call: gets a function's name and settings, gives the settings that an environment of it
/// is told. Each has its own, as each has its own connections: while it is idle it stands still, and they with it.
/// For tests of what a function may call, and of what it makes of a store that is not as quick and as agreeable as the engine.
pub type Front = Arc<dyn Fn(&'static str, Config) -> BoxFuture<'static, Config> + Send + Sync>;

/// The name under which a [`Front`] is asked for the settings of whoever is no function: tools, and a system's owner.
pub const OPERATOR: &str = "operator";

/// How to start.
#[derive(Clone, Default)]
pub struct Options {
    /// The API gateway's port on 127.0.0.1; 0 takes any.
    pub port: u16,
    /// The dashboard's port on 127.0.0.1; 0 takes any.
    pub dashboard_port: u16,
    /// The port of the receiver of webhooks on 127.0.0.1; 0 takes any.
    pub receiver_port: u16,
    /// Where the data lives; in memory when absent.
    pub data: Option<PathBuf>,
    /// What people sign in to the dashboard with.
    pub password: String,
    /// Which model answers each tier, by the worker's own settings; the sandbox where empty.
    pub models: [String; 3],
    /// The key of the endpoints among them.
    pub model_key: Secret,
    /// Through whom the functions, and [`Local::config`], reach tables and queues; they do so directly when absent. What DynamoDB
    /// does by itself in AWS, the stream and the deletion of expired items, and the creation of the tables never go this way.
    pub front: Option<Front>,
}

/// A gateway that serves: dropping the first ends it, and the second says when it has ended.
type Serving = (oneshot::Sender<()>, JoinHandle<()>);

/// A running system; it stops when dropped.
pub struct Local {
    config: Config,
    base_url: String,
    gateways: [Serving; 2],
    sign_in: SignIn,
    receiver: Receiver,
    steps: Vec<(&'static str, Duration)>,
    lineup: Lineup,
    tasks: JoinSet<()>,
    queue_endpoint: Endpoint,
    engine: Arc<Engine>,
    /// Where the key above the secrets is when nothing else is kept; it goes with this.
    _secrets: Option<TempDir>,
}

impl Local {
    /// Starts everything; the gateway answers when this returns.
    ///
    /// *Errors*: one line each: a model's setting is wrong, the port is taken, the data is another process's or another
    /// version's.
    pub async fn start(options: Options) -> Result<Self> {
        let mut clock = Steps::begin();
        let models = options
            .models
            .map(|model| if model.is_empty() { "sandbox".to_owned() } else { model });
        let lineup = Lineup::read(&models, &options.model_key).map_err(|error| anyhow!(error))?;
        let place = match &options.data {
            None => Place::Memory,
            Some(path) => Place::Folder(Folder::take(path)?),
        };
        let door = Gateway::bind(options.port, "--port").await?;
        let dashboard_door = Gateway::bind(options.dashboard_port, "--dashboard-port").await?;
        let template = Template::embedded()?;
        let engine = Arc::new(Engine::open(&place)?);
        let store = engine.endpoint().to_owned();
        clock.step("embedded DynamoDB");

        let sdk = engine::sdk_config(engine.endpoint());
        tables::ensure(&sdk, &template).await?;
        clock.step("tables from infra/template.yaml");

        let (secrets_key, secrets_folder) = secrets::key(&place)?;
        let queues = Queues::open(&place, template.queues()?)?;
        let queue_endpoint = Endpoint::start(queues.clone()).await?;
        clock.step("queues");

        let dashboard_url = format!("http://{}", dashboard_door.address());
        let sign_in = SignIn::start(sign_in::Options {
            redirect_uri: format!("{dashboard_url}/sign-in/callback"),
            password: options.password,
            email: demo::owner(),
        })
        .await?;
        let base_url = format!("http://{}", door.address());
        let config = Config {
            api_url: base_url.clone(),
            dashboard_url,
            oidc_issuer: sign_in.issuer().to_owned(),
            oidc_client_id: sign_in.client_id().to_owned(),
            models,
            model_key: options.model_key,
            // Receivers on this machine are admitted here and nowhere else.
            receivers: Receivers::PublicAndLoopback,
            vault: format!("file:{}", secrets_key.display()),
            ..settings(store, &queue_endpoint, &template)?
        };
        let front = options.front.unwrap_or_else(directly);
        clock.step("sign-in provider");

        let mappings = [template.mapping("DispatchFunction")?, template.mapping("FoldFunction")?];
        let [queued, changes] = stream::open(&engine, &sdk, &config.table_main, mappings).await?;
        let functions = Functions::over(&config, &front, &template, &queued.wake())?;
        let mut tasks = JoinSet::new();
        tasks.spawn(consume(queued, functions.dispatch.clone()));
        tasks.spawn(consume(changes, functions.fold.clone()));
        for (queue, function, pollers) in [
            ("RunsQueue", &functions.worker, WORKERS),
            ("PriorityQueue", &functions.worker, WORKERS),
            ("NewsQueue", &functions.deliver, TELLERS),
            ("DeliveriesQueue", &functions.deliver, DELIVERERS),
            ("RetriesQueue", &functions.deliver, DELIVERERS),
            ("RunsDeadLetterQueue", &functions.sweep, 1),
            ("PriorityDeadLetterQueue", &functions.sweep, 1),
            ("NewsDeadLetterQueue", &functions.sweep, 1),
            ("DeliveriesDeadLetterQueue", &functions.sweep, 1),
        ] {
            let mut pollers = poll::start(&queues, &template::queue_name(queue), function, pollers);
            tasks.spawn(async move { while pollers.join_next().await.is_some() {} });
        }
        tasks.spawn(schedule::run(
            template.schedule("SweepFunction")?,
            functions.sweep.clone(),
        ));
        clock.step("functions, stream, pollers, schedule");

        let (table, dashboard) = (Table::new(), functions.dashboard.clone());
        let gateways = [
            serve(door, move |method: &http::Method, path: &str| {
                let route = table.find(method, path).map(|(route, _)| route.function);
                functions.of_route(route)
            }),
            serve(dashboard_door, move |_: &http::Method, _: &str| {
                Integration::Whole(dashboard.clone())
            }),
        ];
        clock.step("gateways of API and dashboard");

        let receiver = Receiver::start(options.receiver_port, secrets::all(&config).await?).await?;
        clock.step("receiver of webhooks");
        let mut local = Self {
            config: front(OPERATOR, config).await,
            base_url,
            gateways,
            sign_in,
            receiver,
            steps: clock.steps,
            lineup,
            tasks,
            queue_endpoint,
            engine,
            _secrets: secrets_folder,
        };
        local.delete_expired();
        Ok(local)
    }

    /// Where the gateway listens: `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where the receiver of webhooks listens: `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn receiver_url(&self) -> &str {
        self.receiver.url()
    }

    /// The functions' settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What was started and how long each took.
    #[must_use]
    pub fn steps(&self) -> &[(&'static str, Duration)] {
        &self.steps
    }

    /// Which model answers each tier.
    #[must_use]
    pub const fn lineup(&self) -> &Lineup {
        &self.lineup
    }

    /// Stops everything; what was acknowledged is kept.
    pub async fn stop(mut self) {
        for (stop, serving) in self.gateways {
            drop(stop);
            // It ends by itself, within the time that it gives to the requests under way.
            let _ = serving.await;
        }
        self.tasks.shutdown().await;
        drop(self.receiver);
        drop(self.sign_in);
        drop(self.queue_endpoint);
        drop(self.engine);
    }

    /// What DynamoDB itself does in AWS.
    fn delete_expired(&mut self) {
        let engine = Arc::clone(&self.engine);
        self.tasks.spawn(async move {
            loop {
                tokio::time::sleep(TTL_SWEEP_EVERY).await;
                if let Err(error) = engine.sweep_ttl().await {
                    tracing::warn!(error = format!("{error:#}"), "expired items were not deleted");
                }
            }
        });
    }
}

/// Nobody between the functions and what they call.
fn directly() -> Front {
    Arc::new(|_, config| std::future::ready(config).boxed())
}

/// Opens a gateway's door until the sender is dropped.
fn serve(door: Gateway, route: impl Fn(&http::Method, &str) -> Integration + Send + Sync + 'static) -> Serving {
    let (stop, stopped) = oneshot::channel();
    let serving = tokio::spawn(door.serve(route, async move {
        // A dropped sender means the same as a sent word: nobody needs the gateway any more.
        let _ = stopped.await;
    }));
    (stop, serving)
}

/// Hands on a stream's records to the function that consumes them.
async fn consume(reader: stream::Reader, function: Pool) {
    let call = |event| {
        let function = function.clone();
        async move {
            let answer = function.invoke(serde_json::to_vec(&event)?).await?;
            Ok(serde_json::from_slice(&answer)?)
        }
    };
    reader.run(call).await;
}

fn settings(store: String, queues: &Endpoint, template: &Template) -> Result<Config> {
    Ok(Config {
        table_main: template.table("MainTable")?.name,
        table_keys: template.table("KeysTable")?.name,
        queue_runs_url: queues.queue_url(&template::queue_name("RunsQueue")),
        queue_priority_url: queues.queue_url(&template::queue_name("PriorityQueue")),
        queue_news_url: queues.queue_url(&template::queue_name("NewsQueue")),
        queue_deliveries_url: queues.queue_url(&template::queue_name("DeliveriesQueue")),
        queue_retries_url: queues.queue_url(&template::queue_name("RetriesQueue")),
        region: Some(REGION.to_owned()),
        dynamodb_endpoint: Some(store),
        sqs_endpoint: Some(queues.url().to_owned()),
        ..Config::default()
    })
}

/// Measures the start, step by step.
struct Steps {
    last: Instant,
    steps: Vec<(&'static str, Duration)>,
}

impl Steps {
    fn begin() -> Self {
        Self {
            last: Instant::now(),
            steps: Vec::new(),
        }
    }

    fn step(&mut self, what: &'static str) {
        self.steps.push((what, self.last.elapsed()));
        self.last = Instant::now();
    }
}
