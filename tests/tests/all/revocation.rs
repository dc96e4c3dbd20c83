//! Keys that end: revoked under load, expired at their moment, rolled with grace, deleted with their organization.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use eclips_shared::auth::{Mode, Scope};
use eclips_shared::time::Timestamp;
use eclips_tests::world::{OPERATOR, PATIENCE, World, client, reply};
use reqwest::Method;

/// Clients that hammer, and requests that are wanted on either side of the revocation.
const HAMMERING: usize = 50;

/// What all clients of a hammering share.
#[derive(Default)]
struct Hammering {
    stop: AtomicBool,
    revoked: AtomicBool,
    accepted: AtomicUsize,
    after: AtomicUsize,
    accepted_after: AtomicUsize,
}

impl Hammering {
    async fn hammer(&self, url: &str, key: &str) {
        let http = client();
        while !self.stop.load(Ordering::SeqCst) {
            // Set after the revocation returned, so whoever sees it starts later.
            let late = self.revoked.load(Ordering::SeqCst);
            let status = reply(http.get(url).bearer_auth(key)).await.status.as_u16();
            assert!(matches!(status, 200 | 401), "{status}");
            match (status, late) {
                (200, false) => self.accepted.fetch_add(1, Ordering::SeqCst),
                (200, true) => self.accepted_after.fetch_add(1, Ordering::SeqCst),
                _ => 0,
            };
            if late {
                self.after.fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    async fn until(&self, counter: &AtomicUsize, wanted: usize) {
        let deadline = Instant::now() + PATIENCE;
        while counter.load(Ordering::SeqCst) < wanted {
            assert!(Instant::now() < deadline, "only {counter:?} of {wanted}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_starts_after_a_revocation_returned_is_accepted() {
    let world = World::start().await;
    let person = world.somebody().await;
    world
        .store
        .orgs()
        .set_plan(person.org, eclips_shared::plan::Plan::Enterprise)
        .await
        .unwrap();
    let url = format!("{}/v1/runs?limit=1", world.base_url());
    let hammering = Arc::new(Hammering::default());
    let clients: Vec<_> = (0..HAMMERING)
        .map(|_| {
            let (url, key, hammering) = (url.clone(), person.key.clone(), hammering.clone());
            tokio::spawn(async move { hammering.hammer(&url, &key).await })
        })
        .collect();
    hammering.until(&hammering.accepted, 10 * HAMMERING).await;
    world
        .store
        .keys()
        .revoke(person.org, person.key_id, &OPERATOR)
        .await
        .unwrap();
    hammering.revoked.store(true, Ordering::SeqCst);
    hammering.until(&hammering.after, 20 * HAMMERING).await;
    hammering.stop.store(true, Ordering::SeqCst);
    for client in clients {
        client.await.unwrap();
    }
    let count = |counter: &AtomicUsize| counter.load(Ordering::SeqCst);
    println!(
        "{} accepted before the revocation returned, {} sent after it, {} of them accepted",
        count(&hammering.accepted),
        count(&hammering.after),
        count(&hammering.accepted_after)
    );
    assert_eq!(count(&hammering.accepted_after), 0);
    world.stop().await;
}

#[tokio::test]
async fn a_key_says_when_it_expires_and_then_does() {
    let world = World::start().await;
    let org = world.org(eclips_shared::plan::Plan::Growth).await;
    let end = Timestamp::now().plus_ms(1_500);
    let person = world.person(org, Mode::Live, &Scope::ALL, Some(end)).await;
    let mut accepted = 0;
    loop {
        let sent = Timestamp::now();
        let got = world.get("/v1/runs", &person).await;
        match got.status.as_u16() {
            200 => {
                assert!(sent < end, "accepted {} ms after its end", sent.ms() - end.ms());
                assert_eq!(got.header("x-eclips-key-expires-at"), end.to_string());
                accepted += 1;
            }
            401 => {
                assert!(Timestamp::now() >= end, "refused before its end");
                break;
            }
            other => panic!("{other}: {}", got.text),
        }
    }
    assert!(accepted > 0);
    let lasting = world.somebody().await;
    assert!(
        world
            .get("/v1/runs", &lasting)
            .await
            .header("x-eclips-key-expires-at")
            .is_empty()
    );
    world.stop().await;
}

#[tokio::test]
async fn malformed_unknown_revoked_and_expired_look_the_same() {
    let world = World::start().await;
    let org = world.org(eclips_shared::plan::Plan::Growth).await;
    let revoked = world.person(org, Mode::Live, &Scope::ALL, None).await;
    let first = world.store.keys().revoke(org, revoked.key_id, &OPERATOR).await.unwrap();
    assert_eq!(
        world.store.keys().revoke(org, revoked.key_id, &OPERATOR).await.unwrap(),
        first,
        "a second time changes nothing"
    );
    let expired = world
        .person(org, Mode::Live, &Scope::ALL, Some(Timestamp::from_ms(1)))
        .await;
    let mut answers = Vec::new();
    for key in [
        "x".to_owned(),
        eclips_tests::world::unknown_key(Mode::Test),
        revoked.key,
        expired.key,
    ] {
        let got = reply(world.request(Method::GET, "/v1/runs").bearer_auth(key)).await;
        let mut headers: Vec<(String, String)> = got
            .headers
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "x-request-id" | "date"))
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        headers.sort();
        answers.push((got.status, headers, got.text));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:#?}");
    world.stop().await;
}

#[tokio::test]
async fn a_rolled_key_works_through_its_grace_and_never_longer_than_before() {
    let world = World::start().await;
    let org = world.org(eclips_shared::plan::Plan::Growth).await;
    let keys = world.store.keys();
    let old = world.person(org, Mode::Live, &[Scope::AgentsRead], None).await;
    let rolled = keys.roll(org, old.key_id, 0, &OPERATOR, None).await.unwrap();
    let (fresh, summary) = (rolled.plain, rolled.key);
    assert_eq!(world.get("/v1/runs", &old).await.status, 401, "no grace");
    let new = reply(world.request(Method::GET, "/v1/runs").bearer_auth(fresh.reveal())).await;
    assert_eq!(new.status, 200);
    assert!(
        keys.roll(org, old.key_id, 0, &OPERATOR, None).await.is_err(),
        "an ended key is not rolled"
    );

    keys.roll(org, summary.key_id, 3_600_000, &OPERATOR, None)
        .await
        .unwrap();
    let in_grace = reply(world.request(Method::GET, "/v1/runs").bearer_auth(fresh.reveal())).await;
    assert_eq!(in_grace.status, 200);
    assert!(!in_grace.header("x-eclips-key-expires-at").is_empty());

    let end = Timestamp::now().plus_ms(60_000);
    let ending = world.person(org, Mode::Live, &Scope::ALL, Some(end)).await;
    keys.roll(org, ending.key_id, 7 * 86_400_000, &OPERATOR, None)
        .await
        .unwrap();
    assert_eq!(
        world.get("/v1/runs", &ending).await.header("x-eclips-key-expires-at"),
        end.to_string()
    );
    world.stop().await;
}

#[tokio::test]
async fn last_used_is_kept_and_never_brings_a_record_back() {
    let world = World::start().await;
    let person = world.somebody().await;
    let listed = async || world.store.keys().list(person.org).await.unwrap();
    assert_eq!(listed().await[0].last_used_at, None);
    let deadline = Instant::now() + Duration::from_secs(30);
    while listed().await[0].last_used_at.is_none() {
        // A busy machine may take longer than a request is willing to wait for it; the next request tries again.
        assert!(Instant::now() < deadline, "last_used_at is never kept");
        world.get("/v1/runs", &person).await;
    }
    world.store.orgs().delete(person.org, &OPERATOR).await.unwrap();
    assert_eq!(world.get("/v1/runs", &person).await.status, 401);
    world
        .store
        .keys()
        .touch(person.org, eclips_shared::ids::KeyId::generate())
        .await;
    assert!(listed().await.is_empty(), "a touch brought a record back");
    assert!(
        world
            .store
            .orgs()
            .list()
            .await
            .unwrap()
            .iter()
            .all(|org| org.org_id != person.org)
    );
    world.stop().await;
}
