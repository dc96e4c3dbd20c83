//! `cargo dev` under load: its optimised binary over a folder of its own, asked over loopback by this process on the same machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use eclips_shared::auth::{Mode, PlainKey, Scope};
use eclips_shared::config::Config;
use eclips_shared::ids::{KeyId, OrgId};
use eclips_shared::store::{Actor, NewKey, Override, Store};
use eclips_tests::process::Dev;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::report::{Goal, Section, Verdict};
use crate::sample::Sample;
use crate::scene::{PLENTY, TASK};
use crate::{Pace, say};

/// Who makes and revokes keys here.
const BENCH: Actor = Actor::Tool("bench");
/// Clients that ask at once.
const CLIENTS: usize = 16;
/// Clients that ask with a key while it is revoked.
const HAMMERS: usize = 4;
/// How long all runs together may take before nobody waits any longer.
const PATIENCE: Duration = Duration::from_secs(1_200);

/// How much is done.
struct Amount {
    reads: Duration,
    runs: usize,
    revocations: usize,
}

/// A running system and whoever asks it.
struct System {
    dev: Dev,
    http: Client,
    store: Store,
    key: String,
    org: OrgId,
}

/// What came of many requests.
struct Load {
    took: Sample,
    /// Seconds from the first to the last.
    seconds: f64,
    refused: usize,
}

/// Measures reads, creates, the runs' way to their end, and revocations.
pub async fn measure(pace: Pace) -> Result<Section> {
    let amount = match pace {
        Pace::Full => Amount {
            reads: Duration::from_secs(10),
            runs: 10_000,
            revocations: 50,
        },
        Pace::Quick => Amount {
            reads: Duration::from_secs(1),
            runs: 50,
            revocations: 3,
        },
    };
    let folder = tempfile::tempdir().context("no room in the temporary folder")?;
    let system = System::start(folder.path()).await?;
    let began = Instant::now();
    let mut section = Section::default();
    section.words(format!(
        "`eclips-local`, optimised, over a folder on disk (`--data`, in the system's temporary folder), its log at `warn`; {CLIENTS} clients in one process ask it over loopback, on the same processors. \
         Times in ms."
    ));
    let run = system.create().await?;
    say(began, "load: reads");
    let path = format!("/v1/runs/{run}");
    let reads = system.many(&Ask::get(&path), Stop::After(amount.reads)).await?;
    let list = system.many(&Ask::get("/v1/runs"), Stop::After(amount.reads)).await?;
    say(began, &format!("load: {} runs", amount.runs));
    let before = system.over().await?;
    let from = Instant::now();
    let creates = system.many(&Ask::create(), Stop::Count(amount.runs)).await?;
    let done = system
        .wait(before + amount.runs as u64, began)
        .await?
        .then(|| from.elapsed());
    let rows = [
        ("`GET /v1/runs/{id}`", &reads),
        ("`GET /v1/runs`", &list),
        ("`POST /v1/run`, workers beside", &creates),
    ];
    section.table(
        &["Request", "a second", "p50", "p99", "how many", "refused"],
        rows.iter().map(|(what, load)| load.row(what)).collect(),
    );
    section.words(match done {
        Some(done) => format!(
            "{} runs, from the first `POST` until the last is over and counted: {:.1} s, {:.0} a second. Each is accepted, sent to a queue, worked on by the sandbox, told and counted.",
            amount.runs,
            done.as_secs_f64(),
            amount.runs as f64 / done.as_secs_f64()
        ),
        None => format!("{} runs were not over after {} s.", amount.runs, PATIENCE.as_secs()),
    });
    say(began, "load: revocations");
    let revoked = system.revocations(amount.revocations).await?;
    section.words(format!(
        "A revocation, {} times, while {HAMMERS} clients ask with the key one request after the other: from its return to the first 401 {:.2} ms in the median, {:.2} ms at worst, which is one request's time. Of {} requests that \
         began after it had returned, {} were accepted.",
        revoked.until_refused.len(),
        revoked.until_refused.median(),
        revoked.until_refused.max(),
        revoked.asked_after,
        revoked.accepted_after,
    ));
    section.goals(vec![
        Goal {
            what: "no request that begins after a revocation has returned is accepted".into(),
            measured: format!("{} of {}", revoked.accepted_after, revoked.asked_after),
            verdict: Verdict::of(revoked.accepted_after == 0),
        },
        Goal {
            what: format!("all of {} runs come to their end", amount.runs),
            measured: done.map_or_else(|| "not in time".into(), |done| format!("{:.1} s", done.as_secs_f64())),
            verdict: Verdict::of(done.is_some()),
        },
    ]);
    Ok(section)
}

/// What is asked again and again.
struct Ask {
    method: Method,
    path: String,
    body: Option<Value>,
}

impl Ask {
    fn get(path: &str) -> Self {
        Self {
            method: Method::GET,
            path: path.to_owned(),
            body: None,
        }
    }

    fn create() -> Self {
        Self {
            method: Method::POST,
            path: "/v1/run".to_owned(),
            body: Some(json!({ "task": TASK })),
        }
    }
}

/// When it is enough.
#[derive(Clone, Copy)]
enum Stop {
    After(Duration),
    Count(usize),
}

/// What came of revoking keys.
struct Revoked {
    /// From the return of a revocation to the first 401, in ms.
    until_refused: Sample,
    asked_after: usize,
    accepted_after: usize,
}

impl Load {
    fn row(&self, what: &str) -> Vec<String> {
        vec![
            what.to_owned(),
            format!("{:.0}", self.took.len() as f64 / self.seconds),
            format!("{:.2}", self.took.median()),
            format!("{:.2}", self.took.percentile(99.0)),
            self.took.len().to_string(),
            self.refused.to_string(),
        ]
    }
}

impl System {
    async fn start(folder: &std::path::Path) -> Result<Self> {
        let dev = Dev::logging(folder, "warn");
        let of = |name: &str| dev.settings.get(name).cloned();
        let config = Config {
            table_main: of("ECLIPS_TABLE_MAIN").context("dev.env names the tables")?,
            table_keys: of("ECLIPS_TABLE_KEYS").context("dev.env names the tables")?,
            region: of("AWS_REGION"),
            dynamodb_endpoint: of("AWS_ENDPOINT_URL_DYNAMODB"),
            ..Config::default()
        };
        let store = Store::open(&config);
        let key = of("ECLIPS_API_KEY").context("dev.env has a key")?;
        let hash = PlainKey::parse(key.as_bytes()).context("a key")?.hash();
        let org = store.keys().find(&hash).await?.context("the key is there")?.org;
        for number in [
            Override::StrictPerMinute,
            Override::StandardPerMinute,
            Override::RequestsPerDay,
            Override::CreditsPerMonth,
        ] {
            store.orgs().set_override(org, number, PLENTY).await?;
        }
        let http = Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(CLIENTS)
            .timeout(Duration::from_secs(30))
            .build()?;
        Ok(Self {
            dev,
            http,
            store,
            key,
            org,
        })
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.dev.settings["ECLIPS_BASE_URL"])
    }

    async fn create(&self) -> Result<String> {
        let body = json!({ "task": TASK });
        let request = self.http.post(self.url("/v1/run")).bearer_auth(&self.key).json(&body);
        let answer: Value = request.send().await?.error_for_status()?.json().await?;
        Ok(answer["run_id"].as_str().context("a 202 names the run")?.to_owned())
    }

    /// Asks with many clients, each one request after the other, until it is enough.
    async fn many(&self, ask: &Ask, stop: Stop) -> Result<Load> {
        let (began, asked) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            let (http, url, key, asked) = (self.http.clone(), self.url(&ask.path), self.key.clone(), asked.clone());
            let (method, body) = (ask.method.clone(), ask.body.clone());
            clients.spawn(async move {
                let (mut took, mut refused) = (Vec::new(), 0);
                loop {
                    let number = asked.fetch_add(1, Ordering::Relaxed);
                    match stop {
                        Stop::After(time) if began.elapsed() >= time => break,
                        Stop::Count(count) if number >= count => break,
                        _ => {}
                    }
                    let mut request = http.request(method.clone(), &url).bearer_auth(&key);
                    if let Some(body) = &body {
                        request = request.json(body);
                    }
                    let sent = Instant::now();
                    let answer = request.send().await?;
                    refused += usize::from(!answer.status().is_success());
                    answer.bytes().await?;
                    took.push(sent.elapsed().as_secs_f64() * 1_000.0);
                }
                Ok::<_, reqwest::Error>((took, refused))
            });
        }
        let (mut took, mut refused) = (Vec::new(), 0);
        while let Some(client) = clients.join_next().await {
            let (some, of_them) = client??;
            took.extend(some);
            refused += of_them;
        }
        Ok(Load {
            took: Sample::of(took),
            seconds: began.elapsed().as_secs_f64(),
            refused,
        })
    }

    /// How many runs are over, by the totals.
    async fn over(&self) -> Result<u64> {
        let mut sum = 0;
        for status in ["completed", "failed", "pending_triage"] {
            let url = self.url(&format!("/v1/runs?limit=1&status={status}"));
            let request = self.http.get(url).bearer_auth(&self.key);
            let page: Value = request.send().await?.error_for_status()?.json().await?;
            sum += page["total"].as_u64().context("a list has a total")?;
        }
        Ok(sum)
    }

    /// Waits until so many runs are over; says whether they are.
    async fn wait(&self, wanted: u64, began: Instant) -> Result<bool> {
        let (from, mut told) = (Instant::now(), Instant::now());
        while from.elapsed() < PATIENCE {
            let over = self.over().await?;
            if over >= wanted {
                return Ok(true);
            }
            if told.elapsed() > Duration::from_secs(10) {
                say(began, &format!("load: {} runs to go", wanted - over));
                told = Instant::now();
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Ok(false)
    }

    async fn mint(&self) -> Result<(String, KeyId)> {
        let new = NewKey {
            name: "bench".into(),
            mode: Mode::Live,
            scopes: [Scope::AgentsRead].into_iter().collect(),
            expires_at: None,
        };
        let (key, made) = self.store.keys().mint(self.org, new, &BENCH, None).await?;
        Ok((key.reveal().to_owned(), made.key_id))
    }

    /// Revokes keys while they are used.
    async fn revocations(&self, count: usize) -> Result<Revoked> {
        let (mut until_refused, mut asked_after, mut accepted_after) = (Vec::new(), 0, 0);
        for _ in 0..count {
            let (key, id) = self.mint().await?;
            let mut clients = JoinSet::new();
            for _ in 0..HAMMERS {
                let (http, url, key) = (self.http.clone(), self.url("/v1/runs?limit=1"), key.clone());
                clients.spawn(async move {
                    let mut seen = Vec::new();
                    while seen.len() < 10_000 {
                        let began = Instant::now();
                        let status = http.get(&url).bearer_auth(&key).send().await?.status();
                        seen.push((began, Instant::now(), status));
                        if status == 401 {
                            break;
                        }
                    }
                    Ok::<_, reqwest::Error>(seen)
                });
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            self.store.keys().revoke(self.org, id, &BENCH).await?;
            let returned = Instant::now();
            let mut seen = Vec::new();
            while let Some(client) = clients.join_next().await {
                seen.extend(client??);
            }
            ensure!(
                seen.iter()
                    .any(|(_, ended, status)| *status == 200 && *ended < returned),
                "the key was good before"
            );
            let refused = seen.iter().filter(|(_, _, status)| *status == 401);
            let first = refused
                .map(|(_, ended, _)| ended.saturating_duration_since(returned))
                .min();
            until_refused.push(first.context("nobody was refused")?.as_secs_f64() * 1_000.0);
            let after: Vec<_> = seen.iter().filter(|(began, _, _)| *began >= returned).collect();
            asked_after += after.len();
            accepted_after += after.iter().filter(|(_, _, status)| *status == 200).count();
        }
        Ok(Revoked {
            until_refused: Sample::of(until_refused),
            asked_after,
            accepted_after,
        })
    }
}
