//! What is told, to whom, in which bytes.

use eclips_shared::webhook::Source;
use eclips_tests::backstage::Backstage;
use eclips_tests::receiver::Receiver;
use eclips_tests::records;
use serde_json::{Value, json};

use super::{id_of, only_delivery, told_run};

const RUN_EVENTS: [&str; 3] = ["run.completed", "run.failed", "run.triage_required"];

#[tokio::test]
async fn a_completed_run_is_told_with_its_result() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    let webhook = scene.webhook(&receiver.url("/hook?shop=1"), &RUN_EVENTS).await;
    let run = told_run(&scene).await;
    assert_eq!(scene.deliver_all("DeliveriesQueue").await, 1);
    let (arrivals, shown) = (receiver.arrivals(), scene.show(run).await);
    assert_eq!(arrivals.len(), 1);
    let arrival = &arrivals[0];
    assert_eq!(arrival.path, "/hook?shop=1");
    let body = arrival.json();
    let events = records::events(&scene.config(), run).await;
    let last = events.last().unwrap();
    assert_eq!(
        body,
        json!({
            "event": "run.completed", "run_id": run, "agent_type": shown["agent_type"], "organization_id": scene.org,
            "timestamp": last["at"], "sequence": last["seq"],
            "data": {
                "output": shown["result"], "confidence_score": shown["confidence_score"], "requires_triage": false,
                "triage_item_id": null, "error": null
            }
        })
    );
    // The order of the members is the manual's, and the bytes are those that were stored.
    let text = std::str::from_utf8(&arrival.body).unwrap();
    assert!(text.starts_with(r#"{"event":"run.completed","run_id":""#), "{text}");
    let items = records::of_run(&scene.config(), run).await;
    let kept = items.iter().find(|(sk, _)| sk.starts_with("X#")).expect("a body");
    assert_eq!(records::text(&kept.1, "body"), text);

    let delivery = only_delivery(&scene, &webhook).await;
    assert_eq!(
        (
            &delivery["event"],
            &delivery["run_id"],
            &delivery["batch_id"],
            &delivery["status"],
            &delivery["next_attempt_at"]
        ),
        (
            &json!("run.completed"),
            &json!(run),
            &Value::Null,
            &json!("delivered"),
            &Value::Null
        )
    );
    assert_eq!(delivery["id"], arrival.header("webhook-id"));
    assert_eq!(delivery["attempts"].as_array().unwrap().len(), 1);
    let tried = &delivery["attempts"][0];
    assert_eq!((&tried["status_code"], &tried["error"]), (&json!(200), &Value::Null));
    assert!(tried["duration_ms"].is_u64() && tried["at"].is_string(), "{tried}");
}

#[tokio::test]
async fn a_failed_and_a_cancelled_run_are_told_with_their_error() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    scene.webhook(&receiver.url("/"), &["run.failed"]).await;
    let failed = scene
        .create(json!({ "task": "x", "data": { "sandbox": { "fail": "model" } } }))
        .await;
    scene.work_on(failed).await;
    let cancelled = scene.create(json!({ "task": "x" })).await;
    assert_eq!(scene.cancel(cancelled).await.0, 200);
    for run in [failed, cancelled] {
        scene.tell(Source::Run(run)).await;
        scene.deliver_all("DeliveriesQueue").await;
        let (arrivals, shown) = (receiver.arrivals(), scene.show(run).await);
        let body = arrivals.last().unwrap().json();
        assert_eq!((&body["event"], &body["run_id"]), (&json!("run.failed"), &json!(run)));
        assert_eq!(body["data"]["error"], shown["error"]);
        assert!(shown["error"].is_string(), "{shown}");
        assert_eq!(body["data"]["output"], Value::Null);
    }
    assert_eq!(receiver.arrivals().len(), 2);
}

#[tokio::test]
async fn a_run_in_triage_is_told_with_what_is_proposed_and_then_with_what_was_decided() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    scene.webhook(&receiver.url("/"), &RUN_EVENTS).await;
    let (run, triage) = scene.waiting().await;
    scene.tell(Source::Run(run)).await;
    scene.deliver_all("DeliveriesQueue").await;
    let asked = receiver.arrivals()[0].json();
    assert_eq!(
        (&asked["event"], &asked["data"]["triage_item_id"]),
        (&json!("run.triage_required"), &json!(triage))
    );
    assert_eq!(asked["data"]["requires_triage"], true);
    assert!(
        asked["data"]["output"].is_object() && asked["data"]["confidence_score"] == 0.4,
        "{asked}"
    );

    let edited = {
        let mut output = asked["data"]["output"].clone();
        output["note_of_the_approver"] = json!("edited");
        output
    };
    assert_eq!(
        scene.decide(&triage, "approve", json!({ "output": edited })).await.0,
        200
    );
    scene.tell(Source::Run(run)).await;
    scene.deliver_all("DeliveriesQueue").await;
    let arrivals = receiver.arrivals();
    assert_eq!(arrivals.len(), 2, "each is told once");
    let done = arrivals[1].json();
    assert_eq!(
        (&done["event"], &done["data"]["output"]),
        (&json!("run.completed"), &edited)
    );
    assert_eq!(
        (&done["data"]["requires_triage"], &done["data"]["triage_item_id"]),
        (&json!(true), &json!(triage))
    );
    assert!(
        done["sequence"].as_u64() > asked["sequence"].as_u64(),
        "a receiver can tell which came first"
    );
}

#[tokio::test]
async fn told_late_a_question_is_told_as_it_was_asked() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    scene.webhook(&receiver.url("/"), &RUN_EVENTS).await;
    let (run, triage) = scene.waiting().await;
    let shown = scene.show(run).await;
    assert_eq!(scene.decide(&triage, "reject", json!({ "note": "No" })).await.0, 200);
    // The hint of the question comes when it has been decided: both are told.
    scene.tell(Source::Run(run)).await;
    scene.deliver_all("DeliveriesQueue").await;
    let arrivals: Vec<Value> = receiver
        .arrivals()
        .iter()
        .map(eclips_tests::receiver::Arrival::json)
        .collect();
    let mut events: Vec<&str> = arrivals.iter().map(|body| body["event"].as_str().unwrap()).collect();
    events.sort_unstable();
    assert_eq!(events, ["run.failed", "run.triage_required"]);
    let of = |event: &str| arrivals.iter().find(|body| body["event"] == event).unwrap();
    assert_eq!(
        of("run.triage_required")["data"]["confidence_score"],
        shown["confidence_score"]
    );
    assert_eq!(of("run.failed")["data"]["error"], "Rejected in triage: No");
}

#[tokio::test]
async fn a_large_result_arrives_whole() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    scene.webhook(&receiver.url("/"), &RUN_EVENTS).await;
    let task = "é\u{1F600} \"quoted\" \\ ".repeat(300);
    let run = scene.create(json!({ "task": task, "agent_type": "summariser" })).await;
    scene.work_on(run).await;
    scene.tell(Source::Run(run)).await;
    scene.deliver_all("DeliveriesQueue").await;
    let items = records::of_run(&scene.config(), run).await;
    assert!(items.iter().any(|(sk, _)| sk == "OUT"), "it is stored apart");
    assert_eq!(
        receiver.arrivals()[0].json()["data"]["output"],
        scene.show(run).await["result"]
    );
}

#[tokio::test]
async fn only_who_asked_is_told() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    scene
        .webhook(&receiver.url("/failures"), &["run.failed", "batch.completed"])
        .await;
    let run = scene.create(json!({ "task": "x" })).await;
    scene.work_on(run).await;
    // Made after the run had ended: it is not told what was before.
    scene.webhook(&receiver.url("/later"), &RUN_EVENTS).await;
    scene.tell(Source::Run(run)).await;
    assert_eq!(scene.deliver_all("DeliveriesQueue").await, 0);
    assert!(receiver.arrivals().is_empty());
    // Another organization's, and this one's of the other mode, are never asked about: they are in other partitions.
    let stranger = Backstage::open().await;
    let theirs = stranger.webhook(&receiver.url("/stranger"), &RUN_EVENTS).await;
    let path = format!("/v1/webhooks/{}", id_of(&theirs));
    assert_eq!(
        scene
            .webhooks
            .call("DELETE", &path, Some(&scene.key), None)
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn a_run_that_is_told_twice_is_delivered_once_to_each() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    let webhooks = [
        scene.webhook(&receiver.url("/one"), &RUN_EVENTS).await,
        scene.webhook(&receiver.url("/two"), &RUN_EVENTS).await,
    ];
    let run = told_run(&scene).await;
    futures_util::future::join_all((0..5).map(|_| scene.tell(Source::Run(run)))).await;
    scene.deliver_all("DeliveriesQueue").await;
    let mut paths: Vec<String> = receiver.arrivals().into_iter().map(|arrival| arrival.path).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["/one", "/two"]);
    let ids: Vec<Value> = receiver
        .arrivals()
        .iter()
        .map(|arrival| json!(arrival.header("webhook-id")))
        .collect();
    assert_ne!(ids[0], ids[1]);
    for webhook in &webhooks {
        assert_eq!(only_delivery(&scene, webhook).await["status"], "delivered");
    }
    // The same bytes for both.
    assert_eq!(receiver.arrivals()[0].body, receiver.arrivals()[1].body);
}

#[tokio::test]
async fn a_runs_own_url_is_told_under_the_default_secret() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    let body = |path: &str| json!({ "task": "x", "webhook_url": receiver.url(path) });
    let (one, other) = (scene.create(body("/own/1")).await, scene.create(body("/own/2")).await);
    for run in [one, other] {
        scene.work_on(run).await;
        scene.tell(Source::Run(run)).await;
    }
    scene.deliver_all("DeliveriesQueue").await;
    let arrivals = receiver.arrivals();
    assert_eq!(arrivals.len(), 2);
    let secret = scene.default_secret().await;
    for arrival in &arrivals {
        super::life::assert_signed(arrival, &[&secret]);
    }
}

#[tokio::test]
async fn a_batch_is_told_when_it_has_ended() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    scene.webhook(&receiver.url("/hook"), &["batch.completed"]).await;
    let batch = scene.batch(&[json!({}), json!({ "fail": "model" })]).await;
    scene.tell(Source::Batch(batch)).await;
    assert_eq!(scene.deliver_all("DeliveriesQueue").await, 0, "it has not ended");
    assert!(scene.tend(batch).await);
    for row in scene.show_batch(batch).await["rows"].as_array().unwrap() {
        scene
            .work_on(
                row["run_id"]
                    .as_str()
                    .and_then(eclips_shared::ids::RunId::parse)
                    .unwrap(),
            )
            .await;
    }
    assert!(scene.tend(batch).await);
    scene.tell(Source::Batch(batch)).await;
    scene.deliver_all("DeliveriesQueue").await;
    let shown = scene.show_batch(batch).await;
    assert_eq!(shown["job"]["status"], "completed");
    let arrivals = receiver.arrivals();
    assert_eq!(arrivals.len(), 1);
    assert_eq!(
        arrivals[0].json(),
        json!({
            "event": "batch.completed", "batch_id": batch, "agent_type": "summariser", "organization_id": scene.org,
            "timestamp": shown["job"]["completed_at"], "sequence": 1, "data": shown["job"]
        })
    );
    assert_eq!(arrivals[0].header("x-eclips-event"), "batch.completed");
}

#[tokio::test]
async fn nobody_is_told_of_what_nobody_asked_for() {
    let scene = Backstage::open().await;
    let run = told_run(&scene).await;
    assert_eq!(scene.deliver_all("DeliveriesQueue").await, 0);
    let items = records::of_run(&scene.config(), run).await;
    assert!(
        !items.iter().any(|(sk, _)| sk.starts_with("X#")),
        "no body is kept for nobody"
    );
    assert_eq!(scene.stores.kms.calls(), 0);
}
