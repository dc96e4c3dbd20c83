//! The authorization grid: every route × every scope × every kind of wrong key, from `authorization-grid.txt`.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use eclips_shared::auth::{Mode, Scope};
use eclips_shared::ids::RunId;
use eclips_shared::plan::Plan;
use eclips_shared::routes::{Access, Function, Operation, ROUTES, Route};
use eclips_shared::time::Timestamp;
use eclips_tests::receiver::Receiver;
use eclips_tests::world::{OPERATOR, PATIENCE, Person, Reply, World, reply, unknown_key, wrong_checksum};
use reqwest::Method;
use serde_json::{Value, json};

const GRID: &str = include_str!("../../authorization-grid.txt");

/// The people of the grid.
struct Cast {
    world: World,
    owner: Person,
    run: RunId,
    /// A triage item of the owner's that was withdrawn, so that nobody can decide it.
    triage: String,
    /// A batch of the owner's that has ended.
    batch: String,
    /// A webhook of the owner's, and another one that is there to be deleted.
    webhook: String,
    doomed: String,
    /// A delivery to the first.
    delivery: String,
    receiver: Receiver,
}

impl Cast {
    async fn gather() -> Self {
        let world = World::start().await;
        let (owner, receiver) = (world.somebody().await, Receiver::start().await);
        let webhook = told_of(&world, &owner, &receiver).await;
        let doomed = told_of(&world, &owner, &receiver).await;
        let run = world.run(&owner, json!({ "task": "Something of the owner's" })).await;
        world.settled(&owner, run).await;
        let triage = withdrawn(&world, &owner).await;
        let batch = cancelled(&world, &owner).await;
        let delivery = delivered(&world, &owner, &webhook).await;
        Self {
            world,
            owner,
            run,
            triage,
            batch,
            webhook,
            doomed,
            delivery,
            receiver,
        }
    }

    async fn call(&self, route: &Route, key: Option<&str>) -> Reply {
        let id = match route.function {
            Function::Triage => self.triage.clone(),
            Function::Batches => self.batch.clone(),
            Function::Webhooks if route.operation == Operation::WebhookDelete => self.doomed.clone(),
            Function::Webhooks => self.webhook.clone(),
            _ => self.run.to_string(),
        };
        let path = route.path.replace("{id}", &id).replace("{delivery_id}", &self.delivery);
        let mut request = self.world.request(route.method.clone(), &path);
        if let Some(key) = key {
            request = request.bearer_auth(key);
        }
        match route.operation {
            Operation::RunCreate => request = request.json(&json!({ "task": "x" })),
            Operation::BatchCreate => {
                request = request.json(&json!({ "agent_type": "center", "rows": [{ "task": "x" }] }));
            }
            Operation::WebhookCreate => request = request.json(&wanted(&self.receiver)),
            _ => {}
        }
        reply(request).await
    }

    /// The keys that a caller of the grid may hold: one, or one for each scope that is not the route's.
    async fn keys(&self, caller: &str, scope: Option<Scope>) -> Vec<Option<String>> {
        let (world, org) = (&self.world, self.owner.org);
        let of = async |mode, scopes: &[Scope], end| Some(world.person(org, mode, scopes, end).await.key);
        match caller {
            "anyone" => vec![None, Some("not-a-key".into()), Some(self.owner.key.clone())],
            "no-key" => vec![None],
            "malformed-key" => vec![Some("eck_live_short".into()), Some("x".repeat(39)), Some(String::new())],
            "wrong-checksum" => vec![Some(wrong_checksum())],
            "unknown-key" => vec![Some(unknown_key(Mode::Live)), Some(unknown_key(Mode::Test))],
            "revoked-key" => {
                let person = world.person(org, Mode::Live, &Scope::ALL, None).await;
                world.store.keys().revoke(org, person.key_id, &OPERATOR).await.unwrap();
                vec![Some(person.key)]
            }
            "expired-key" => {
                let now = Timestamp::now();
                vec![
                    of(Mode::Live, &Scope::ALL, Some(now)).await,
                    of(Mode::Live, &Scope::ALL, Some(now.plus_ms(-1))).await,
                ]
            }
            "no-scope" => vec![of(Mode::Live, &[], None).await],
            "other-scope" => {
                let mut keys = Vec::new();
                for other in Scope::ALL.into_iter().filter(|other| Some(*other) != scope) {
                    keys.push(of(Mode::Live, &[other], None).await);
                }
                let others: Vec<Scope> = Scope::ALL.into_iter().filter(|other| Some(*other) != scope).collect();
                keys.push(of(Mode::Live, &others, None).await);
                keys
            }
            "other-org" => vec![Some(
                world
                    .person(world.org(Plan::Growth).await, Mode::Live, &Scope::ALL, None)
                    .await
                    .key,
            )],
            "other-mode" => vec![of(Mode::Test, &Scope::ALL, None).await],
            word => vec![of(Mode::Live, &[Scope::parse(word).expect("a caller of the grid")], None).await],
        }
    }
}

/// Has a run wait for a person, and cancels it; gives its triage item.
async fn withdrawn(world: &World, owner: &Person) -> String {
    let body = json!({ "task": "Something doubtful", "data": { "sandbox": { "confidence": 0.4 } } });
    let run = world.run(owner, body).await;
    let waiting = world.settled(owner, run).await;
    let cancel = format!("/v1/runs/{run}/cancel");
    assert_eq!(world.send(Method::POST, &cancel, owner, None).await.status, 200);
    waiting["triage_item_id"].as_str().expect("it waits").to_owned()
}

/// Makes a batch and cancels it; gives its id.
async fn cancelled(world: &World, owner: &Person) -> String {
    let body = json!({ "agent_type": "center", "rows": [{ "task": "Something of the owner's" }] });
    let made = world.send(Method::POST, "/v1/batches", owner, Some(body)).await;
    let id = made.json()["job"]["id"].as_str().expect("it is made").to_owned();
    let cancel = format!("/v1/batches/{id}/cancel");
    assert_eq!(world.send(Method::POST, &cancel, owner, None).await.status, 200);
    world.batch_ended(owner, &id).await;
    id
}

/// What somebody asks for who wants to be told of runs that complete.
fn wanted(receiver: &Receiver) -> Value {
    json!({ "url": receiver.url("/hook"), "events": ["run.completed"] })
}

/// Makes a webhook; gives its id.
async fn told_of(world: &World, owner: &Person, receiver: &Receiver) -> String {
    let made = world
        .send(Method::POST, "/v1/webhooks", owner, Some(wanted(receiver)))
        .await;
    made.json()["id"].as_str().expect("it is made").to_owned()
}

/// Waits until something was delivered to a webhook; gives its id.
async fn delivered(world: &World, owner: &Person, webhook: &str) -> String {
    let (path, deadline) = (format!("/v1/webhooks/{webhook}/deliveries"), Instant::now() + PATIENCE);
    loop {
        let shown = world.get(&path, owner).await.json();
        if shown["data"][0]["status"] == "delivered" {
            return shown["data"][0]["id"].as_str().expect("an id").to_owned();
        }
        assert!(Instant::now() < deadline, "{shown}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

/// Whether an answer shows nothing of anybody: no run in a list, no run and no token in what was used.
fn shows_nothing(answer: &Value) -> bool {
    match answer {
        Value::Object(members) => members.iter().all(|(name, value)| match name.as_str() {
            "total" | "completed" | "failed" | "cancelled" | "pending_triage" | "input" | "output" | "used" => {
                *value == json!(0)
            }
            // A list's own words, and what an organization has and asks for itself.
            "limit" | "offset" | "included" | "remaining" | "today" | "daily_limit" | "requests" => true,
            _ => shows_nothing(value),
        }),
        Value::Array(items) => items.iter().all(shows_nothing),
        Value::Number(number) => number.as_u64() == Some(0),
        // Words and days.
        _ => true,
    }
}

fn check(line: &str, answer: &str, scope: Option<Scope>, got: &Reply) {
    let (status, code) = answer.split_once(' ').unwrap_or((answer, ""));
    match status {
        "empty" => assert!(got.status == 200 && shows_nothing(&got.json()), "{line}: {}", got.text),
        "403" => {
            let scope = scope.expect("a keyed route");
            assert_eq!(
                (got.status.as_u16(), got.header("x-eclips-error-code")),
                (403, "insufficient_scope"),
                "{line}"
            );
            assert_eq!(got.json()["required"], scope.as_str(), "{line}");
            assert!(
                got.header("www-authenticate").ends_with(&format!("scope=\"{scope}\"")),
                "{line}"
            );
        }
        "401" => {
            assert_eq!(
                (got.status.as_u16(), got.header("x-eclips-error-code")),
                (401, code),
                "{line}"
            );
            assert!(
                got.header("www-authenticate").starts_with("Bearer realm=\"eclips\""),
                "{line}"
            );
        }
        "404" => {
            let what = match line {
                _ if line.contains("/triage") => "Triage item",
                _ if line.contains("/batches") => "Batch",
                _ if line.contains("/webhooks") => "Webhook",
                _ => "Run",
            };
            let body = format!(r#"{{"error":"{what} not found"}}"#);
            assert_eq!(got.pair(), (404, body.as_str()), "{line}");
        }
        _ => assert_eq!(got.status.as_u16().to_string(), status, "{line}: {}", got.text),
    }
}

#[tokio::test]
async fn every_route_answers_every_caller_as_the_grid_says() {
    let cast = Cast::gather().await;
    let mut lines_of: BTreeSet<(String, String)> = BTreeSet::new();
    for line in GRID.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [method, path, caller, answer @ ..] = words.as_slice() else {
            panic!("a line of the grid: {line}")
        };
        let route = ROUTES.iter().find(|row| row.method == *method && row.path == *path);
        let route = route.unwrap_or_else(|| panic!("no such route: {line}"));
        let scope = match route.access {
            Access::Public => None,
            Access::Key { scope, .. } => Some(scope),
        };
        for key in cast.keys(caller, scope).await {
            let got = cast.call(route, key.as_deref()).await;
            check(line, &answer.join(" "), scope, &got);
        }
        lines_of.insert((format!("{method} {path}"), (*caller).to_owned()));
    }
    for route in &ROUTES {
        let name = format!("{} {}", route.method, route.path);
        let callers: Vec<String> = match route.access {
            Access::Public => vec!["anyone".into()],
            Access::Key { scope, .. } => {
                let mut callers: Vec<String> = [
                    "other-scope",
                    "no-scope",
                    "no-key",
                    "malformed-key",
                    "wrong-checksum",
                    "unknown-key",
                    "revoked-key",
                    "expired-key",
                ]
                .map(str::to_owned)
                .to_vec();
                callers.push(scope.to_string());
                callers
            }
        };
        for caller in callers {
            assert!(
                lines_of.contains(&(name.clone(), caller.clone())),
                "the grid lacks: {name} {caller}"
            );
        }
    }
    cast.world.stop().await;
}
