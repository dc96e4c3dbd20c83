//! The world of a simulation: its tables, its queues, its clock, and the actors that are run in it one by one.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex};

use dynoxide::Database;
use eclips_local::tables;
use eclips_local::template::Template;
use eclips_shared::auth::{Mode, Scope};
use eclips_shared::config::Config;
use eclips_shared::ids::OrgId;
use eclips_shared::plan::Plan;
use eclips_shared::store::{NewKey, Override, Store};
use eclips_shared::time::Timestamp;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::carrier::{Carrier, Plan as Faults};
use super::queue::Message;
use crate::world::OPERATOR;

thread_local! {
    /// When this thread's world began, by the calendar and by the clock that can be stopped.
    static BEGAN: Cell<Option<(Timestamp, Instant)>> = const { Cell::new(None) };
}

/// The time in this thread's world. It moves only while everybody sleeps.
///
/// # Panics
/// When there is no world.
#[must_use]
pub fn now() -> Timestamp {
    let (calendar, clock) = BEGAN.get().expect("a world has begun");
    calendar.plus_ms(i64::try_from(clock.elapsed().as_millis()).expect("no world is that old"))
}

/// How an actor ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Actor<T> {
    /// It came to its end.
    Done(T),
    /// Its process ended in the middle of a port call.
    Crashed,
}

/// The world. A test makes one and runs many schedules in it, each with things of its own.
pub struct Sim {
    carrier: Carrier,
    config: Config,
    /// The store, for what is looked at between port calls; its calls are counted too, so look only when nothing is planned.
    pub store: Store,
    /// A live key with every scope.
    pub key: String,
    /// Its organization.
    pub org: OrgId,
}

impl Sim {
    /// Begins a world; inside a runtime whose clock is paused.
    ///
    /// # Panics
    /// When its tables cannot be made.
    pub async fn begin() -> Self {
        BEGAN.set(Some((Timestamp::now(), Instant::now())));
        let carrier = Carrier {
            database: Database::memory().expect("memory can be opened"),
            queue: Arc::default(),
            schedule: Arc::new(Mutex::default()),
            crash: Arc::new(Notify::new()),
        };
        let template = Template::embedded().expect("the template can be read");
        let name = |id| template.table(id).expect("the template has this table").name;
        let config = Config {
            table_main: name("MainTable"),
            table_keys: name("KeysTable"),
            queue_runs_url: "http://sqs/runs".to_owned(),
            queue_priority_url: "http://sqs/priority".to_owned(),
            models: ["sandbox", "sandbox", "sandbox"].map(str::to_owned),
            region: Some("local".to_owned()),
            dynamodb_endpoint: Some("http://dynamodb".to_owned()),
            sqs_endpoint: Some("http://sqs".to_owned()),
            carrier: Some(carrier.client()),
            ..Config::default()
        };
        let mut sdk = eclips_local::engine::sdk_config("http://dynamodb").into_builder();
        sdk.set_http_client(config.carrier.clone());
        tables::ensure(&sdk.build(), &template)
            .await
            .expect("the tables can be made");
        let store = Store::open(&config).await;
        let org = store
            .orgs()
            .create("Simulated", Plan::Growth)
            .await
            .expect("no fault is planned");
        for number in [
            Override::StrictPerMinute,
            Override::StandardPerMinute,
            Override::RequestsPerDay,
        ] {
            let set = store.orgs().set_override(org, number, 100_000_000).await;
            set.expect("no fault is planned");
        }
        let new = NewKey {
            name: "simulated".into(),
            mode: Mode::Live,
            scopes: Scope::ALL.into_iter().collect(),
            expires_at: None,
        };
        let (key, _) = store
            .keys()
            .mint(org, new, &OPERATOR, None)
            .await
            .expect("no fault is planned");
        Self {
            key: key.reveal().to_owned(),
            org,
            store,
            config,
            carrier,
        }
    }

    /// The settings with which the product's functions reach this world.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Begins a schedule: calls are counted from 0, and the plan's get their faults.
    pub fn plan(&self, plan: Faults) {
        let mut schedule = self.carrier.schedule();
        schedule.plan = plan;
        schedule.calls = 0;
        schedule.meanwhile = None;
    }

    /// Has somebody else act in the middle of a port call.
    pub fn meanwhile(&self, call: usize, other: BoxFuture<'static, ()>) {
        self.carrier.schedule().meanwhile = Some((call, other));
    }

    /// Whether what was to happen meanwhile has not happened yet.
    #[must_use]
    pub fn is_still_to_come(&self) -> bool {
        self.carrier.schedule().meanwhile.is_some()
    }

    /// The port calls since the schedule began.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.carrier.schedule().calls
    }

    /// Runs an actor until its end or its crash.
    pub async fn run<T>(&self, actor: impl Future<Output = T>) -> Actor<T> {
        tokio::select! {
            biased;
            () = self.carrier.crash.notified() => Actor::Crashed,
            done = actor => Actor::Done(done),
        }
    }

    /// All items under a partition key, by sort key, as the engine shows them: `{ "S": … }`. No port call.
    ///
    /// # Panics
    /// When the engine refuses.
    #[must_use]
    pub fn items(&self, pk: &str) -> BTreeMap<String, Value> {
        let request = json!({
            "TableName": self.config.table_main, "ConsistentRead": true,
            "KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": { ":pk": { "S": pk } },
        });
        let request = serde_json::from_value(request).expect("a query");
        let answer = self.carrier.database.query(request).expect("the engine answers");
        let answer = serde_json::to_value(answer).expect("answers are JSON");
        let items = answer["Items"].as_array().cloned().unwrap_or_default().into_iter();
        items
            .map(|item| (item["sk"]["S"].as_str().expect("a sort key").to_owned(), item))
            .collect()
    }

    /// Receives the next message that is visible, as SQS does: it is out of sight for a while, and comes back unless it is
    /// deleted.
    #[must_use]
    pub fn receive(&self, visibility_ms: i64) -> Option<Message> {
        let mut queue = self.queue();
        let now = now();
        let message = queue.messages.iter_mut().find(|message| message.visible_at <= now)?;
        message.visible_at = now.plus_ms(visibility_ms);
        message.receives += 1;
        Some(message.clone())
    }

    /// Deletes a message.
    pub fn delete(&self, id: u64) {
        self.queue().messages.retain(|message| message.id != id);
    }

    /// When the next message becomes visible, if there is one.
    #[must_use]
    pub fn next_message_at(&self) -> Option<Timestamp> {
        self.queue().messages.iter().map(|message| message.visible_at).min()
    }

    /// Throws all messages away.
    pub fn clear_messages(&self) {
        self.queue().messages.clear();
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, super::queue::Queue> {
        self.carrier.queue.lock().expect("nothing panics while it holds this")
    }
}
