//! The world of a simulation: its tables, its queues, its clock, and the actors that are run in it one by one.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use dynoxide::Database;
use eclips_local::tables;
use eclips_local::template::Template;
use eclips_shared::auth::{Mode, Scope};
use eclips_shared::config::Config;
use eclips_shared::ids::OrgId;
use eclips_shared::plan::Plan;
use eclips_shared::store::{NewKey, Override, Store};
use eclips_shared::time::Timestamp;
use futures_util::future::{BoxFuture, LocalBoxFuture};
use tokio::time::Instant;

use super::beside::{Beside, Look};
use super::carrier::{Call, Carrier, Fault, Plan as Faults, Watch};
use super::queue::{Message, NEWS};
use super::turns::{Order, Turns};
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
    pub(super) carrier: Carrier,
    pub(super) config: Config,
    /// Up to where the stream was read, by each of its readers.
    pub(super) read_to: Mutex<[Option<String>; 2]>,
    beside: Beside,
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
            turns: Arc::new(Turns::default()),
            watch: Arc::default(),
        };
        let template = Template::embedded().expect("the template can be read");
        let name = |id| template.table(id).expect("the template has this table").name;
        let config = Config {
            table_main: name("MainTable"),
            table_keys: name("KeysTable"),
            queue_runs_url: "http://sqs/runs".to_owned(),
            queue_priority_url: "http://sqs/priority".to_owned(),
            queue_news_url: format!("http://sqs/{NEWS}"),
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
        let store = Store::open(&config);
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
            beside: Beside::new(carrier.database.clone()),
            carrier,
            read_to: Mutex::default(),
        }
    }

    /// The settings with which the product's functions reach this world.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Sets the calendar to the real one, from which a world departs whenever its clock moves on. What the product stamps
    /// with the real time would otherwise be the older the longer the world is there.
    pub fn set_calendar(&self) {
        BEGAN.set(Some((Timestamp::now(), Instant::now())));
    }

    /// The settings with which somebody reaches the tables [beside](Sim::look) every schedule.
    #[must_use]
    pub fn config_beside(&self) -> Config {
        Config {
            carrier: Some(self.beside.client()),
            ..self.config.clone()
        }
    }

    /// Begins a look with a store of those settings and holds it in its middle.
    ///
    /// # Panics
    /// When it reads nothing by several keys: there is no middle then.
    pub fn look<T: 'static>(&self, look: BoxFuture<'static, T>) -> Look<T> {
        self.beside.begin(look)
    }

    /// Has somebody be told of each call to the tables; until somebody else is, or nobody.
    ///
    /// # Panics
    /// Never.
    pub fn watch(&self, watch: Option<Watch>) {
        *self.carrier.watch.lock().expect("nothing panics while it holds this") = watch;
    }

    /// Which of two who act at once is on stage; the first where there is one.
    #[must_use]
    pub fn who(&self) -> usize {
        self.carrier.turns.who()
    }

    /// Begins a schedule: calls are counted from 0, and the plan's get their faults.
    pub fn plan(&self, plan: Faults) {
        self.carrier.schedule().begin(plan);
        self.carrier.turns.begin(Order::default());
    }

    /// Plans one more fault, so many port calls from now; until it is [disarmed](Sim::disarm).
    pub fn ambush(&self, after: usize, fault: Fault) {
        let mut schedule = self.carrier.schedule();
        schedule.ambush = Some((schedule.calls.len() + after, fault));
    }

    /// Takes the last ambush back, sprung or not.
    pub fn disarm(&self) {
        self.carrier.schedule().ambush = None;
    }

    /// Says how the port calls of two who act at once are interleaved.
    pub fn interleave(&self, order: Order) {
        self.carrier.turns.begin(order);
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
    pub fn calls(&self) -> Vec<Call> {
        self.carrier.schedule().calls.clone()
    }

    /// All port calls since the schedule began, one a line: who made it, when, and what befell it.
    #[must_use]
    pub fn log(&self) -> String {
        self.carrier.schedule().log.join("\n")
    }

    /// Runs an actor until its end or its crash.
    pub async fn run<T>(&self, actor: impl Future<Output = T>) -> Actor<T> {
        let mut actor = pin!(actor);
        poll_fn(|cx| {
            let polled = actor.as_mut().poll(cx);
            if self.carrier.turns.take_crash() {
                return Poll::Ready(Actor::Crashed);
            }
            polled.map(Actor::Done)
        })
        .await
    }

    /// Has two act at once until both have ended, in the order that was said. What of theirs may crash is [`Sim::run`].
    pub async fn both<T>(&self, actors: [LocalBoxFuture<'_, T>; 2]) -> [T; 2] {
        self.carrier.turns.both(actors).await
    }

    /// Receives the next message that is visible, as SQS does: it is out of sight for a while, and comes back unless it is
    /// deleted. One that was received too often becomes a dead letter instead.
    #[must_use]
    pub fn receive(&self, visibility_ms: i64) -> Option<Message> {
        self.queue().receive(visibility_ms, now())
    }

    /// Receives the next dead letter that is visible.
    #[must_use]
    pub fn receive_letter(&self, visibility_ms: i64) -> Option<Message> {
        self.queue().receive_letter(visibility_ms, now())
    }

    /// Delivers every message twice, as a standard queue may.
    pub fn double_messages(&self) {
        self.queue().double();
    }

    /// Deletes a message, or a dead letter.
    pub fn delete(&self, id: u64) {
        self.queue().delete(id);
    }

    /// When the next message or dead letter becomes visible, if there is one.
    #[must_use]
    pub fn next_message_at(&self) -> Option<Timestamp> {
        self.queue().next_at()
    }

    /// Throws all messages and dead letters away.
    pub fn clear_messages(&self) {
        self.queue().clear();
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, super::queue::Queue> {
        self.carrier.queue.lock().expect("nothing panics while it holds this")
    }
}
