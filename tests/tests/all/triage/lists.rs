//! Lists of triage items: by status, the most urgent first and of these the oldest, by offset and by cursor.

use aws_sdk_dynamodb::types::AttributeValue;
use eclips_shared::auth::{Mode, Scope};
use eclips_shared::ids::{RunId, TriageId};
use eclips_shared::run::{EventDetail, EventKind};
use eclips_shared::store::{Advance, Claim, Outcome, TriageRow};
use eclips_shared::time::{MINUTE_MS, Timestamp};
use eclips_tests::backstage::Backstage;
use eclips_tests::function::{Function, tables};
use eclips_tests::proxy::Fault;
use eclips_tests::records;
use eclips_tests::world::World;
use serde_json::{Value, json};

use super::{decide, show, waiting};

/// The words in the order of the list.
const ORDER: [&str; 5] = ["critical", "urgent", "high", "normal", "low"];

fn ids(list: &Value) -> Vec<String> {
    let items = list["data"].as_array().unwrap().iter();
    items.map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn pages_come_in_the_order_of_urgency() {
    let world = World::start().await;
    let person = world.somebody().await;
    let tester = world.person(person.org, Mode::Test, &Scope::ALL, None).await;
    let mut expected = [const { Vec::new() }; 5];
    for priority in [
        "normal", "critical", "low", "normal", "urgent", "high", "critical", "normal", "low",
    ] {
        let body = json!({ "task": "x", "priority": priority });
        let (_, triage) = waiting(&world, &person, body).await;
        expected[ORDER.iter().position(|word| *word == priority).unwrap()].push(triage);
    }
    let expected = expected.concat();
    let whole = world.get("/v1/triage?limit=100", &person).await.json();
    assert_eq!(ids(&whole), expected);
    assert_eq!(
        [
            &whole["total"],
            &whole["limit"],
            &whole["offset"],
            &whole["next_cursor"]
        ],
        [&json!(9), &json!(100), &json!(0), &Value::Null]
    );
    assert_eq!(whole["data"][0], show(&world, &person, &expected[0]).await);

    let (mut walked, mut path, mut pages) = (Vec::new(), "/v1/triage?limit=2".to_owned(), 0);
    loop {
        let page = world.get(&path, &person).await.json();
        pages += 1;
        assert_eq!(page["total"], 9);
        walked.extend(ids(&page));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/v1/triage?limit=2&cursor={cursor}");
        if pages == 1 {
            // A cursor is one tenant's, one list's, one status's.
            for (who, path) in [
                (&tester, path.clone()),
                (&person, format!("{path}&status=approved")),
                (&person, format!("/v1/runs?cursor={cursor}")),
            ] {
                let refused = world.get(&path, who).await;
                assert_eq!(
                    (refused.status.as_u16(), &refused.json()["field"]),
                    (400, &json!("cursor"))
                );
            }
        }
    }
    assert_eq!((walked, pages), (expected.clone(), 5));
    for (offset, shown) in [
        (0, &expected[0..3]),
        (4, &expected[4..7]),
        (8, &expected[8..]),
        (9, &[]),
        (50, &[]),
    ] {
        let page = world
            .get(&format!("/v1/triage?limit=3&offset={offset}"), &person)
            .await
            .json();
        assert_eq!((ids(&page), &page["total"]), (shown.to_vec(), &json!(9)), "{offset}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_list_holds_one_status() {
    let world = World::start().await;
    let person = world.somebody().await;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(waiting(&world, &person, json!({ "task": "x" })).await.1);
    }
    decide(&world, &person, &made[0], "approve", json!({})).await;
    decide(&world, &person, &made[1], "reject", json!({})).await;
    let listed = async |query: &str| ids(&world.get(&format!("/v1/triage{query}"), &person).await.json());
    assert_eq!(listed("").await, made[2..]);
    for (status, shown) in [
        ("pending", &made[2..]),
        ("approved", &made[..1]),
        ("rejected", &made[1..2]),
        ("expired", &[]),
        ("cancelled", &[]),
    ] {
        assert_eq!(listed(&format!("?status={status}")).await, shown, "{status}");
    }
    for (query, field) in [
        ("status=open", "status"),
        ("status=Pending", "status"),
        ("status=pending&status=pending", "status"),
        ("priority=high", "priority"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("offset=10001", "offset"),
        ("cursor=garbage", "cursor"),
        // Of the form of a cursor, but nobody's.
        ("cursor=AgAAAAAAAAAAMA", "cursor"),
    ] {
        let refused = world.get(&format!("/v1/triage?{query}"), &person).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.json()["field"]),
            (400, &json!(field)),
            "{query}"
        );
    }
    world.stop().await;
}

/// Has a run wait for a person with a proposed output of so many bytes, as a worker would.
async fn propose(scene: &Backstage, bytes: usize) -> (RunId, TriageId) {
    let run = scene.create(json!({ "task": "x" })).await;
    let frame = json!({ "summary": "" }).to_string();
    let payload = frame.replace("\"\"", &format!("\"{}\"", "x".repeat(bytes - frame.len())));
    assert_eq!(payload.len(), bytes);
    let works = scene.stores.store.works();
    let mut work = works.load(run).await.unwrap().unwrap();
    let now = Timestamp::now();
    let id = TriageId::generate();
    let item = TriageRow {
        id,
        title: "x".into(),
        summary: "x".into(),
        reasoning: "x".into(),
        risk: Some("x".into()),
        payload,
        expires_at: now.plus_ms(MINUTE_MS),
    };
    let step = Advance {
        claim: Some(Claim),
        events: vec![
            (EventKind::Started, EventDetail::default()),
            (EventKind::TriageRequired, EventDetail::default()),
        ],
        outcome: Some(Outcome::Triage {
            item,
            confidence: 0.5,
            model: "m".into(),
        }),
        ..Advance::default()
    };
    works.advance(&mut work, &step, now).await.unwrap();
    (run, id)
}

#[tokio::test]
async fn a_list_leaves_out_a_long_proposed_output_and_the_item_has_it() {
    let scene = Backstage::open().await;
    let ask = async |path: String| scene.triage.call("GET", &path, Some(&scene.key), None).await.json();
    for (bytes, is_left_out) in [(8_192, false), (8_193, true), (65_536, true)] {
        let (run, triage) = propose(&scene, bytes).await;
        let mut shown = ask(format!("/v1/triage/{triage}")).await;
        assert_eq!(shown["payload"].to_string().len(), bytes);
        assert!(shown.get("payload_truncated").is_none(), "only lists leave it out");
        let payload = shown["payload"].clone();
        if is_left_out {
            shown["payload"] = Value::Null;
            shown["payload_truncated"] = json!(true);
        }
        let listed = ask("/v1/triage".into()).await;
        assert_eq!(listed["data"], json!([shown]), "{bytes}");

        let (status, body) = scene.decide(&triage.to_string(), "approve", json!({})).await;
        assert_eq!(status, 200, "{body}");
        assert_eq!(scene.show(run).await["result"], payload);
    }
    let listed = scene
        .triage
        .query(&scene.key, "/v1/triage", "status=approved")
        .await
        .json();
    let left_out: Vec<bool> = listed["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["payload"].is_null())
        .collect();
    assert_eq!(left_out, [false, true, true]);
}

/// Has so many runs wait for a person; gives their items in the order of the list.
async fn proposed(scene: &Backstage, items: usize) -> Vec<String> {
    let mut made = Vec::new();
    for _ in 0..items {
        made.push(propose(scene, 100).await.1.to_string());
    }
    made.sort();
    made
}

#[tokio::test]
async fn what_leaves_a_list_while_it_is_read_is_not_shown_in_it() {
    let scene = Backstage::open().await;
    let (config, made) = (scene.config(), proposed(&scene, 6).await);
    // Somebody else's process, whose calls nothing holds up.
    let other = Function::triage(&config, config.dynamodb_endpoint.as_deref().unwrap()).await;
    other.call("GET", "/v1/triage", Some(&scene.key), None).await;
    let tables = tables(&config).await;
    let ask = async |query: &str| scene.triage.query(&scene.key, "/v1/triage", query).await.json();
    // Between the index and the items: one is deleted, one is over, and the last of the page is decided.
    let change = async {
        let delete = tables.delete_item().table_name(&config.table_main);
        let delete = delete.key("pk", AttributeValue::S(format!("Q#{}", made[0])));
        delete.key("sk", AttributeValue::S("M".into())).send().await.unwrap();
        let over = AttributeValue::N("1".into());
        records::set(&config, &format!("Q#{}", made[2]), "M", &[("expires_at", over)]).await;
        let path = format!("/v1/triage/{}/approve", made[3]);
        let got = other.call("POST", &path, Some(&scene.key), Some(json!({}))).await;
        assert_eq!(got.status, 200, "{}", got.body);
    };
    let page = scene.meanwhile("BatchGetItem", ask("limit=4"), change).await;
    assert_eq!(ids(&page), [made[1].clone()]);
    assert_eq!(page["data"][0]["status"], "pending");
    // Nothing is passed over for it, and nothing comes again.
    let cursor = page["next_cursor"].as_str().expect("there are others");
    let next = ask(&format!("limit=4&cursor={cursor}")).await;
    assert_eq!((ids(&next), &next["next_cursor"]), (made[4..].to_vec(), &Value::Null));
    assert_eq!(ids(&ask("status=approved").await), [made[3].clone()]);
    assert_eq!(ids(&ask("status=expired").await), [""; 0]);
}

#[tokio::test]
async fn a_page_that_the_store_brings_in_parts_is_whole() {
    let scene = Backstage::open().await;
    let made = proposed(&scene, 5).await;
    let ask = async || scene.triage.call("GET", "/v1/triage", Some(&scene.key), None).await;
    let expected = ask().await.body;
    scene.proxy.take_calls();
    scene.proxy.set_for("BatchGetItem", Fault::Halved);
    let got = ask().await;
    assert_eq!((got.status, &got.body), (200, &expected));
    assert_eq!(ids(&got.json()), made);
    let calls = scene.proxy.take_calls();
    assert_eq!(calls.iter().filter(|call| *call == "BatchGetItem").count(), 3);
}
