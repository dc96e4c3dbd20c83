//! Lists: pages by offset and by cursor, filters, wrong queries, runs whose time is over.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use eclips_shared::ids::RunId;
use eclips_shared::store::Override;
use eclips_shared::time::Timestamp;
use eclips_tests::backstage::Backstage;
use eclips_tests::function::{Function, tables};
use eclips_tests::world::{PATIENCE, Person, World};
use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestRunner};
use serde_json::{Value, json};

/// A list once its total is so; totals are folded from the stream, a second or two behind.
async fn with_total(world: &World, person: &Person, path: &str, total: u64) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let listed = world.get(path, person).await.json();
        if listed["total"] == total {
            return listed;
        }
        assert!(Instant::now() < deadline, "{path}: {}", listed["total"]);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn lists_page_by_offset_and_by_cursor_without_loss() {
    let world = World::start().await;
    let person = world.somebody().await;
    let agents = ["center", "researcher", "center"];
    let made =
        join_all((0..30).map(|n| world.run(&person, json!({ "task": format!("n{n}"), "agent_type": agents[n % 3] }))))
            .await;
    for run in &made {
        world.settled(&person, *run).await;
    }
    let mut newest_first = made.clone();
    newest_first.sort_unstable();
    newest_first.reverse();
    let ids = |list: &Value| -> Vec<RunId> {
        list["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|run| RunId::parse(run["id"].as_str().unwrap()).unwrap())
            .collect()
    };

    let first = with_total(&world, &person, "/v1/runs", 30).await;
    assert_eq!((&first["limit"], &first["offset"]), (&json!(20), &json!(0)));
    assert_eq!(ids(&first), newest_first[..20]);
    let second = world.get("/v1/runs?limit=7&offset=20", &person).await.json();
    assert_eq!(ids(&second), newest_first[20..27]);
    assert_eq!(
        world.get("/v1/runs?offset=10000", &person).await.json()["data"],
        json!([])
    );

    let mut walked = Vec::new();
    let mut path = "/v1/runs?limit=7".to_owned();
    loop {
        let page = world.get(&path, &person).await.json();
        walked.extend(ids(&page));
        world.run(&person, json!({ "task": "inserted meanwhile" })).await;
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/v1/runs?limit=7&cursor={cursor}");
    }
    assert_eq!(walked, newest_first, "each run exactly once while others are inserted");

    let researchers = with_total(&world, &person, "/v1/runs?agent_type=researcher&limit=100", 10).await;
    assert_eq!(ids(&researchers).len(), 10);
    let completed = world.get("/v1/runs?status=completed&limit=100", &person).await.json();
    assert!(newest_first.iter().all(|run| ids(&completed).contains(run)));
    assert_eq!(world.get("/v1/runs?status=failed", &person).await.json()["total"], 0);
    let distinct: HashSet<RunId> = ids(&completed).into_iter().collect();
    assert_eq!(distinct.len(), ids(&completed).len());
    world.stop().await;
}

#[tokio::test]
async fn a_wrong_query_names_its_parameter() {
    let world = World::start().await;
    let (person, other) = (world.somebody().await, world.somebody().await);
    for _ in 0..2 {
        world.run(&other, json!({ "task": "x" })).await;
    }
    let foreign = loop {
        let page = world.get("/v1/runs?limit=1", &other).await.json();
        if let Some(cursor) = page["next_cursor"].as_str() {
            break cursor.to_owned();
        }
    };
    let cases = [
        ("limit=0".to_owned(), "limit"),
        ("limit=101".into(), "limit"),
        ("limit=-1".into(), "limit"),
        ("limit=+5".into(), "limit"),
        ("limit=x".into(), "limit"),
        ("limit=".into(), "limit"),
        ("limit=5&limit=6".into(), "limit"),
        ("limit=99999999999999999999".into(), "limit"),
        ("offset=10001".into(), "offset"),
        ("offset=-1".into(), "offset"),
        ("status=done".into(), "status"),
        ("status=".into(), "status"),
        ("agent_type=nobody".into(), "agent_type"),
        ("status=failed&agent_type=center".into(), "agent_type"),
        ("cursor=garbage".into(), "cursor"),
        (format!("cursor={foreign}"), "cursor"),
        ("staus=failed".into(), "staus"),
    ];
    for (query, field) in cases {
        let got = world.get(&format!("/v1/runs?{query}"), &person).await;
        assert_eq!(
            (got.status.as_u16(), got.json()["field"].as_str()),
            (400, Some(field)),
            "{query}: {}",
            got.text
        );
    }
    world.stop().await;
}

#[tokio::test]
async fn a_run_whose_time_is_over_is_gone_before_it_is_deleted() {
    let world = World::start().await;
    let person = world.somebody().await;
    let run = world.run(&person, json!({ "task": "x" })).await;
    world.settled(&person, run).await;
    let kept = world.run(&person, json!({ "task": "y" })).await;
    let over = Timestamp::now().seconds().to_string();
    let update = tables(world.config())
        .await
        .update_item()
        .table_name(&world.config().table_main);
    let update = update
        .key("pk", AttributeValue::S(format!("R#{run}")))
        .key("sk", AttributeValue::S("M".into()));
    let update = update
        .update_expression("SET #ttl = :over")
        .expression_attribute_names("#ttl", "ttl");
    update
        .expression_attribute_values(":over", AttributeValue::N(over))
        .send()
        .await
        .unwrap();
    assert_eq!(
        world.get(&format!("/v1/runs/{run}"), &person).await.pair(),
        (404, r#"{"error":"Run not found"}"#)
    );
    let listed = world.get("/v1/runs", &person).await.json();
    let ids: Vec<&str> = listed["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, [kept.to_string()]);
    world.stop().await;
}

/// How many runs there are before somebody pages, and how many come in a second meanwhile.
const THERE: usize = 150;
const PER_SECOND: u32 = 100;
/// Processes that insert them.
const INSERTERS: u32 = 4;

/// Walks a list by cursor from its first page on; gives the ids in the order in which they came, and the pages it took.
async fn walk(runs: &Function, key: &str, filter: &str, limits: &[usize]) -> (Vec<String>, usize) {
    let (mut walked, mut cursor, mut pages) = (Vec::new(), None::<String>, 0);
    loop {
        let limit = limits[pages % limits.len()];
        let after = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let got = runs
            .query(key, "/v1/runs", &format!("limit={limit}{filter}{after}"))
            .await;
        assert_eq!(got.status, 200, "{}", got.body);
        let page = got.json();
        let items = page["data"].as_array().unwrap();
        assert!(items.len() <= limit);
        walked.extend(items.iter().map(|run| run["id"].as_str().unwrap().to_owned()));
        pages += 1;
        match page["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return (walked, pages),
        }
    }
}

/// Inserts runs at its share of the pace until it is told to stop; gives how many.
async fn insert(scene: Arc<Backstage>, inserting: Arc<AtomicBool>) -> u32 {
    let config = scene.config();
    let runs = Function::runs(&config, config.dynamodb_endpoint.as_deref().unwrap()).await;
    let mut every = tokio::time::interval(Duration::from_secs(1) * INSERTERS / PER_SECOND);
    let mut inserted = 0;
    while inserting.load(Ordering::Relaxed) {
        every.tick().await;
        let got = runs
            .call("POST", "/v1/run", Some(&scene.key), Some(json!({ "task": "new" })))
            .await;
        assert_eq!(got.status, 202, "{}", got.body);
        inserted += 1;
    }
    inserted
}

#[test]
fn every_run_is_walked_once_by_cursor_while_a_hundred_a_second_are_inserted() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let scene = Arc::new(runtime.block_on(Backstage::open()));
    let there = runtime.block_on(async {
        for number in [
            Override::StrictPerMinute,
            Override::StandardPerMinute,
            Override::RequestsPerDay,
        ] {
            scene
                .stores
                .store
                .orgs()
                .set_override(scene.org, number, 1_000_000)
                .await
                .unwrap();
        }
        let mut there = HashSet::new();
        for n in 0..THERE {
            let agent = ["center", "researcher"][n % 2];
            there.insert(
                scene
                    .create(json!({ "task": "x", "agent_type": agent }))
                    .await
                    .to_string(),
            );
        }
        there
    });
    let inserting = Arc::new(AtomicBool::new(true));
    let began = Instant::now();
    let inserters: Vec<_> = (0..INSERTERS)
        .map(|_| runtime.spawn(insert(scene.clone(), inserting.clone())))
        .collect();
    let cases = (
        prop::sample::select(vec!["", "&status=queued", "&agent_type=center"]),
        prop::collection::vec(1usize..=100, 1..6),
    );
    let mut runner = TestRunner::new(Cases {
        cases: 24,
        failure_persistence: None,
        ..Cases::default()
    });
    let counts = std::cell::Cell::new((0, 0));
    let outcome = runner.run(&cases, |(filter, limits)| {
        let (walked, took) = runtime.block_on(walk(&scene.runs, &scene.key, filter, &limits));
        let distinct: HashSet<&String> = walked.iter().collect();
        prop_assert_eq!(distinct.len(), walked.len(), "a run came twice");
        prop_assert!(walked.windows(2).all(|pair| pair[0] > pair[1]), "newest first");
        let expected = if filter.contains("agent") { THERE / 2 } else { THERE };
        let found = walked.iter().filter(|run| there.contains(*run)).count();
        prop_assert_eq!(found, expected, "a run that was there was left out");
        let (walks, pages) = counts.get();
        counts.set((walks + 1, pages + took));
        Ok(())
    });
    inserting.store(false, Ordering::Relaxed);
    let inserted = runtime.block_on(join_all(inserters));
    let (inserted, took) = (inserted.into_iter().map(Result::unwrap).sum::<u32>(), began.elapsed());
    outcome.unwrap();
    let (walks, pages) = counts.get();
    println!("{walks} walks over {pages} pages, {inserted} runs inserted in {took:?} meanwhile");
    assert!(inserted > 0);
}
