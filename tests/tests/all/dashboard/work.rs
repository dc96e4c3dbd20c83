//! What people do for the agents: runs started, followed and cancelled, and questions decided, once each.

use eclips_shared::ids::{OrgId, RunId};
use eclips_shared::plan::Plan;
use eclips_shared::role::Role;
use eclips_tests::visitor::{Visitor, hidden};
use eclips_tests::world::{Person, Reply, World};
use futures_util::future::join;
use serde_json::{Value, json};

/// A member and the token of his forms.
async fn worker(world: &World, org: OrgId, email: &str) -> (Visitor, String) {
    let mut worker = Visitor::member(world, org, email, Role::Member).await;
    let token = worker.form_token().await;
    (worker, token)
}

fn new_run<'a>(form_id: &'a str, task: &'a str, data: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("form_id", form_id),
        ("task", task),
        ("data", data),
        ("agent", "procurement_specialist"),
        ("priority", "high"),
    ]
}

/// The id of the run that a redirect leads to.
fn run_of(got: &Reply) -> RunId {
    assert_eq!(got.status, 303, "{}", got.text);
    let path = got.header("location").strip_prefix("/runs/").expect("a run's page");
    RunId::parse(path.split('?').next().unwrap_or_default()).expect("an id")
}

/// A run of a person's that waits for a decision, and its question.
async fn doubtful(world: &World, person: &Person) -> (RunId, String) {
    let body = json!({ "task": "Decide <me>", "priority": "urgent", "data": { "sandbox": { "confidence": 0.4 } } });
    let run = world.run(person, body).await;
    let settled = world.settled(person, run).await;
    let question = settled["triage_item_id"].as_str().expect("it waits").to_owned();
    (run, question)
}

#[tokio::test]
async fn a_run_is_started_by_a_form_once_and_followed_to_its_end() {
    let world = World::start().await;
    let person = world.somebody().await;
    let (mut worker, token) = worker(&world, person.org, "ada@example.com").await;
    let form = worker.get("/runs/new?agent=procurement_specialist").await;
    let form_id = hidden(&form.text, "form_id").unwrap();
    let task = "Get 3 vendor quotes for 500 laptops & <screens>";
    for (task, data, word) in [
        (" \n", "", "task is required"),
        (task, "[1]", "data must be an object"),
        (task, "{", "This is no JSON object."),
    ] {
        let got = worker.post("/runs", &token, &new_run(&form_id, task, data)).await;
        assert_eq!(got.status, 422, "{}", got.text);
        assert!(got.text.contains(word), "{word}: {}", got.text);
    }
    let fields = new_run(&form_id, task, r#"{"budget": 1.50}"#);
    let run = run_of(&worker.post("/runs", &token, &fields).await);
    assert_eq!(
        run_of(&worker.post("/runs", &token, &fields).await),
        run,
        "a second click"
    );

    // The API knows it as any other, and the ledger by what it came from.
    let shown = world.settled(&person, run).await;
    assert_eq!((&shown["task"], &shown["priority"]), (&json!(task), &json!("high")));
    assert_eq!(shown["data"], json!({ "budget": 1.5 }));
    let page = worker.get(&format!("/runs/{run}")).await;
    for text in [
        "Get 3 vendor quotes for 500 laptops &amp; &lt;screens&gt;",
        "Accepted",
        "The model answered",
        "Result",
    ] {
        let escaped = text
            .replace("&amp;", "&#38;")
            .replace("&lt;", "&#60;")
            .replace("&gt;", "&#62;");
        assert!(
            page.text.contains(text) || page.text.contains(&escaped),
            "{text}: {}",
            page.text
        );
    }
    assert!(!page.text.contains("data-live"), "nothing more happens to it");
    let list = worker.get("/runs?show=agent:procurement_specialist").await;
    assert!(
        list.text.contains(&run.to_string()) && list.text.contains("data-live"),
        "{}",
        list.text
    );
    let other = worker.get("/runs?show=status:failed").await;
    assert!(!other.text.contains(&run.to_string()));
}

#[tokio::test]
async fn live_and_test_runs_are_apart_and_other_organizations_have_neither() {
    let world = World::start().await;
    let person = world.somebody().await;
    let (mut worker, token) = worker(&world, person.org, "ada@example.com").await;
    let form = worker.get("/runs/new?mode=test").await;
    let form_id = hidden(&form.text, "form_id").unwrap();
    let made = worker
        .post("/runs?mode=test", &token, &new_run(&form_id, "x", ""))
        .await;
    let run = run_of(&made);
    assert!(made.header("location").ends_with("?mode=test"));
    let path = format!("/runs/{run}");
    assert_eq!(worker.get(&format!("{path}?mode=test")).await.status, 200);
    assert_eq!(worker.get(&path).await.status, 404);
    assert_eq!(worker.get(&format!("{path}?mode=other")).await.status, 404);
    assert!(!worker.get("/runs").await.text.contains(&run.to_string()));
    let (mut stranger, foreign) = self::worker(&world, world.org(Plan::Growth).await, "eve@example.com").await;
    for path in [format!("{path}?mode=test"), format!("{path}/cancel?mode=test")] {
        assert_eq!(stranger.get(&path).await.status, 404, "{path}");
    }
    let cancel = format!("{path}/cancel?mode=test");
    assert_eq!(stranger.post(&cancel, &foreign, &[]).await.status, 404);
}

#[tokio::test]
async fn a_run_is_cancelled_after_it_was_asked_for_once() {
    let world = World::start().await;
    let person = world.somebody().await;
    let (mut worker, token) = worker(&world, person.org, "ada@example.com").await;
    let run = world
        .run(
            &person,
            json!({ "task": "x", "data": { "sandbox": { "delay_ms": 8_000 } } }),
        )
        .await;
    let path = format!("/runs/{run}/cancel");
    let asked = worker.get(&path).await;
    assert!(asked.text.contains("Cancel this run?"), "{}", asked.text);
    for _ in 0..2 {
        assert_eq!(worker.post(&path, &token, &[]).await.status, 303);
    }
    let shown = world.settled(&person, run).await;
    assert_eq!(shown["status"], "cancelled");
    assert_eq!(worker.get(&path).await.status, 303, "there is nothing to ask any more");
}

#[tokio::test]
async fn of_two_people_who_decide_at_once_one_wins_and_the_other_sees_who() {
    let world = World::start().await;
    let person = world.somebody().await;
    let (run, question) = doubtful(&world, &person).await;
    let (mut ada, ada_token) = worker(&world, person.org, "ada@example.com").await;
    let (mut bob, bob_token) = worker(&world, person.org, "bob@example.com").await;
    let inbox = ada.get("/inbox").await;
    assert!(
        inbox.text.contains("Critical &#38; Urgent") || inbox.text.contains("Critical & Urgent"),
        "{}",
        inbox.text
    );
    assert!(
        inbox.text.contains(&question) && !inbox.text.contains("Decide <me>"),
        "{}",
        inbox.text
    );
    let path = format!("/inbox/{question}");
    let (approve, reject) = (format!("{path}/approve"), format!("{path}/reject"));
    let (one, other) = join(
        ada.post(&approve, &ada_token, &[("note", "fine")]),
        bob.post(&reject, &bob_token, &[("note", "no")]),
    )
    .await;
    let (winner, late) = match (one.status.as_u16(), other.status.as_u16()) {
        (303, 409) => ("ada@example.com", other),
        (409, 303) => ("bob@example.com", one),
        pair => panic!("{pair:?}"),
    };
    assert!(late.text.contains(&format!("{winner} was first")), "{}", late.text);
    let status = if winner.starts_with("ada") {
        "completed"
    } else {
        "cancelled"
    };
    let shown = world.settled(&person, run).await;
    assert_eq!(shown["status"], status, "{shown}");
    let item = world.get(&format!("/v1/triage/{question}"), &person).await.json();
    assert_eq!(item["decided_by"], winner);
    assert!(ada.get("/inbox").await.text.contains("Inbox clear."));
}

#[tokio::test]
async fn an_edited_output_is_checked_and_what_was_only_shown_is_no_edit() {
    let world = World::start().await;
    let person = world.somebody().await;
    let (mut ada, token) = worker(&world, person.org, "ada@example.com").await;
    let (run, question) = doubtful(&world, &person).await;
    let path = format!("/inbox/{question}/approve");
    for (output, word) in [("{", "This is no JSON object."), (r#"{"nothing":1}"#, "output")] {
        let got = ada.post(&path, &token, &[("output", output), ("note", "")]).await;
        assert_eq!(got.status, 422, "{}", got.text);
        assert!(
            got.text.contains(word) && got.text.contains("output-fault"),
            "{}",
            got.text
        );
    }
    let item = world.get(&format!("/v1/triage/{question}"), &person).await.json();
    let pretty = serde_json::to_string_pretty(&item["payload"])
        .unwrap()
        .replace('\n', "\r\n");
    let done = ada.post(&path, &token, &[("output", &pretty), ("note", " ")]).await;
    assert_eq!(done.header("location"), "/inbox?done=approved", "{}", done.text);
    let shown = world.settled(&person, run).await;
    assert_eq!(shown["result"], item["payload"]);

    let (run, question) = doubtful(&world, &person).await;
    let mut edited: Value = item["payload"].clone();
    edited["summary"] = json!("Mended by hand.");
    let fields = [("output", &*edited.to_string()), ("note", "mended")];
    let done = ada.post(&format!("/inbox/{question}/approve"), &token, &fields).await;
    assert_eq!(done.status, 303, "{}", done.text);
    let shown = world.settled(&person, run).await;
    assert_eq!(shown["result"]["summary"], "Mended by hand.", "{shown}");
}
