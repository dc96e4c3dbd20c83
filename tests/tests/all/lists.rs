//! Lists: pages by offset and by cursor, filters, wrong queries, runs whose time is over.

use std::collections::HashSet;

use aws_sdk_dynamodb::types::AttributeValue;
use eclips_shared::ids::RunId;
use eclips_shared::time::Timestamp;
use eclips_tests::function::tables;
use eclips_tests::world::World;
use futures_util::future::join_all;
use serde_json::{Value, json};

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

    let first = world.get("/v1/runs", &person).await.json();
    assert_eq!(
        (&first["total"], &first["limit"], &first["offset"]),
        (&json!(30), &json!(20), &json!(0))
    );
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

    let researchers = world
        .get("/v1/runs?agent_type=researcher&limit=100", &person)
        .await
        .json();
    assert_eq!((&researchers["total"], ids(&researchers).len()), (&json!(10), 10));
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
