//! Of all who end a question at once one does, and everybody hears of the same end.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use eclips_shared::auth::{Mode, Scope};
use eclips_shared::ids::{RunId, TriageId};
use eclips_shared::store::{Expired, StoreError};
use eclips_shared::time::Timestamp;
use eclips_shared::triage::TriageStatus;
use eclips_tests::backstage::{Backstage, ONE_CALL};
use eclips_tests::proxy::Fault;
use eclips_tests::records::{self, text, types};
use eclips_tests::world::World;
use futures_util::future::{join, join_all};
use reqwest::Method;
use serde_json::{Value, json};

use super::{answer, decide, show, too_late, waiting};

/// Every end of a run that the events tell.
async fn ends(world: &World, run: RunId) -> Vec<String> {
    let events = records::events(world.config(), run).await;
    for (at, event) in events.iter().enumerate() {
        assert_eq!(event["seq"], json!(at + 1), "{events:?}");
    }
    let told = types(&events).into_iter().map(str::to_owned);
    told.filter(|kind| ["run.completed", "run.failed", "run.cancelled"].contains(&kind.as_str()))
        .collect()
}

/// Moves the end of an item's time.
async fn set_end(world: &World, triage: &str, expires_at: Timestamp) {
    let end = AttributeValue::N(expires_at.ms().to_string());
    let pk = format!("Q#{triage}");
    records::set(world.config(), &pk, "M", &[("expires_at", end)]).await;
}

#[tokio::test]
async fn of_twenty_who_decide_at_once_one_does() {
    let world = World::start().await;
    let person = world.somebody().await;
    let colleague = world.person(person.org, Mode::Live, &Scope::ALL, None).await;
    let edited = json!({ "output": { "summary": "Edited.", "specialist": "reader", "reason": "It is a letter." } });
    for _ in 0..10 {
        let (run, triage) = waiting(&world, &person, json!({ "task": "x" })).await;
        let wishes = (0..20).map(|at| match at % 4 {
            0 => (&person, "approve", json!({})),
            1 => (&person, "reject", json!({})),
            2 => (&colleague, "approve", edited.clone()),
            _ => (&colleague, "reject", json!({})),
        });
        let wishes: Vec<_> = wishes.collect();
        let sent = wishes
            .iter()
            .map(|(who, verb, body)| decide(&world, who, &triage, verb, body.clone()));
        let heard = join_all(sent).await;
        let shown = show(&world, &person, &triage).await;
        let (mut agreed, mut winners) = (None, 0);
        for ((who, verb, body), got) in wishes.iter().zip(&heard) {
            if got.status == 200 {
                let wish = (who.key_id, *verb, body);
                assert_eq!(*agreed.get_or_insert(wish), wish, "two decisions stand");
                assert_eq!(
                    [&got.json()["decided_at"], &got.json()["decided_by"]],
                    [&shown["decided_at"], &shown["decided_by"]]
                );
                winners += 1;
            } else {
                let status = shown["status"].as_str().unwrap();
                assert_eq!(
                    answer(got),
                    too_late(status, &shown["decided_at"], &shown["decided_by"])
                );
            }
        }
        // The five who wished the same all hear that it stands.
        assert_eq!(winners, 5);
        let (_, verb, body) = agreed.unwrap();
        let (status, end) = if verb == "approve" {
            ("completed", "run.completed")
        } else {
            ("cancelled", "run.cancelled")
        };
        let ended = world.settled(&person, run).await;
        assert_eq!(ended["status"], status);
        if *body == edited {
            assert_eq!(ended["result"], edited["output"]);
        }
        assert_eq!(ends(&world, run).await, [end]);
    }
    world.stop().await;
}

#[tokio::test]
async fn a_decision_and_a_cancellation_have_one_winner() {
    let world = World::start().await;
    let person = world.somebody().await;
    let mut won = [0, 0];
    for round in 0..30u64 {
        let verb = if round % 2 == 0 { "approve" } else { "reject" };
        let (run, triage) = waiting(&world, &person, json!({ "task": "x" })).await;
        let path = format!("/v1/runs/{run}/cancel");
        // A decision takes one read more; neither is to win always.
        let cancelling = async {
            tokio::time::sleep(Duration::from_millis(2 * round)).await;
            world.send(Method::POST, &path, &person, None).await
        };
        let (decided, cancelled) = join(decide(&world, &person, &triage, verb, json!({})), cancelling).await;
        let shown = show(&world, &person, &triage).await;
        let ended = world.settled(&person, run).await;
        let is_decided = decided.status == 200;
        assert_eq!(
            cancelled.status == 200,
            !is_decided,
            "{} {}",
            decided.text,
            cancelled.text
        );
        if is_decided {
            assert_eq!(cancelled.status, 409, "{}", cancelled.text);
            assert_eq!(shown["status"], decided.json()["status"]);
        } else {
            let body = json!({ "error": "Triage item already cancelled", "status": "cancelled", "decided_at": shown["decided_at"] });
            assert_eq!(answer(&decided), (409, body));
            assert_eq!(
                (&shown["status"], &ended["error"]),
                (&json!("cancelled"), &json!("Run was cancelled"))
            );
        }
        assert_eq!(ends(&world, run).await.len(), 1);
        won[usize::from(is_decided)] += 1;
    }
    assert!(won[0] > 0 && won[1] > 0, "both must happen: {won:?}");
    world.stop().await;
}

#[tokio::test]
async fn a_decision_and_the_end_of_its_time_have_one_winner() {
    let world = World::start().await;
    let person = world.somebody().await;
    let mut won = [0, 0];
    for round in 0..30 {
        let (run, triage) = waiting(&world, &person, json!({ "task": "x" })).await;
        set_end(&world, &triage, Timestamp::now().plus_ms(8 * round)).await;
        let id = TriageId::parse(&triage).unwrap();
        let sweeping = async {
            loop {
                match world.store.triages().expire(id, Timestamp::now()).await {
                    Ok(Expired::NotYet { .. }) | Err(StoreError::Lost) => {
                        tokio::time::sleep(Duration::from_millis(1)).await;
                    }
                    Ok(end) => break end,
                    Err(error) => panic!("{error}"),
                }
            }
        };
        let (decided, swept) = join(decide(&world, &person, &triage, "approve", json!({})), sweeping).await;
        let (shown, ended) = (show(&world, &person, &triage).await, world.settled(&person, run).await);
        let is_decided = decided.status == 200;
        if is_decided {
            assert_eq!(swept, Expired::Before(TriageStatus::Approved));
            assert_eq!([&shown["status"], &ended["status"]], ["approved", "completed"]);
        } else {
            let body = json!({ "error": "Triage item already expired", "status": "expired", "decided_at": shown["expires_at"] });
            assert_eq!(answer(&decided), (409, body));
            assert_eq!(swept, Expired::Now);
            assert_eq!([&shown["status"], &ended["status"]], ["expired", "failed"]);
        }
        assert_eq!(ends(&world, run).await.len(), 1);
        won[usize::from(is_decided)] += 1;
    }
    assert!(won[0] > 0 && won[1] > 0, "both must happen: {won:?}");
    world.stop().await;
}

#[tokio::test]
async fn an_item_whose_time_is_over_has_expired_whether_swept_or_not() {
    let world = World::start().await;
    let person = world.somebody().await;
    let (run, triage) = waiting(&world, &person, json!({ "task": "x" })).await;
    let id = TriageId::parse(&triage).unwrap();
    let triages = world.store.triages();
    let expires_at = Timestamp::parse(show(&world, &person, &triage).await["expires_at"].as_str().unwrap()).unwrap();
    assert_eq!(
        triages.expire(id, Timestamp::now()).await.unwrap(),
        Expired::NotYet { expires_at }
    );
    assert_eq!(
        triages.expire(TriageId::generate(), Timestamp::now()).await.unwrap(),
        Expired::Gone
    );

    let over = Timestamp::now().plus_ms(-1);
    set_end(&world, &triage, over).await;
    let expired = (
        409,
        json!({ "error": "Triage item already expired", "status": "expired", "decided_at": over.to_string() }),
    );
    let wrong = json!({ "output": {} });
    let unswept = show(&world, &person, &triage).await;
    for body in [json!({}), wrong.clone()] {
        assert_eq!(
            answer(&decide(&world, &person, &triage, "approve", body).await),
            expired
        );
    }
    assert_eq!(
        answer(&decide(&world, &person, &triage, "reject", json!({})).await),
        expired
    );
    assert_eq!(world.get("/v1/triage", &person).await.json()["data"], json!([]));
    assert_eq!(world.settled(&person, run).await["status"], "pending_triage");

    assert_eq!(triages.expire(id, Timestamp::now()).await.unwrap(), Expired::Now);
    assert_eq!(
        triages.expire(id, Timestamp::now()).await.unwrap(),
        Expired::Before(TriageStatus::Expired)
    );
    assert_eq!(
        show(&world, &person, &triage).await,
        unswept,
        "nobody sees when it was swept"
    );
    assert_eq!(
        answer(&decide(&world, &person, &triage, "approve", wrong).await),
        expired
    );
    let listed = world.get("/v1/triage?status=expired", &person).await.json();
    assert_eq!(listed["data"], json!([unswept]));
    let ended = world.settled(&person, run).await;
    assert_eq!(
        [&ended["status"], &ended["error"], &ended["result"]],
        [&json!("failed"), &json!("Triage expired"), &Value::Null]
    );
    assert_eq!(ends(&world, run).await, ["run.failed"]);
    let main = records::item(world.config(), run, "M").await;
    assert_eq!(
        [text(&main, "counts"), text(&main, "due"), text(&main, "due_at")],
        ["", "", ""]
    );
    world.stop().await;
}

#[tokio::test]
async fn a_decision_outlives_conflicts_and_lost_replies() {
    for (verb, end) in [("approve", "run.completed"), ("reject", "run.cancelled")] {
        for fault in [Fault::Conflict, Fault::ReplyLost, Fault::Broken] {
            let scene = Backstage::open().await;
            let (run, triage) = scene.waiting().await;
            scene.proxy.set_after("TransactWriteItems", 0, ONE_CALL - 1, fault);
            let (status, body) = scene.decide(&triage, verb, json!({})).await;
            assert_eq!(status, 200, "{fault:?}: {body}");
            let events = records::events(&scene.config(), run).await;
            assert_eq!(types(&events).last(), Some(&end), "{fault:?}");
        }
        // Nobody was told, so it is asked again.
        let scene = Backstage::open().await;
        let (run, triage) = scene.waiting().await;
        scene
            .proxy
            .set_after("TransactWriteItems", 0, ONE_CALL, Fault::ReplyLost);
        assert_eq!(scene.decide(&triage, verb, json!({})).await.0, 503);
        let (status, body) = scene.decide(&triage, verb, json!({})).await;
        assert_eq!((status, &body["run_id"]), (200, &json!(run)), "{body}");
        let other = if verb == "approve" { "reject" } else { "approve" };
        assert_eq!(scene.decide(&triage, other, json!({})).await.0, 409);
        let kinds = records::events(&scene.config(), run).await;
        assert_eq!(types(&kinds).iter().filter(|kind| **kind == end).count(), 1);
    }
}
