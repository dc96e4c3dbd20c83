//! Short faults of the store in the middle of things: nothing is lost, nothing happens twice.

use aws_sdk_dynamodb::types::AttributeValue;
use eclips_shared::run::{EventDetail, EventKind, Usage};
use eclips_shared::store::{Advance, AttemptRow, AttemptState, Claim, Outcome, StoreError};
use eclips_shared::time::Timestamp;
use eclips_tests::backstage::{Backstage, ONE_CALL};
use eclips_tests::proxy::Fault;
use eclips_tests::records::{self, text};
use serde_json::json;

#[tokio::test]
async fn a_run_whose_answer_got_lost_in_the_store_is_made_once() {
    let scene = Backstage::open().await;
    scene
        .proxy
        .set_after("TransactWriteItems", 0, ONE_CALL - 1, Fault::ReplyLost);
    scene.create(json!({ "task": "x" })).await;
    assert_eq!(scene.count().await, 1);
}

#[tokio::test]
async fn a_models_answer_outlives_a_short_outage_and_is_paid_once() {
    for fault in [Fault::Broken, Fault::ReplyLost, Fault::Throttled] {
        // The first transaction is the claim with the attempt's start, the second is the end.
        for skip in [0, 1] {
            let scene = Backstage::open().await;
            let run = scene.create(json!({ "task": "x" })).await;
            scene.proxy.set_after("TransactWriteItems", skip, ONE_CALL + 1, fault);
            scene.work_on(run).await;
            let ended = scene.show(run).await;
            assert_eq!(
                (&ended["status"], &ended["attempts"], &ended["credits"]),
                (&json!("completed"), &json!(1), &json!(1)),
                "{fault:?} {skip}"
            );
            let waiting = scene.stores.count_messages("RunsQueue");
            assert_eq!(waiting, 0, "nobody has to look again: {fault:?} {skip}");
        }
    }
}

#[tokio::test]
async fn a_worker_that_cannot_read_its_run_reads_again() {
    let scene = Backstage::open().await;
    let run = scene.create(json!({ "task": "x" })).await;
    scene.proxy.set_after("Query", 0, ONE_CALL + 1, Fault::Broken);
    scene.work_on(run).await;
    assert_eq!(scene.show(run).await["status"], "completed");
}

#[tokio::test]
async fn a_message_that_met_an_outage_is_sent_anew_and_is_no_dead_letter() {
    let scene = Backstage::open().await;
    let run = scene.create(json!({ "task": "x" })).await;
    scene.proxy.set(Fault::Broken);
    scene.work_on(run).await;
    assert_eq!(scene.stores.count_messages("RunsQueue"), 1, "it begins anew");
    scene.proxy.set(Fault::None);
    scene.work_on(run).await;
    assert_eq!(scene.show(run).await["status"], "completed");
}

#[tokio::test]
async fn a_last_look_before_the_model_is_asked_outlives_a_short_outage() {
    let scene = Backstage::open().await;
    let run = scene.create(json!({ "task": "x" })).await;
    // The first two are about the agent and the credits.
    scene.proxy.set_after("GetItem", 2, ONE_CALL + 1, Fault::Broken);
    scene.work_on(run).await;
    let ended = scene.show(run).await;
    assert_eq!((&ended["status"], &ended["attempts"]), (&json!("completed"), &json!(1)));
}

#[tokio::test]
async fn whoever_goes_on_with_a_run_has_read_what_was_paid_for_before_more_is_paid() {
    let scene = Backstage::open().await;
    let body = json!({ "task": "x", "agent_type": "contract_reviewer", "data": { "sandbox": { "delay_ms": 300 } } });
    let run = scene.create(body).await;
    let judging = async {
        while text(&records::item(&scene.config(), run, "M").await, "open_attempt") != "evaluation#1" {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        () = scene.work_on(run) => panic!("the evaluator is still being asked"),
        () = judging => {}
    }
    let over = [("lease_until", AttributeValue::N("1".to_owned()))];
    records::set(&scene.config(), &format!("R#{run}"), "M", &over).await;
    // The agent, the answer and whether the run is still held; from then on nothing can be read.
    scene.proxy.set_after("GetItem", 3, usize::MAX, Fault::Broken);
    scene.work_on(run).await;
    scene.proxy.set(Fault::None);
    let ended = scene.show(run).await;
    assert_eq!((&ended["status"], &ended["attempts"]), (&json!("completed"), &json!(3)));
}

#[tokio::test]
async fn a_run_under_a_lease_is_looked_at_again_and_not_touched() {
    let scene = Backstage::open().await;
    let run = scene
        .create(json!({ "task": "x", "data": { "sandbox": { "delay_ms": 600 } } }))
        .await;
    let (first, second) = tokio::join!(scene.work_on(run), async {
        loop {
            if scene.show(run).await["status"] == "running" {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        scene.work_on(run).await;
        assert_eq!(
            scene.stores.count_messages("RunsQueue"),
            1,
            "a hint for the lease's end"
        );
        assert_eq!(scene.show(run).await["status"], "running");
    });
    let ((), ()) = (first, second);
    let ended = scene.show(run).await;
    assert_eq!((&ended["status"], &ended["attempts"]), (&json!("completed"), &json!(1)));
}

#[tokio::test]
async fn an_administrators_change_never_fails_a_request() {
    let scene = Backstage::open().await;
    scene.runs.call("GET", "/v1/runs", Some(&scene.key), None).await;
    scene.proxy.set_after("UpdateItem", 0, 2, Fault::Conflict);
    let got = scene.runs.call("GET", "/v1/runs", Some(&scene.key), None).await;
    assert_eq!(got.status, 200, "{}", got.body);
}

#[tokio::test]
async fn a_worker_that_lost_its_run_writes_nothing_more() {
    let scene = Backstage::open().await;
    let run = scene.create(json!({ "task": "x" })).await;
    let works = scene.stores.store.works();
    let load = async || works.load(run).await.unwrap().unwrap();
    let now = Timestamp::now();
    let claim = |lease_until| Advance {
        claim: Some(Claim),
        lease_until: Some(lease_until),
        progress: "{}".to_owned(),
        events: vec![(EventKind::Started, EventDetail::default())],
        ..Advance::default()
    };
    let end = Advance {
        progress: "{}".to_owned(),
        events: vec![(EventKind::Failed, EventDetail::default())],
        outcome: Some(Outcome::Failed {
            error: "too late".to_owned(),
            counts: None,
        }),
        ..Advance::default()
    };
    let lost = |outcome: Result<(), StoreError>| assert!(matches!(outcome, Err(StoreError::Lost)), "{outcome:?}");

    // Two read the run at the same moment: one gets it.
    let (mut first, mut second) = (load().await, load().await);
    works.advance(&mut first, &claim(now.plus_ms(-1)), now).await.unwrap();
    lost(
        works
            .advance(&mut second, &claim(now.plus_ms(30_000)), now.plus_ms(1))
            .await,
    );

    // The first sleeps through its lease, another claims: nothing of the first's is written any more.
    let mut third = load().await;
    works
        .advance(&mut third, &claim(now.plus_ms(30_000)), now.plus_ms(2))
        .await
        .unwrap();
    lost(works.renew(&first, now.plus_ms(60_000)).await);
    lost(works.advance(&mut first, &end, now.plus_ms(3)).await);

    // A holder who renewed since the others looked keeps it.
    let mut late = load().await;
    works.renew(&third, now.plus_ms(90_000)).await.unwrap();
    lost(
        works
            .advance(&mut late, &claim(now.plus_ms(30_000)), now.plus_ms(4))
            .await,
    );
    works.advance(&mut third, &end, now.plus_ms(5)).await.unwrap();

    // What has ended has ended.
    let mut ended = load().await;
    lost(
        works
            .advance(&mut ended, &claim(now.plus_ms(30_000)), now.plus_ms(6))
            .await,
    );
    let shown = scene.show(run).await;
    assert_eq!(
        (&shown["status"], &shown["error"]),
        (&json!("failed"), &json!("too late"))
    );
}

#[tokio::test]
async fn what_a_worker_writes_without_an_event_is_fenced_as_well() {
    let scene = Backstage::open().await;
    let run = scene.create(json!({ "task": "x" })).await;
    let works = scene.stores.store.works();
    let load = async || works.load(run).await.unwrap().unwrap();
    let lost = |outcome: Result<(), StoreError>| assert!(matches!(outcome, Err(StoreError::Lost)), "{outcome:?}");
    let now = Timestamp::now();
    let quiet = |claim| Advance {
        claim,
        progress: "{}".to_owned(),
        ..Advance::default()
    };
    // A claim that says nothing yet, as before a checkpoint: only the epoch tells the older holder from the newer one.
    let mut first = load().await;
    works.advance(&mut first, &quiet(Some(Claim)), now).await.unwrap();
    let mut second = load().await;
    works
        .advance(&mut second, &quiet(Some(Claim)), now.plus_ms(1))
        .await
        .unwrap();
    lost(works.advance(&mut first, &quiet(None), now.plus_ms(2)).await);

    // The same holder as it was one step before: only the number of the last event tells.
    let mut before = load().await;
    let step = Advance {
        events: vec![(EventKind::Started, EventDetail::default())],
        ..quiet(None)
    };
    works.advance(&mut second, &step, now.plus_ms(3)).await.unwrap();
    lost(works.advance(&mut before, &quiet(None), now.plus_ms(4)).await);
}

#[tokio::test]
async fn of_two_who_claim_in_the_same_millisecond_one_does() {
    let scene = Backstage::open().await;
    let run = scene.create(json!({ "task": "x" })).await;
    let works = scene.stores.store.works();
    let (mut one, mut other) = (
        works.load(run).await.unwrap().unwrap(),
        works.load(run).await.unwrap().unwrap(),
    );
    let now = Timestamp::now();
    let claim = Advance {
        claim: Some(Claim),
        lease_until: Some(now.plus_ms(30_000)),
        progress: "{}".to_owned(),
        events: vec![(EventKind::Started, EventDetail::default())],
        ..Advance::default()
    };
    works.advance(&mut one, &claim, now).await.unwrap();
    let second = works.advance(&mut other, &claim, now).await;
    assert!(matches!(second, Err(StoreError::Lost)), "{second:?}");
}

#[tokio::test]
async fn an_attempt_ends_once_and_nobody_holds_what_was_cancelled() {
    let scene = Backstage::open().await;
    let run = scene.create(json!({ "task": "x" })).await;
    let works = scene.stores.store.works();
    let mut work = works.load(run).await.unwrap().unwrap();
    let now = Timestamp::now();
    let step = |claim, state| Advance {
        claim,
        lease_until: Some(now.plus_ms(30_000)),
        progress: "{}".to_owned(),
        attempts: vec![AttemptRow {
            name: "first#1".to_owned(),
            state,
        }],
        ..Advance::default()
    };
    let answered = || AttemptState::Answered {
        model: "sandbox-fast".to_owned(),
        usage: Usage::default(),
        credits: 1,
    };
    let started = step(Some(Claim), AttemptState::Started { tier: "fast" });
    works.advance(&mut work, &started, now).await.unwrap();
    works
        .advance(&mut work, &step(None, answered()), now.plus_ms(1))
        .await
        .unwrap();
    let twice = works.advance(&mut work, &step(None, answered()), now.plus_ms(2)).await;
    assert!(matches!(twice, Err(StoreError::Lost)), "{twice:?}");
    let row = AttemptRow {
        name: "first#1".to_owned(),
        state: answered(),
    };
    let late = works.settle(&work, &row, now.plus_ms(3)).await;
    assert!(
        matches!(late, Err(StoreError::Lost)),
        "what is paid is not paid again: {late:?}"
    );

    assert_eq!(scene.cancel(run).await.0, 200);
    let renewed = works.renew(&work, now.plus_ms(60_000)).await;
    assert!(matches!(renewed, Err(StoreError::Lost)), "{renewed:?}");
    assert!(!works.is_held(&work).await.unwrap());
}
