//! One event on its stage: stores in memory, an organization with a key and a run, and the functions' real binaries.

use std::collections::{BTreeMap, HashMap};

use eclips_shared::auth::Scope;
use eclips_shared::ids::{BatchId, DeliveryId, OrgId, RunId, TriageId, WebhookId};
use eclips_shared::plan::Plan;
use eclips_tests::event_file::{self, Filling};
use eclips_tests::function_process::FunctionProcess;
use eclips_tests::openapi::{Answered, DOCUMENT};
use eclips_tests::stores::Stores;
use reqwest::Method;
use serde_json::{Value, json};

/// The stage of one event.
pub struct Scene {
    file: &'static str,
    functions: HashMap<String, FunctionProcess>,
    pub stores: Stores,
    pub key: String,
    /// The key's organization, which `${ECLIPS_ORG_ID}` stands for.
    pub org: OrgId,
    /// The run that `${ECLIPS_RUN_ID}` stands for: live, queued, of the key's organization.
    pub run: RunId,
    /// The item that `${ECLIPS_TRIAGE_ID}` stands for: nobody's, until a test has it made.
    pub triage: TriageId,
    /// The batch that `${ECLIPS_BATCH_ID}` stands for: nobody's, until a test makes one.
    pub batch: BatchId,
    /// The webhook that `${ECLIPS_WEBHOOK_ID}` stands for: nobody's, until a test makes one.
    pub webhook: WebhookId,
    /// The delivery that `${ECLIPS_DELIVERY_ID}` stands for: nobody's, until a test has it made.
    pub delivery: DeliveryId,
}

/// What an API function answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u64,
    /// One value each; a header that was sent twice fails the reading.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Scene {
    /// Sets the stage as `events/README.md` supposes it: a live key with its scopes, on a plan with API access.
    pub async fn set(file: &'static str) -> Self {
        let stores = Stores::open().await;
        let key = somebody(&stores).await;
        let (org, _) = stores.owner(&key).await;
        let mut scene = Self {
            file,
            functions: HashMap::new(),
            stores,
            key,
            org,
            run: RunId::generate(),
            triage: TriageId::generate(),
            batch: BatchId::generate(),
            webhook: WebhookId::generate(),
            delivery: DeliveryId::generate(),
        };
        scene.run = scene.create("runs-create-minimal").await;
        scene
    }

    /// The event with its placeholders filled in.
    pub fn event(&self) -> Value {
        event_file::read_with(self.file, &self.filling())
    }

    /// What the placeholders stand for here.
    pub fn filling(&self) -> Filling {
        Filling {
            key: self.key.clone(),
            org: self.org,
            run: self.run,
            triage: self.triage,
            batch: self.batch,
            webhook: self.webhook,
            delivery: self.delivery,
        }
    }

    /// Hands the event to its function.
    pub async fn play(&mut self) -> Value {
        let event = self.event();
        self.send(event_file::function(self.file), &event).await
    }

    /// Hands the event to its API function.
    pub async fn ask(&mut self) -> Answer {
        Answer::read(&self.play().await)
    }

    /// Hands any event to a function; starts the function at its first one.
    pub async fn send(&mut self, function: &str, event: &Value) -> Value {
        if !self.functions.contains_key(function) {
            let started = FunctionProcess::start(&self.stores.setup(function)).await;
            let started = started.unwrap_or_else(|error| panic!("{function}: {error}"));
            self.functions.insert(function.to_owned(), started);
        }
        let process = self.functions.get_mut(function).expect("it was just started");
        let answer = process
            .invoke(event)
            .await
            .unwrap_or_else(|error| panic!("{function}: {error}"));
        is_described(event, &answer);
        answer
    }

    /// Hands over the event of another file.
    pub async fn play_also(&mut self, file: &str) -> Value {
        let event = event_file::read_with(file, &self.filling());
        self.send(event_file::function(file), &event).await
    }

    /// What a function has logged.
    pub fn log(&self, function: &str) -> String {
        self.functions[function].log().join("\n")
    }

    /// Makes another run, with the event of another file.
    pub async fn create(&mut self, file: &str) -> RunId {
        let event = event_file::read(file, &self.key, self.run);
        let answer = Answer::read(&self.send("runs", &event).await);
        assert_eq!(answer.status, 202, "{}", answer.body);
        answer.run()
    }

    /// A run as `GET /v1/runs/{id}` shows it to a key.
    pub async fn show(&mut self, run: RunId, key: &str) -> Answer {
        let event = event_file::read("runs-show", key, run);
        Answer::read(&self.send("runs", &event).await)
    }

    /// A run as its owner sees it.
    pub async fn shown(&mut self, run: RunId) -> Value {
        let key = self.key.clone();
        let answer = self.show(run, &key).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    /// Somebody else's key, with the same rights in another organization.
    pub async fn stranger(&self) -> String {
        somebody(&self.stores).await
    }
}

/// Makes sure that what an API function answers is what `docs/openapi.json` describes.
fn is_described(event: &Value, answer: &Value) {
    let Some((method, path)) = event_file::request(event) else {
        return;
    };
    let answer = Answer::read(answer);
    let headers: Vec<_> = answer
        .headers
        .iter()
        .map(|(name, value)| (name.to_lowercase(), value.clone()))
        .collect();
    let answered = Answered {
        status: u16::try_from(answer.status).expect("a status"),
        headers: &headers,
        body: &answer.body,
    };
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    if let Err(wrong) = DOCUMENT.describes(&method, path, answered) {
        panic!("docs/openapi.json: {method} {path}: {wrong}\n{}", answer.body);
    }
}

async fn somebody(stores: &Stores) -> String {
    let scopes = [
        Scope::AgentsRun,
        Scope::AgentsRead,
        Scope::TriageRead,
        Scope::TriageWrite,
        Scope::WebhooksRead,
        Scope::WebhooksWrite,
        Scope::BatchRun,
        Scope::BatchRead,
    ];
    stores.key(Plan::Growth, &scopes).await
}

impl Answer {
    /// Reads a proxy response, of payload 1.0 (`multiValueHeaders`) or 2.0 and streamed ones (`headers`).
    pub fn read(response: &Value) -> Self {
        let body = response["body"]
            .as_str()
            .unwrap_or_else(|| panic!("no body: {response}"));
        // The prelude of a streamed answer knows no such member.
        let coded = response.get("isBase64Encoded").unwrap_or(&Value::Bool(false));
        assert_eq!(coded, false, "{response}");
        let many = response["multiValueHeaders"]
            .as_object()
            .filter(|many| !many.is_empty());
        let headers: BTreeMap<String, String> = match many {
            Some(many) => many
                .iter()
                .map(|(name, values)| (name.clone(), only(values).to_owned()))
                .collect(),
            None => {
                let one = response["headers"]
                    .as_object()
                    .unwrap_or_else(|| panic!("no headers: {response}"));
                one.iter()
                    .map(|(name, value)| (name.clone(), value.as_str().expect("a text").to_owned()))
                    .collect()
            }
        };
        Self {
            status: response["statusCode"].as_u64().expect("a status"),
            headers,
            body: body.to_owned(),
        }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    /// The run that a 202 names.
    pub fn run(&self) -> RunId {
        let answer = self.json();
        answer["run_id"]
            .as_str()
            .and_then(RunId::parse)
            .unwrap_or_else(|| panic!("no run id: {answer}"))
    }

    /// Compares all headers: those of every response, and the given ones; `RateLimit` has been taken out before.
    pub fn has_headers(&self, request_id: &str, others: &[(&str, &str)]) {
        let always = [
            ("cache-control", "no-store"),
            ("content-type", "application/json; charset=utf-8"),
            ("x-content-type-options", "nosniff"),
            ("x-request-id", request_id),
        ];
        let expected: BTreeMap<String, String> = always
            .iter()
            .chain(others)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        assert_eq!(self.headers, expected);
    }

    /// Takes `RateLimit` and `RateLimit-Policy` out and compares them: requests left in the minute and in the day.
    pub fn take_rate_limit(&mut self, class: &str, per_minute: u64, minute_left: u64, day_left: u64) {
        let policy = self.headers.remove("ratelimit-policy");
        assert_eq!(
            policy,
            Some(format!(r#""{class}";q={per_minute};w=60, "daily";q=200000;w=86400"#))
        );
        let limit = self.headers.remove("ratelimit").expect("a metered answer");
        let (left, until_s) = limit.rsplit_once('=').expect("it ends with the seconds of the day");
        assert_eq!(
            left,
            format!(r#""{class}";r={minute_left};t=60, "daily";r={day_left};t"#)
        );
        assert!(
            (0..=86_400).contains(&until_s.parse::<u64>().expect("whole seconds")),
            "{limit}"
        );
    }
}

/// The id under which the gateway knows the request.
pub fn request_id(event: &Value) -> String {
    event["requestContext"]["requestId"]
        .as_str()
        .expect("a request id")
        .to_owned()
}

/// The answer of a function that reports failures, when there is none.
pub fn nothing_failed() -> Value {
    json!({ "batchItemFailures": [] })
}

fn only(values: &Value) -> &str {
    match values.as_array().map(Vec::as_slice) {
        Some([value]) => value.as_str().expect("a text"),
        _ => panic!("not one value: {values}"),
    }
}
