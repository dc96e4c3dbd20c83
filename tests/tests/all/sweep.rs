//! What was lost is found: hints, workers, decisions, messages. Nothing happens but what a test does, and time passes by
//! moving what is stored.

use aws_sdk_dynamodb::types::AttributeValue;
use eclips_shared::ids::{RunId, TriageId};
use eclips_shared::queue::Subject;
use eclips_shared::run::{EventDetail, EventKind};
use eclips_shared::store::{Advance, Cancelled, Claim};
use eclips_shared::time::Timestamp;
use eclips_tests::backstage::Backstage;
use eclips_tests::function::{bury, tables};
use eclips_tests::proxy::Fault;
use eclips_tests::records::{self, Item, text, types};
use futures_util::future::join_all;
use serde_json::{Value, json};

const TERMINAL: [&str; 3] = ["run.completed", "run.failed", "run.cancelled"];

fn ms(at: Timestamp) -> AttributeValue {
    AttributeValue::N(at.ms().to_string())
}

async fn main_of(scene: &Backstage, run: RunId) -> Item {
    records::item(&scene.config(), run, "M").await
}

fn number(item: &Item, name: &str) -> i64 {
    text(item, name).parse().unwrap_or_else(|_| panic!("no {name}"))
}

async fn set(scene: &Backstage, run: RunId, attributes: &[(&str, AttributeValue)]) {
    records::set(&scene.config(), &format!("R#{run}"), "M", attributes).await;
}

/// Lets the time pass at which a run is to be looked at.
async fn due(scene: &Backstage, run: RunId) {
    set(scene, run, &[("due_at", ms(Timestamp::now()))]).await;
}

/// Lets a lease end, long enough ago that no clock doubts it.
async fn lease_over(scene: &Backstage, run: RunId) {
    set(scene, run, &[("lease_until", ms(Timestamp::now().plus_ms(-10_000)))]).await;
}

/// A run whose worker died during the model call.
async fn abandoned(scene: &Backstage) -> RunId {
    let body = json!({ "task": "x", "data": { "sandbox": { "delay_ms": 1_500 } } });
    let run = scene.create(body).await;
    let asked = async {
        while !main_of(scene, run).await.contains_key("open_attempt") {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        () = scene.work_on(run) => panic!("the model is still being asked"),
        () = asked => run,
    }
}

fn swept(due: u64, hinted: u64, put_off: u64, expired: u64) -> Value {
    json!({ "due": due, "hinted": hinted, "put_off": put_off, "expired": expired, "failed": 0, "left": 0 })
}

/// The runs that a queue's messages name; takes them out.
fn hinted(scene: &Backstage, queue: &str) -> Vec<RunId> {
    let messages = scene.stores.take_messages(queue).into_iter();
    let hints = messages.map(|message| eclips_shared::queue::read(&message.body));
    hints
        .map(|subject| match subject.expect("a hint") {
            Subject::Run(run) => run,
            other => panic!("a hint of {other:?}"),
        })
        .collect()
}

/// A run that ended once, with events in a row; gives their types.
async fn ended_once(scene: &Backstage, run: RunId) -> Vec<String> {
    let events = records::events(&scene.config(), run).await;
    for (at, event) in events.iter().enumerate() {
        assert_eq!(event["seq"], json!(at + 1), "{events:?}");
    }
    let kinds: Vec<String> = types(&events).into_iter().map(str::to_owned).collect();
    let ends = kinds.iter().filter(|kind| TERMINAL.contains(&kind.as_str())).count();
    assert_eq!(ends, 1, "{kinds:?}");
    let main = main_of(scene, run).await;
    for name in ["due", "due_at", "lease_until", "open_attempt"] {
        assert!(!main.contains_key(name), "an ended run has {name}");
    }
    kinds
}

#[tokio::test]
async fn a_run_whose_hint_was_lost_gets_another_after_90_seconds_and_not_before() {
    let scene = Backstage::open().await;
    let run = scene.create(json!({ "task": "x" })).await;
    let main = main_of(&scene, run).await;
    assert_eq!(number(&main, "due_at") - number(&main, "created_at"), 90_000);
    assert_eq!(scene.sweep().await, swept(0, 0, 0, 0));
    due(&scene, run).await;
    assert_eq!(scene.sweep().await, swept(1, 1, 1, 0));
    // The next minutes send nothing more.
    for _ in 0..2 {
        assert_eq!(scene.sweep().await, swept(0, 0, 0, 0));
    }
    assert_eq!(hinted(&scene, "RunsQueue"), [run]);
    let mut after = main_of(&scene, run).await;
    let put_off_ms = number(&after, "due_at") - Timestamp::now().ms();
    assert!((290_000..=300_000).contains(&put_off_ms), "{put_off_ms}");
    // Of the run itself nothing has changed.
    after.insert("due_at".to_owned(), main["due_at"].clone());
    assert_eq!(after, main);
    scene.work_on(run).await;
    assert_eq!(ended_once(&scene, run).await.last().unwrap(), "run.completed");
}

#[tokio::test]
async fn an_urgent_runs_hint_takes_the_urgent_queue() {
    let scene = Backstage::open().await;
    let run = scene.create(json!({ "task": "x", "priority": "urgent" })).await;
    due(&scene, run).await;
    scene.sweep().await;
    assert_eq!(hinted(&scene, "PriorityQueue"), [run]);
    assert_eq!(scene.stores.count_messages("RunsQueue"), 0);
}

#[tokio::test]
async fn a_dead_workers_run_goes_on_when_its_lease_is_over() {
    let scene = Backstage::open().await;
    let run = abandoned(&scene).await;
    due(&scene, run).await;
    let held = main_of(&scene, run).await;
    // Nobody knows yet that its worker is dead.
    assert_eq!(scene.sweep().await, swept(1, 0, 1, 0));
    let after = main_of(&scene, run).await;
    assert_eq!(number(&after, "due_at"), number(&held, "lease_until") + 60_000);
    assert_eq!((&after["seq"], &after["epoch"]), (&held["seq"], &held["epoch"]));
    assert_eq!(scene.stores.count_messages("RunsQueue"), 0);

    lease_over(&scene, run).await;
    due(&scene, run).await;
    assert_eq!(scene.sweep().await, swept(1, 1, 1, 0));
    let put_off_ms = number(&main_of(&scene, run).await, "due_at") - Timestamp::now().ms();
    assert!((110_000..=120_000).contains(&put_off_ms), "{put_off_ms}");
    assert_eq!(hinted(&scene, "RunsQueue"), [run]);
    scene.work_on(run).await;
    let attempt = records::item(&scene.config(), run, "A#first#1").await;
    assert_eq!(text(&attempt, "state"), "lost");
    let shown = scene.show(run).await;
    assert_eq!(
        (&shown["status"], &shown["attempts"]),
        (&json!("completed"), &json!(2)),
        "{shown}"
    );
    ended_once(&scene, run).await;
    assert_eq!(scene.sweep().await, swept(0, 0, 0, 0));
}

#[tokio::test]
async fn a_run_that_was_given_back_and_whose_hint_was_lost_gets_another() {
    let scene = Backstage::open().await;
    let run = scene.create(json!({ "task": "x" })).await;
    let works = scene.stores.store.works();
    let mut work = works.load(run).await.unwrap().unwrap();
    let given_back = Advance {
        claim: Some(Claim),
        progress: "{}".to_owned(),
        events: vec![(EventKind::Started, EventDetail::default())],
        ..Advance::default()
    };
    works.advance(&mut work, &given_back, Timestamp::now()).await.unwrap();
    due(&scene, run).await;
    assert_eq!(scene.sweep().await, swept(1, 1, 1, 0));
    assert_eq!(hinted(&scene, "RunsQueue"), [run]);
}

#[tokio::test]
async fn a_decision_that_nobody_makes_expires_when_its_time_is_over() {
    let scene = Backstage::open().await;
    let body = json!({ "task": "x", "data": { "sandbox": { "confidence": 0.3 } } });
    let run = scene.create(body).await;
    scene.work_on(run).await;
    let waiting = scene.show(run).await;
    assert_eq!(waiting["status"], "pending_triage", "{waiting}");
    let triage = waiting["triage_item_id"].as_str().and_then(TriageId::parse).unwrap();
    let item = records::under(&scene.config(), &format!("Q#{triage}"))
        .await
        .remove(0)
        .1;
    let expires_at = number(&item, "expires_at");
    assert_eq!(number(&main_of(&scene, run).await, "due_at"), expires_at);

    // Looked at too early it is left alone.
    due(&scene, run).await;
    assert_eq!(scene.sweep().await, swept(1, 0, 1, 0));
    assert_eq!(number(&main_of(&scene, run).await, "due_at"), expires_at);
    assert_eq!(scene.show(run).await, waiting);

    let over = [("expires_at", ms(Timestamp::now()))];
    records::set(&scene.config(), &format!("Q#{triage}"), "M", &over).await;
    due(&scene, run).await;
    assert_eq!(scene.sweep().await, swept(1, 0, 0, 1));
    let shown = scene.show(run).await;
    assert_eq!(
        (&shown["status"], &shown["error"]),
        (&json!("failed"), &json!("Triage expired"))
    );
    ended_once(&scene, run).await;
    assert_eq!(scene.sweep().await, swept(0, 0, 0, 0));
}

#[tokio::test]
async fn a_run_that_ended_is_in_no_index_however_it_ended() {
    let scene = Backstage::open().await;
    let (completed, failed, cancelled) = (
        scene.create(json!({ "task": "x" })).await,
        scene.create(json!({ "task": "x" })).await,
        scene.create(json!({ "task": "x" })).await,
    );
    scene.work_on(completed).await;
    assert!(scene.bury(failed).await);
    assert_eq!(scene.cancel(cancelled).await.0, 200);
    for run in [completed, failed, cancelled] {
        ended_once(&scene, run).await;
    }
    let indexed = tables(&scene.config())
        .await
        .scan()
        .table_name(&scene.config().table_main);
    let indexed = indexed.index_name("by_due").send().await.unwrap();
    assert_eq!(indexed.count(), 0, "{indexed:?}");
}

#[tokio::test]
async fn an_outage_in_the_middle_leaves_the_rest_for_the_next_minute() {
    let scene = Backstage::open().await;
    let runs: Vec<RunId> = join_all((0..5).map(|_| scene.create(json!({ "task": "x" })))).await;
    let all_due = async || {
        for run in &runs {
            due(&scene, *run).await;
        }
    };
    all_due().await;
    // Two are read, three are not.
    scene.proxy.set_after("GetItem", 2, usize::MAX, Fault::Broken);
    let first = scene.sweep().await;
    assert_eq!(
        (&first["due"], &first["hinted"], &first["failed"]),
        (&json!(5), &json!(2), &json!(3))
    );
    scene.proxy.set(Fault::None);
    assert_eq!(scene.sweep().await, swept(3, 3, 3, 0));
    let mut found = hinted(&scene, "RunsQueue");
    found.sort_unstable();
    assert_eq!(found, runs_sorted(&runs));

    // All are hinted, none is put off: they get a second hint, and none is lost.
    all_due().await;
    scene.proxy.set_for("UpdateItem", Fault::Broken);
    let hinted_only = scene.sweep().await;
    assert_eq!((&hinted_only["hinted"], &hinted_only["failed"]), (&json!(5), &json!(5)));
    scene.proxy.set(Fault::None);
    assert_eq!(scene.sweep().await, swept(5, 5, 5, 0));
    assert_eq!(hinted(&scene, "RunsQueue").len(), 10);

    // Nothing of the index can be read: each of its four parts failed, and of the four of deliveries, and that is said.
    scene.proxy.set_for("Query", Fault::Broken);
    let blind = scene.sweep().await;
    assert_eq!((&blind["due"], &blind["failed"]), (&json!(0), &json!(8)));
}

fn runs_sorted(runs: &[RunId]) -> Vec<RunId> {
    let mut runs = runs.to_vec();
    runs.sort_unstable();
    runs
}

#[tokio::test]
async fn a_run_that_cannot_be_read_stops_no_other_and_stands_aside() {
    let scene = Backstage::open().await;
    let (broken, good) = (
        scene.create(json!({ "task": "x" })).await,
        scene.create(json!({ "task": "x" })).await,
    );
    set(&scene, broken, &[("priority", AttributeValue::S("soon".to_owned()))]).await;
    for run in [broken, good] {
        due(&scene, run).await;
    }
    let first = scene.sweep().await;
    assert_eq!((&first["hinted"], &first["failed"]), (&json!(1), &json!(1)), "{first}");
    assert_eq!(hinted(&scene, "RunsQueue"), [good]);
    assert_eq!(scene.sweep().await, swept(0, 0, 0, 0));
    let aside_ms = number(&main_of(&scene, broken).await, "due_at") - Timestamp::now().ms();
    assert!(aside_ms > 3_000_000, "{aside_ms}");
}

#[tokio::test]
async fn six_hundred_due_runs_are_all_looked_at_within_three_sweeps() {
    let scene = Backstage::open().await;
    let run = scene.create(json!({ "task": "x" })).await;
    let pattern = main_of(&scene, run).await;
    let runs: Vec<RunId> = (0..600).map(|_| RunId::generate()).collect();
    let tables = tables(&scene.config()).await;
    for some in runs.chunks(50) {
        join_all(some.iter().enumerate().map(|(at, run)| {
            let mut item = pattern.clone();
            item.insert("pk".to_owned(), AttributeValue::S(format!("R#{run}")));
            item.insert("run_id".to_owned(), AttributeValue::S(run.to_string()));
            // All in one part of the index, so that one sweep cannot take them all.
            item.insert("due".to_owned(), AttributeValue::S("DUE#1".to_owned()));
            item.insert("due_at".to_owned(), ms(Timestamp::now().plus_ms(-1_000 - at as i64)));
            let put = tables.put_item().table_name(&scene.config().table_main);
            put.set_item(Some(item)).send()
        }))
        .await
        .into_iter()
        .for_each(|put| {
            put.unwrap();
        });
    }
    for expected in [250, 250, 100, 0] {
        assert_eq!(scene.sweep().await, swept(expected, expected, expected, 0));
    }
    let mut found = hinted(&scene, "RunsQueue");
    found.sort_unstable();
    assert_eq!(found, runs_sorted(&runs));
}

#[tokio::test]
async fn a_dead_letter_ends_its_run_visibly_and_once() {
    let scene = Backstage::open().await;
    let queued = scene.create(json!({ "task": "x" })).await;
    let running = abandoned(&scene).await;
    lease_over(&scene, running).await;
    for run in [queued, running] {
        assert!(scene.bury(run).await);
        let ended = scene.show(run).await;
        assert_eq!(
            (&ended["status"], &ended["error"]),
            (&json!("failed"), &json!("Run could not be completed"))
        );
        assert!(ended["completed_at"].is_string(), "{ended}");
        // It may come twice, and late.
        assert!(scene.bury(run).await);
        assert_eq!(scene.show(run).await, ended);
        scene.work_on(run).await;
        assert_eq!(scene.show(run).await, ended);
    }
    assert_eq!(ended_once(&scene, queued).await, ["run.queued", "run.failed"]);
    let kinds = [
        "run.queued",
        "run.started",
        "attempt.started",
        "attempt.failed",
        "run.failed",
    ];
    assert_eq!(ended_once(&scene, running).await, kinds);
    let events = records::events(&scene.config(), running).await;
    let told: Vec<(&Value, &Value)> = events[3..].iter().map(|it| (&it["status"], &it["error"])).collect();
    let why = json!("Run could not be completed");
    assert_eq!(told, [(&json!("running"), &why), (&json!("failed"), &why)]);
    let attempt = records::item(&scene.config(), running, "A#first#1").await;
    assert_eq!(text(&attempt, "state"), "lost");
}

#[tokio::test]
async fn a_dead_letter_whose_run_is_held_is_given_back_until_the_lease_is_over() {
    let scene = Backstage::open().await;
    let run = abandoned(&scene).await;
    let before = main_of(&scene, run).await;
    assert!(!scene.bury(run).await, "a worker may still be at it");
    assert_eq!(main_of(&scene, run).await, before);
    lease_over(&scene, run).await;
    assert!(scene.bury(run).await);
    assert_eq!(ended_once(&scene, run).await.last().unwrap(), "run.failed");
}

#[tokio::test]
async fn a_dead_letter_changes_nothing_that_ended_or_waits_for_a_person() {
    let scene = Backstage::open().await;
    let waiting = json!({ "task": "x", "data": { "sandbox": { "confidence": 0.3 } } });
    let (completed, cancelled, waiting) = (
        scene.create(json!({ "task": "x" })).await,
        scene.create(json!({ "task": "x" })).await,
        scene.create(waiting).await,
    );
    scene.work_on(completed).await;
    scene.cancel(cancelled).await;
    scene.work_on(waiting).await;
    for run in [completed, cancelled, waiting] {
        let before = records::of_run(&scene.config(), run).await;
        assert!(scene.bury(run).await);
        assert_eq!(records::of_run(&scene.config(), run).await, before);
    }
    assert!(scene.bury(RunId::generate()).await, "a run that is none");
    for poison in ["", "{}", "run_id=1", r#"{"run_id":"1"}"#] {
        let left = bury(&scene.config(), scene.proxy.url(), poison).await;
        assert_eq!(
            left,
            json!({ "batchItemFailures": [{ "itemIdentifier": "m" }] }),
            "{poison}"
        );
    }
}

#[tokio::test]
async fn a_run_that_several_end_at_once_ends_once() {
    let scene = Backstage::open().await;
    for _ in 0..5 {
        let run = scene.create(json!({ "task": "x" })).await;
        let ends = join_all((0..3).map(|_| scene.bury(run)));
        let (buried, _, ()) = tokio::join!(ends, scene.cancel(run), scene.work_on(run));
        // Where the worker was faster, the letter is given back, or finds an end.
        ended_once(&scene, run).await;
        assert!(buried.len() == 3 && scene.bury(run).await);
    }
}

#[tokio::test]
async fn a_dead_letter_outlives_an_outage() {
    let scene = Backstage::open().await;
    let run = scene.create(json!({ "task": "x" })).await;
    for operation in ["GetItem", "TransactWriteItems"] {
        scene.proxy.set_for(operation, Fault::Broken);
        assert!(!scene.bury(run).await, "{operation}");
    }
    scene.proxy.set_after("TransactWriteItems", 0, 1, Fault::ReplyLost);
    assert!(scene.bury(run).await);
    assert_eq!(ended_once(&scene, run).await, ["run.queued", "run.failed"]);
}

#[tokio::test]
async fn a_message_that_nobody_finishes_becomes_a_dead_letter_and_ends_its_run() {
    let scene = Backstage::open().await;
    let run = scene.create(json!({ "task": "x" })).await;
    due(&scene, run).await;
    scene.sweep().await;
    for _ in 0..5 {
        assert_eq!(scene.stores.count_messages("RunsDeadLetterQueue"), 0);
        scene.stores.drop_messages("RunsQueue");
    }
    // The sixth finds it given up.
    scene.stores.drop_messages("RunsQueue");
    let dead = hinted(&scene, "RunsDeadLetterQueue");
    assert_eq!(dead, [run]);
    assert!(scene.bury(dead[0]).await);
    assert_eq!(scene.show(run).await["error"], "Run could not be completed");
}

#[tokio::test]
async fn what_ends_while_it_is_put_off_or_set_aside_stays_out_of_the_index() {
    let scene = Backstage::open().await;
    for priority in ["normal", "soon"] {
        let run = scene.create(json!({ "task": "x" })).await;
        set(&scene, run, &[("priority", AttributeValue::S(priority.to_owned()))]).await;
        due(&scene, run).await;
        let runs = scene.stores.store.runs();
        let ends = async { assert_eq!(runs.cancel(scene.tenant(), run).await.unwrap(), Cancelled::Now) };
        let swept = scene.meanwhile("UpdateItem", scene.sweep(), ends).await;
        assert_eq!(swept["put_off"], json!(0));
        assert_eq!(ended_once(&scene, run).await.last().unwrap(), "run.cancelled");
    }
}

#[tokio::test]
async fn an_end_that_is_overtaken_by_a_step_begins_anew() {
    let scene = Backstage::open().await;
    let run = scene.create(json!({ "task": "x" })).await;
    // A step whose event is not there, as no code of ours does it: only the run's own condition stands in the way.
    let step = [("seq", AttributeValue::N("2".to_owned()))];
    let step = set(&scene, run, &step);
    let (status, _) = scene.meanwhile("TransactWriteItems", scene.cancel(run), step).await;
    assert_eq!(status, 200);
    assert_eq!(number(&main_of(&scene, run).await, "seq"), 3);
}

#[tokio::test]
async fn a_run_that_is_held_meanwhile_is_not_buried() {
    let scene = Backstage::open().await;
    let over = Timestamp::now().plus_ms(-60_000);
    let held = Timestamp::now().plus_ms(60_000);
    let number = |number: i64| AttributeValue::N(number.to_string());
    for (before, changed) in [
        (vec![], vec![("lease_until", ms(held))]),
        (vec![("lease_until", ms(over))], vec![("lease_until", ms(held))]),
        // Claimed and given back, so that only the epoch tells; the second try ends it.
        (
            vec![("lease_until", ms(over)), ("epoch", number(1))],
            vec![("epoch", number(2))],
        ),
    ] {
        let run = scene.create(json!({ "task": "x" })).await;
        if !before.is_empty() {
            set(&scene, run, &before).await;
        }
        let is_held = changed[0].0 == "lease_until";
        let change = set(&scene, run, &changed);
        let done = scene.meanwhile("TransactWriteItems", scene.bury(run), change).await;
        assert_eq!(done, !is_held, "{changed:?}");
        let again = scene.proxy.take_calls();
        let is_tried_again = again.iter().any(|call| call == "TransactWriteItems");
        let has_ended = main_of(&scene, run).await.contains_key("completed_at");
        assert_eq!(
            (is_tried_again, has_ended),
            (!is_held, !is_held),
            "{changed:?}: {again:?}"
        );
    }
}
