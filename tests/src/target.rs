//! Whom the contract tests call: the system at `ECLIPS_BASE_URL`, or one of this process, in memory.
//!
//! Over HTTP alone, and with the patience that a deployed system needs: its limits are other callers' too, its lists and
//! totals lag by seconds, its gateway renames a header. Never looks into a store, and never into the folder of `cargo dev`.

use std::io::Write as _;
use std::sync::{OnceLock, mpsc};
use std::time::{Duration, Instant};

use eclips_shared::auth::{Mode, Scope};
use eclips_shared::plan::Plan;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::settings::setting;
use crate::world::{PATIENCE, Reply, World, client, reply};
use crate::{openapi, unrest};

/// The first wait between two looks, and the longest; each is half as long again as the one before.
const PACE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// How often the rate limit may refuse a request: those that wait for the same moment meet again then.
const REFUSALS_MAX: usize = 3;

/// The system under test, as one test sees it: connections are its own, the system is everybody's.
pub struct Target {
    http: reqwest::Client,
    place: &'static Place,
}

/// Where the system is, and who may call it.
struct Place {
    base_url: String,
    live: String,
    test: String,
    scopeless: Option<String>,
    stranger: Option<String>,
}

impl Target {
    /// Finds it: `ECLIPS_BASE_URL` with `ECLIPS_API_KEY` and `ECLIPS_TEST_KEY`, as `cargo dev` writes them to its `dev.env`;
    /// without the first, a system in memory that all tests of this process share. `ECLIPS_UNREST=1` puts that one behind a
    /// store that refuses and lags: see [`crate::unrest`].
    ///
    /// Both keys are one organization's, on plan `growth` or above, and have every scope. Optional are
    /// `ECLIPS_SCOPELESS_KEY`, a key without scopes, and `ECLIPS_STRANGER_KEY`, another organization's with every scope.
    ///
    /// # Panics
    /// When the address is set and a key is not.
    #[must_use]
    pub fn find() -> Self {
        static PLACE: OnceLock<Place> = OnceLock::new();
        let place = PLACE.get_or_init(|| match setting("ECLIPS_BASE_URL") {
            Some(base_url) => Place {
                base_url: base_url.trim_end_matches('/').to_owned(),
                live: setting("ECLIPS_API_KEY").expect("ECLIPS_BASE_URL needs ECLIPS_API_KEY, a live key"),
                test: setting("ECLIPS_TEST_KEY").expect("ECLIPS_BASE_URL needs ECLIPS_TEST_KEY, a test key"),
                scopeless: setting("ECLIPS_SCOPELESS_KEY"),
                stranger: setting("ECLIPS_STRANGER_KEY"),
            },
            None => in_memory(),
        });
        Self { http: client(), place }
    }

    /// The organization's live key.
    #[must_use]
    pub fn live(&self) -> &str {
        &self.place.live
    }

    /// Its test key: what it makes costs nothing and is the sandbox model's everywhere.
    #[must_use]
    pub fn test(&self) -> &str {
        &self.place.test
    }

    /// A key without scopes; where there is none, says that what needs it is left out.
    #[must_use]
    pub fn scopeless(&self) -> Option<&str> {
        or_say(
            &self.place.scopeless,
            "ECLIPS_SCOPELESS_KEY",
            "what a key without scopes hears",
        )
    }

    /// A key of another organization; where there is none, says that what needs it is left out.
    #[must_use]
    pub fn stranger(&self) -> Option<&str> {
        or_say(
            &self.place.stranger,
            "ECLIPS_STRANGER_KEY",
            "what another organization sees",
        )
    }

    /// Whether the system can stream; an emulator that cannot is told by `ECLIPS_WITHOUT_STREAM=1`, and it is said.
    #[must_use]
    pub fn streams(&self) -> bool {
        let left_out = setting("ECLIPS_WITHOUT_STREAM").is_some_and(|word| word == "1");
        if left_out {
            say_left_out("what a stream shows", "by ECLIPS_WITHOUT_STREAM");
        }
        !left_out
    }

    /// A request to be sent, without a key.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.place.base_url))
    }

    /// Sends a request; one that the rate limit refuses is sent again, when the refusal says that it can pass.
    ///
    /// # Panics
    /// When that is later than a test can wait for, or when others were faster each time.
    pub async fn answer(&self, request: RequestBuilder) -> Reply {
        for _ in 0..REFUSALS_MAX {
            let got = reply(request.try_clone().expect("its body is in memory")).await;
            self.is_described(&request, &got);
            if got.status != StatusCode::TOO_MANY_REQUESTS {
                return got;
            }
            let after = got.header("retry-after");
            let wait = Duration::from_secs(after.parse().expect("a 429 says when, in whole seconds"));
            assert!(wait <= PATIENCE, "{}: Retry-After: {after}", got.text);
            tokio::time::sleep(wait).await;
        }
        panic!("refused {REFUSALS_MAX} times by the rate limit; the plan should be growth or above");
    }

    /// Makes sure that an answer is one that `docs/openapi.json` describes.
    fn is_described(&self, request: &RequestBuilder, got: &Reply) {
        let request = request.try_clone().expect("its body is in memory");
        let request = request.build().expect("it was sent");
        let url = request.url().as_str();
        let path = url.strip_prefix(&self.place.base_url).unwrap_or(url);
        let path = path.split('?').next().unwrap_or_default();
        if let Err(wrong) = openapi::DOCUMENT.describes(request.method(), path, got.answered(&got.all_headers())) {
            panic!("docs/openapi.json: {} {path}: {wrong}\n{}", request.method(), got.text);
        }
    }

    /// Gets a path with a key.
    pub async fn get(&self, path: &str, key: &str) -> Reply {
        self.answer(self.request(Method::GET, path).bearer_auth(key)).await
    }

    /// Posts JSON to a path with a key.
    pub async fn post(&self, path: &str, key: &str, body: &Value) -> Reply {
        let request = self.request(Method::POST, path).bearer_auth(key);
        self.answer(request.json(body)).await
    }

    /// Cancels a run.
    pub async fn cancel(&self, run: &str, key: &str) -> Reply {
        let request = self.request(Method::POST, &format!("/v1/runs/{run}/cancel"));
        self.answer(request.bearer_auth(key)).await
    }

    /// Starts a run with the test key; it must be accepted. Gives its id.
    pub async fn run(&self, body: &Value) -> String {
        let accepted = self.post("/v1/run", self.test(), body).await;
        assert_eq!(accepted.status, StatusCode::ACCEPTED, "{}", accepted.text);
        accepted.json()["run_id"].as_str().expect("a run id").to_owned()
    }

    /// Starts a run with the test key that the sandbox is to treat in some way.
    pub async fn sandbox_run(&self, directives: Value) -> String {
        self.run(&json!({ "task": "Contract test", "data": { "sandbox": directives } }))
            .await
    }

    /// The run as its owner sees it, with the test key.
    pub async fn show(&self, run: &str) -> Value {
        let shown = self.get(&format!("/v1/runs/{run}"), self.test()).await;
        assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
        shown.json()
    }

    /// Starts a run with the test key, of a priority, that a person has to decide on; gives the run and its triage item.
    pub async fn waiting(&self, priority: &str) -> (String, String) {
        let body = json!({
            "task": "Contract test", "priority": priority, "data": { "sandbox": { "confidence": 0.4 } },
        });
        let run = self.run(&body).await;
        let settled = self.settled(&run).await;
        let triage = settled["triage_item_id"].as_str();
        (
            run,
            triage
                .unwrap_or_else(|| panic!("it does not wait: {settled}"))
                .to_owned(),
        )
    }

    /// A triage item as its owner sees it, with the test key.
    pub async fn triage_item(&self, triage: &str) -> Value {
        let shown = self.get(&format!("/v1/triage/{triage}"), self.test()).await;
        assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
        shown.json()
    }

    /// Waits until a run of the test key has left `queued` and `running`, and gives it.
    pub async fn settled(&self, run: &str) -> Value {
        until("the run is neither queued nor running", async || {
            let shown = self.show(run).await;
            (!matches!(shown["status"].as_str(), Some("queued" | "running"))).then_some(shown)
        })
        .await
    }
}

/// Looks again and again until there is something to see, for as long as [`PATIENCE`].
///
/// # Panics
/// When there is nothing by then.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    let (mut pause, longest) = PACE;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}");
        tokio::time::sleep(pause).await;
        pause = (pause * 3 / 2).min(longest);
    }
}

/// The challenge of a refusal, under the name that the gateway in front gave it. *Source*: contract §1.
#[must_use]
pub fn challenge(got: &Reply) -> &str {
    match got.header("www-authenticate") {
        "" => got.header("x-amzn-remapped-www-authenticate"),
        plain => plain,
    }
}

/// Says that a test, or a part of one, is left out; past the harness, which keeps what a passing test prints to itself.
fn say_left_out(what: &str, why: &str) {
    // The harness names a test's thread after the test.
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    // Nobody listening is no reason to fail.
    let _ = writeln!(std::io::stderr(), "{test}: left out, {why}: {what}");
}

fn or_say<'a>(key: &'a Option<String>, name: &str, what: &str) -> Option<&'a str> {
    if key.is_none() {
        say_left_out(what, &format!("for want of {name}"));
    }
    key.as_deref()
}

/// Starts a system on a thread of its own, where it lives as long as this process: a test's runtime ends with its test.
fn in_memory() -> Place {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        runtime.expect("threads can be started").block_on(async move {
            let world = if setting("ECLIPS_UNREST").is_some_and(|word| word == "1") {
                World::behind(unrest::front()).await
            } else {
                World::start().await
            };
            let (org, other) = (world.org(Plan::Growth).await, world.org(Plan::Growth).await);
            let place = Place {
                base_url: world.base_url().to_owned(),
                live: world.person(org, Mode::Live, &Scope::ALL, None).await.key,
                test: world.person(org, Mode::Test, &Scope::ALL, None).await.key,
                scopeless: Some(world.person(org, Mode::Live, &[], None).await.key),
                stranger: Some(world.person(other, Mode::Test, &Scope::ALL, None).await.key),
            };
            tell.send(place).expect("somebody waits for it");
            std::future::pending::<()>().await;
        });
    });
    told.recv().expect("the system starts")
}
