//! A whole local system in this process, in memory, and the people who call it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eclips_local::{Front, Local, Options};
use eclips_shared::auth::{Mode, PlainKey, Scope};
use eclips_shared::config::Config;
use eclips_shared::ids::{KeyId, OrgId, RunId};
use eclips_shared::plan::Plan;
use eclips_shared::store::{Actor, NewKey, Store};
use eclips_shared::time::Timestamp;
use futures_util::FutureExt as _;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;

use crate::batches;
use crate::openapi::Answered;
use crate::roles::Roles;

/// How long anything asynchronous may take before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Who makes keys and members in the tests' name.
pub const OPERATOR: Actor = Actor::Tool("tests");
/// What everybody signs in to the dashboard with.
pub const PASSWORD: &str = "open sesame";

/// The system under test.
pub struct World {
    local: Local,
    /// The store, for what administrators do.
    pub store: Store,
    /// The roles of its functions, in a system that was started here.
    pub roles: Roles,
    http: reqwest::Client,
}

/// Somebody with a key.
#[derive(Clone)]
pub struct Person {
    /// The key as it is sent.
    pub key: String,
    /// Its id.
    pub key_id: KeyId,
    /// The organization that it stands for.
    pub org: OrgId,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body's bytes as text.
    pub text: String,
}

impl Reply {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    /// A header's one value, or the empty string.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("headers are ASCII"))
    }

    /// Every header, its name in lower case.
    pub fn all_headers(&self) -> Vec<(String, String)> {
        let headers = self.headers.iter();
        headers
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect()
    }

    /// The same as `docs/openapi.json` speaks of it, with its headers.
    pub fn answered<'a>(&'a self, headers: &'a [(String, String)]) -> Answered<'a> {
        Answered {
            status: self.status.as_u16(),
            headers,
            body: &self.text,
        }
    }

    /// Status and body at once, for one assertion.
    pub fn pair(&self) -> (u16, &str) {
        (self.status.as_u16(), &self.text)
    }
}

impl World {
    /// Starts a system in memory on any port.
    pub async fn start() -> Self {
        Self::with(Options::default()).await
    }

    /// Starts one whose functions, and whose [`World::store`], reach the engine through somebody else as well.
    pub async fn behind(front: Front) -> Self {
        Self::with(Options {
            front: Some(front),
            ..Options::default()
        })
        .await
    }

    /// Starts one whose live runs are answered by these models, cheapest tier first.
    pub async fn answered_by(models: [String; 3]) -> Self {
        Self::with(Options {
            models,
            ..Options::default()
        })
        .await
    }

    /// Starts one whose functions have their roles, and nothing more.
    async fn with(options: Options) -> Self {
        let roles = Roles::default();
        let (inner, outer) = (roles.front(), options.front);
        let front: Front = Arc::new(move |function, config| match &outer {
            None => inner(function, config),
            Some(outer) => {
                let (inner, config) = (Arc::clone(&inner), outer(function, config));
                async move { inner(function, config.await).await }.boxed()
            }
        });
        let options = Options {
            password: PASSWORD.to_owned(),
            front: Some(front),
            ..options
        };
        let local = Local::start(options).await.expect("the system starts");
        Self {
            roles,
            ..Self::over(local).await
        }
    }

    /// Looks at a system that runs already.
    pub async fn over(local: Local) -> Self {
        let store = Store::open(local.config());
        Self {
            local,
            store,
            roles: Roles::default(),
            http: client(),
        }
    }

    /// The settings of its functions.
    pub fn config(&self) -> &Config {
        self.local.config()
    }

    /// Where it listens.
    pub fn base_url(&self) -> &str {
        self.local.base_url()
    }

    /// Makes an organization.
    pub async fn org(&self, plan: Plan) -> OrgId {
        self.store
            .orgs()
            .create("Test organization", plan)
            .await
            .expect("the store is up")
    }

    /// Somebody of an organization, with scopes, in a mode, until an end.
    pub async fn person(&self, org: OrgId, mode: Mode, scopes: &[Scope], expires_at: Option<Timestamp>) -> Person {
        let new = NewKey {
            name: "test".into(),
            mode,
            scopes: scopes.iter().copied().collect(),
            expires_at,
        };
        let (plain, summary) = self
            .store
            .keys()
            .mint(org, new, &OPERATOR, None)
            .await
            .expect("the store is up");
        Person {
            key: plain.reveal().to_owned(),
            key_id: summary.key_id,
            org,
        }
    }

    /// Somebody of a new organization on plan `growth`, with a live key that never ends.
    pub async fn key_with(&self, scopes: &[Scope]) -> Person {
        self.person(self.org(Plan::Growth).await, Mode::Live, scopes, None)
            .await
    }

    /// Somebody of a new organization with every scope.
    pub async fn somebody(&self) -> Person {
        self.key_with(&Scope::ALL).await
    }

    /// A request to be sent, without a key.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base_url()))
    }

    /// Sends a request with a person's key, and a JSON body where there is one.
    pub async fn send(&self, method: Method, path: &str, person: &Person, body: Option<Value>) -> Reply {
        let mut request = self.request(method, path).bearer_auth(&person.key);
        if let Some(body) = body {
            request = request.json(&body);
        }
        reply(request).await
    }

    /// Gets a path with a person's key.
    pub async fn get(&self, path: &str, person: &Person) -> Reply {
        self.send(Method::GET, path, person, None).await
    }

    /// Starts a run; it must be accepted.
    pub async fn run(&self, person: &Person, body: Value) -> RunId {
        let accepted = self.send(Method::POST, "/v1/run", person, Some(body)).await;
        assert_eq!(accepted.status, StatusCode::ACCEPTED, "{}", accepted.text);
        RunId::parse(accepted.json()["run_id"].as_str().expect("a run id")).expect("a run id")
    }

    /// Waits until a run has left `queued` and `running`, and gives it.
    pub async fn settled(&self, person: &Person, run: RunId) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let shown = self.get(&format!("/v1/runs/{run}"), person).await;
            assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
            let run = shown.json();
            if !matches!(run["status"].as_str(), Some("queued" | "running")) {
                return run;
            }
            assert!(Instant::now() < deadline, "still {}", run["status"]);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Makes a batch of tasks of an agent; gives its id.
    pub async fn batch(&self, person: &Person, body: Value) -> String {
        let made = self.send(Method::POST, "/v1/batches", person, Some(body)).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        made.json()["job"]["id"].as_str().expect("an id").to_owned()
    }

    /// Waits until a batch is over, and gives it with its rows; its counts are looked at each time.
    pub async fn batch_ended(&self, person: &Person, batch: &str) -> Value {
        let deadline = Instant::now() + 3 * PATIENCE;
        loop {
            let shown = self.get(&format!("/v1/batches/{batch}"), person).await;
            assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
            let batch = shown.json();
            batches::adds_up(&batch);
            if !batch["job"]["completed_at"].is_null() {
                return batch;
            }
            assert!(Instant::now() < deadline, "still {}", batch["job"]);
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Stops it and waits until everything is closed.
    pub async fn stop(self) {
        self.local.stop().await;
    }
}

/// An HTTP client that waits no longer than a test would.
pub fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .timeout(PATIENCE)
        .no_proxy()
        .build()
        .expect("a client needs nothing")
}

/// Sends a request and reads the answer whole.
pub async fn reply(request: RequestBuilder) -> Reply {
    let response = request.send().await.expect("the gateway answers");
    let (status, headers) = (response.status(), response.headers().clone());
    Reply {
        status,
        headers,
        text: response.text().await.expect("the body arrives"),
    }
}

/// A key of the right form that no store knows.
pub fn unknown_key(mode: Mode) -> String {
    PlainKey::mint(mode).expect("there is randomness").reveal().to_owned()
}

/// A key whose checksum is wrong, and nothing else.
pub fn wrong_checksum() -> String {
    let mut key = unknown_key(Mode::Live);
    let last = key.pop().expect("a key has 39 characters");
    key.push(if last == '0' { '1' } else { '0' });
    key
}
