//! The `runs` function's events. Set-up has counted one request before: the run of the scene.

use eclips_shared::ids::RunId;
use eclips_shared::time::Timestamp;
use serde_json::{Value, json};

use super::scene::{Answer, Scene, nothing_failed, request_id};

pub async fn accepts_a_run_with_every_field(mut scene: Scene) {
    let run = accepted(&mut scene, "procurement_specialist").await;
    let shown = scene.shown(run).await;
    let mut expected = queued(
        run,
        "Get 3 vendor quotes for 500 laptops",
        "procurement_specialist",
        &shown,
    );
    expected["priority"] = json!("high");
    expected["data"] =
        json!({ "quantity": 500, "budget_usd": 600_000, "deliver_by": "2026-08-01", "sites": ["Lisbon", "Gdańsk"] });
    assert_eq!(shown, expected);
}

pub async fn accepts_a_run_with_a_task_alone(mut scene: Scene) {
    let run = accepted(&mut scene, "center").await;
    let shown = scene.shown(run).await;
    assert_eq!(
        shown,
        queued(run, "Summarise the open invoices of May", "center", &shown)
    );
}

pub async fn accepts_a_run_in_payload_2(mut scene: Scene) {
    let event = scene.event();
    assert_eq!(
        (&event["version"], &event["httpMethod"], &event["path"]),
        (&json!("2.0"), &Value::Null, &Value::Null)
    );
    let response = scene.play().await;
    // Only an answer of payload 2.0 has cookies, and its headers have one value each.
    assert_eq!(response["cookies"], json!([]), "{response}");
    assert_eq!(
        response["headers"]["content-type"], "application/json; charset=utf-8",
        "{response}"
    );
    let run = check_accepted(Answer::read(&response), &request_id(&event), "center");
    let shown = scene.shown(run).await;
    assert_eq!(
        shown,
        queued(run, "Summarise the open invoices of May", "center", &shown)
    );
}

pub async fn accepts_a_body_in_base64_letter_for_letter(mut scene: Scene) {
    let event = scene.event();
    assert_eq!(event["isBase64Encoded"], true);
    assert!(
        !event["body"].as_str().expect("a body").contains('{'),
        "the body is not in base64"
    );
    let run = accepted(&mut scene, "invoice_processor").await;
    let shown = scene.shown(run).await;
    let task = "Prüfe die Rechnung der Bäckerei Öztürk über 1 250,00 €";
    assert_eq!(shown, queued(run, task, "invoice_processor", &shown));
}

pub async fn lists_runs_newest_first(mut scene: Scene) {
    let newest = scene.create("runs-base64-body").await;
    let (older, newer) = (scene.shown(scene.run).await, scene.shown(newest).await);
    let mut answer = scene.ask().await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let expected = json!({
        "data": [summary(newer), summary(older)], "total": 2, "limit": 20, "offset": 0, "next_cursor": null,
    });
    assert_eq!(answer.json(), expected);
    answer.take_rate_limit("standard", 3_000, 2_997, 199_995);
    answer.has_headers(&request_id(&scene.event()), &[]);
}

pub async fn lists_five_of_the_queued_runs(mut scene: Scene) {
    let ended = scene.run;
    let mut queued = Vec::new();
    for _ in 0..6 {
        queued.insert(0, scene.create("runs-create-minimal").await.to_string());
    }
    let message = eclips_tests::event_file::read("worker-one-run", &scene.key, ended);
    scene.send("worker", &message).await;

    let answer = scene.ask().await;
    assert_eq!(answer.status, 200, "{}\n{}", answer.body, scene.log("runs"));
    let list = answer.json();
    let ids: Vec<&str> = list["data"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|run| run["id"].as_str())
        .collect();
    assert_eq!(ids, queued[..5]);
    assert!(
        list["data"]
            .as_array()
            .expect("a list")
            .iter()
            .all(|run| run["status"] == "queued"),
        "{list}"
    );
    assert_eq!(
        (&list["total"], &list["limit"], &list["offset"]),
        (&json!(6), &json!(5), &json!(0))
    );
    assert!(list["next_cursor"].is_string(), "a sixth run is queued: {list}");
}

pub async fn shows_a_run_to_its_own_organization_only(mut scene: Scene) {
    let mut answer = scene.ask().await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let shown = answer.json();
    assert_eq!(
        shown,
        queued(scene.run, "Summarise the open invoices of May", "center", &shown)
    );
    answer.take_rate_limit("standard", 3_000, 2_999, 199_998);
    answer.has_headers(&request_id(&scene.event()), &[]);

    let stranger = scene.stranger().await;
    let mut answer = scene.show(scene.run, &stranger).await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (404, r#"{"error":"Run not found"}"#)
    );
    answer.take_rate_limit("standard", 3_000, 2_999, 199_999);
    answer.has_headers(&request_id(&scene.event()), &[("x-eclips-error-code", "not_found")]);
}

pub async fn accepts_one_run_however_often_it_is_sent(mut scene: Scene) {
    let first = accepted(&mut scene, "center").await;
    let mut again = scene.ask().await;
    assert_eq!((again.status, again.run()), (202, first), "{}", again.body);
    again.take_rate_limit("strict", 300, 297, 199_997);
    again.has_headers(&request_id(&scene.event()), &[("idempotent-replay", "true")]);
    let runs = Answer::read(&scene.play_also("runs-list").await).json();
    let ids: Vec<&Value> = runs["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|run| &run["id"])
        .collect();
    assert_eq!(ids, [&json!(first.to_string()), &json!(scene.run.to_string())]);

    // The same name for something else is a mistake of the caller's.
    let mut other = scene.event();
    other["body"] = json!(r#"{"task":"Summarise the open invoices of June"}"#);
    let refused = Answer::read(&scene.send("runs", &other).await);
    assert_eq!(
        (refused.status, refused.headers["x-eclips-error-code"].as_str()),
        (422, "unprocessable")
    );
    assert_eq!(refused.json()["field"], "Idempotency-Key", "{}", refused.body);
}

pub async fn cancels_a_run_once(mut scene: Scene) {
    let mut answer = scene.ask().await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"cancelled":true}"#));
    answer.take_rate_limit("standard", 3_000, 2_999, 199_998);
    answer.has_headers(&request_id(&scene.event()), &[]);
    let shown = scene.shown(scene.run).await;
    let mut expected = queued(scene.run, "Summarise the open invoices of May", "center", &shown);
    expected["status"] = json!("cancelled");
    expected["error"] = json!("Run was cancelled");
    expected["completed_at"] = shown["completed_at"].clone();
    assert_eq!(shown, expected);

    let mut again = scene.ask().await;
    let decided_at = shown["completed_at"].as_str().expect("it has ended");
    let body = format!(r#"{{"error":"Run cannot be cancelled","status":"cancelled","decided_at":"{decided_at}"}}"#);
    assert_eq!((again.status, again.body.as_str()), (409, body.as_str()));
    again.take_rate_limit("standard", 3_000, 2_997, 199_996);
    again.has_headers(&request_id(&scene.event()), &[("x-eclips-error-code", "conflict")]);

    // The hint that was under way changes nothing.
    assert_eq!(scene.play_also("worker-one-run").await, nothing_failed());
    assert_eq!(scene.shown(scene.run).await, shown);
}

pub async fn refuses_401_without_a_key(mut scene: Scene) {
    let answer = scene.ask().await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (401, r#"{"error":"Missing API key"}"#)
    );
    let refusal = [
        ("www-authenticate", r#"Bearer realm="eclips""#),
        ("x-eclips-error-code", "missing_api_key"),
    ];
    answer.has_headers(&request_id(&scene.event()), &refusal);
}

pub async fn refuses_400_with_two_authorizations(mut scene: Scene) {
    let event = scene.event();
    // Whoever looks at `headers` only sees one good key; that is the trap.
    assert_eq!(event["headers"]["Authorization"], format!("Bearer {}", scene.key));
    assert_eq!(
        event["multiValueHeaders"]["Authorization"].as_array().map(Vec::len),
        Some(2)
    );
    let answer = scene.ask().await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (400, r#"{"error":"Multiple credentials"}"#)
    );
    answer.has_headers(&request_id(&event), &[("x-eclips-error-code", "multiple_credentials")]);

    // The same event with that one key alone is answered: nothing but the second header was refused.
    let mut alone = event.clone();
    alone["multiValueHeaders"]["Authorization"] = json!([format!("Bearer {}", scene.key)]);
    assert_eq!(Answer::read(&scene.send("runs", &alone).await).status, 200);
    assert!(!scene.log("runs").contains(&scene.key), "the log holds the key");
}

async fn accepted(scene: &mut Scene, agent: &str) -> RunId {
    let answer = scene.ask().await;
    check_accepted(answer, &request_id(&scene.event()), agent)
}

fn check_accepted(mut answer: Answer, request_id: &str, agent: &str) -> RunId {
    assert_eq!(answer.status, 202, "{}", answer.body);
    let run = answer.run();
    let body =
        format!(r#"{{"run_id":"{run}","status":"queued","agent_type":"{agent}","estimated_completion":"async"}}"#);
    assert_eq!(answer.body, body);
    answer.take_rate_limit("strict", 300, 298, 199_998);
    answer.has_headers(request_id, &[]);
    run
}

/// A run that nobody has claimed, of normal priority and without data; only its time is taken from what was shown.
fn queued(run: RunId, task: &str, agent: &str, shown: &Value) -> Value {
    let created_at = &shown["created_at"];
    assert!(created_at.as_str().and_then(Timestamp::parse).is_some(), "{shown}");
    json!({
        "id": run.to_string(), "agent_type": agent, "status": "queued", "priority": "normal", "task": task,
        "data": null, "result": null, "confidence_score": null, "requires_triage": false, "triage_item_id": null,
        "error": null, "model": null, "credits": 0, "usage": { "input_tokens": 0, "output_tokens": 0 }, "attempts": 0,
        "batch_id": null, "mode": "live", "created_at": created_at, "started_at": null, "completed_at": null,
    })
}

/// A run as a list shows it.
fn summary(mut run: Value) -> Value {
    let members = run.as_object_mut().expect("a run is an object");
    assert!(members.remove("data").is_some() && members.remove("result").is_some());
    run
}
