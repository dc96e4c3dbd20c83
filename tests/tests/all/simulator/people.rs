//! People: a client that makes a run or a batch, its owner who cancels it, and those who decide. They try again until they are told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use eclips_shared::ids::RunId;
use eclips_tests::function::Function;
use eclips_tests::sim::{Actor, witness};
use serde_json::Value;

use super::cast::{Cast, Process, TRIES};
use super::onlooker::Onlooker;

/// Tries of somebody who acts in the middle of another one's call.
const TRIES_MEANWHILE: usize = 4;

/// What somebody was told of a wish: `None` for nothing yet.
pub type Told = Arc<Mutex<Option<(u64, Value)>>>;

/// A client that tries again under the same name until it hears of its run.
pub async fn create(cast: &Cast, name: &str, body: &Value) -> Option<RunId> {
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

/// A run's owner cancels it, whichever it is: the same request under the same name tells. Notes what had been seen of
/// models when it was told that the run is cancelled.
pub async fn cancel(cast: Arc<Cast>, name: String, body: Value, told: Told, seen: Arc<Mutex<Option<witness::Seen>>>) {
    let (sim, [runs, _]) = (&cast.sim, &cast.others);
    for _ in 0..TRIES_MEANWHILE {
        let made = runs.create_named(&sim.key, &name, &body).await;
        if made.status != 202 {
            continue;
        }
        let path = format!("/v1/runs/{}/cancel", made.run());
        let answer = runs.call("POST", &path, Some(&sim.key), None).await;
        if matches!(answer.status, 200 | 409) {
            if answer.status == 200 {
                *seen.lock().unwrap() = Some(witness::seen());
            }
            *told.lock().unwrap() = Some((answer.status, answer.json()));
            return;
        }
        assert!(answer.status >= 500, "{} {}", answer.status, answer.body);
    }
}

/// A client that tries again under the same name until it hears of its batch; gives the job that it was told of.
pub async fn create_batch(cast: &Cast, process: Process, name: &str, body: &Value) -> Option<Value> {
    for _ in 0..TRIES {
        match make_batch(cast, process, name, body).await {
            Some(job) => return Some(job),
            None => tokio::time::sleep(Duration::from_secs(1)).await,
        }
    }
    None
}

async fn make_batch(cast: &Cast, process: Process, name: &str, body: &Value) -> Option<Value> {
    let function = &cast.batches[process as usize];
    let made = function.named("/v1/batches", &cast.sim.key, name, body);
    match cast.sim.run(made).await {
        Actor::Done(answer) if answer.status == 201 => Some(answer.json()["job"].clone()),
        Actor::Done(answer) => {
            assert!(answer.status >= 500, "{} {}", answer.status, answer.body);
            None
        }
        Actor::Crashed => None,
    }
}

/// A batch's owner cancels it, whichever it is, as [`cancel`] does a run; whoever looks at it is told.
pub async fn cancel_batch(
    cast: Arc<Cast>,
    process: Process,
    name: String,
    body: Value,
    told: Told,
    onlooker: Arc<Onlooker>,
) {
    onlooker.begin_cancelling();
    let mut answer = None;
    for _ in 0..TRIES_MEANWHILE {
        let Some(job) = make_batch(&cast, process, &name, &body).await else {
            continue;
        };
        let (sim, function) = (&cast.sim, &cast.batches[process as usize]);
        let path = format!("/v1/batches/{}/cancel", job["id"].as_str().expect("an id"));
        if let Actor::Done(got) = sim.run(function.call("POST", &path, Some(&sim.key), None)).await {
            if matches!(got.status, 200 | 409) {
                answer = Some((got.status, got.json()));
                break;
            }
            assert!(got.status >= 500, "{} {}", got.status, got.body);
        }
    }
    onlooker.end_cancelling(answer.as_ref());
    *told.lock().unwrap() = answer;
}

/// Somebody approves what a run proposes.
pub async fn approve(cast: &Cast, triage: &str, told: &Told) {
    for _ in 0..TRIES {
        let answer = cast.sim.run(rule(&cast.triage, &cast.sim.key, triage, "approve")).await;
        if let Actor::Done(answer @ (200 | 409, _)) = answer {
            *told.lock().unwrap() = Some(answer);
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Somebody decides in the middle of another one's call, `approve` or `reject`.
pub async fn decide(cast: Arc<Cast>, triage: String, verb: &'static str, told: Told) {
    let [_, other] = &cast.others;
    for _ in 0..TRIES_MEANWHILE {
        let answer = rule(other, &cast.sim.key, &triage, verb).await;
        if matches!(answer.0, 200 | 409) {
            *told.lock().unwrap() = Some(answer);
            return;
        }
    }
}

async fn rule(triage: &Function, key: &str, id: &str, verb: &str) -> (u64, Value) {
    let path = format!("/v1/triage/{id}/{verb}");
    let answer = triage.call("POST", &path, Some(key), None).await;
    (answer.status, answer.json())
}
