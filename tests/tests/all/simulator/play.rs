//! What happens in a schedule: a client makes a run and tries again until it is told so, the stream's reader sends its hint, a
//! worker takes messages, and so on until nothing is left to happen.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lambda_events::dynamodb::Event;
use aws_lambda_events::streams::DynamoDbEventResponse;
use eclips_engine::models::Models;
use eclips_shared::ids::RunId;
use eclips_shared::queue::{self, Queues};
use eclips_shared::store::Store;
use eclips_sweep::Sweeper;
use eclips_tests::function::Function;
use eclips_tests::sim::{Actor, Plan, Sim, now, witness};
use eclips_worker::Worker;
use lambda_runtime::LambdaEvent;
use serde_json::{Value, json};
use tower::{Service, ServiceExt};

use super::promises::{self, Ending};

/// Tries of a client, of the stream's reader and of a person, each in a process of its own.
const TRIES: usize = 12;
/// *Source*: `infra/template.yaml`: visibility and receives of the queues, time of a worker.
const VISIBILITY_MS: i64 = 960_000;
const RECEIVES_MAX: u32 = 5;
const INVOCATION_MS: i64 = 900_000;
const SWEEP_MS: i64 = 60_000;
/// Messages and sweeps until a run must have ended.
const STEPS_MAX: usize = 120;

type Dispatch = tower::util::BoxService<LambdaEvent<Event>, DynamoDbEventResponse, std::convert::Infallible>;

/// The world, and the functions in it. A crash ends what a process does and not what is open in it: opening a function anew
/// for each schedule would take longer than everything else.
pub struct Cast {
    sim: Sim,
    runs: Function,
    dispatch: tokio::sync::Mutex<Dispatch>,
    worker: Worker,
    sweeper: Sweeper,
    triage: Function,
    /// Processes of somebody else's: those above are busy when they are interrupted.
    others: [Function; 2],
}

impl Cast {
    /// Opens the functions in a world.
    pub async fn gather(sim: Sim) -> Arc<Self> {
        let (store, queues) = (Store::open(sim.config()).await, Queues::open(sim.config()).await);
        Arc::new(Self {
            sweeper: Sweeper::new(store.clone(), queues.clone(), now),
            runs: Function::runs(sim.config(), "http://dynamodb").await,
            triage: Function::triage(sim.config(), "http://dynamodb").await,
            others: [
                Function::runs(sim.config(), "http://dynamodb").await,
                Function::triage(sim.config(), "http://dynamodb").await,
            ],
            dispatch: tokio::sync::Mutex::new(eclips_dispatch::service(sim.config()).await.boxed()),
            worker: Worker::new(store, queues, Models::sandbox(), now),
            sim,
        })
    }
}

static NAMES: AtomicUsize = AtomicUsize::new(0);

/// Which run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Play {
    /// It goes well at once.
    Plain,
    /// Its first attempt fails.
    FailsOnce,
    /// All its attempts fail.
    FailsAlways,
    /// Its answer is unsure, so that a better model is asked.
    Escalated,
    /// Its agent is a high-stakes one.
    Evaluated,
    /// Its answer is doubtful, so that a person has to decide.
    Doubtful,
    /// Its record never comes to who should send its hint.
    Undispatched,
    /// It waits for a person already, and somebody approves it.
    Decided,
}

/// What somebody else does in the middle of a port call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Meanwhile {
    /// Its owner cancels the run.
    Cancel,
    /// Somebody rejects what another one approves.
    Reject,
}

impl Play {
    fn body(self) -> Value {
        let sandbox = |directives: Value| json!({ "task": "x", "data": { "sandbox": directives } });
        match self {
            Self::Plain | Self::Undispatched => json!({ "task": "x" }),
            Self::FailsOnce => sandbox(json!({ "fail": "once" })),
            Self::FailsAlways => sandbox(json!({ "fail": "model" })),
            Self::Escalated => sandbox(json!({ "confidence": 0.7 })),
            Self::Evaluated => json!({ "task": "x", "agent_type": "contract_reviewer" }),
            Self::Doubtful | Self::Decided => sandbox(json!({ "confidence": 0.4 })),
        }
    }

    /// Plays a schedule to its end and checks the promises; gives how many port calls it made.
    pub async fn out(self, cast: &Arc<Cast>, plan: &Plan, meanwhile: Option<(usize, Meanwhile)>) -> usize {
        let sim = &cast.sim;
        sim.clear_messages();
        witness::forget();
        sim.plan(plan.clone());
        let cancelled = Arc::new(Mutex::new(None));
        let name = format!("name-{}", NAMES.fetch_add(1, Ordering::Relaxed));
        let told = format!("{self:?}, {plan:?}, meanwhile {meanwhile:?}");
        if self == Self::Decided {
            return decide(cast, plan, meanwhile.map(|(at, _)| at), &name, &self.body(), &told).await;
        }
        if let Some((at, Meanwhile::Cancel)) = meanwhile {
            sim.meanwhile(
                at,
                Box::pin(cancel(cast.clone(), name.clone(), self.body(), cancelled.clone())),
            );
        }
        let run = create(cast, &name, &self.body())
            .await
            .unwrap_or_else(|| panic!("{told}: no run"));
        if self != Self::Undispatched {
            dispatch(cast, run).await;
        }
        work(cast, run).await.unwrap_or_else(|why| panic!("{told}: {why}"));
        let calls = sim.calls();
        sim.plan(vec![]);
        let cancelled = *cancelled.lock().unwrap();
        let ending = Ending {
            seen: witness::seen(),
            cancelled,
            crashes: plan.iter().any(|(_, fault)| promises::is_crash(*fault)),
        };
        promises::check(sim, run, &ending).unwrap_or_else(|broken| panic!("{told}: {broken}"));
        calls
    }
}

/// A client that tries again under the same name until it hears of its run.
async fn create(cast: &Cast, name: &str, body: &Value) -> Option<RunId> {
    for _ in 0..TRIES {
        let answer = cast.sim.run(cast.runs.create_named(&cast.sim.key, name, body)).await;
        match answer {
            Actor::Done(answer) if answer.status == 202 => return Some(answer.run()),
            Actor::Done(answer) => assert!(answer.status >= 500, "{} {}", answer.status, answer.body),
            Actor::Crashed => {}
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    None
}

/// The stream's reader: a batch of one record, again and again until it is done.
async fn dispatch(cast: &Cast, run: RunId) {
    let sim = &cast.sim;
    let image = json!({
        "sk": { "S": "M" }, "status": { "S": "queued" }, "run_id": { "S": run.to_string() },
        "tenant": { "S": format!("{}#live", sim.org) }, "priority": { "S": "normal" },
    });
    let event = json!({ "Records": [{
        "eventID": "e", "eventName": "INSERT", "awsRegion": "local",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_780_736_400.0, "SizeBytes": 1, "SequenceNumber": "1",
            "Keys": { "pk": { "S": format!("R#{run}") }, "sk": { "S": "M" } }, "NewImage": image,
        },
    }] });
    for _ in 0..TRIES {
        let event: Event = serde_json::from_value(event.clone()).unwrap();
        let answer = sim
            .run(async {
                let mut dispatch = cast.dispatch.lock().await;
                let ready = dispatch.ready().await.unwrap();
                ready.call(LambdaEvent::new(event, Default::default())).await.unwrap()
            })
            .await;
        if matches!(answer, Actor::Done(answer) if answer.batch_item_failures.is_empty()) {
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("the record could not be dispatched");
}

/// Workers take messages until there are none and the run waits for nobody.
async fn work(cast: &Cast, run: RunId) -> Result<(), String> {
    let sim = &cast.sim;
    for _ in 0..STEPS_MAX {
        if let Some(message) = sim.receive(VISIBILITY_MS) {
            if message.receives > RECEIVES_MAX {
                return Err("its message was given up".to_owned());
            }
            let run = queue::read(&message.body).expect("a hint");
            let looked = sim.run(cast.worker.drive(run, now().plus_ms(INVOCATION_MS))).await;
            if matches!(looked, Actor::Done(Ok(()))) {
                sim.delete(message.id);
            }
            continue;
        }
        match sim.next_message_at() {
            Some(at) => tokio::time::sleep(Duration::from_millis((at.ms() - now().ms()).unsigned_abs() + 1)).await,
            None if promises::is_settled(sim, run) => return Ok(()),
            None => {
                // The minute's sweep; before 90 s it finds nothing, and then whatever was lost.
                tokio::time::sleep(Duration::from_secs(60)).await;
                sim.run(cast.sweeper.sweep(now().plus_ms(SWEEP_MS))).await;
            }
        }
    }
    Err("it goes on for ever".to_owned())
}

/// Its owner cancels the run, whichever it is: the same request under the same name tells.
async fn cancel(cast: Arc<Cast>, name: String, body: Value, cancelled: Arc<Mutex<Option<witness::Seen>>>) {
    let (sim, [runs, _]) = (&cast.sim, &cast.others);
    for _ in 0..4 {
        let made = runs.create_named(&sim.key, &name, &body).await;
        if made.status != 202 {
            continue;
        }
        let path = format!("/v1/runs/{}/cancel", made.run());
        let answer = runs.call("POST", &path, Some(&sim.key), None).await;
        match answer.status {
            200 => {
                *cancelled.lock().unwrap() = Some(witness::seen());
                return;
            }
            409 => return,
            status => assert!(status >= 500, "{status} {}", answer.body),
        }
    }
}

/// What became of somebody's decision.
type Decision = Arc<Mutex<Option<(u64, Value)>>>;

/// A run waits for a person; one approves it, perhaps while another one rejects it. Gives the port calls since then.
async fn decide(
    cast: &Arc<Cast>,
    plan: &Plan,
    rejected_at: Option<usize>,
    name: &str,
    body: &Value,
    told: &str,
) -> usize {
    let sim = &cast.sim;
    sim.plan(vec![]);
    let run = create(cast, name, body).await.expect("nothing is planned");
    dispatch(cast, run).await;
    work(cast, run).await.expect("nothing is planned");
    let main = sim.items(&format!("R#{run}")).remove("M").expect("the run is there");
    let triage = main["triage_item_id"]["S"].as_str().expect("it waits").to_owned();

    sim.plan(plan.clone());
    let (approved, rejected) = (Decision::default(), Decision::default());
    if let Some(at) = rejected_at {
        sim.meanwhile(at, Box::pin(reject(cast.clone(), triage.clone(), rejected.clone())));
    }
    for _ in 0..TRIES {
        let answer = sim.run(rule(&cast.triage, &sim.key, &triage, "approve")).await;
        if let Actor::Done((status @ (200 | 409), body)) = answer {
            *approved.lock().unwrap() = Some((status, body));
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let calls = sim.calls();
    sim.plan(vec![]);
    let ending = Ending {
        seen: witness::seen(),
        cancelled: None,
        crashes: false,
    };
    let kept = promises::check(sim, run, &ending);
    let one = promises::one_decision(sim, run, &triage, &approved.lock().unwrap(), &rejected.lock().unwrap());
    kept.and(one).unwrap_or_else(|broken| panic!("{told}: {broken}"));
    calls
}

async fn rule(triage: &Function, key: &str, id: &str, verb: &str) -> (u64, Value) {
    let path = format!("/v1/triage/{id}/{verb}");
    let answer = triage.call("POST", &path, Some(key), None).await;
    (answer.status, answer.json())
}

async fn reject(cast: Arc<Cast>, id: String, rejected: Decision) {
    let [_, triage] = &cast.others;
    for _ in 0..4 {
        let (status, body) = rule(triage, &cast.sim.key, &id, "reject").await;
        if matches!(status, 200 | 409) {
            *rejected.lock().unwrap() = Some((status, body));
            return;
        }
    }
}
