//! How agents do: trust that grows and falls, a breaker that opens and lets one probe through, credits that end a run before
//! it begins.

use aws_sdk_dynamodb::types::AttributeValue;
use eclips_engine::harness::{BreakerRecord, Trust};
use eclips_shared::config::Config;
use eclips_shared::ids::RunId;
use eclips_shared::store::{Cancelled, Conduct, Override, Store};
use eclips_shared::time::{Day, Timestamp};
use eclips_shared::window::CELL_MS;
use eclips_tests::backstage::Backstage;
use eclips_tests::proxy::Fault;
use eclips_tests::records::{self, types};
use serde_json::{Value, json};

const REFUSED: &str = "Agent temporarily unavailable";

/// Counts what has happened, as the stream's reader would.
async fn count(scene: &Backstage) {
    let fold = scene.stores.store.fold();
    fold.count_again(scene.tenant(), Day::of(Timestamp::now()))
        .await
        .unwrap();
}

async fn conduct(scene: &Backstage, agent: &str) -> Conduct {
    scene.stores.store.conducts().of(scene.tenant(), agent).await.unwrap()
}

async fn run(scene: &Backstage, directives: Value) -> (RunId, Value) {
    let run = scene
        .create(json!({ "task": "x", "data": { "sandbox": directives } }))
        .await;
    scene.work_on(run).await;
    (run, scene.show(run).await)
}

/// Sets how an agent has done, as if much had happened.
async fn set(scene: &Backstage, name: &str, value: &str) {
    let pk = format!("T#{}", scene.tenant());
    let text = [(name, AttributeValue::S(value.to_owned()))];
    records::set(&scene.config(), &pk, "M", &text).await;
}

#[tokio::test]
async fn correct_runs_raise_trust_and_a_failure_takes_a_level_back() {
    let scene = Backstage::open().await;
    set(&scene, "trust_center", "1.48").await;
    for expected in [(1, 49), (2, 0), (2, 1)] {
        run(&scene, json!({})).await;
        count(&scene).await;
        let Trust { level, streak } = conduct(&scene, "center").await.trust;
        assert_eq!((level, streak), expected);
    }
    // A cancellation says nothing of the agent, and counting again changes nothing.
    let cancelled = scene.create(json!({ "task": "x" })).await;
    scene.cancel(cancelled).await;
    count(&scene).await;
    assert_eq!(conduct(&scene, "center").await.trust, Trust { level: 2, streak: 1 });
    // At level 2 what is only filled in needs nobody.
    let fill = json!({ "action": { "kind": "fill", "description": "Enter it" } });
    assert_eq!(run(&scene, fill.clone()).await.1["status"], "completed");
    run(&scene, json!({ "fail": "model" })).await;
    count(&scene).await;
    assert_eq!(conduct(&scene, "center").await.trust, Trust { level: 1, streak: 0 });
    assert_eq!(run(&scene, fill).await.1["status"], "pending_triage");
}

#[tokio::test]
async fn five_failures_in_a_row_refuse_the_agent_and_one_probe_closes_it_again() {
    let scene = Backstage::open().await;
    for failures in 1..=5 {
        let (_, failed) = run(&scene, json!({ "fail": "model" })).await;
        assert_eq!((&failed["status"], &failed["attempts"]), (&json!("failed"), &json!(3)));
        count(&scene).await;
        assert_eq!(conduct(&scene, "center").await.breaker.failures, failures);
    }
    let before = conduct(&scene, "center").await;
    let (refused, shown) = run(&scene, json!({})).await;
    assert_eq!(
        (&shown["status"], &shown["error"], &shown["attempts"], &shown["credits"]),
        (&json!("failed"), &json!(REFUSED), &json!(0), &json!(0))
    );
    let events = records::events(&scene.config(), refused).await;
    assert_eq!(types(&events), ["run.queued", "run.started", "run.failed"]);
    // A refusal is no failure of the agent's, and another agent is another matter.
    count(&scene).await;
    assert_eq!(conduct(&scene, "center").await, before);
    let other = scene.create(json!({ "task": "x", "agent_type": "summariser" })).await;
    scene.work_on(other).await;
    assert_eq!(scene.show(other).await["status"], "completed");

    // When its time is over, one run goes and all others wait for what becomes of it.
    set(&scene, "breaker_center", "5.1").await;
    let probe = scene
        .create(json!({ "task": "x", "data": { "sandbox": { "delay_ms": 400 } } }))
        .await;
    let probing = scene.work_on(probe);
    let others = async {
        while scene.show(probe).await["status"] != "running" {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        for _ in 0..3 {
            assert_eq!(run(&scene, json!({})).await.1["error"], REFUSED);
        }
    };
    tokio::join!(probing, others);
    assert_eq!(scene.show(probe).await["status"], "completed");
    count(&scene).await;
    assert_eq!(conduct(&scene, "center").await.breaker, BreakerRecord::default());
    assert_eq!(run(&scene, json!({})).await.1["status"], "completed");
}

#[tokio::test]
async fn a_failed_probe_keeps_the_agent_refused_for_another_while() {
    let scene = Backstage::open().await;
    set(&scene, "breaker_center", "5.1").await;
    run(&scene, json!({ "fail": "model" })).await;
    let now = Timestamp::now();
    count(&scene).await;
    let BreakerRecord {
        failures,
        open_until_ms,
    } = conduct(&scene, "center").await.breaker;
    let left_ms = open_until_ms.expect("it is open") - now.ms();
    assert_eq!(failures, 6);
    assert!((200_000..=300_000).contains(&left_ms), "{left_ms}");
    assert_eq!(run(&scene, json!({})).await.1["error"], REFUSED);
    // The next probe need not wait for the first one's lease.
    set(&scene, "breaker_center", "6.1").await;
    assert_eq!(run(&scene, json!({})).await.1["status"], "completed");
}

#[tokio::test]
async fn a_run_that_waited_while_the_credits_went_fails_before_it_costs_any() {
    let scene = Backstage::open().await;
    let orgs = scene.stores.store.orgs();
    orgs.set_override(scene.org, Override::CreditsPerMonth, 1)
        .await
        .unwrap();
    let (first, second) = (
        scene.create(json!({ "task": "x" })).await,
        scene.create(json!({ "task": "x" })).await,
    );
    scene.work_on(first).await;
    count(&scene).await;
    scene.work_on(second).await;
    let shown = scene.show(second).await;
    assert_eq!(
        (&shown["status"], &shown["error"], &shown["attempts"]),
        (&json!("failed"), &json!("Credit limit exceeded"), &json!(0))
    );
    assert_eq!(scene.show(first).await["status"], "completed");
}

#[tokio::test]
async fn an_unsure_fast_answer_is_asked_again_on_premium_and_a_high_stakes_one_is_judged() {
    let scene = Backstage::open().await;
    let (escalated, shown) = run(&scene, json!({ "confidence": 0.7 })).await;
    assert_eq!(
        (&shown["status"], &shown["attempts"], &shown["credits"], &shown["model"]),
        (&json!("completed"), &json!(2), &json!(11), &json!("sandbox-premium"))
    );
    let events = records::events(&scene.config(), escalated).await;
    assert!(types(&events).contains(&"run.escalated"), "{events:?}");

    let judged = scene
        .create(json!({ "task": "x", "agent_type": "contract_reviewer" }))
        .await;
    scene.work_on(judged).await;
    let shown = scene.show(judged).await;
    assert_eq!(
        (&shown["status"], &shown["attempts"]),
        (&json!("completed"), &json!(2)),
        "{shown}"
    );
    let events = records::events(&scene.config(), judged).await;
    let verdict = events.iter().find(|event| event["type"] == "run.evaluated").unwrap();
    assert_eq!(
        (&verdict["verdict"], &verdict["stage"]),
        (&json!("pass"), &json!("evaluation"))
    );
    let ledger = records::item(&scene.config(), judged, "A#evaluation#1").await;
    assert_eq!(records::text(&ledger, "state"), "answered");
}

#[tokio::test]
async fn a_process_that_is_asked_now_and_then_sees_the_credits_go() {
    let scene = Backstage::open().await;
    let orgs = scene.stores.store.orgs();
    orgs.set_override(scene.org, Override::CreditsPerMonth, 1)
        .await
        .unwrap();
    let first = scene.create(json!({ "task": "x" })).await;
    scene.work_on(first).await;
    count(&scene).await;
    // Its next request begins a new cell, from what the process remembers.
    let cell = Timestamp::now().ms() / CELL_MS;
    while Timestamp::now().ms() / CELL_MS == cell {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let refused = scene
        .runs
        .call("POST", "/v1/run", Some(&scene.key), Some(json!({ "task": "x" })))
        .await;
    assert_eq!(
        (refused.status, refused.header("x-eclips-error-code")),
        (429, "credits_exhausted")
    );
}

#[tokio::test]
async fn a_request_that_made_its_run_before_is_answered_when_the_credits_are_gone() {
    let scene = Backstage::open().await;
    let orgs = scene.stores.store.orgs();
    orgs.set_override(scene.org, Override::CreditsPerMonth, 1)
        .await
        .unwrap();
    let body = json!({ "task": "x" });
    let first = scene.runs.create_named(&scene.key, "a", &body).await.run();
    scene.work_on(first).await;
    count(&scene).await;
    orgs.set_override(scene.org, Override::CreditsPerMonth, 0)
        .await
        .unwrap();
    let again = scene.runs.create_named(&scene.key, "a", &body).await;
    assert_eq!(
        (again.status, again.header("idempotent-replay")),
        (202, "true"),
        "{}",
        again.body
    );
    assert_eq!(again.run(), first);
    let other = scene.runs.create_named(&scene.key, "a", &json!({ "task": "y" })).await;
    assert_eq!(other.status, 422);
    let new = scene.runs.create_named(&scene.key, "b", &body).await;
    assert_eq!(
        (new.status, new.header("x-eclips-error-code")),
        (429, "credits_exhausted")
    );
    assert_eq!(scene.count().await, 1);
}

#[tokio::test]
async fn the_next_probe_goes_however_the_last_one_ended() {
    let scene = Backstage::open().await;
    let faulty = Store::open(&Config {
        dynamodb_endpoint: Some(scene.proxy.url().to_owned()),
        ..scene.config()
    });
    // Its end is counted, and whoever counted it died before the next probe could go.
    set(&scene, "breaker_center", "5.1").await;
    run(&scene, json!({ "fail": "model" })).await;
    scene.proxy.set_for("UpdateItem", Fault::Broken);
    let counted = faulty
        .fold()
        .count_again(scene.tenant(), Day::of(Timestamp::now()))
        .await;
    assert!(counted.is_err(), "{counted:?}");
    assert_eq!(conduct(&scene, "center").await.breaker.failures, 6);
    scene.proxy.set(Fault::None);
    count(&scene).await;
    set(&scene, "breaker_center", "6.1").await;

    // It was cancelled before it was claimed, so that nobody counts it as a probe.
    let probe = scene.create(json!({ "task": "x" })).await;
    let runs = scene.stores.store.runs();
    let cancel = async { assert_eq!(runs.cancel(scene.tenant(), probe).await.unwrap(), Cancelled::Now) };
    scene
        .meanwhile("TransactWriteItems", scene.work_on(probe), cancel)
        .await;

    // It was cancelled while its model was asked.
    let slow = json!({ "task": "x", "data": { "sandbox": { "delay_ms": 500 } } });
    let probe = scene.create(slow).await;
    let cancel = async {
        while scene.show(probe).await["attempts"] != 1 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        assert_eq!(run(&scene, json!({})).await.1["error"], REFUSED);
        assert_eq!(scene.cancel(probe).await.0, 200);
    };
    tokio::join!(scene.work_on(probe), cancel);
    count(&scene).await;
    assert_eq!(run(&scene, json!({})).await.1["status"], "completed");
}

#[tokio::test]
async fn a_run_without_credits_is_no_probe() {
    let scene = Backstage::open().await;
    let orgs = scene.stores.store.orgs();
    orgs.set_override(scene.org, Override::CreditsPerMonth, 1)
        .await
        .unwrap();
    let (first, second) = (
        scene.create(json!({ "task": "x" })).await,
        scene.create(json!({ "task": "x" })).await,
    );
    scene.work_on(first).await;
    count(&scene).await;
    set(&scene, "breaker_center", "5.1").await;
    scene.work_on(second).await;
    assert_eq!(scene.show(second).await["error"], "Credit limit exceeded");
    let slot = records::under(&scene.config(), &format!("C#{}#center", scene.tenant())).await;
    assert!(slot.is_empty(), "{slot:?}");
}

#[tokio::test]
async fn a_run_that_is_no_probe_ends_nobody_elses() {
    let scene = Backstage::open().await;
    set(&scene, "breaker_center", "5.1").await;
    let conducts = scene.stores.store.conducts();
    let take = async |run| {
        conducts
            .take_probe(scene.tenant(), "center", run, Timestamp::now())
            .await
            .unwrap()
    };
    let probe = RunId::generate();
    assert!(take(probe).await && take(probe).await, "the same run may ask again");
    // Another run of the agent ends meanwhile.
    let other = scene.create(json!({ "task": "x" })).await;
    scene.cancel(other).await;
    count(&scene).await;
    assert!(!take(RunId::generate()).await, "one probe is on its way");
}
