//! `GET /v1/usage` and its three breakdowns: shapes, sums, wrong days. *Source*: contract §8.

use eclips_shared::time::Timestamp;
use eclips_tests::target::{Target, until};
use serde_json::{Value, json};

use super::shape::Is::{Id, Object, Time, Whole, Word};
use super::shape::assert_shape;
use super::{assert_names, assert_names_one_of};

/// Gets a path of usage with the test key.
async fn get(target: &Target, path: &str) -> Value {
    let got = target.get(path, target.test()).await;
    assert_eq!(got.status, 200, "{path}: {}", got.text);
    got.json()
}

/// The figures that every answer of usage has, and that they add up.
fn assert_figures(shown: &Value) {
    let kinds = ["completed", "failed", "cancelled", "pending_triage"];
    assert_shape(
        &shown["runs"],
        &[
            ("total", &[Whole]),
            ("completed", &[Whole]),
            ("failed", &[Whole]),
            ("cancelled", &[Whole]),
            ("pending_triage", &[Whole]),
        ],
    );
    assert_shape(&shown["tokens"], &[("input", &[Whole]), ("output", &[Whole])]);
    let sum: u64 = kinds.iter().map(|kind| shown["runs"][kind].as_u64().unwrap()).sum();
    assert!(shown["runs"]["total"].as_u64().unwrap() >= sum, "{shown}");
}

/// The items of a breakdown, each with the figures and a name.
fn items(answer: &Value, name: &str) -> Vec<Value> {
    assert_eq!(answer.as_object().unwrap().keys().collect::<Vec<_>>(), ["data"]);
    let items = answer["data"].as_array().unwrap().clone();
    for item in &items {
        assert!(item[name].is_string() && item["credits"].is_u64(), "{item}");
        assert_figures(item);
    }
    items
}

#[tokio::test]
async fn the_month_at_a_glance_has_these_members_and_no_other() {
    let target = Target::find();
    for key in [target.live(), target.test()] {
        let got = target.get("/v1/usage", key).await;
        assert_eq!(got.status, 200, "{}", got.text);
        let usage = got.json();
        assert_shape(
            &usage,
            &[
                ("organization_id", &[Id]),
                ("plan", &[Word(&["team", "growth", "enterprise"])]),
                ("period", &[Object]),
                ("credits", &[Object]),
                ("runs", &[Object]),
                ("tokens", &[Object]),
                ("requests", &[Object]),
            ],
        );
        assert_shape(&usage["period"], &[("start", &[Time]), ("end", &[Time])]);
        assert_shape(
            &usage["credits"],
            &[("included", &[Whole]), ("used", &[Whole]), ("remaining", &[Whole])],
        );
        assert_shape(&usage["requests"], &[("today", &[Whole]), ("daily_limit", &[Whole])]);
        assert_figures(&usage);
    }
}

#[tokio::test]
async fn credits_add_up_and_test_data_costs_none() {
    let target = Target::find();
    for key in [target.live(), target.test()] {
        let usage = target.get("/v1/usage", key).await.json();
        let [included, used, remaining] =
            ["included", "used", "remaining"].map(|figure| usage["credits"][figure].as_u64().unwrap());
        assert_eq!(remaining, included.saturating_sub(used), "{usage}");
    }
    assert_eq!(get(&target, "/v1/usage").await["credits"]["used"], 0);
}

#[tokio::test]
async fn the_period_is_this_calendar_month() {
    let target = Target::find();
    let usage = get(&target, "/v1/usage").await;
    let [start, end] = ["start", "end"].map(|time| usage["period"][time].as_str().unwrap());
    for time in [start, end] {
        assert!(time.ends_with("-01T00:00:00.000Z"), "{usage}");
    }
    let now = Timestamp::now();
    assert!(
        Timestamp::parse(start) <= Some(now) && Some(now) < Timestamp::parse(end),
        "{usage}"
    );
}

#[tokio::test]
async fn a_run_s_tokens_are_counted() {
    let target = Target::find();
    let before = get(&target, "/v1/usage").await;
    let run = target.run(&json!({ "task": "Contract test" })).await;
    let ended = target.settled(&run).await;
    assert_eq!(ended["status"], "completed");
    until("the run's tokens are counted", async || {
        let after = get(&target, "/v1/usage").await;
        // Other runs may have ended meanwhile.
        let grew = |figure: &str, by: &str| {
            let counted = |usage: &Value| usage["tokens"][figure].as_u64().unwrap();
            counted(&after) >= counted(&before) + ended["usage"][by].as_u64().unwrap()
        };
        (grew("input", "input_tokens") && grew("output", "output_tokens")).then_some(())
    })
    .await;
}

#[tokio::test]
async fn every_day_that_was_asked_for_has_an_item() {
    let target = Target::find();
    let days = items(
        &get(&target, "/v1/usage/daily?from=2026-01-01&to=2026-04-02").await,
        "date",
    );
    let dates: Vec<&str> = days.iter().map(|day| day["date"].as_str().unwrap()).collect();
    assert_eq!(
        (dates.len(), dates[0], dates[31], dates[91]),
        (92, "2026-01-01", "2026-02-01", "2026-04-02")
    );
    assert!(dates.is_sorted_by(|earlier, later| earlier < later), "{dates:?}");
    let one = items(
        &get(&target, "/v1/usage/daily?from=2026-02-28&to=2026-02-28").await,
        "date",
    );
    assert_eq!((one.len(), &one[0]["date"]), (1, &json!("2026-02-28")));
}

#[tokio::test]
async fn a_wrong_day_is_named() {
    let target = Target::find();
    for (query, fields) in [
        ("from=yesterday", &["from"][..]),
        ("from=2026-02-30", &["from"]),
        ("from=2026-1-1", &["from"]),
        ("to=2026-06-06T00:00:00.000Z", &["to"]),
        ("from=2026-06-07&to=2026-06-06", &["from", "to"]),
        ("from=2026-01-01&to=2026-04-03", &["from", "to"]),
    ] {
        let got = target.get(&format!("/v1/usage/daily?{query}"), target.test()).await;
        assert_names_one_of(&got, fields);
    }
}

#[tokio::test]
async fn what_was_used_is_told_per_agent_and_per_key() {
    let target = Target::find();
    let run = target
        .run(&json!({ "task": "Contract test", "agent_type": "center" }))
        .await;
    target.settled(&run).await;
    until("the run's agent and key are told", async || {
        let agents = items(&get(&target, "/v1/usage/agents").await, "agent_type");
        let keys = items(&get(&target, "/v1/usage/keys").await, "key_id");
        let counted = |item: &Value| item["runs"]["total"].as_u64() > Some(0);
        let center = agents
            .iter()
            .any(|item| item["agent_type"] == "center" && counted(item));
        (center && keys.iter().any(counted)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_unknown_parameter_is_named() {
    let target = Target::find();
    for path in ["/v1/usage", "/v1/usage/daily", "/v1/usage/agents", "/v1/usage/keys"] {
        let got = target.get(&format!("{path}?day=2026-06-06"), target.test()).await;
        assert_names(&got, "day");
    }
}
