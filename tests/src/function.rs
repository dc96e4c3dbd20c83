//! Functions on their own, with their own process state, called with the event that gateway or queue would make.

use std::collections::HashMap;
use std::convert::Infallible;

use aws_sdk_dynamodb::types::AttributeValue;
use eclips_shared::config::Config;
use eclips_shared::ids::{KeyId, RunId};
use eclips_shared::queue::Subject;
use eclips_shared::time::Timestamp;
use lambda_http::request::LambdaRequest;
use lambda_runtime::LambdaEvent;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tower::ServiceExt;

use crate::roles::Roles;
use crate::stores::sdk;

type Service = tower::util::BoxService<LambdaEvent<LambdaRequest>, Value, Infallible>;

/// One execution environment of an HTTP function.
pub struct Function(Mutex<Service>);

/// What it answered.
pub struct Answer {
    /// The status.
    pub status: u64,
    /// The body.
    pub body: String,
    /// How large it is all in all, as Lambda takes it.
    pub bytes: usize,
    headers: Value,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    /// The run that a 202 names.
    ///
    /// # Panics
    /// When it names none.
    #[must_use]
    pub fn run(&self) -> RunId {
        let answer = self.json();
        let run = answer["run_id"].as_str().and_then(RunId::parse);
        run.unwrap_or_else(|| panic!("no run id: {answer}"))
    }

    /// A header's one value, or the empty string.
    pub fn header(&self, name: &str) -> &str {
        self.headers[name][0].as_str().unwrap_or_default()
    }
}

impl Function {
    /// Starts the dashboard.
    ///
    /// # Panics
    /// When it has no vault.
    pub async fn dashboard(config: &Config) -> Self {
        let config = Roles::default().of("dashboard", config.clone());
        Self::over(eclips_dashboard::service(&config).await.expect("a vault"))
    }

    /// Starts `runs` against another endpoint.
    pub async fn runs(config: &Config, endpoint: &str) -> Self {
        Self::over(eclips_runs::service(&at("runs", config, endpoint)).await)
    }

    /// Starts `triage` against another endpoint.
    pub async fn triage(config: &Config, endpoint: &str) -> Self {
        Self::over(eclips_triage::service(&at("triage", config, endpoint)).await)
    }

    /// Starts `batches` against another endpoint.
    pub async fn batches(config: &Config, endpoint: &str) -> Self {
        Self::over(eclips_batches::service(&at("batches", config, endpoint)).await)
    }

    /// Starts `webhooks` against another endpoint.
    ///
    /// # Panics
    /// When it has no vault.
    pub async fn webhooks(config: &Config, endpoint: &str) -> Self {
        let config = at("webhooks", config, endpoint);
        Self::over(eclips_webhooks::service(&config).await.expect("a vault"))
    }

    /// Starts `usage` against another endpoint.
    pub async fn usage(config: &Config, endpoint: &str) -> Self {
        Self::over(eclips_usage::service(&at("usage", config, endpoint)).await)
    }

    fn over<S>(service: S) -> Self
    where
        S: tower::Service<LambdaEvent<LambdaRequest>, Error = Infallible> + Send + 'static,
        S::Response: Serialize,
        S::Future: Send,
    {
        let as_json = |response| serde_json::to_value(response).expect("a proxy response is JSON");
        Self(Mutex::new(service.map_response(as_json).boxed()))
    }

    /// Asks for a page with cookies.
    pub async fn page(&self, path: &str, cookies: &str) -> Answer {
        let mut event = event("GET", path, None, None);
        event["multiValueHeaders"]["Cookie"] = json!([cookies]);
        self.invoke(&event).await
    }

    /// Sends a form with cookies, as a page of that origin does.
    pub async fn form(&self, path: &str, cookies: &str, origin: &str, fields: &str) -> Answer {
        let mut event = event("POST", path, None, None);
        event["multiValueHeaders"] = json!({
            "Content-Type": ["application/x-www-form-urlencoded"], "Cookie": [cookies], "Origin": [origin],
        });
        event["body"] = json!(fields);
        self.invoke(&event).await
    }

    /// Starts a run with a key, under a name of its own.
    pub async fn create_named(&self, key: &str, name: &str, body: &Value) -> Answer {
        self.named("/v1/run", key, name, body).await
    }

    /// Has something made with a key, under a name of its own.
    pub async fn named(&self, path: &str, key: &str, name: &str, body: &Value) -> Answer {
        let mut event = event("POST", path, Some(key), Some(body));
        event["multiValueHeaders"]["Idempotency-Key"] = json!([name]);
        self.invoke(&event).await
    }

    /// Asks with a key and a query, `a=b&c=d`, whose values need no encoding.
    pub async fn query(&self, key: &str, path: &str, query: &str) -> Answer {
        let mut event = event("GET", path, Some(key), None);
        let mut values = json!({});
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            values[name] = json!([value]);
        }
        event["multiValueQueryStringParameters"] = values;
        self.invoke(&event).await
    }

    /// Calls it with a key.
    pub async fn call(&self, method: &str, path: &str, key: Option<&str>, body: Option<Value>) -> Answer {
        self.invoke(&event(method, path, key, body.as_ref())).await
    }

    async fn invoke(&self, event: &Value) -> Answer {
        let request = serde_json::from_str(&event.to_string()).expect("an event of the gateway");
        let mut service = self.0.lock().await;
        let called = service.ready().await.expect("always ready");
        let answer = tower::Service::call(called, LambdaEvent::new(request, Default::default()))
            .await
            .expect("infallible");
        Answer {
            status: answer["statusCode"].as_u64().expect("a status"),
            body: answer["body"].as_str().unwrap_or_default().to_owned(),
            bytes: answer.to_string().len(),
            headers: answer["multiValueHeaders"].clone(),
        }
    }
}

/// A REST request, as API Gateway sends it.
#[must_use]
pub fn event(method: &str, path: &str, key: Option<&str>, body: Option<&Value>) -> Value {
    let mut headers = json!({ "Content-Type": ["application/json"] });
    if let Some(key) = key {
        headers["Authorization"] = json!([format!("Bearer {key}")]);
    }
    json!({
        "resource": "/{proxy+}", "path": path, "httpMethod": method,
        "headers": {}, "multiValueHeaders": headers,
        "queryStringParameters": null, "multiValueQueryStringParameters": null,
        "pathParameters": null, "stageVariables": null,
        "requestContext": {
            "accountId": "000000000000", "apiId": "test", "resourceId": "test", "stage": "test", "httpMethod": method,
            "requestId": "test", "resourcePath": "/{proxy+}", "path": path, "identity": { "sourceIp": "127.0.0.1" }
        },
        "body": body.map(Value::to_string), "isBase64Encoded": false
    })
}

/// The same settings with another endpoint of the tables, and with the function's role unless they have one.
fn at(function: &str, config: &Config, endpoint: &str) -> Config {
    let config = Config {
        dynamodb_endpoint: Some(endpoint.to_owned()),
        ..config.clone()
    };
    Roles::default().of(function, config)
}

/// Has a `sweep` of its own called by its schedule, through another endpoint; gives its answer.
pub async fn sweep(config: &Config, endpoint: &str) -> Value {
    let event = json!({ "detail-type": "Scheduled Event", "source": "aws.events", "detail": {} });
    call_sweep(config, endpoint, event).await
}

/// Hands a `sweep` of its own a dead letter, through another endpoint; gives its answer.
pub async fn bury(config: &Config, endpoint: &str, body: &str) -> Value {
    let event = json!({ "Records": [{ "messageId": "m", "receiptHandle": "r", "body": body, "attributes": {},
        "messageAttributes": {}, "md5OfBody": "", "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:local:000000000000:eclips-runs-dead", "awsRegion": "local" }] });
    call_sweep(config, endpoint, event).await
}

async fn call_sweep(config: &Config, endpoint: &str, event: Value) -> Value {
    let sweep = eclips_sweep::service(&at("sweep", config, endpoint)).await;
    let event = serde_json::from_value(event).expect("an event of the schedule or of SQS");
    let mut context = lambda_runtime::Context::default();
    context.deadline = u64::try_from(Timestamp::now().plus_ms(60_000).ms()).expect("after 1970");
    let answer = sweep.oneshot(LambdaEvent::new(event, context)).await;
    serde_json::to_value(answer.expect("infallible")).expect("an answer is JSON")
}

/// Has a `worker` of its own look at a run or a batch once, through another endpoint; gives its answer.
pub async fn work_on(config: &Config, endpoint: &str, subject: Subject) -> Value {
    let worker = eclips_worker::service(&at("worker", config, endpoint))
        .await
        .expect("the sandbox is known");
    let body = match subject {
        Subject::Run(run) => json!({ "run_id": run }).to_string(),
        Subject::Batch(batch) => json!({ "batch_id": batch }).to_string(),
        Subject::News(_) | Subject::Errand(_) => panic!("not for a worker: {subject:?}"),
    };
    let event = json!({ "Records": [{ "messageId": "m", "receiptHandle": "r", "body": body, "attributes": {}, "messageAttributes": {},
        "md5OfBody": "", "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:local:000000000000:eclips-runs", "awsRegion": "local" }] });
    let event = serde_json::from_value(event).expect("an event of SQS");
    let mut context = lambda_runtime::Context::default();
    context.deadline = u64::try_from(Timestamp::now().plus_ms(900_000).ms()).expect("after 1970");
    let answer = worker
        .oneshot(LambdaEvent::new(event, context))
        .await
        .expect("infallible");
    serde_json::to_value(answer).expect("an answer is JSON")
}

/// Hands a `deliver` of its own a message of a queue, through another endpoint; gives its answer.
///
/// # Panics
/// When it has no vault.
pub async fn deliver(config: &Config, endpoint: &str, queue: &str, body: &str) -> Value {
    let deliver = eclips_deliver::service(&at("deliver", config, endpoint))
        .await
        .expect("a vault");
    let source = format!("arn:aws:sqs:local:000000000000:{queue}");
    let event = json!({ "Records": [{ "messageId": "m", "receiptHandle": "r", "body": body, "attributes": {}, "messageAttributes": {},
        "md5OfBody": "", "eventSource": "aws:sqs", "eventSourceARN": source, "awsRegion": "local" }] });
    let event = serde_json::from_value(event).expect("an event of SQS");
    let mut context = lambda_runtime::Context::default();
    context.deadline = u64::try_from(Timestamp::now().plus_ms(60_000).ms()).expect("after 1970");
    let answer = deliver.oneshot(LambdaEvent::new(event, context)).await;
    serde_json::to_value(answer.expect("infallible")).expect("an answer is JSON")
}

/// The tables without our store in between, to write what our store never writes.
pub async fn tables(config: &Config) -> aws_sdk_dynamodb::Client {
    let endpoint = config.dynamodb_endpoint.as_deref().expect("a local endpoint");
    let region = config.region.as_deref().expect("a region");
    aws_sdk_dynamodb::Client::from_conf((&sdk(endpoint, region)).into())
}

/// The sessions of a person, as they are stored.
pub async fn sessions_of(
    tables: &aws_sdk_dynamodb::Client,
    config: &Config,
    email: &str,
) -> Vec<HashMap<String, AttributeValue>> {
    let items = tables
        .scan()
        .table_name(&config.table_main)
        .filter_expression("begins_with(pk, :v) AND email = :email")
        .expression_attribute_values(":v", AttributeValue::S("V#".to_owned()))
        .expression_attribute_values(":email", AttributeValue::S(email.to_owned()))
        .into_paginator()
        .items()
        .send();
    items.collect::<Result<_, _>>().await.expect("the engine is up")
}

/// Moves a time of a person's sessions into the past, as if so long had gone by.
pub async fn age_session(tables: &aws_sdk_dynamodb::Client, config: &Config, email: &str, attribute: &str, by_ms: i64) {
    let sessions = sessions_of(tables, config, email).await;
    assert!(!sessions.is_empty(), "{email} has no session");
    for session in sessions {
        let update = tables
            .update_item()
            .table_name(&config.table_main)
            .key("pk", session["pk"].clone())
            .key("sk", session["sk"].clone())
            .update_expression("SET #time = #time - :ms")
            .expression_attribute_names("#time", attribute)
            .expression_attribute_values(":ms", AttributeValue::N(by_ms.to_string()));
        update.send().await.expect("the engine is up");
    }
}

/// The record of a key, as it is stored.
pub async fn key_item(
    tables: &aws_sdk_dynamodb::Client,
    config: &Config,
    key: KeyId,
) -> HashMap<String, AttributeValue> {
    let items = tables
        .scan()
        .table_name(&config.table_keys)
        .send()
        .await
        .expect("the engine is up")
        .items
        .unwrap_or_default();
    let wanted = AttributeValue::S(key.to_string());
    items
        .into_iter()
        .find(|item| item.get("key_id") == Some(&wanted))
        .expect("the key is stored")
}
