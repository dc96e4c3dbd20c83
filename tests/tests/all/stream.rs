//! Streams: every event once and in order, for every reader the same bytes, whatever is cut and whoever comes late.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use eclips_shared::auth::Scope;
use eclips_shared::config::Config;
use eclips_shared::ids::RunId;
use eclips_shared::store::{Store, StoreError, Taken};
use eclips_shared::time::Timestamp;
use eclips_tests::backstage::Backstage;
use eclips_tests::event_file;
use eclips_tests::function_process::FunctionProcess;
use eclips_tests::proxy::Fault;
use eclips_tests::reader::{RETRY, Reader, events_in};
use eclips_tests::records;
use eclips_tests::world::{OPERATOR, PATIENCE, Person, World};
use futures_util::future::join_all;
use serde_json::{Value, json};

/// *Source*: contract §4.
const OPEN_STREAMS_MAX: usize = 10;
const A_MOMENT: Duration = Duration::from_secs(5);

async fn slow_run(world: &World, person: &Person, delay_ms: u64) -> RunId {
    let body = json!({ "task": "x", "data": { "sandbox": { "delay_ms": delay_ms } } });
    world.run(person, body).await
}

#[tokio::test]
async fn a_stream_tells_what_is_stored_as_it_happens_and_ends_with_the_run() {
    let world = World::start().await;
    let person = world.somebody().await;
    let run = slow_run(&world, &person, 1_500).await;
    let mut reader = Reader::open(&world, &person, run, None).await;
    let first = reader.next().await.unwrap();
    assert_eq!((first.id, first.name.as_str()), (1, "run.queued"));
    assert!(reader.text().starts_with(RETRY));
    let shown = world.get(&format!("/v1/runs/{run}"), &person).await.json();
    assert_ne!(shown["status"], "completed", "the first event came before the end");

    let events = [vec![first], reader.rest().await].concat();
    let stored = records::events(world.config(), run).await;
    let told: Vec<Value> = events.iter().map(|event| event.json()).collect();
    assert_eq!(told, stored);
    for (at, event) in events.iter().enumerate() {
        assert_eq!(
            (event.id, event.name.as_str()),
            (at as u64 + 1, stored[at]["type"].as_str().unwrap())
        );
    }
    assert_eq!(events.last().unwrap().name, "run.completed");
    // Whoever comes when all is over hears the same, to the byte.
    let mut late = Reader::open(&world, &person, run, None).await;
    assert_eq!(late.rest().await, events);
    assert_eq!(late.text(), reader.text());
    world.stop().await;
}

#[tokio::test]
async fn a_stream_that_is_cut_after_every_event_and_resumed_tells_each_once() {
    let world = World::start().await;
    let person = world.somebody().await;
    // Three attempts with waits between them: nine events over some three seconds.
    let body = json!({ "task": "x", "data": { "sandbox": { "fail": "model" } } });
    let run = world.run(&person, body).await;
    let (mut heard, mut last) = (Vec::new(), None);
    loop {
        let after = last.map(|id: u64| id.to_string());
        let mut reader = Reader::open(&world, &person, run, after.as_deref()).await;
        let Some(event) = reader.next().await else { break };
        last = Some(event.id);
        heard.push(event);
    }
    let stored = records::events(world.config(), run).await;
    let told: Vec<Value> = heard.iter().map(|event| event.json()).collect();
    assert_eq!(told, stored, "each event once, in order, over as many connections");
    assert_eq!(heard.len(), 9);

    for after in [
        "",
        "0",
        "-1",
        "+3",
        "03",
        "x",
        "1x",
        "10",
        "99999999999999999999",
        "1,2",
    ] {
        let mut reader = Reader::open(&world, &person, run, Some(after)).await;
        assert_eq!(reader.rest().await, heard, "Last-Event-ID: {after}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_stream_ends_at_the_question_and_whoever_comes_later_hears_on() {
    let world = World::start().await;
    let person = world.somebody().await;
    let body = json!({ "task": "x", "data": { "sandbox": { "confidence": 0.4 } } });
    let run = world.run(&person, body).await;
    let mut reader = Reader::open(&world, &person, run, None).await;
    let asked = reader.rest().await;
    assert_eq!(asked.last().unwrap().name, "run.triage_required");
    let cancelled = world
        .send(reqwest::Method::POST, &format!("/v1/runs/{run}/cancel"), &person, None)
        .await;
    assert_eq!(cancelled.status, 200);
    let last = asked.last().unwrap().id.to_string();
    let more = Reader::open(&world, &person, run, Some(&last)).await.rest().await;
    let names: Vec<&str> = more.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["run.cancelled"]);
    // The question in the middle ends nothing any more.
    let whole = Reader::open(&world, &person, run, None).await.rest().await;
    assert_eq!(whole, [asked, more].concat());
    world.stop().await;
}

#[tokio::test]
async fn a_revoked_key_hears_nothing_more() {
    let world = World::start().await;
    let person = world.somebody().await;
    let other = world
        .person(person.org, eclips_shared::auth::Mode::Live, &Scope::ALL, None)
        .await;
    let run = slow_run(&world, &person, 8_000).await;
    let mut reader = Reader::open(&world, &other, run, None).await;
    let mut mine = Reader::open(&world, &person, run, None).await;
    for reader in [&mut reader, &mut mine] {
        while reader.next().await.unwrap().name != "attempt.started" {}
    }
    world
        .store
        .keys()
        .revoke(person.org, other.key_id, &OPERATOR)
        .await
        .unwrap();
    let began = Instant::now();
    assert!(reader.ends_within(A_MOMENT).await, "the stream goes on");
    assert!(began.elapsed() < A_MOMENT);
    assert_eq!(Reader::ask(&world, &other, run, None).await.status(), 401);
    assert_eq!(mine.rest().await.last().unwrap().name, "run.completed");
    world.stop().await;
}

#[tokio::test]
async fn an_organization_has_ten_open_streams_and_an_ended_one_is_free_again() {
    let world = World::start().await;
    let person = world.somebody().await;
    let stranger = world.somebody().await;
    let run = slow_run(&world, &person, 6_000).await;
    let ended = world.run(&person, json!({ "task": "x" })).await;
    world.settled(&person, ended).await;
    let asked = join_all((0..OPEN_STREAMS_MAX + 4).map(|_| Reader::ask(&world, &person, run, None))).await;
    let (open, refused): (Vec<_>, Vec<_>) = asked.into_iter().partition(|answer| answer.status() == 200);
    assert_eq!((open.len(), refused.len()), (OPEN_STREAMS_MAX, 4));
    for answer in refused {
        assert_eq!(answer.status(), 429);
        assert_eq!(answer.headers()["x-eclips-error-code"], "rate_limited");
        let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        assert_eq!(answer.text().await.unwrap(), r#"{"error":"Too many open streams"}"#);
    }
    // What is told at once needs no slot, and another organization has its own.
    assert_eq!(Reader::open(&world, &person, ended, None).await.rest().await.len(), 5);
    let theirs = slow_run(&world, &stranger, 100).await;
    assert!(
        !Reader::open(&world, &stranger, theirs, None)
            .await
            .rest()
            .await
            .is_empty()
    );
    for answer in open {
        let text = answer.text().await.unwrap();
        assert_eq!(events_in(&text).last().unwrap().name, "run.completed");
    }
    let again = slow_run(&world, &person, 500).await;
    let readers = join_all((0..OPEN_STREAMS_MAX).map(|_| Reader::ask(&world, &person, again, None))).await;
    assert!(readers.iter().all(|answer| answer.status() == 200));
    world.stop().await;
}

#[tokio::test]
async fn a_slot_that_a_crash_left_behind_frees_itself() {
    let world = World::start().await;
    let person = world.somebody().await;
    let run = slow_run(&world, &person, 4_000).await;
    let held = |until: Timestamp| {
        [
            ("holder", AttributeValue::S("somebody that crashed".to_owned())),
            ("until", AttributeValue::N(until.ms().to_string())),
        ]
    };
    for slot in 0..OPEN_STREAMS_MAX {
        let until = Timestamp::now().plus_ms(30_000 + 1_000 * i64::try_from(slot).unwrap());
        records::set(
            world.config(),
            &format!("L#{}", person.org),
            &format!("S#{slot}"),
            &held(until),
        )
        .await;
    }
    let refused = Reader::ask(&world, &person, run, None).await;
    assert_eq!(refused.status(), 429);
    let wait: i64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((25..=30).contains(&wait), "the first slot's end: {wait}");
    records::set(
        world.config(),
        &format!("L#{}", person.org),
        "S#7",
        &held(Timestamp::now().plus_ms(-1)),
    )
    .await;
    assert_eq!(Reader::ask(&world, &person, run, None).await.status(), 200);
    world.stop().await;
}

/// A stream of a run that nobody works on, from the real binary with another time limit than the template's.
async fn quiet_stream(timeout: Duration) -> (Backstage, Value, Duration) {
    let scene = Backstage::open().await;
    let run = scene.create(json!({ "task": "x" })).await;
    let mut setup = scene.stores.setup("stream");
    setup.timeout = timeout;
    let mut stream = FunctionProcess::start(&setup).await.unwrap();
    let began = Instant::now();
    let answer = stream
        .invoke(&event_file::read("stream-show", &scene.key, run))
        .await
        .unwrap();
    (scene, answer, began.elapsed())
}

#[tokio::test]
async fn a_stream_closes_in_good_order_before_its_invocation_ends() {
    let (scene, answer, took) = quiet_stream(Duration::from_secs(8)).await;
    assert!(took < Duration::from_secs(7), "{took:?}");
    let body = answer["body"].as_str().unwrap();
    let events = events_in(body);
    assert_eq!((events.len(), events[0].name.as_str()), (1, "run.queued"));
    assert!(body.ends_with("\n\n"));
    // Its slot is free again.
    let slots = records::under(&scene.config(), &format!("L#{}", scene.org)).await;
    let held = slots.iter().filter(|(sk, _)| sk.starts_with("S#"));
    let until: Vec<&str> = held.map(|(_, item)| records::text(item, "until")).collect();
    assert_eq!(until, ["0"]);
}

#[tokio::test]
async fn a_silent_stream_says_every_fifteen_seconds_that_it_is_there() {
    assert!(PATIENCE > Duration::from_secs(25));
    let (_, answer, _) = quiet_stream(Duration::from_secs(23)).await;
    let body = answer["body"].as_str().unwrap();
    let comments = body.split("\n\n").filter(|block| block.starts_with(':')).count();
    assert_eq!((comments, events_in(body).len()), (1, 1), "{body}");
}

#[tokio::test]
async fn a_slot_whose_taking_was_told_twice_is_one_slot() {
    let scene = Backstage::open().await;
    let faulty = Config {
        dynamodb_endpoint: Some(scene.proxy.url().to_owned()),
        ..scene.config()
    };
    let store = Store::open(&faulty);
    scene.proxy.set_after("UpdateItem", 0, 1, Fault::ReplyLost);
    assert!(matches!(store.slots().take(scene.org).await, Ok(Taken::Slot(_))));
    let items = records::under(&scene.config(), &format!("L#{}", scene.org)).await;
    assert_eq!(items.iter().filter(|(sk, _)| sk.starts_with("S#")).count(), 1);
}

#[tokio::test]
async fn a_slot_that_somebody_else_took_is_neither_held_nor_given_back() {
    let scene = Backstage::open().await;
    let slots = scene.stores.store.slots();
    let mut held = Vec::new();
    while let Taken::Slot(slot) = slots.take(scene.org).await.unwrap() {
        held.push(slot);
    }
    assert_eq!(held.len(), OPEN_STREAMS_MAX);
    // One of them is not renewed in time, and taken.
    let partition = format!("L#{}", scene.org);
    let over = [("until", AttributeValue::N("1".to_owned()))];
    records::set(&scene.config(), &partition, "S#3", &over).await;
    let Taken::Slot(taken) = slots.take(scene.org).await.unwrap() else {
        panic!("one is free")
    };
    let mut lost = 0;
    for slot in &held {
        match slots.renew(slot).await {
            Ok(()) => {}
            Err(StoreError::Lost) => {
                lost += 1;
                slots.give_back(slot).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(lost, 1);
    assert!(
        matches!(slots.take(scene.org).await.unwrap(), Taken::Full(_)),
        "it is still held"
    );
    slots.give_back(&taken).await;
    assert!(matches!(slots.take(scene.org).await.unwrap(), Taken::Slot(_)));
}
