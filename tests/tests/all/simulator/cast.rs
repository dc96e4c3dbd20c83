//! The world with the product's functions in it, and what calls them: the two readers of the stream, the queues and the
//! schedule. Each calls again until it is done, as in AWS.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::dynamodb::Event;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use aws_lambda_events::streams::DynamoDbEventResponse;
use eclips_engine::models::Models;
use eclips_shared::queue::Queues;
use eclips_shared::store::Store;
use eclips_sweep::Sweeper;
use eclips_tests::function::Function;
use eclips_tests::sim::{Actor, Message, Reader, Sim, now};
use eclips_worker::Worker;
use lambda_runtime::LambdaEvent;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tower::{Service, ServiceExt};

/// Tries of whoever tries again, each in a process of its own.
pub const TRIES: usize = 12;
/// *Source*: `infra/template.yaml`: visibility of the queues and of the dead letters, time of a worker and of a sweep.
const VISIBILITY_MS: i64 = 960_000;
const LETTER_VISIBILITY_MS: i64 = 360_000;
const INVOCATION_MS: i64 = 900_000;
const SWEEP_MS: i64 = 60_000;

type Stream = Mutex<tower::util::BoxService<LambdaEvent<Event>, DynamoDbEventResponse, Infallible>>;

/// The world, and the functions in it. A crash ends what a process does and not what is open in it: opening a function anew
/// for each schedule would take longer than everything else.
pub struct Cast {
    pub sim: Sim,
    pub runs: Function,
    pub triage: Function,
    /// Two, since two may send or cancel the same batch at once.
    pub batches: [Function; 2],
    /// Processes of somebody else's: those above are busy when they are interrupted.
    pub others: [Function; 2],
    /// The store of whoever looks [beside](Sim::look) the schedule.
    pub beside: Store,
    dispatch: Stream,
    /// Two, since one may be interrupted by another batch.
    folds: [Stream; 2],
    workers: [Worker; 2],
    sweeper: Sweeper,
}

/// Which of two processes of a function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Process {
    One,
    Other,
}

impl Cast {
    /// Opens the functions in a world.
    pub async fn gather(sim: Sim) -> Arc<Self> {
        let config = sim.config();
        let (store, queues) = (Store::open(config), Queues::open(config));
        let worker = Worker::new(Store::open(config), queues.clone(), Models::sandbox(), now);
        Arc::new(Self {
            sweeper: Sweeper::new(store.clone(), queues.clone(), now),
            runs: Function::runs(config, "http://dynamodb").await,
            triage: Function::triage(config, "http://dynamodb").await,
            batches: [
                Function::batches(config, "http://dynamodb").await,
                Function::batches(config, "http://dynamodb").await,
            ],
            beside: Store::open(&sim.config_beside()),
            others: [
                Function::runs(config, "http://dynamodb").await,
                Function::triage(config, "http://dynamodb").await,
            ],
            dispatch: Mutex::new(eclips_dispatch::service(config).await.boxed()),
            folds: [
                Mutex::new(eclips_fold::service(config).await.boxed()),
                Mutex::new(eclips_fold::service(config).await.boxed()),
            ],
            workers: [worker, Worker::new(store, queues, Models::sandbox(), now)],
            sim,
        })
    }

    /// The stream's first reader: all that is new, again and again until it is dispatched.
    pub async fn dispatch(&self) {
        self.read(Reader::Dispatch, &self.dispatch).await;
    }

    /// The stream's second reader, in the same way.
    pub async fn count(&self, process: Process) {
        self.read(Reader::Fold, &self.folds[process as usize]).await;
    }

    async fn read(&self, reader: Reader, function: &Stream) {
        for _ in 0..TRIES {
            let (records, read_to) = self.sim.records(reader);
            if records.is_empty() || self.deliver(function, records).await {
                self.sim.has_read(reader, read_to);
                return;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        panic!("the records could not be read by {reader:?}");
    }

    async fn deliver(&self, function: &Stream, records: Vec<Value>) -> bool {
        let event: Event = serde_json::from_value(json!({ "Records": records })).expect("an event of the stream");
        let delivered = self.sim.run(async {
            let mut function = function.lock().await;
            let ready = function.ready().await.expect("infallible");
            let called = ready.call(LambdaEvent::new(event, Default::default()));
            called.await.expect("infallible")
        });
        matches!(delivered.await, Actor::Done(answer) if answer.batch_item_failures.is_empty())
    }

    /// A worker takes the next message; says whether there was one.
    pub async fn look(&self, process: Process) -> bool {
        let Some(message) = self.sim.receive(VISIBILITY_MS) else {
            return false;
        };
        let mut event = SqsEvent::default();
        event.records = vec![record(&message)];
        let mut event = LambdaEvent::new(event, lambda_runtime::Context::default());
        event.context.deadline = now().plus_ms(INVOCATION_MS).ms().unsigned_abs();
        let looked = self.sim.run(self.workers[process as usize].handle(event)).await;
        self.settle(&message, looked);
        true
    }

    /// The minute's sweep.
    pub async fn sweep(&self) {
        self.sim.run(self.sweeper.sweep(now().plus_ms(SWEEP_MS))).await;
    }

    /// The sweep takes the next dead letter, if there is one.
    pub fn letter(&self) -> Option<Message> {
        self.sim.receive_letter(LETTER_VISIBILITY_MS)
    }

    /// The sweep reads a dead letter.
    pub async fn bury(&self, letter: Message) {
        let buried = self.sim.run(self.sweeper.bury(vec![record(&letter)])).await;
        self.settle(&letter, buried);
    }

    /// A message is deleted by whoever is done with it.
    fn settle(&self, message: &Message, answer: Actor<SqsBatchResponse>) {
        if matches!(answer, Actor::Done(answer) if answer.batch_item_failures.is_empty()) {
            self.sim.delete(message.id);
        }
    }
}

fn record(message: &Message) -> SqsMessage {
    let mut record = SqsMessage::default();
    record.message_id = Some(message.id.to_string());
    record.body = Some(message.body.clone());
    record
}
