//! `GET /v1/runs`: the envelope, pages by offset and by cursor, filters, wrong queries. *Source*: contract §2
//! "Lists" and §3.

use std::collections::HashSet;

use eclips_tests::target::{Target, until};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::shape::{Is, assert_run_summary, assert_shape};
use super::{assert_names, assert_names_one_of};

/// How many runs the page tests make.
const RUNS: usize = 5;

/// The agent that only these tests give anything to, so that what they made comes first.
const AGENT: &str = "backup_verifier";

fn ids(list: &Value) -> Vec<String> {
    let items = list["data"].as_array().unwrap().iter();
    items.map(|run| run["id"].as_str().unwrap().to_owned()).collect()
}

/// A page of the test key's list.
async fn page(target: &Target, query: &str) -> Value {
    let got = target.get(&format!("/v1/runs?{query}"), target.test()).await;
    assert_eq!(got.status, 200, "{query}: {}", got.text);
    got.json()
}

/// Runs of [`AGENT`] that the list shows; made by the test that needs them first, for all tests of this process.
async fn made(target: &Target) -> &'static HashSet<String> {
    static MADE: OnceCell<HashSet<String>> = OnceCell::const_new();
    MADE.get_or_init(async || {
        let body = json!({ "task": "Contract test", "agent_type": AGENT });
        let made: HashSet<String> = join_all((0..RUNS).map(|_| target.run(&body)))
            .await
            .into_iter()
            .collect();
        until("the list shows what was made", async || {
            let listed = ids(&page(target, &format!("agent_type={AGENT}&limit=100")).await);
            made.iter().all(|run| listed.contains(run)).then_some(())
        })
        .await;
        made
    })
    .await
}

#[tokio::test]
async fn a_list_comes_in_the_manual_s_envelope() {
    let target = Target::find();
    made(&target).await;
    let list = page(&target, "").await;
    let mut envelope = list.clone();
    let items = envelope.as_object_mut().unwrap().remove("data").unwrap();
    assert_shape(
        &envelope,
        &[
            ("total", &[Is::Whole]),
            ("limit", &[Is::Whole]),
            ("offset", &[Is::Whole]),
            ("next_cursor", &[Is::Text, Is::Null]),
        ],
    );
    assert_eq!((&list["limit"], &list["offset"]), (&json!(20), &json!(0)));
    let items = items.as_array().unwrap();
    assert!((RUNS..=20).contains(&items.len()), "{} items", items.len());
    assert!(list["total"].as_u64().unwrap() >= RUNS as u64, "{}", list["total"]);
    items.iter().for_each(assert_run_summary);
    assert!(
        items.iter().all(|run| run["mode"] == "test"),
        "a test key sees test runs"
    );
    let times: Vec<&str> = items.iter().map(|run| run["created_at"].as_str().unwrap()).collect();
    assert!(
        times.is_sorted_by(|newer, older| newer >= older),
        "newest first: {times:?}"
    );
}

#[tokio::test]
async fn a_cursor_leads_through_the_list_without_repeats_while_runs_are_inserted() {
    let target = Target::find();
    let mut expected = made(&target).await.clone();
    let first = format!("agent_type={AGENT}&limit=2");
    let (mut query, mut walked, mut pages) = (first.clone(), Vec::new(), 0);
    while !expected.is_empty() {
        let list = page(&target, &query).await;
        pages += 1;
        let shown = ids(&list);
        assert!(shown.len() <= 2, "{list}");
        shown.iter().for_each(|run| {
            expected.remove(run);
        });
        walked.extend(shown);
        if pages == 1 {
            // Newer than where the cursor begins, so no later page has it.
            let body = json!({ "task": "Inserted meanwhile", "agent_type": AGENT });
            let inserted = target.run(&body).await;
            assert!(!walked.contains(&inserted));
            walked.push(inserted);
        }
        let Some(cursor) = list["next_cursor"].as_str() else {
            break;
        };
        query = format!("{first}&cursor={cursor}");
    }
    assert!(expected.is_empty(), "not on any page: {expected:?}");
    assert!(pages >= 3, "{pages} pages");
    let distinct: HashSet<&String> = walked.iter().collect();
    assert_eq!(distinct.len(), walked.len(), "a run came twice: {walked:?}");
}

#[tokio::test]
async fn an_offset_skips_what_is_newer() {
    let target = Target::find();
    made(&target).await;
    // Others may insert between the two requests, so the second is asked for until it fits.
    until("two pages that fit together", async || {
        let whole = ids(&page(&target, &format!("agent_type={AGENT}&limit=4")).await);
        let rest = page(&target, &format!("agent_type={AGENT}&limit=2&offset=2")).await;
        assert_eq!((&rest["limit"], &rest["offset"]), (&json!(2), &json!(2)));
        (ids(&rest) == whole[2..]).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_filter_shows_nothing_else() {
    let target = Target::find();
    made(&target).await;
    let by_agent = page(&target, &format!("agent_type={AGENT}")).await;
    let agents = by_agent["data"].as_array().unwrap();
    assert!(
        agents.len() >= RUNS && agents.iter().all(|run| run["agent_type"] == AGENT),
        "{by_agent}"
    );
    let by_status = until("the list shows a completed run", async || {
        let list = page(&target, "status=completed").await;
        (!list["data"].as_array().unwrap().is_empty()).then_some(list)
    })
    .await;
    let statuses = by_status["data"].as_array().unwrap();
    assert!(statuses.iter().all(|run| run["status"] == "completed"), "{by_status}");
}

#[tokio::test]
async fn a_summary_has_no_data_and_no_result_and_a_short_task() {
    let target = Target::find();
    let agent = "patch_manager";
    let body = json!({ "task": "é".repeat(281), "agent_type": agent, "data": { "a": 1 } });
    let run = target.run(&body).await;
    let shown = until("the list shows the run", async || {
        let list = page(&target, &format!("agent_type={agent}")).await;
        let items = list["data"].as_array().unwrap().iter();
        items.into_iter().find(|item| item["id"] == json!(run)).cloned()
    })
    .await;
    assert_run_summary(&shown);
    assert_eq!(shown["task"], "é".repeat(280));
}

#[tokio::test]
async fn a_wrong_query_names_its_parameter() {
    let target = Target::find();
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=x", "limit"),
        ("limit=1.5", "limit"),
        ("offset=-1", "offset"),
        ("offset=10001", "offset"),
        ("offset=x", "offset"),
        ("status=done", "status"),
        ("status=Completed", "status"),
        ("agent_type=nobody", "agent_type"),
        ("cursor=garbage", "cursor"),
        ("staus=failed", "staus"),
    ] {
        let got = target.get(&format!("/v1/runs?{query}"), target.test()).await;
        assert_names(&got, field);
    }
}

#[tokio::test]
async fn the_outermost_pages_are_given() {
    let target = Target::find();
    for query in ["limit=1", "limit=100", "offset=10000"] {
        page(&target, query).await;
    }
}

#[tokio::test]
async fn status_and_agent_exclude_each_other() {
    let target = Target::find();
    let path = format!("/v1/runs?status=failed&agent_type={AGENT}");
    let got = target.get(&path, target.test()).await;
    assert_names_one_of(&got, &["status", "agent_type"]);
}

#[tokio::test]
async fn a_cursor_belongs_to_its_list() {
    let target = Target::find();
    made(&target).await;
    let list = page(&target, &format!("agent_type={AGENT}&limit=1")).await;
    let cursor = list["next_cursor"].as_str().unwrap();
    for (path, key) in [
        (format!("/v1/runs?cursor={cursor}"), target.test()),
        (format!("/v1/runs?agent_type=center&cursor={cursor}"), target.test()),
        (format!("/v1/runs?agent_type={AGENT}&cursor={cursor}"), target.live()),
    ] {
        assert_names(&target.get(&path, key).await, "cursor");
    }
}
