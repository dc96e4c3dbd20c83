//! `/v1/triage`: what waits for a person is shown, listed and decided once, and its run ends by it. *Source*: contract §5.

use eclips_tests::target::{Target, until};
use serde_json::{Value, json};

use super::shape::{Is, TRIAGE_ITEM, assert_run, assert_shape};
use super::{NO_ITEM, assert_names, assert_refused, unknown_run};

/// The days that a person has to decide, in milliseconds.
const DAYS_7_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

/// A decision's answer.
const DECIDED: &[(&str, &[Is])] = &[
    ("id", &[Is::Id]),
    ("status", &[Is::Word(&["approved", "rejected"])]),
    ("run_id", &[Is::Id]),
    ("decided_at", &[Is::Time]),
    ("decided_by", &[Is::Id]),
];

/// A decision with the test key that is made; gives the answer.
async fn decided(target: &Target, triage: &str, verb: &str, body: Value) -> Value {
    let got = target
        .post(&format!("/v1/triage/{triage}/{verb}"), target.test(), &body)
        .await;
    assert_eq!(got.status, 200, "{}", got.text);
    assert_shape(&got.json(), DECIDED);
    // The same decision again is the same answer.
    let again = target
        .post(&format!("/v1/triage/{triage}/{verb}"), target.test(), &body)
        .await;
    assert_eq!(again.pair(), got.pair());
    got.json()
}

/// Another decision is too late, and is told which stands.
async fn assert_stands(target: &Target, triage: &str, verb: &str, decided: &Value) {
    let got = target
        .post(&format!("/v1/triage/{triage}/{verb}"), target.test(), &json!({}))
        .await;
    let status = decided["status"].as_str().unwrap();
    let expected = json!({
        "error": format!("Triage item already {status}"), "status": status,
        "decided_at": decided["decided_at"], "decided_by": decided["decided_by"],
    });
    assert_eq!((got.status.as_u16(), got.json()), (409, expected));
    assert_eq!(got.header("x-eclips-error-code"), "conflict");
}

#[tokio::test]
async fn an_item_says_what_is_to_be_decided() {
    let target = Target::find();
    let (run, triage) = target.waiting("high").await;
    let (item, waiting) = (target.triage_item(&triage).await, target.show(&run).await);
    assert_shape(&item, TRIAGE_ITEM);
    assert_eq!(
        [
            &item["run_id"],
            &item["agent_type"],
            &item["priority"],
            &item["confidence_score"],
            &item["status"]
        ],
        [
            &json!(run),
            &waiting["agent_type"],
            &json!("high"),
            &waiting["confidence_score"],
            &json!("pending")
        ]
    );
    for member in ["decided_at", "decided_by", "note"] {
        assert_eq!(item[member], Value::Null, "{member}");
    }
    let at = |member: &str| {
        eclips_shared::time::Timestamp::parse(item[member].as_str().unwrap())
            .unwrap()
            .ms()
    };
    let left = at("expires_at") - at("created_at");
    assert!((left - DAYS_7_MS).abs() < 60_000, "{item}");
    decided(&target, &triage, "reject", json!({})).await;
}

#[tokio::test]
async fn an_approval_completes_the_run_with_what_was_proposed() {
    let target = Target::find();
    let (run, triage) = target.waiting("normal").await;
    let item = target.triage_item(&triage).await;
    let done = decided(&target, &triage, "approve", json!({ "note": "Fine" })).await;
    assert_eq!(
        [&done["id"], &done["status"], &done["run_id"]],
        [&json!(triage), &json!("approved"), &json!(run)]
    );
    let ended = target.show(&run).await;
    assert_run(&ended);
    assert_eq!(
        [
            &ended["status"],
            &ended["result"],
            &ended["error"],
            &ended["confidence_score"]
        ],
        [
            &json!("completed"),
            &item["payload"],
            &Value::Null,
            &item["confidence_score"]
        ]
    );
    let shown = target.triage_item(&triage).await;
    assert_shape(&shown, TRIAGE_ITEM);
    assert_eq!(
        [
            &shown["status"],
            &shown["note"],
            &shown["decided_at"],
            &shown["decided_by"]
        ],
        [
            &json!("approved"),
            &json!("Fine"),
            &done["decided_at"],
            &done["decided_by"]
        ]
    );
    assert_stands(&target, &triage, "reject", &done).await;
    assert_stands(&target, &triage, "approve", &done).await;
    let cancelled = target.cancel(&run, target.test()).await;
    assert_eq!(cancelled.status, 409, "{}", cancelled.text);
}

#[tokio::test]
async fn an_approval_may_put_another_output_in_its_place() {
    let target = Target::find();
    let (run, triage) = target.waiting("normal").await;
    let output = json!({
        "summary": "Edited", "findings": ["One"], "specialist": "reader", "reason": "It is a letter.", "checked": true,
    });
    let path = format!("/v1/triage/{triage}/approve");
    let unknown = json!({ "summary": "Edited", "specialist": "nobody", "reason": "x" });
    for (misfit, begins) in [
        (json!({ "findings": [] }), "output.summary must be a string"),
        (json!({ "summary": "Edited" }), "output.specialist must be one of "),
        (unknown, "output.specialist must be one of "),
    ] {
        let got = target.post(&path, target.test(), &json!({ "output": misfit })).await;
        assert_eq!(
            (
                got.status.as_u16(),
                got.header("x-eclips-error-code"),
                &got.json()["field"]
            ),
            (422, "unprocessable", &json!("output"))
        );
        let error = got.json()["error"].as_str().unwrap_or_default().to_owned();
        assert!(error.starts_with(begins), "{error}");
    }
    decided(&target, &triage, "approve", json!({ "output": output })).await;
    let ended = target.show(&run).await;
    assert_eq!((&ended["status"], &ended["result"]), (&json!("completed"), &output));
}

#[tokio::test]
async fn a_rejection_ends_the_run_without_a_result() {
    let target = Target::find();
    for (body, error) in [
        (json!({}), "Rejected in triage"),
        (json!({ "note": "Too dear" }), "Rejected in triage: Too dear"),
    ] {
        let (run, triage) = target.waiting("normal").await;
        let done = decided(&target, &triage, "reject", body).await;
        let ended = target.show(&run).await;
        assert_run(&ended);
        assert_eq!(
            [&ended["status"], &ended["error"], &ended["result"]],
            [&json!("cancelled"), &json!(error), &Value::Null]
        );
        assert_stands(&target, &triage, "approve", &done).await;
    }
}

#[tokio::test]
async fn cancelling_the_run_withdraws_the_question() {
    let target = Target::find();
    let (run, triage) = target.waiting("normal").await;
    assert_eq!(target.cancel(&run, target.test()).await.status, 200);
    let shown = target.triage_item(&triage).await;
    assert_shape(&shown, TRIAGE_ITEM);
    assert_eq!(
        (&shown["status"], &shown["decided_by"]),
        (&json!("cancelled"), &Value::Null)
    );
    let got = target
        .post(&format!("/v1/triage/{triage}/approve"), target.test(), &json!({}))
        .await;
    let expected = json!({
        "error": "Triage item already cancelled", "status": "cancelled", "decided_at": shown["decided_at"],
    });
    assert_eq!((got.status.as_u16(), got.json()), (409, expected));
}

#[tokio::test]
async fn a_list_has_the_most_urgent_first() {
    let target = Target::find();
    let mut made = Vec::new();
    for priority in ["critical", "urgent", "low", "urgent"] {
        made.push(target.waiting(priority).await);
    }
    let expected: Vec<&str> = [0, 1, 3, 2].iter().map(|at: &usize| made[*at].1.as_str()).collect();
    // Other tests' items stand between ours.
    let list = until("the list shows what waits", async || {
        let got = target.get("/v1/triage?limit=100", target.test()).await;
        assert_eq!(got.status, 200, "{}", got.text);
        let list = got.json();
        let items = list["data"].as_array().unwrap().iter();
        let ids: Vec<&str> = items.filter_map(|item| item["id"].as_str()).collect();
        let ours: Vec<&str> = ids.into_iter().filter(|id| expected.contains(id)).collect();
        if ours.len() < expected.len() {
            return None;
        }
        assert_eq!(ours, expected, "the most urgent first, and of these the oldest");
        Some(list)
    })
    .await;
    let mut envelope = list.clone();
    envelope.as_object_mut().unwrap().remove("data");
    assert_shape(
        &envelope,
        &[
            ("total", &[Is::Whole]),
            ("limit", &[Is::Whole]),
            ("offset", &[Is::Whole]),
            ("next_cursor", &[Is::Text, Is::Null]),
        ],
    );
    for item in list["data"].as_array().unwrap() {
        assert_shape(item, TRIAGE_ITEM);
        assert_eq!(item["status"], "pending");
    }
    for (_, triage) in &made {
        decided(&target, triage, "reject", json!({})).await;
    }
}

#[tokio::test]
async fn a_wrong_request_decides_nothing() {
    let target = Target::find();
    let (_, triage) = target.waiting("normal").await;
    for (verb, body, field) in [
        ("approve", json!({ "note": 7 }), "note"),
        ("approve", json!({ "note": "x".repeat(2_001) }), "note"),
        ("approve", json!({ "output": [] }), "output"),
        (
            "approve",
            json!({ "output": { "summary": "x".repeat(65_536) } }),
            "output",
        ),
        ("approve", json!({ "reason": "x" }), "reason"),
        ("reject", json!({ "output": { "summary": "x" } }), "output"),
    ] {
        let got = target
            .post(&format!("/v1/triage/{triage}/{verb}"), target.test(), &body)
            .await;
        assert_names(&got, field);
    }
    for (query, field) in [
        ("status=open", "status"),
        ("limit=101", "limit"),
        ("cursor=garbage", "cursor"),
        ("priority=high", "priority"),
    ] {
        assert_names(&target.get(&format!("/v1/triage?{query}"), target.test()).await, field);
    }
    assert_eq!(target.triage_item(&triage).await["status"], "pending");
    decided(&target, &triage, "reject", json!({})).await;
}

#[tokio::test]
async fn an_item_is_its_organizations_and_its_modes() {
    let target = Target::find();
    let (_, triage) = target.waiting("normal").await;
    let others = [Some(target.live()), target.stranger()];
    for key in others.into_iter().flatten() {
        for id in [triage.as_str(), &unknown_run()] {
            let path = format!("/v1/triage/{id}");
            assert_refused(&target.get(&path, key).await, (404, "not_found", NO_ITEM));
            for verb in ["approve", "reject"] {
                let got = target.post(&format!("{path}/{verb}"), key, &json!({})).await;
                assert_refused(&got, (404, "not_found", NO_ITEM));
            }
        }
    }
    decided(&target, &triage, "approve", json!({})).await;
}
