//! Stores with nobody behind them, a road to them that can be made faulty, and somebody with a key: nothing happens but what
//! the test has done.

use std::time::{Duration, Instant};

use eclips_local::template::queue_name;
use eclips_shared::auth::{Mode, PlainKey, Scope, Tenant};
use eclips_shared::config::Config;
use eclips_shared::ids::{BatchId, OrgId, RunId};
use eclips_shared::plan::Plan;
use eclips_shared::queue::Subject;
use eclips_shared::vault::Vault;
use eclips_shared::webhook::Source;
use futures_util::future::join;
use serde_json::{Value, json};

use crate::function::{Function, bury, deliver, sweep, work_on};
use crate::proxy::{Fault, MOMENT, Proxy};
use crate::roles::Roles;
use crate::stores::Stores;
use crate::world::PATIENCE;

/// The SDK tries a call three times; with these many faults our own code has to deal with one.
pub const ONE_CALL: usize = 3;

/// The stores of one test, and what acts on them.
pub struct Backstage {
    /// The tables and queues.
    pub stores: Stores,
    /// What stands between `runs` (and each worker) and the tables.
    pub proxy: Proxy,
    /// The roles of its functions.
    pub roles: Roles,
    /// The `runs` function, in this process.
    pub runs: Function,
    /// The `triage` function, in this process.
    pub triage: Function,
    /// The `batches` function, in this process.
    pub batches: Function,
    /// The `webhooks` function, in this process.
    pub webhooks: Function,
    /// A live key with every scope.
    pub key: String,
    /// Its organization, on plan `growth`.
    pub org: OrgId,
}

impl Backstage {
    /// Opens empty stores.
    ///
    /// # Panics
    /// When they cannot be opened.
    pub async fn open() -> Self {
        Self::with(Roles::default()).await
    }

    /// The same, with roles that are somebody else's too.
    ///
    /// # Panics
    /// As [`Backstage::open`].
    pub async fn with(roles: Roles) -> Self {
        let stores = Stores::open().await;
        let config = stores.config();
        let proxy = Proxy::before(config.dynamodb_endpoint.as_deref().expect("a local endpoint")).await;
        let of = |function| roles.of(function, config.clone());
        let runs = Function::runs(&of("runs"), proxy.url()).await;
        let triage = Function::triage(&of("triage"), proxy.url()).await;
        let batches = Function::batches(&of("batches"), proxy.url()).await;
        let webhooks = Function::webhooks(&of("webhooks"), proxy.url()).await;
        let key = stores.key(Plan::Growth, &Scope::ALL).await;
        let hash = PlainKey::parse(key.as_bytes()).expect("a key").hash();
        let record = stores.store.keys().find(&hash).await.expect("the engine is up");
        Self {
            org: record.expect("the key is there").org,
            stores,
            proxy,
            roles,
            runs,
            triage,
            batches,
            webhooks,
            key,
        }
    }

    /// How a function reaches the stores, without the faulty road.
    #[must_use]
    pub fn config(&self) -> Config {
        self.stores.config()
    }

    fn config_of(&self, function: &str) -> Config {
        self.roles.of(function, self.config())
    }

    /// Whose the runs of its key are.
    #[must_use]
    pub fn tenant(&self) -> Tenant {
        Tenant {
            org: self.org,
            mode: Mode::Live,
        }
    }

    /// Lets something write over the faulty road, and changes something between its reads and its first such call.
    ///
    /// # Panics
    /// When nothing is written, or the change takes longer than the write is kept waiting.
    pub async fn meanwhile<T>(
        &self,
        operation: &'static str,
        write: impl Future<Output = T>,
        change: impl Future<Output = ()>,
    ) -> T {
        self.meanwhile_after(operation, 0, write, change).await
    }

    /// The same between so many such calls and the next.
    ///
    /// # Panics
    /// As [`Backstage::meanwhile`].
    pub async fn meanwhile_after<T>(
        &self,
        operation: &'static str,
        skip: usize,
        write: impl Future<Output = T>,
        change: impl Future<Output = ()>,
    ) -> T {
        self.proxy.take_calls();
        self.proxy.set_after(operation, skip, 1, Fault::Slow);
        let changing = async {
            let (deadline, mut seen) = (Instant::now() + PATIENCE, 0);
            while seen <= skip {
                let calls = self.proxy.take_calls();
                seen += calls.iter().filter(|call| *call == operation).count();
                assert!(Instant::now() < deadline, "nothing is written");
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let began = Instant::now();
            change.await;
            assert!(began.elapsed() < MOMENT, "the change came too late");
        };
        join(write, changing).await.0
    }

    /// Makes a run; it must be accepted.
    ///
    /// # Panics
    /// When it is not.
    pub async fn create(&self, body: Value) -> RunId {
        let accepted = self.runs.call("POST", "/v1/run", Some(&self.key), Some(body)).await;
        assert_eq!(accepted.status, 202, "{}", accepted.body);
        accepted.run()
    }

    /// Asks for a run's end; gives status and body.
    pub async fn cancel(&self, run: RunId) -> (u64, Value) {
        let path = format!("/v1/runs/{run}/cancel");
        let got = self.runs.call("POST", &path, Some(&self.key), None).await;
        (got.status, got.json())
    }

    /// Makes a run that waits for a person; gives it and its triage item.
    ///
    /// # Panics
    /// When it does not wait.
    pub async fn waiting(&self) -> (RunId, String) {
        let body = json!({ "task": "x", "data": { "sandbox": { "confidence": 0.4 } } });
        let run = self.create(body).await;
        self.work_on(run).await;
        let shown = self.show(run).await;
        let triage = shown["triage_item_id"].as_str();
        (run, triage.expect("it waits for a person").to_owned())
    }

    /// Decides a triage item, `approve` or `reject`; gives status and body.
    pub async fn decide(&self, triage: &str, verb: &str, body: Value) -> (u64, Value) {
        let path = format!("/v1/triage/{triage}/{verb}");
        let got = self.triage.call("POST", &path, Some(&self.key), Some(body)).await;
        (got.status, got.json())
    }

    /// Has a worker look at a run once.
    ///
    /// # Panics
    /// When the message would come back.
    pub async fn work_on(&self, run: RunId) {
        let answer = work_on(&self.config_of("worker"), self.proxy.url(), Subject::Run(run)).await;
        assert_eq!(answer, json!({ "batchItemFailures": [] }));
    }

    /// Makes a batch of summariser's rows with these directives for the sandbox.
    ///
    /// # Panics
    /// When it is not accepted.
    pub async fn batch(&self, sandboxes: &[Value]) -> BatchId {
        let row = |sandbox: &Value| json!({ "task": "x", "data": { "sandbox": sandbox } });
        let rows: Vec<Value> = sandboxes.iter().map(row).collect();
        let body = json!({ "agent_type": "summariser", "rows": rows });
        let made = self
            .batches
            .call("POST", "/v1/batches", Some(&self.key), Some(body))
            .await;
        assert_eq!(made.status, 201, "{}", made.body);
        let made = made.json();
        made["job"]["id"].as_str().and_then(BatchId::parse).expect("an id")
    }

    /// A batch as its owner sees it; its counts are looked at.
    ///
    /// # Panics
    /// When they do not add up.
    pub async fn show_batch(&self, batch: BatchId) -> Value {
        let path = format!("/v1/batches/{batch}");
        let got = self.batches.call("GET", &path, Some(&self.key), None).await;
        assert_eq!(got.status, 200, "{}", got.body);
        let shown = got.json();
        crate::batches::adds_up(&shown);
        shown
    }

    /// Asks for a batch's end; gives status and body.
    pub async fn cancel_batch(&self, batch: BatchId) -> (u64, Value) {
        let path = format!("/v1/batches/{batch}/cancel");
        let got = self.batches.call("POST", &path, Some(&self.key), None).await;
        (got.status, got.json())
    }

    /// Has a worker look at a batch once; says whether it is done with the message.
    pub async fn tend(&self, batch: BatchId) -> bool {
        let answer = work_on(&self.config_of("worker"), self.proxy.url(), Subject::Batch(batch)).await;
        answer == json!({ "batchItemFailures": [] })
    }

    /// Makes a webhook; gives it as it was answered, with its secret.
    ///
    /// # Panics
    /// When it is not made.
    pub async fn webhook(&self, url: &str, events: &[&str]) -> Value {
        let body = json!({ "url": url, "events": events });
        let made = self
            .webhooks
            .call("POST", "/v1/webhooks", Some(&self.key), Some(body))
            .await;
        assert_eq!(made.status, 201, "{}", made.body);
        made.json()
    }

    /// The organization's default secret.
    ///
    /// # Panics
    /// When it has none.
    pub async fn default_secret(&self) -> String {
        let vault = Vault::open(&self.config()).await.expect("a vault");
        let secret = vault.default_secret(&self.stores.store, self.org).await;
        secret.expect("everything is up").reveal().to_owned()
    }

    /// What the list of deliveries to a webhook shows, newest first.
    ///
    /// # Panics
    /// When there is no list.
    pub async fn deliveries(&self, webhook: &Value) -> Vec<Value> {
        let path = format!("/v1/webhooks/{}/deliveries", webhook["id"].as_str().expect("an id"));
        let listed = self.webhooks.call("GET", &path, Some(&self.key), None).await;
        assert_eq!(listed.status, 200, "{}", listed.body);
        listed.json()["data"].as_array().expect("a list").clone()
    }

    /// Has a deliverer look whether a run or a batch has something to tell.
    ///
    /// # Panics
    /// When the message would come back.
    pub async fn tell(&self, source: Source) {
        let body = json!({ "news_of": source.to_string() }).to_string();
        assert!(self.deliver("NewsQueue", &body).await);
    }

    /// Hands the messages of a queue of deliveries to deliverers, until none is visible; gives how many there were.
    ///
    /// # Panics
    /// When one would come back.
    pub async fn deliver_all(&self, queue: &str) -> usize {
        let mut count = 0;
        loop {
            let messages = self.stores.take_messages(queue);
            if messages.is_empty() {
                return count;
            }
            for message in messages {
                assert!(self.deliver(queue, &message.body).await, "{}", message.body);
                count += 1;
            }
        }
    }

    /// Hands a deliverer a message of a queue; says whether it is done with it.
    pub async fn deliver(&self, queue: &str, body: &str) -> bool {
        let queue = queue_name(queue);
        deliver(&self.config_of("deliver"), self.proxy.url(), &queue, body).await == json!({ "batchItemFailures": [] })
    }

    /// Has the sweep look once; gives its answer.
    pub async fn sweep(&self) -> Value {
        sweep(&self.config_of("sweep"), self.proxy.url()).await
    }

    /// Hands the sweep a dead letter that names a run; says whether it is done with it.
    pub async fn bury(&self, run: RunId) -> bool {
        let body = json!({ "run_id": run }).to_string();
        bury(&self.config_of("sweep"), self.proxy.url(), &body).await == json!({ "batchItemFailures": [] })
    }

    /// A run as its owner sees it.
    pub async fn show(&self, run: RunId) -> Value {
        let path = format!("/v1/runs/{run}");
        self.runs.call("GET", &path, Some(&self.key), None).await.json()
    }

    /// How many runs the first page of the list shows.
    ///
    /// # Panics
    /// When there is no list.
    pub async fn count(&self) -> usize {
        let listed = self.runs.call("GET", "/v1/runs", Some(&self.key), None).await.json();
        listed["data"].as_array().expect("a list").len()
    }
}
