//! Triage: what waits for a person is shown, listed and decided, once; and its run goes on from there.

mod lists;
mod overtaken;
mod races;

use eclips_shared::auth::{Mode, Scope};
use eclips_shared::ids::{RunId, TriageId};
use eclips_tests::records::{self, text, types};
use eclips_tests::world::{Person, Reply, World};
use reqwest::Method;
use serde_json::{Value, json};

/// A run that waits for a person, and its triage item.
async fn waiting(world: &World, person: &Person, mut body: Value) -> (RunId, String) {
    body["data"] = json!({ "sandbox": { "confidence": 0.4 } });
    let run = world.run(person, body).await;
    let waiting = world.settled(person, run).await;
    assert_eq!(waiting["status"], "pending_triage", "{waiting}");
    (run, waiting["triage_item_id"].as_str().unwrap().to_owned())
}

async fn decide(world: &World, person: &Person, triage: &str, verb: &str, body: Value) -> Reply {
    let path = format!("/v1/triage/{triage}/{verb}");
    world.send(Method::POST, &path, person, Some(body)).await
}

async fn show(world: &World, person: &Person, triage: &str) -> Value {
    let shown = world.get(&format!("/v1/triage/{triage}"), person).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    shown.json()
}

/// The last two events of a run, by type and status.
async fn last_events(world: &World, run: RunId) -> [(Value, Value); 2] {
    let events = records::events(world.config(), run).await;
    for (at, event) in events.iter().enumerate() {
        assert_eq!(event["seq"], json!(at + 1), "{events:?}");
    }
    let last = &events[events.len() - 2..];
    [0, 1].map(|at| (last[at]["type"].clone(), last[at]["status"].clone()))
}

/// What a decision hears of another one.
fn too_late(status: &str, decided_at: &Value, decided_by: &Value) -> (u16, Value) {
    let error = format!("Triage item already {status}");
    let body = json!({ "error": error, "status": status, "decided_at": decided_at, "decided_by": decided_by });
    (409, body)
}

fn answer(got: &Reply) -> (u16, Value) {
    (got.status.as_u16(), got.json())
}

#[tokio::test]
async fn an_answer_that_somebody_lets_pass_is_the_runs_result() {
    let world = World::start().await;
    let person = world.somebody().await;
    let colleague = world.person(person.org, Mode::Live, &[Scope::TriageWrite], None).await;
    let (run, triage) = waiting(&world, &person, json!({ "task": "Pay it", "priority": "urgent" })).await;
    let item = show(&world, &person, &triage).await;
    let expected = json!({
        "id": triage, "run_id": run, "agent_type": "center", "priority": "urgent", "title": "Center: Pay it",
        "summary": "Pay it", "reasoning": item["reasoning"], "risk": null, "confidence_score": 0.4,
        "payload": item["payload"], "status": "pending", "created_at": item["created_at"],
        "expires_at": item["expires_at"], "decided_at": null, "decided_by": null, "note": null,
    });
    assert_eq!(item, expected);
    assert!(item["payload"]["summary"].is_string(), "{item}");

    let note = json!({ "note": "  Looks right. " });
    let got = decide(&world, &person, &triage, "approve", note.clone()).await;
    let done = got.json();
    let expected = json!({
        "id": triage, "status": "approved", "run_id": run, "decided_at": done["decided_at"], "decided_by": person.key_id,
    });
    assert_eq!((got.status.as_u16(), &done), (200, &expected));
    let ended = world.settled(&person, run).await;
    let of = |names: [&str; 6]| names.map(|name| ended[name].clone());
    assert_eq!(
        of([
            "status",
            "result",
            "confidence_score",
            "requires_triage",
            "error",
            "completed_at"
        ]),
        [
            json!("completed"),
            item["payload"].clone(),
            json!(0.4),
            json!(true),
            Value::Null,
            done["decided_at"].clone()
        ]
    );
    let told = [
        (json!("run.approved"), json!("pending_triage")),
        (json!("run.completed"), json!("completed")),
    ];
    assert_eq!(last_events(&world, run).await, told);
    let main = records::item(world.config(), run, "M").await;
    assert_eq!(
        [text(&main, "counts"), text(&main, "due"), text(&main, "due_at")],
        ["correct", "", ""]
    );

    // Sent again it is the same answer; any other decision is too late, and changes nothing.
    let again = decide(&world, &person, &triage, "approve", note.clone()).await;
    assert_eq!(again.pair(), got.pair());
    let other = json!({ "output": { "summary": "Another one." } });
    for (who, verb, body) in [
        (&person, "approve", json!({})),
        (&person, "approve", other),
        (&person, "reject", note.clone()),
        (&colleague, "approve", note.clone()),
        (&colleague, "reject", json!({})),
    ] {
        let refused = decide(&world, who, &triage, verb, body).await;
        let expected = too_late("approved", &done["decided_at"], &done["decided_by"]);
        assert_eq!(answer(&refused), expected, "{verb}");
        assert_eq!(refused.header("x-eclips-error-code"), "conflict");
    }
    assert_eq!(world.settled(&person, run).await, ended);
    let shown = show(&world, &person, &triage).await;
    assert_eq!(
        (&shown["status"], &shown["note"]),
        (&json!("approved"), &json!("Looks right."))
    );
    world.stop().await;
}

#[tokio::test]
async fn an_edited_output_takes_the_place_of_the_proposed_one() {
    let world = World::start().await;
    let person = world.somebody().await;
    let short =
        json!({ "summary": "Edited.", "specialist": "reader", "reason": "It is a letter.", "extra": [1, null] });
    let long = json!({
        "summary": "x", "specialist": "reader", "reason": "x", "appendix": "x".repeat(60_000), "n": 1.5,
    });
    for edited in [short, long] {
        let (run, triage) = waiting(&world, &person, json!({ "task": "x" })).await;
        let body = json!({ "output": edited });
        let got = decide(&world, &person, &triage, "approve", body.clone()).await;
        assert_eq!(got.status, 200, "{}", got.text);
        assert_eq!(
            decide(&world, &person, &triage, "approve", body).await.pair(),
            got.pair()
        );
        let ended = world.settled(&person, run).await;
        assert_eq!((&ended["status"], &ended["result"]), (&json!("completed"), &edited));
        let main = records::item(world.config(), run, "M").await;
        assert_eq!(text(&main, "counts"), "reset");
        // What was proposed stays what was proposed.
        assert_ne!(show(&world, &person, &triage).await["payload"], edited);
    }

    // What is only written in another way is no edit.
    let (run, triage) = waiting(&world, &person, json!({ "task": "x" })).await;
    let payload = show(&world, &person, &triage).await["payload"].clone();
    let same = serde_json::to_string_pretty(&payload).unwrap();
    let request = world
        .request(Method::POST, &format!("/v1/triage/{triage}/approve"))
        .bearer_auth(&person.key)
        .header("content-type", "application/json")
        .body(format!(r#"{{"output":{same}}}"#));
    let got = eclips_tests::world::reply(request).await;
    assert_eq!(got.status, 200, "{}", got.text);
    assert_eq!(
        decide(&world, &person, &triage, "approve", json!({})).await.pair(),
        got.pair()
    );
    let main = records::item(world.config(), run, "M").await;
    assert_eq!(text(&main, "counts"), "correct");
    assert_eq!(world.settled(&person, run).await["result"], payload);
    world.stop().await;
}

#[tokio::test]
async fn a_rejection_ends_the_run_and_says_why() {
    let world = World::start().await;
    let person = world.somebody().await;
    for (body, error) in [
        (json!({ "note": "Too dear" }), "Rejected in triage: Too dear"),
        (json!({ "note": " \n" }), "Rejected in triage"),
        (json!({}), "Rejected in triage"),
    ] {
        let (run, triage) = waiting(&world, &person, json!({ "task": "x" })).await;
        let got = decide(&world, &person, &triage, "reject", body.clone()).await;
        let done = got.json();
        let expected = json!({
            "id": triage, "status": "rejected", "run_id": run, "decided_at": done["decided_at"],
            "decided_by": person.key_id,
        });
        assert_eq!(answer(&got), (200, expected));
        assert_eq!(
            decide(&world, &person, &triage, "reject", body).await.pair(),
            got.pair()
        );
        let refused = decide(&world, &person, &triage, "approve", json!({})).await;
        let expected = too_late("rejected", &done["decided_at"], &done["decided_by"]);
        assert_eq!(answer(&refused), expected);
        let ended = world.settled(&person, run).await;
        assert_eq!(
            [
                &ended["status"],
                &ended["error"],
                &ended["result"],
                &ended["completed_at"]
            ],
            [&json!("cancelled"), &json!(error), &Value::Null, &done["decided_at"]]
        );
        let told = [
            (json!("run.rejected"), json!("pending_triage")),
            (json!("run.cancelled"), json!("cancelled")),
        ];
        assert_eq!(last_events(&world, run).await, told);
        let main = records::item(world.config(), run, "M").await;
        assert_eq!(
            [text(&main, "counts"), text(&main, "due"), text(&main, "due_at")],
            ["reset", "", ""]
        );
    }
    world.stop().await;
}

#[tokio::test]
async fn a_body_that_is_wrong_decides_nothing() {
    let world = World::start().await;
    let person = world.somebody().await;
    let (run, triage) = waiting(&world, &person, json!({ "task": "x" })).await;
    let sent = |output: Value| json!({ "output": output });
    for (verb, body, status, field) in [
        ("approve", json!({ "note": 7 }), 400, Some("note")),
        ("approve", json!({ "note": "é".repeat(2_001) }), 400, Some("note")),
        ("approve", json!({ "reason": "x" }), 400, Some("reason")),
        ("approve", json!([]), 400, None),
        ("approve", sent(json!("x")), 400, Some("output")),
        ("approve", sent(json!([])), 400, Some("output")),
        (
            "approve",
            sent(json!({ "summary": "x".repeat(65_536) })),
            400,
            Some("output"),
        ),
        ("approve", sent(json!({})), 422, Some("output")),
        // What its agent's schema asks for is missing.
        ("approve", sent(json!({ "summary": "x" })), 422, Some("output")),
        (
            "approve",
            sent(json!({ "summary": "x", "findings": "x" })),
            422,
            Some("output"),
        ),
        ("reject", json!({ "note": "é".repeat(2_001) }), 400, Some("note")),
        ("reject", sent(json!({ "summary": "x" })), 400, Some("output")),
    ] {
        let got = decide(&world, &person, &triage, verb, body).await;
        let code = if status == 400 {
            "validation_error"
        } else {
            "unprocessable"
        };
        assert_eq!(
            (
                got.status.as_u16(),
                got.header("x-eclips-error-code"),
                got.json()["field"].as_str()
            ),
            (status, code, field),
            "{}",
            got.text
        );
    }
    assert_eq!(show(&world, &person, &triage).await["status"], "pending");
    // The longest note there may be, and no body at all.
    let got = decide(&world, &person, &triage, "reject", json!({ "note": "é".repeat(2_000) })).await;
    assert_eq!(got.status, 200, "{}", got.text);
    let error = world.settled(&person, run).await["error"].clone();
    assert_eq!(
        error.as_str().unwrap().chars().count(),
        "Rejected in triage: ".len() + 2_000
    );
    let (_, triage) = waiting(&world, &person, json!({ "task": "x" })).await;
    let path = format!("/v1/triage/{triage}/approve");
    assert_eq!(world.send(Method::POST, &path, &person, None).await.status, 200);
    world.stop().await;
}

#[tokio::test]
async fn nobody_else_sees_or_decides_what_waits() {
    let world = World::start().await;
    let person = world.somebody().await;
    let tester = world.person(person.org, Mode::Test, &Scope::ALL, None).await;
    let stranger = world.somebody().await;
    let (_, triage) = waiting(&world, &person, json!({ "task": "x" })).await;
    let (_, tested) = waiting(&world, &tester, json!({ "task": "x" })).await;
    let unknown = TriageId::generate().to_string();
    let hidden = [
        (&tester, &triage),
        (&stranger, &triage),
        (&person, &tested),
        (&person, &unknown),
    ];
    for (who, triage) in hidden {
        let got = world.get(&format!("/v1/triage/{triage}"), who).await;
        assert_eq!(got.pair(), (404, r#"{"error":"Triage item not found"}"#));
        for verb in ["approve", "reject"] {
            let got = decide(&world, who, triage, verb, json!({})).await;
            assert_eq!(got.pair(), (404, r#"{"error":"Triage item not found"}"#));
        }
    }
    for id in [triage.to_uppercase(), triage.replace('-', ""), "0".into()] {
        let got = world.get(&format!("/v1/triage/{id}"), &person).await;
        assert_eq!(got.pair(), (404, r#"{"error":"Triage item not found"}"#), "{id}");
    }
    for (who, triage) in [(&person, &triage), (&tester, &tested)] {
        assert_eq!(show(&world, who, triage).await["status"], "pending");
        let list = world.get("/v1/triage", who).await.json();
        assert_eq!((&list["total"], &list["data"][0]["id"]), (&json!(1), &json!(triage)));
    }
    assert_eq!(world.get("/v1/triage", &stranger).await.json()["data"], json!([]));
    world.stop().await;
}

#[tokio::test]
async fn a_stream_that_comes_back_after_the_decision_hears_of_it() {
    let world = World::start().await;
    let person = world.somebody().await;
    let (run, triage) = waiting(&world, &person, json!({ "task": "x" })).await;
    decide(&world, &person, &triage, "approve", json!({})).await;
    let told = world.get(&format!("/v1/runs/{run}/stream"), &person).await.text;
    let events = records::events(world.config(), run).await;
    let kinds = types(&events);
    assert_eq!(
        kinds[kinds.len() - 3..],
        ["run.triage_required", "run.approved", "run.completed"]
    );
    let last: Vec<&str> = told.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    assert_eq!(last, kinds, "{told}");
    world.stop().await;
}
