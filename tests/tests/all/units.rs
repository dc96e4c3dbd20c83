//! What each route and a whole run cost, in read and write units as the engine reckons them: those of indexes and of
//! transactions (twice) included. `outage.rs` counts the calls. ARCHITECTURE.md has both tables.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use eclips_shared::config::Config;
use eclips_shared::ids::{RunId, TriageId};
use eclips_shared::store::Store;
use eclips_shared::webhook::Source;
use eclips_tests::backstage::Backstage;
use eclips_tests::event_file;
use eclips_tests::figures;
use eclips_tests::function::{Function, tables};
use eclips_tests::function_process::FunctionProcess;
use eclips_tests::proxy::Units;
use eclips_tests::receiver::{Receiver, Reply};
use eclips_tests::records;
use futures_util::future::join_all;
use serde_json::{Value, json};

/// *Source*: the goal for a run of one stage, small items, without name and webhook.
const PLAIN_RUN_WRITE_MAX: f64 = 40.0;

/// The same settings over the faulty road, which counts.
fn counted(scene: &Backstage) -> Config {
    Config {
        dynamodb_endpoint: Some(scene.proxy.url().to_owned()),
        ..scene.config()
    }
}

#[tokio::test]
async fn each_route_costs_what_the_table_says() {
    let scene = Backstage::open().await;
    let usage = Function::usage(&scene.config(), scene.proxy.url()).await;
    let ended = scene.create(json!({ "task": "x" })).await;
    scene.work_on(ended).await;
    // The first request of a process learns the limits item and notes that the key is used.
    for (function, path) in [
        (&scene.runs, "/v1/runs"),
        (&scene.triage, "/v1/triage"),
        (&usage, "/v1/usage"),
    ] {
        function.call("GET", path, Some(&scene.key), None).await;
    }
    let task = || Some(json!({ "task": "x" }));
    let (queued, asked) = (
        scene.create(json!({ "task": "x" })).await,
        scene.create(json!({ "task": "x" })).await,
    );
    scene.work_on(asked).await;
    let (waits, doubtful) = (scene.waiting().await.1, scene.waiting().await.1);
    let (approve, reject) = (
        format!("/v1/triage/{waits}/approve"),
        format!("/v1/triage/{doubtful}/reject"),
    );
    scene.proxy.take_units();
    for (method, path, body, units) in [
        ("POST", "/v1/run".to_owned(), task(), figures::CREATE_RUN),
        ("GET", "/v1/runs".to_owned(), None, figures::LIST_RUNS),
        ("GET", format!("/v1/runs/{ended}"), None, figures::SHOW_RUN),
    ] {
        let got = scene.runs.call(method, &path, Some(&scene.key), body).await;
        assert!(got.status < 500, "{}", got.body);
        assert_eq!(scene.proxy.take_units(), units, "{method} {path}");
    }
    for (function, method, path, body, read, write) in [
        (
            &scene.runs,
            "POST",
            format!("/v1/runs/{queued}/cancel"),
            None,
            2.0,
            10.0,
        ),
        (&scene.runs, "POST", format!("/v1/runs/{ended}/cancel"), None, 2.0, 1.0),
        // Two wait for a person.
        (&scene.triage, "GET", "/v1/triage".to_owned(), None, 4.0, 1.0),
        (&scene.triage, "GET", format!("/v1/triage/{waits}"), None, 2.0, 1.0),
        (&scene.triage, "POST", approve.clone(), None, 3.0, 14.0),
        (&scene.triage, "POST", approve, None, 2.0, 1.0),
        (&scene.triage, "POST", reject, None, 3.0, 14.0),
        (&usage, "GET", "/v1/usage".to_owned(), None, 2.0, 1.0),
        (&usage, "GET", "/v1/usage/daily".to_owned(), None, 2.5, 1.0),
        (&usage, "GET", "/v1/usage/agents".to_owned(), None, 1.5, 1.0),
        (&usage, "GET", "/v1/usage/keys".to_owned(), None, 1.5, 1.0),
    ] {
        let got = function.call(method, &path, Some(&scene.key), body).await;
        assert!(got.status < 500, "{}", got.body);
        assert_eq!(scene.proxy.take_units(), Units { read, write }, "{method} {path}");
    }
    // A named request: one more item, twice because of the transaction; sent again, one refused transaction and a read.
    let named = async || {
        let got = scene.runs.create_named(&scene.key, "a", &json!({ "task": "x" })).await;
        assert_eq!(got.status, 202);
        scene.proxy.take_units()
    };
    assert_eq!(named().await, Units { read: 1.0, write: 11.0 });
    let again = named().await;
    assert_eq!(again.read, 2.0, "{again:?}");
}

#[tokio::test]
async fn webhooks_cost_what_the_table_says() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    // The first request of a process, and what is told of a run.
    let webhook = scene.webhook(&receiver.url("/"), &["run.completed"]).await;
    let ended = scene.create(json!({ "task": "x" })).await;
    scene.work_on(ended).await;
    scene.tell(Source::Run(ended)).await;
    let delivery = scene.deliveries(&webhook).await.remove(0);
    let id = |value: &Value| value["id"].as_str().expect("an id").to_owned();
    let path = format!("/v1/webhooks/{}", id(&webhook));
    let (rotate, deliveries) = (format!("{path}/rotate"), format!("{path}/deliveries"));
    let resend = format!("{deliveries}/{}/resend", id(&delivery));
    let hook = json!({ "url": receiver.url("/"), "events": ["run.failed"] });
    scene.proxy.take_units();
    for (method, path, body, read, write) in [
        // The webhook, the number of them, and an audit entry, twice because of the transaction.
        ("POST", "/v1/webhooks", Some(hook), 1.0, 7.0),
        ("GET", "/v1/webhooks", None, 2.0, 1.0),
        ("POST", rotate.as_str(), None, 2.0, 5.0),
        // Strongly consistent but for the number of all, which half the price will do for.
        ("GET", deliveries.as_str(), None, 3.5, 1.0),
        // The index by which the sweep finds it is written anew.
        ("POST", resend.as_str(), None, 3.0, 4.0),
        ("DELETE", path.as_str(), None, 1.0, 7.0),
    ] {
        let got = scene.webhooks.call(method, path, Some(&scene.key), body).await;
        assert!(got.status < 300, "{}", got.body);
        assert_eq!(scene.proxy.take_units(), Units { read, write }, "{method} {path}");
    }
}

#[tokio::test]
async fn telling_costs_next_to_nothing_where_nobody_asked_and_little_for_each_who_did() {
    let (scene, receiver) = (Backstage::open().await, Receiver::start().await);
    let run = async || {
        let run = scene
            .create(json!({ "task": "Get 3 vendor quotes for 500 laptops" }))
            .await;
        scene.work_on(run).await;
        scene.proxy.take_units();
        Source::Run(run)
    };
    // The run, its events, and the webhooks that there are not.
    let plain = run().await;
    scene.tell(plain).await;
    assert_eq!(scene.proxy.take_units(), figures::TELL_NOBODY);
    scene.webhook(&receiver.url("/"), &["run.completed"]).await;
    let tell = async || {
        let told = run().await;
        scene.tell(told).await;
        // Whether it is made already; its body, and the delivery with its index entry.
        assert_eq!(scene.proxy.take_units(), figures::TELL_ONE);
    };
    // Messages that were seen before are hints of later tries, whose time may come meanwhile.
    let mut seen = BTreeSet::new();
    // Each try: the body and the webhook are read, the delivery is written by its claim and by its note. A try that is
    // followed by another one moves its index entry once more; the first failure of a webhook is noted there as well.
    for (reply, queue, write) in [
        (200, "DeliveriesQueue", figures::DELIVER.write),
        (500, "DeliveriesQueue", 7.0),
        (500, "RetriesQueue", 6.0),
        (200, "RetriesQueue", 6.0),
    ] {
        receiver.always(Reply::Status(reply));
        tell().await;
        let messages = scene.stores.take_messages(queue).into_iter();
        let new: Vec<String> = messages
            .map(|message| message.body)
            .filter(|body| seen.insert(body.clone()))
            .collect();
        assert_eq!(new.len(), 1, "{reply} {queue}: {new:?}");
        assert!(scene.deliver(queue, &new[0]).await);
        let read = figures::DELIVER.read;
        assert_eq!(scene.proxy.take_units(), Units { read, write }, "{reply} {queue}");
    }
}

/// A history of approved items, each as large as a listed one may be: output and note of 8 KB. Gives what the decision
/// of one costs.
async fn history(scene: &Backstage, items: usize) -> Units {
    let (config, triage) = (scene.config(), scene.waiting().await.1);
    let s = AttributeValue::S;
    let payload = json!({ "summary": "x".repeat(8_192 - r#"{"summary":""}"#.len()) }).to_string();
    records::set(&config, &format!("Q#{triage}"), "M", &[("payload", s(payload))]).await;
    scene.proxy.take_units();
    let note = json!({ "note": "\u{1f4ce}".repeat(2_000) });
    let (status, body) = scene.decide(&triage, "approve", note).await;
    assert_eq!(status, 200, "{body}");
    let decided = scene.proxy.take_units();
    let (tables, item) = (tables(&config).await, records::question(&config, &triage).await);
    let puts = (1..items).map(|_| {
        let (id, mut item) = (TriageId::generate().to_string(), item.clone());
        item.extend([
            ("pk".into(), s(format!("Q#{id}"))),
            ("urgency".into(), s(format!("3#{id}"))),
            ("triage_id".into(), s(id)),
        ]);
        let put = tables.put_item().table_name(&config.table_main);
        put.set_item(Some(item)).send()
    });
    for put in join_all(puts).await {
        put.unwrap();
    }
    decided
}

#[tokio::test]
async fn a_long_history_costs_what_its_page_holds() {
    let scene = Backstage::open().await;
    scene.triage.call("GET", "/v1/triage", Some(&scene.key), None).await;
    // With whole items in the index it was 88.
    assert_eq!(history(&scene, 300).await.write, 64.0);
    for (query, shown) in [
        ("limit=1", 1),
        ("limit=20", 20),
        ("limit=20&offset=150", 20),
        ("offset=10000", 0),
        ("limit=100", 100),
    ] {
        let query = format!("status=approved&{query}");
        scene.proxy.take_units();
        scene.proxy.take_calls();
        let got = scene.triage.query(&scene.key, "/v1/triage", &query).await;
        let page = got.json();
        let listed = page["data"].as_array().map(Vec::len);
        assert_eq!((listed, &page["total"]), (Some(shown), &json!(300)), "{query}");
        // An item has over 16 KB, which is five units; the rest is for the key and for keys of the index, of which 300 are
        // 6 units, counted and skipped. With whole items in the index these were 617 to 1 225.
        let (units, calls) = (scene.proxy.take_units(), scene.proxy.take_calls());
        let queries = calls.iter().filter(|call| *call == "Query").count();
        assert!(queries <= 3, "{query}: {calls:?}");
        assert!(units.read <= 5.0 * shown as f64 + 13.0, "{query}: {units:?}");
    }
}

#[tokio::test]
async fn a_stream_costs_what_the_table_says() {
    let scene = Backstage::open().await;
    let run = scene.create(json!({ "task": "x" })).await;
    scene.work_on(run).await;
    let mut setup = scene.stores.setup("stream");
    let road = scene.proxy.url().to_owned();
    setup.settings.insert("AWS_ENDPOINT_URL_DYNAMODB".into(), road);
    let mut stream = FunctionProcess::start(&setup).await.unwrap();
    let mut told = Vec::new();
    for _ in 0..2 {
        scene.proxy.take_units();
        let answer = stream
            .invoke(&event_file::read("stream-show", &scene.key, run))
            .await
            .unwrap();
        assert_eq!(answer["statusCode"], 200);
        told = scene.proxy.take_calls();
    }
    // An ended run: key, limits, run and events. No slot, and nothing is looked at twice.
    told.sort();
    assert_eq!(told[told.len() - 4..], ["GetItem", "GetItem", "Query", "UpdateItem"]);
    assert_eq!(scene.proxy.take_units(), Units { read: 3.0, write: 1.0 });
}

#[tokio::test]
async fn a_plain_run_costs_no_more_write_units_than_it_may() {
    let scene = Backstage::open().await;
    scene.runs.call("GET", "/v1/runs", Some(&scene.key), None).await;
    scene.proxy.take_units();
    let run = scene
        .create(json!({ "task": "Get 3 vendor quotes for 500 laptops" }))
        .await;
    let accepted = scene.proxy.take_units();
    scene.work_on(run).await;
    let worked = scene.proxy.take_units();
    let store = Store::open(&counted(&scene));
    let told = scene.stores.store.fold().told_by(run).await.unwrap();
    store.fold().count(&told).await.unwrap();
    let folded = scene.proxy.take_units();
    let all = [accepted, worked, folded];
    assert_eq!(all, [figures::CREATE_RUN, figures::WORK, figures::COUNT]);
    assert!(all.iter().map(|units| units.write).sum::<f64>() <= PLAIN_RUN_WRITE_MAX);
}

#[tokio::test]
async fn a_row_of_a_batch_costs_less_than_a_run_of_its_own() {
    let scene = Backstage::open().await;
    scene.batches.call("GET", "/v1/batches", Some(&scene.key), None).await;
    scene.proxy.take_units();
    let batch = scene.batch(&vec![json!({}); figures::ROWS]).await;
    // Key and limits; what was sent, 2 KB; the batch with its index entries, and its progress, twice because of the transaction.
    assert_eq!(scene.proxy.take_units(), figures::CREATE_BATCH);
    scene.tend(batch).await;
    // Of each row its first event, and its run with four index entries; each 25 rows note how far they are.
    assert_eq!(scene.proxy.take_units(), figures::MAKE_ROWS);
    let show = |path: String| {
        let scene = &scene;
        async move {
            let got = scene.batches.call("GET", &path, Some(&scene.key), None).await;
            assert_eq!(got.status, 200, "{}", got.body);
            scene.proxy.take_units()
        }
    };
    // The key, the batch, what was sent, and each row's run.
    assert_eq!(
        show(format!("/v1/batches/{batch}")).await,
        Units { read: 53.0, write: 1.0 }
    );
    // The key, the index twice, and the batch with its progress.
    assert_eq!(show("/v1/batches".to_owned()).await, Units { read: 4.0, write: 1.0 });
    let (row, store) = (RunId::of_row(batch, 0), Store::open(&counted(&scene)));
    let count = async || {
        let told = scene.stores.store.fold().told_by(row).await.unwrap();
        scene.proxy.take_units();
        store.fold().count(&told).await.unwrap();
        store.batches().hear(&told).await.unwrap();
        scene.proxy.take_units()
    };
    assert_eq!(count().await, figures::COUNT_ROW_BEGINNING);
    scene.work_on(row).await;
    let worked = scene.proxy.take_units();
    // As a run of its own, and a look whether its batch was cancelled. The result makes this one larger than 1 KB.
    assert_eq!(worked, figures::WORK_ON_ROW);
    assert_eq!(count().await, figures::COUNT_ROW);
}

#[tokio::test]
async fn a_run_that_is_counted_at_its_beginning_too_costs_another_count() {
    let scene = Backstage::open().await;
    let store = Store::open(&counted(&scene));
    let run = scene.create(json!({ "task": "x" })).await;
    let count = async || {
        let told = scene.stores.store.fold().told_by(run).await.unwrap();
        scene.proxy.take_units();
        store.fold().count(&told).await.unwrap();
        scene.proxy.take_units()
    };
    let begun = count().await;
    scene.work_on(run).await;
    let ended = count().await;
    assert_eq!([begun, ended], [figures::COUNT_BEGINNING, figures::COUNT]);
}
