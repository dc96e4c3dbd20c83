//! What a request set going can be followed: its id is in the run's lines, its trace goes along with the hints, and lines with figures
//! are metrics.

use std::sync::{Arc, Mutex};

use aws_lambda_events::dynamodb::Event;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header;
use eclips_shared::auth::Scope;
use eclips_shared::config::Config;
use eclips_shared::ids::{BatchId, RunId};
use eclips_shared::plan::Plan;
use eclips_shared::queue::Subject;
use eclips_tests::event_file;
use eclips_tests::function::{event, work_on};
use eclips_tests::function_process::{FunctionProcess, Setup};
use eclips_tests::records::{self, text};
use eclips_tests::stores::Stores;
use lambda_runtime::LambdaEvent;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt;

const REQUEST: &str = "f3a3a9f0-6a0e-4f6d-8f6c-2f8a3c1d9b11";

/// Sends an API function a request that the gateway knows by an id.
async fn post(function: &mut FunctionProcess, path: &str, key: &str, body: &Value) -> Value {
    let mut event = event("POST", path, Some(key), Some(body));
    event["requestContext"]["requestId"] = json!(REQUEST);
    let answer = function.invoke(&event).await.unwrap();
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
}

fn with_metrics(stores: &Stores, name: &str) -> Setup {
    let mut setup = stores.setup(name);
    setup.settings.insert("ECLIPS_METRICS".into(), "eclips-test".into());
    setup
}

#[tokio::test]
async fn a_run_and_a_batch_s_rows_keep_the_names_of_their_request() {
    let stores = Stores::open().await;
    let key = stores.key(Plan::Growth, &Scope::ALL).await;
    let mut runs = FunctionProcess::start(&stores.setup("runs")).await.unwrap();
    let made = post(&mut runs, "/v1/run", &key, &json!({ "task": "x" })).await;
    let config = stores.config();
    let run = RunId::parse(made["run_id"].as_str().unwrap()).unwrap();
    let item = records::item(&config, run, "M").await;
    assert_eq!(text(&item, "request_id"), REQUEST);
    let trace = text(&item, "trace").to_owned();
    assert!(trace.starts_with("Root=1-") && trace.ends_with(";Sampled=1"), "{trace}");

    let mut batches = FunctionProcess::start(&stores.setup("batches")).await.unwrap();
    let body = json!({ "agent_type": "summariser", "rows": [{ "task": "a" }, { "task": "b" }] });
    let made = post(&mut batches, "/v1/batches", &key, &body).await;
    let batch = BatchId::parse(made["job"]["id"].as_str().unwrap()).unwrap();
    let endpoint = config.dynamodb_endpoint.clone().unwrap();
    work_on(&config, &endpoint, Subject::Batch(batch)).await;
    for row in 0..2 {
        let item = records::item(&config, RunId::of_row(batch, row), "M").await;
        assert_eq!(text(&item, "request_id"), REQUEST);
        assert!(text(&item, "trace").ends_with(";Sampled=1"));
    }
}

#[tokio::test]
async fn the_trace_of_a_request_goes_with_its_hints_and_no_other_message_has_one() {
    let (sent, endpoint) = queue().await;
    let url = |queue: &str| format!("{endpoint}/000000000000/{queue}");
    let config = Config {
        queue_runs_url: url("runs"),
        queue_priority_url: url("priority"),
        queue_news_url: url("news"),
        queue_deliveries_url: url("deliveries"),
        sqs_endpoint: Some(endpoint.clone()),
        region: Some("local".to_owned()),
        dynamodb_endpoint: Some(endpoint.clone()),
        ..Config::default()
    };
    let dispatch = |trace: Option<&str>| {
        let mut event = event_file::read("dispatch-queued-run", "", RunId::generate());
        let image = event["Records"][0]["dynamodb"]["NewImage"].as_object_mut().unwrap();
        match trace {
            Some(trace) => image.insert("trace".to_owned(), json!({ "S": trace })),
            None => image.remove("trace"),
        };
        let event: Event = serde_json::from_value(event).unwrap();
        let config = config.clone();
        async move {
            let dispatch = eclips_dispatch::service(&config).await;
            let event = LambdaEvent::new(event, lambda_runtime::Context::default());
            dispatch.oneshot(event).await.unwrap()
        }
    };
    let trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    dispatch(Some(trace)).await;
    dispatch(None).await;
    let sent = sent.lock().unwrap().clone();
    assert_eq!(sent.len(), 2);
    let header = |request: &Value| request["Entries"][0]["MessageSystemAttributes"].clone();
    assert_eq!(
        header(&sent[0]),
        json!({ "AWSTraceHeader": { "DataType": "String", "StringValue": trace } })
    );
    assert_eq!(header(&sent[1]), Value::Null);
}

/// Something that takes every message, and keeps what was said.
async fn queue() -> (Arc<Mutex<Vec<Value>>>, String) {
    type Kept = Arc<Mutex<Vec<Value>>>;
    let kept = Kept::default();
    let answer = |State(kept): State<Kept>, body: Bytes| async move {
        let request: Value = serde_json::from_slice(&body).unwrap();
        let taken = request["Entries"].as_array().unwrap().iter().map(|entry| {
            let md5 = eclips_local::queue::md5_hex(entry["MessageBody"].as_str().unwrap());
            json!({ "Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": md5 })
        });
        let answer = json!({ "Successful": taken.collect::<Vec<_>>(), "Failed": [] }).to_string();
        kept.lock().unwrap().push(request);
        ([(header::CONTENT_TYPE, "application/x-amz-json-1.0")], answer)
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().fallback(answer).with_state(kept.clone());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (kept, endpoint)
}

/// The lines of a log that are metrics: their figures and their description.
fn metrics(log: &[String]) -> Vec<(Value, Value)> {
    let lines = log.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let found = lines.filter_map(|line| {
        let described = line["_aws"]["CloudWatchMetrics"][0].clone();
        described.is_object().then_some((line, described))
    });
    found.collect()
}

fn names(described: &Value) -> Vec<&str> {
    let metrics = described["Metrics"].as_array().unwrap();
    metrics.iter().map(|metric| metric["Name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn each_request_s_line_is_its_metrics() {
    let stores = Stores::open().await;
    let key = stores.key(Plan::Growth, &[Scope::AgentsRead]).await;
    let mut runs = FunctionProcess::start(&with_metrics(&stores, "runs")).await.unwrap();
    let unknown = eclips_tests::world::unknown_key(eclips_shared::auth::Mode::Live);
    for key in [Some(key.as_str()), Some(unknown.as_str()), None] {
        runs.invoke(&event("GET", "/v1/runs", key, None)).await.unwrap();
    }
    let log = runs.log();
    let found = metrics(&log);
    let counted: Vec<Vec<&str>> = found.iter().map(|(_, described)| names(described)).collect();
    // A refused key is one that was sent.
    let plain = vec!["Requests", "RequestTime"];
    let refused = vec!["Requests", "RequestTime", "RefusedKeys"];
    assert_eq!(counted, [plain.clone(), refused, plain]);
    for (line, described) in &found {
        assert_eq!(line["function"], "runs");
        assert_eq!(described["Dimensions"], json!([["function"]]));
        assert_eq!(described["Namespace"], "eclips-test");
        assert!(names(described).iter().all(|name| line[name].is_number()), "{line}");
    }
}

#[tokio::test]
async fn a_model_call_and_the_end_of_a_run_are_metrics() {
    let stores = Stores::open().await;
    let key = stores.key(Plan::Growth, &Scope::ALL).await;
    let mut runs = FunctionProcess::start(&stores.setup("runs")).await.unwrap();
    let made = post(&mut runs, "/v1/run", &key, &json!({ "task": "x" })).await;
    let mut worker = FunctionProcess::start(&with_metrics(&stores, "worker")).await.unwrap();
    let filled = RunId::parse(made["run_id"].as_str().unwrap()).unwrap();
    worker
        .invoke(&event_file::read("worker-one-run", &key, filled))
        .await
        .unwrap();
    let log = worker.log();
    let found = metrics(&log);
    let counted: Vec<Vec<&str>> = found.iter().map(|(_, described)| names(described)).collect();
    let call = vec!["ModelCalls", "ModelTime", "InputTokens", "OutputTokens"];
    assert_eq!(counted, [call, vec!["RunTime"]]);
    let ((call, described), (end, _)) = (&found[0], &found[1]);
    assert_eq!(described["Dimensions"], json!([["tier"]]));
    assert!(call["tier"].is_string());
    for line in [call, end] {
        assert_eq!(
            (&line["run_id"], &line["request_id"]),
            (&made["run_id"], &json!(REQUEST))
        );
    }
    assert!(end["RunTime"].as_i64().unwrap() >= 0, "{end}");
}
