//! `/v1/batches`: what is accepted, what a batch shows while it goes on and at its end, and what cancelling it does. *Source*:
//! contract §7.

use eclips_tests::batches::adds_up;
use eclips_tests::target::Target;
use eclips_tests::world::PATIENCE;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

use super::shape::Is::{Flag, Id, Null, Object, Text, Time, Whole, Word};
use super::shape::{Shape, assert_shape};
use super::{assert_names, assert_refused, unique, unknown_run};

const NO_BATCH: &str = r#"{"error":"Batch not found"}"#;

const JOB: Shape = &[
    ("id", &[Id]),
    ("name", &[Text, Null]),
    ("agent_type", &[Text]),
    (
        "status",
        &[Word(&["pending", "running", "completed", "failed", "cancelled"])],
    ),
    ("total_rows", &[Whole]),
    ("completed_rows", &[Whole]),
    ("failed_rows", &[Whole]),
    ("cancelled_rows", &[Whole]),
    ("triage_rows", &[Whole]),
    ("created_at", &[Time]),
    ("completed_at", &[Time, Null]),
];
const ROW_STATUS: super::shape::Is = Word(&[
    "pending",
    "running",
    "pending_triage",
    "completed",
    "failed",
    "cancelled",
]);
const ROW: Shape = &[
    ("row_index", &[Whole]),
    ("task", &[Text]),
    ("status", &[ROW_STATUS]),
    ("result", &[Object, Null]),
    ("error_message", &[Text, Null]),
    ("run_id", &[Id, Null]),
];
const ROW_CUT: Shape = &[
    ("row_index", &[Whole]),
    ("task", &[Text]),
    ("status", &[ROW_STATUS]),
    ("result", &[Null]),
    ("result_truncated", &[Flag]),
    ("error_message", &[Text, Null]),
    ("run_id", &[Id]),
];

/// Rows whose sandbox obeys each of these.
fn rows(sandboxes: &[Value]) -> Value {
    let row = |sandbox: &Value| json!({ "task": "Contract test", "data": { "sandbox": sandbox } });
    sandboxes.iter().map(row).collect()
}

async fn make(target: &Target, body: Value) -> String {
    let made = target.post("/v1/batches", target.test(), &body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made = made.json();
    assert_eq!(made.as_object().unwrap().len(), 1, "{made}");
    assert_shape(&made["job"], JOB);
    assert_eq!(made["job"]["status"], "pending");
    made["job"]["id"].as_str().unwrap().to_owned()
}

/// A batch as it is; that its counts are those of its rows is looked at each time.
async fn show(target: &Target, batch: &str) -> Value {
    let got = target.get(&format!("/v1/batches/{batch}"), target.test()).await;
    assert_eq!(got.status, 200, "{}", got.text);
    let shown = got.json();
    assert_shape(&shown["job"], JOB);
    for row in shown["rows"].as_array().unwrap() {
        assert_shape(
            row,
            if row.get("result_truncated").is_some() {
                ROW_CUT
            } else {
                ROW
            },
        );
    }
    adds_up(&shown);
    shown
}

/// Looks until something is true of a batch.
async fn until(target: &Target, batch: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let shown = show(target, batch).await;
        if is_so(&shown) {
            return shown;
        }
        assert!(Instant::now() < deadline, "{shown}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn has_ended(batch: &Value) -> bool {
    batch["job"]["completed_at"].is_string()
}

async fn cancel(target: &Target, batch: &str, key: &str) -> eclips_tests::world::Reply {
    let path = format!("/v1/batches/{batch}/cancel");
    target
        .answer(target.request(Method::POST, &path).bearer_auth(key))
        .await
}

#[tokio::test]
async fn every_row_ends_as_its_run_does() {
    let target = Target::find();
    let sandboxes = [
        json!({}),
        json!({ "fail": "model" }),
        json!({ "confidence": 0.4 }),
        json!({}),
    ];
    let body = json!({ "agent_type": "summariser", "name": " Four ", "rows": rows(&sandboxes) });
    let batch = make(&target, body).await;
    let shown = until(&target, &batch, |batch| {
        batch["job"]["triage_rows"] == 1 && batch["job"]["completed_rows"] == 2 && batch["job"]["failed_rows"] == 1
    })
    .await;
    assert_eq!(
        (
            &shown["job"]["status"],
            &shown["job"]["name"],
            &shown["job"]["total_rows"]
        ),
        (&json!("running"), &json!("Four"), &json!(4)),
        "a row in triage is open: {shown}"
    );
    let rows = shown["rows"].as_array().unwrap();
    assert_eq!(rows[1]["error_message"], "Model call failed");
    assert_eq!(rows[0]["result"]["simulated"], true, "{shown}");
    for row in rows {
        let run = target.show(row["run_id"].as_str().unwrap()).await;
        assert_eq!(
            (
                &run["batch_id"],
                &run["result"],
                &run["error"],
                &run["agent_type"],
                &run["task"]
            ),
            (
                &json!(batch),
                &row["result"],
                &row["error_message"],
                &json!("summariser"),
                &row["task"]
            )
        );
    }

    // The person decides, and the batch has ended.
    let waiting = target.show(rows[2]["run_id"].as_str().unwrap()).await;
    let item = waiting["triage_item_id"].as_str().unwrap();
    let approved = target
        .post(&format!("/v1/triage/{item}/approve"), target.test(), &json!({}))
        .await;
    assert_eq!(approved.status, 200, "{}", approved.text);
    let ended = until(&target, &batch, has_ended).await;
    assert_eq!(
        (
            &ended["job"]["status"],
            &ended["job"]["completed_rows"],
            &ended["job"]["failed_rows"]
        ),
        (&json!("completed"), &json!(3), &json!(1)),
        "{ended}"
    );
    let late = cancel(&target, &batch, target.test()).await;
    let refused = late.json();
    assert_eq!(
        (
            late.status.as_u16(),
            late.header("x-eclips-error-code"),
            &refused["error"]
        ),
        (409, "conflict", &json!("Batch cannot be cancelled"))
    );
    assert_eq!(refused["status"], "completed");
    assert_eq!(show(&target, &batch).await, ended, "nothing changed");
}

#[tokio::test]
async fn a_batch_whose_rows_all_fail_has_failed() {
    let target = Target::find();
    let sandboxes = [json!({ "fail": "model" }), json!({ "fail": "model" })];
    let batch = make(
        &target,
        json!({ "agent_type": "nda_manager", "rows": rows(&sandboxes) }),
    )
    .await;
    let ended = until(&target, &batch, has_ended).await;
    assert_eq!(
        (&ended["job"]["status"], &ended["job"]["failed_rows"]),
        (&json!("failed"), &json!(2)),
        "{ended}"
    );
}

#[tokio::test]
async fn a_cancelled_batch_keeps_what_has_ended_and_ends_the_rest() {
    let target = Target::find();
    let mut sandboxes = vec![json!({}), json!({ "confidence": 0.4 })];
    sandboxes.resize(14, json!({ "delay_ms": 10_000 }));
    let batch = make(&target, json!({ "agent_type": "summariser", "rows": rows(&sandboxes) })).await;
    let before = until(&target, &batch, |batch| {
        batch["job"]["completed_rows"] == 1 && batch["job"]["triage_rows"] == 1
    })
    .await;
    let got = cancel(&target, &batch, target.test()).await;
    assert_eq!(got.pair(), (200, r#"{"cancelled":true}"#));
    let at_once = show(&target, &batch).await;
    assert_eq!(at_once["job"]["status"], "cancelled", "{at_once}");
    let ended = until(&target, &batch, has_ended).await;
    assert_eq!(
        (&ended["job"]["completed_rows"], &ended["job"]["cancelled_rows"]),
        (&json!(1), &json!(13)),
        "{ended}"
    );
    assert_eq!(ended["rows"][0], before["rows"][0], "what has ended keeps its result");
    let item = target.show(ended["rows"][1]["run_id"].as_str().unwrap()).await["triage_item_id"].clone();
    let path = format!("/v1/triage/{}", item.as_str().unwrap());
    assert_eq!(target.get(&path, target.test()).await.json()["status"], "cancelled");
    let again = cancel(&target, &batch, target.test()).await;
    assert_eq!(
        (again.status.as_u16(), &again.json()["status"]),
        (409, &json!("cancelled"))
    );
}

#[tokio::test]
async fn a_bad_batch_names_its_row() {
    let target = Target::find();
    let row = json!({ "task": "Contract test" });
    let mut bad = vec![row.clone(); 20];
    bad[17] = json!({ "task": " " });
    for (body, field) in [
        (json!({ "agent_type": "center", "rows": bad }), "rows[17].task"),
        (
            json!({ "agent_type": "center", "rows": vec![row.clone(); 501] }),
            "rows",
        ),
        (json!({ "agent_type": "center", "rows": [] }), "rows"),
        (json!({ "agent_type": "center" }), "rows"),
        (json!({ "rows": [row] }), "agent_type"),
        (json!({ "agent_type": "nobody", "rows": [row] }), "agent_type"),
        (
            json!({ "agent_type": "center", "rows": [row], "webhook_url": "http://example.com" }),
            "webhook_url",
        ),
    ] {
        assert_names(&target.post("/v1/batches", target.test(), &body).await, field);
    }
    let many = target
        .post(
            "/v1/batches",
            target.test(),
            &json!({ "agent_type": "center", "rows": vec![row.clone(); 501] }),
        )
        .await;
    assert_eq!(many.json()["error"], "Maximum 500 rows per batch");
    let large = json!({ "agent_type": "center", "rows": [{ "task": "x", "data": { "a": "y".repeat(1024 * 1024) } }] });
    let got = target.post("/v1/batches", target.test(), &large).await;
    assert_eq!(got.pair(), (413, r#"{"error":"Request body too large"}"#));
}

#[tokio::test]
async fn a_named_batch_is_made_once() {
    let target = Target::find();
    let (name, body) = (
        unique(),
        json!({ "agent_type": "summariser", "rows": [{ "task": "Contract test" }] }),
    );
    let send = |body: Value| {
        let request = target.request(Method::POST, "/v1/batches").bearer_auth(target.test());
        target.answer(request.header("Idempotency-Key", &name).json(&body))
    };
    let made = futures_util::future::join_all((0..5).map(|_| send(body.clone()))).await;
    assert!(made.iter().all(|reply| reply.status == 201));
    assert!(
        made.iter().all(|reply| reply.text == made[0].text),
        "one batch, one answer"
    );
    let replayed = made
        .iter()
        .filter(|reply| reply.header("idempotent-replay") == "true")
        .count();
    assert_eq!(replayed, 4);
    let other = send(json!({ "agent_type": "summariser", "rows": [{ "task": "Another" }] })).await;
    assert_eq!(
        (other.status.as_u16(), &other.json()["field"]),
        (422, &json!("Idempotency-Key"))
    );
}

#[tokio::test]
async fn batches_are_listed_newest_first_and_walked_once() {
    let target = Target::find();
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(
            make(
                &target,
                json!({ "agent_type": "summariser", "rows": rows(&[json!({})]) }),
            )
            .await,
        );
    }
    made.reverse();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (mut walked, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let path = cursor.as_ref().map_or("/v1/batches?limit=2".to_owned(), |cursor| {
                format!("/v1/batches?limit=2&cursor={cursor}")
            });
            let page = target.get(&path, target.test()).await.json();
            let members: Vec<&String> = page.as_object().unwrap().keys().collect();
            assert_eq!(members, ["jobs", "limit", "next_cursor", "offset", "total"]);
            for job in page["jobs"].as_array().unwrap() {
                assert_shape(job, JOB);
                walked.push(job["id"].as_str().unwrap().to_owned());
            }
            match page["next_cursor"].as_str() {
                Some(next) if !walked.contains(made.last().unwrap()) => cursor = Some(next.to_owned()),
                _ => break,
            }
        }
        assert!(walked.is_sorted_by(|newer, older| newer > older), "{walked:?}");
        if made.iter().all(|batch| walked.contains(batch)) {
            break;
        }
        assert!(Instant::now() < deadline, "{made:?} are not all in {walked:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for query in ["limit=0", "limit=101", "offset=10001", "cursor=x"] {
        let got = target.get(&format!("/v1/batches?{query}"), target.test()).await;
        assert_names(&got, query.split_once('=').unwrap().0);
    }
}

#[tokio::test]
async fn a_batch_does_not_exist_for_the_other_mode() {
    let target = Target::find();
    let batch = make(
        &target,
        json!({ "agent_type": "summariser", "rows": rows(&[json!({})]) }),
    )
    .await;
    for (id, key) in [
        (batch.as_str(), target.live()),
        (&unknown_run(), target.test()),
        ("x", target.test()),
    ] {
        let got = target.get(&format!("/v1/batches/{id}"), key).await;
        assert_refused(&got, (404, "not_found", NO_BATCH));
        assert_refused(&cancel(&target, id, key).await, (404, "not_found", NO_BATCH));
    }
}
