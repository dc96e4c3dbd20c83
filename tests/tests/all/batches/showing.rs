//! What a batch shows: where it stands, also in lists, and as much of its rows as an answer has room for.

use std::collections::BTreeSet;
use std::time::Instant;

use aws_sdk_dynamodb::types::AttributeValue;
use eclips_shared::auth::{Mode, Scope};
use eclips_shared::ids::RunId;
use eclips_shared::time::Timestamp;
use eclips_tests::backstage::Backstage;
use eclips_tests::batches::adds_up;
use eclips_tests::function::Function;
use eclips_tests::records;
use eclips_tests::world::{PATIENCE, World};
use futures_util::stream::{self, StreamExt};
use serde_json::{Value, json};

use super::{fold, plain, work_on};

#[tokio::test]
async fn five_hundred_rows_end_once_and_add_up_at_every_look() {
    let world = World::start().await;
    let owner = world.somebody().await;
    let person = world.person(owner.org, Mode::Test, &Scope::ALL, None).await;
    let row = |number: usize| json!({ "task": format!("Row {number}"), "data": { "n": number } });
    let rows: Vec<Value> = (0..500).map(row).collect();
    let body = json!({ "agent_type": "summariser", "name": "All", "rows": rows });
    let batch = world.batch(&person, body).await;
    let (deadline, mut seen) = (Instant::now() + 6 * PATIENCE, 0);
    let ended = loop {
        let got = world.get(&format!("/v1/batches/{batch}"), &person).await;
        assert!(Instant::now() < deadline, "{}", got.text);
        if got.status == 503 {
            // 500 rows and everything else on this machine: the answer took more than its 2.5 s, and a client comes back.
            continue;
        }
        let shown = got.json();
        adds_up(&shown);
        let done = shown["job"]["completed_rows"].as_u64().unwrap();
        assert!(done >= seen, "no row comes back");
        seen = done;
        if !shown["job"]["completed_at"].is_null() {
            break shown;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    };
    assert_eq!(
        (&ended["job"]["status"], &ended["job"]["completed_rows"]),
        (&json!("completed"), &json!(500))
    );
    let runs: BTreeSet<&str> = ended["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["run_id"].as_str().unwrap())
        .collect();
    assert_eq!(runs.len(), 500);
    for (number, row) in ended["rows"].as_array().unwrap().iter().enumerate() {
        assert_eq!(
            (&row["task"], &row["status"]),
            (&json!(format!("Row {number}")), &json!("completed"))
        );
    }
    // The list comes to the same, a moment later.
    let deadline = Instant::now() + PATIENCE;
    loop {
        let listed = world.get("/v1/batches", &person).await.json();
        if listed["jobs"][0] == ended["job"] {
            break;
        }
        assert!(
            Instant::now() < deadline,
            "{} is not {}",
            listed["jobs"][0],
            ended["job"]
        );
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    world.stop().await;
}

#[tokio::test]
async fn a_row_that_is_cancelled_before_it_begins_begins_no_batch() {
    let scene = Backstage::open().await;
    let listed = async || {
        let got = scene.batches.call("GET", "/v1/batches", Some(&scene.key), None).await;
        got.json()["jobs"][0].clone()
    };
    let batch = scene.batch(&plain(3)).await;
    scene.tend(batch).await;
    assert_eq!(scene.cancel(RunId::of_row(batch, 0)).await.0, 200);
    fold(&scene, batch, 3).await;
    let shown = scene.show_batch(batch).await;
    assert_eq!(
        (&shown["job"]["status"], &shown["job"]["cancelled_rows"]),
        (&json!("pending"), &json!(1))
    );
    assert_eq!(listed().await, shown["job"]);

    // One that has begun has, also when nothing but that is left of it.
    let waiting = scene.batch(&[json!({ "confidence": 0.4 }), json!({})]).await;
    scene.tend(waiting).await;
    scene.work_on(RunId::of_row(waiting, 0)).await;
    fold(&scene, waiting, 2).await;
    assert_eq!(scene.cancel(RunId::of_row(waiting, 0)).await.0, 200);
    fold(&scene, waiting, 2).await;
    let shown = scene.show_batch(waiting).await;
    assert_eq!(shown["job"]["status"], "running", "{shown}");
    assert_eq!(listed().await["status"], "running");
}

#[tokio::test]
async fn large_results_are_left_to_their_runs() {
    let scene = Backstage::open().await;
    let batch = scene.batch(&plain(2)).await;
    scene.tend(batch).await;
    work_on(&scene, batch, 2).await;
    for (row, bytes) in [(0, 8 * 1024), (1, 8 * 1024 + 1)] {
        let result = format!("{{\"summary\":\"{}\"}}", "x".repeat(bytes - 14));
        assert_eq!(result.len(), bytes);
        let pk = format!("R#{}", RunId::of_row(batch, row));
        let size = AttributeValue::N(bytes.to_string());
        records::set(&scene.config(), &pk, "OUT", &[("result", AttributeValue::S(result))]).await;
        records::set(&scene.config(), &pk, "M", &[("result_bytes", size)]).await;
        let tables = eclips_tests::function::tables(&scene.config()).await;
        let take = tables.update_item().table_name(scene.config().table_main);
        let take = take
            .key("pk", AttributeValue::S(pk))
            .key("sk", AttributeValue::S("M".into()));
        take.update_expression("REMOVE #result")
            .expression_attribute_names("#result", "result")
            .send()
            .await
            .unwrap();
    }
    let shown = scene.show_batch(batch).await;
    let (small, large) = (&shown["rows"][0], &shown["rows"][1]);
    assert!(
        small["result"].is_object() && small.get("result_truncated").is_none(),
        "{small}"
    );
    assert_eq!(
        (&large["result"], &large["result_truncated"]),
        (&Value::Null, &json!(true))
    );
}

#[tokio::test]
async fn the_largest_batch_is_an_answer_that_lambda_takes() {
    let scene = Backstage::open().await;
    let batch = scene.batch(&plain(500)).await;
    assert!(scene.tend(batch).await);
    let (config, s) = (&scene.config(), AttributeValue::S);
    // As from a body of 1 MiB, of characters that are twice as long in an answer as they were sent.
    let task = "\"".repeat(1_040);
    for (piece, rows) in [167, 167, 166].into_iter().enumerate() {
        let sent = json!(vec![json!({ "task": task }); rows]).to_string();
        assert!(sent.len() <= 350 * 1024);
        records::set(
            config,
            &format!("B#{batch}"),
            &format!("IN#{piece:02}"),
            &[("rows", s(sent))],
        )
        .await;
    }
    let error = format!("Rejected in triage: {}", "\"".repeat(2_000));
    let rejected = &[
        ("status", s("cancelled".into())),
        ("completed_at", AttributeValue::N(Timestamp::now().ms().to_string())),
        ("error", s(error.clone())),
    ];
    let reject = |run: RunId| async move { records::set(config, &format!("R#{run}"), "M", rejected).await };
    let runs = stream::iter((0..500).map(|row| RunId::of_row(batch, row)));
    runs.map(reject).buffer_unordered(16).collect::<()>().await;
    // Past the faulty road, which takes its time with so much.
    let function = Function::batches(config, config.dynamodb_endpoint.as_deref().unwrap()).await;
    let (path, deadline) = (format!("/v1/batches/{batch}"), Instant::now() + PATIENCE);
    let got = loop {
        let got = function.call("GET", &path, Some(&scene.key), None).await;
        // It is much for a debug build: a busy machine may not do it within the time of a request.
        if got.status != 503 || Instant::now() > deadline {
            break got;
        }
    };
    assert_eq!(got.status, 200, "{}", got.body);
    assert!((5_700_000..6_000_000).contains(&got.bytes), "{}", got.bytes);
    let shown = got.json();
    adds_up(&shown);
    for row in shown["rows"].as_array().unwrap() {
        assert_eq!(row["task"], task);
        let said = row["error_message"].as_str().unwrap().trim_end_matches('…');
        assert!(said.len() > 1_500 && error.starts_with(said), "{said}");
    }
    // In a small one it is whole.
    let small = scene.batch(&plain(1)).await;
    assert!(scene.tend(small).await);
    reject(RunId::of_row(small, 0)).await;
    assert_eq!(scene.show_batch(small).await["rows"][0]["error_message"], error);
}

#[tokio::test]
async fn a_batch_of_which_a_piece_is_lost_is_not_shown_without_its_rows() {
    let scene = Backstage::open().await;
    let batch = scene.batch(&plain(2)).await;
    records::remove(&scene.config(), &format!("B#{batch}"), "IN#00").await;
    let path = format!("/v1/batches/{batch}");
    let got = scene.batches.call("GET", &path, Some(&scene.key), None).await;
    assert_eq!(got.status, 503, "{}", got.body);
    assert!(!scene.tend(batch).await, "nor are its runs made");
}
