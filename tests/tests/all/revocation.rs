//! Keys that end: revoked under load, expired at their moment, rolled with grace, deleted with their organization.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use eclips_shared::auth::{Mode, Scope};
use eclips_shared::time::Timestamp;
use eclips_tests::world::{World, client, reply};
use futures_util::future::join_all;
use reqwest::Method;

const HAMMERING: usize = 50;

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
    let stop = std::sync::Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..HAMMERING)
        .map(|_| {
            let (url, key, stop, http) = (url.clone(), person.key.clone(), stop.clone(), client());
            tokio::spawn(async move {
                let mut seen = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let began = Instant::now();
                    seen.push((began, reply(http.get(&url).bearer_auth(&key)).await.status.as_u16()));
                }
                seen
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(700)).await;
    world.store.keys().revoke(person.org, person.key_id).await.unwrap();
    let returned = Instant::now();
    tokio::time::sleep(Duration::from_millis(700)).await;
    stop.store(true, Ordering::Relaxed);
    let seen: Vec<(Instant, u16)> = join_all(clients)
        .await
        .into_iter()
        .flat_map(|seen| seen.unwrap())
        .collect();
    let before = seen.iter().filter(|(_, status)| *status == 200).count();
    let after: Vec<u16> = seen
        .iter()
        .filter(|(began, _)| *began > returned)
        .map(|(_, status)| *status)
        .collect();
    assert!(before >= HAMMERING, "only {before} accepted before");
    assert!(after.len() >= HAMMERING, "only {} sent after", after.len());
    assert!(
        after.iter().all(|status| *status == 401),
        "{} of {} accepted",
        after.iter().filter(|s| **s != 401).count(),
        after.len()
    );
    println!(
        "revocation: {before} accepted before it returned, {} sent after it, 0 accepted",
        after.len()
    );
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
    let first = world.store.keys().revoke(org, revoked.key_id).await.unwrap();
    assert_eq!(
        world.store.keys().revoke(org, revoked.key_id).await.unwrap(),
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
    let (fresh, summary) = keys.roll(org, old.key_id, 0).await.unwrap();
    assert_eq!(world.get("/v1/runs", &old).await.status, 401, "no grace");
    let new = reply(world.request(Method::GET, "/v1/runs").bearer_auth(fresh.reveal())).await;
    assert_eq!(new.status, 200);
    assert!(
        keys.roll(org, old.key_id, 0).await.is_err(),
        "an ended key is not rolled"
    );

    keys.roll(org, summary.key_id, 3_600_000).await.unwrap();
    let in_grace = reply(world.request(Method::GET, "/v1/runs").bearer_auth(fresh.reveal())).await;
    assert_eq!(in_grace.status, 200);
    assert!(!in_grace.header("x-eclips-key-expires-at").is_empty());

    let end = Timestamp::now().plus_ms(60_000);
    let ending = world.person(org, Mode::Live, &Scope::ALL, Some(end)).await;
    keys.roll(org, ending.key_id, 7 * 86_400_000).await.unwrap();
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
    world.store.orgs().delete(person.org).await.unwrap();
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
