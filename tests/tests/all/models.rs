//! Runs that a model behind an endpoint answers, fails or refuses, through the whole system.

use std::time::{Duration, Instant};

use eclips_shared::auth::{Mode, Scope};
use eclips_shared::ids::RunId;
use eclips_tests::chat::{Chat, Say, TOKENS};
use eclips_tests::function_process::{FunctionError, FunctionProcess};
use eclips_tests::records::{self, text, types};
use eclips_tests::stores::Stores;
use eclips_tests::world::{PATIENCE, Person, World};
use reqwest::Method;
use serde_json::{Value, json};

async fn answered_by(chat: &Chat) -> World {
    World::answered_by([(); 3].map(|()| chat.setting())).await
}

/// Runs a task of an agent to its end.
async fn run(world: &World, person: &Person, agent: &str, data: Value) -> (RunId, Value) {
    let body = json!({ "task": "Look at this.", "agent_type": agent, "data": data });
    let run = world.run(person, body).await;
    (run, world.settled(person, run).await)
}

/// A run's attempts as the ledger has them: state, model, tokens read, tokens written, credits.
async fn ledger(world: &World, run: RunId) -> Vec<[String; 5]> {
    let rows = records::of_run(world.config(), run).await;
    let attempts = rows.iter().filter(|(sk, _)| sk.starts_with("A#"));
    attempts
        .map(|(_, item)| {
            ["state", "model", "input_tokens", "output_tokens", "credits"].map(|name| text(item, name).to_owned())
        })
        .collect()
}

fn row(state: &str, credits: &str) -> [String; 5] {
    [state, "tiny", "20", "10", credits].map(str::to_owned)
}

#[tokio::test]
async fn a_live_run_is_answered_by_its_tiers_model_and_a_test_run_never() {
    let chat = Chat::start(|_| Say::Fitting(0.95)).await;
    let world = answered_by(&chat).await;
    let person = world.somebody().await;
    let (id, live) = run(&world, &person, "summariser", json!({ "sandbox": { "fail": "model" } })).await;
    assert_eq!(
        (&live["status"], &live["model"]),
        (&json!("completed"), &json!("tiny")),
        "{live}"
    );
    assert_eq!(
        live["usage"],
        json!({ "input_tokens": TOKENS.0, "output_tokens": TOKENS.1 })
    );
    assert_eq!((&live["credits"], &live["confidence_score"]), (&json!(1), &json!(0.95)));
    assert!(live["result"].get("simulated").is_none(), "{live}");
    assert_eq!(ledger(&world, id).await, [row("answered", "1")]);
    assert_eq!(chat.asked().len(), 1);
    assert!(
        !chat.asked()[0].to_string().contains("sandbox"),
        "directives are for the sandbox"
    );

    let tester = world.person(person.org, Mode::Test, &Scope::ALL, None).await;
    let (_, test) = run(&world, &tester, "summariser", json!({})).await;
    assert_eq!((&test["model"], &test["credits"]), (&json!("sandbox-fast"), &json!(0)));
    assert_eq!(chat.asked().len(), 1);
    world.stop().await;
}

#[tokio::test]
async fn every_agents_answer_fits_in_the_form_that_it_is_asked_for() {
    let chat = Chat::start(|_| Say::Fitting(0.95)).await;
    let world = answered_by(&chat).await;
    let person = world.somebody().await;
    let agents: Vec<_> = eclips_engine::agents::all()
        .filter(|agent| !agent.high_stakes)
        .collect();
    let runs = agents.iter().map(|agent| run(&world, &person, agent.id, json!({})));
    for (agent, (_, ended)) in agents.iter().zip(futures_util::future::join_all(runs).await) {
        assert_eq!(
            (&ended["status"], &ended["attempts"]),
            (&json!("completed"), &json!(1)),
            "{}: {ended}",
            agent.id
        );
    }
    assert_eq!(chat.asked().len(), agents.len(), "no answer had to be mended");
    world.stop().await;
}

#[tokio::test]
async fn what_was_answered_and_thrown_away_is_in_the_ledger() {
    let chat = Chat::start(|_| Say::Refusal).await;
    let world = answered_by(&chat).await;
    let person = world.somebody().await;
    let (id, ended) = run(&world, &person, "summariser", json!({})).await;
    assert_eq!(
        (&ended["status"], &ended["error"]),
        (&json!("failed"), &json!("Model refused the task")),
        "{ended}"
    );
    assert_eq!((&ended["attempts"], &ended["credits"]), (&json!(1), &json!(1)));
    assert_eq!(ledger(&world, id).await, [row("rejected", "1")]);
    assert_eq!(chat.asked().len(), 1, "another attempt would be refused too");
    world.stop().await;
}

#[tokio::test]
async fn every_answer_of_every_attempt_is_paid_for() {
    let chat = Chat::start(|_| Say::Text("I would rather talk.")).await;
    let world = answered_by(&chat).await;
    let person = world.somebody().await;
    let (id, ended) = run(&world, &person, "summariser", json!({})).await;
    assert_eq!(
        (&ended["status"], &ended["error"]),
        (&json!("failed"), &json!("Model answer was malformed")),
        "{ended}"
    );
    assert_eq!((&ended["attempts"], &ended["credits"]), (&json!(3), &json!(6)));
    assert_eq!(
        ended["usage"],
        json!({ "input_tokens": 6 * TOKENS.0, "output_tokens": 6 * TOKENS.1 })
    );
    let both = ["rejected", "tiny", "40", "20", "2"].map(str::to_owned);
    assert_eq!(ledger(&world, id).await, [(); 3].map(|()| both.clone()));
    assert_eq!(chat.asked().len(), 6, "the harness alone tries again");
    world.stop().await;
}

#[tokio::test]
async fn a_high_stakes_answer_is_judged_by_a_model_and_the_person_reads_its_words() {
    // An answer, an evaluator that is down, its pass; another answer, and its call for a person.
    let chat = Chat::start(|before| match before {
        1 => Say::Status(503),
        4 => Say::Text(r#"{"verdict":"triage","confidence":0.2,"reasoning":"The sums differ."}"#),
        _ => Say::Fitting(0.95),
    })
    .await;
    let world = answered_by(&chat).await;
    let person = world.somebody().await;
    let (id, passed) = run(&world, &person, "po_approver", json!({})).await;
    assert_eq!(
        (&passed["status"], &passed["attempts"], &passed["confidence_score"]),
        (&json!("completed"), &json!(3), &json!(0.95)),
        "{passed}"
    );
    assert_eq!(
        passed["usage"],
        json!({ "input_tokens": 2 * TOKENS.0, "output_tokens": 2 * TOKENS.1 })
    );
    let ledger = ledger(&world, id).await;
    assert_eq!(
        ledger.iter().filter(|row| row[0] == "answered").count(),
        2,
        "{ledger:?}"
    );

    // Of the other agent, so that the first one's answer is of no account.
    let (_, doubted) = run(&world, &person, "contract_reviewer", json!({})).await;
    assert_eq!(doubted["status"], "pending_triage", "{doubted}");
    let item = doubted["triage_item_id"].as_str().expect("an item");
    let item = world.get(&format!("/v1/triage/{item}"), &person).await.json();
    assert_eq!(
        item["reasoning"],
        "The evaluator did not pass this agent's answer. The sums differ."
    );
    world.stop().await;
}

#[tokio::test]
async fn a_call_without_an_answer_costs_nothing() {
    let chat = Chat::start(|before| {
        if before == 0 {
            Say::Status(503)
        } else {
            Say::Fitting(0.9)
        }
    })
    .await;
    let world = answered_by(&chat).await;
    let person = world.somebody().await;
    let (id, ended) = run(&world, &person, "summariser", json!({})).await;
    assert_eq!(
        (&ended["status"], &ended["attempts"]),
        (&json!("completed"), &json!(2)),
        "{ended}"
    );
    let failed = ["failed", "", "", "", ""].map(str::to_owned);
    assert_eq!(ledger(&world, id).await, [failed, row("answered", "1")]);
    let events = records::events(world.config(), id).await;
    let error = events
        .iter()
        .find(|event| event["type"] == "attempt.failed")
        .expect("one failed");
    assert_eq!(error["error"], "Model is unavailable");
    world.stop().await;
}

#[tokio::test]
async fn a_mended_answer_is_one_attempt_and_is_worth_no_more_than_080() {
    let chat = Chat::start(|before| {
        if before == 0 {
            Say::Text("Sure!")
        } else {
            Say::Fitting(0.99)
        }
    })
    .await;
    let world = answered_by(&chat).await;
    let person = world.somebody().await;
    let (_, ended) = run(&world, &person, "summariser", json!({})).await;
    assert_eq!(
        (&ended["attempts"], &ended["credits"]),
        (&json!(1), &json!(2)),
        "{ended}"
    );
    assert_eq!(ended["confidence_score"], json!(0.8));
    assert_eq!(
        ended["usage"],
        json!({ "input_tokens": 2 * TOKENS.0, "output_tokens": 2 * TOKENS.1 })
    );
    world.stop().await;
}

#[tokio::test]
async fn a_cancelled_run_pays_for_the_answer_that_was_being_mended() {
    let chat = Chat::start(|before| if before == 0 { Say::Text("Sure!") } else { Say::Silence }).await;
    let world = answered_by(&chat).await;
    let person = world.somebody().await;
    let id = world
        .run(&person, json!({ "task": "Look at this.", "agent_type": "summariser" }))
        .await;
    let deadline = Instant::now() + PATIENCE;
    while chat.asked().len() < 2 {
        assert!(Instant::now() < deadline, "nothing is mended");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let path = format!("/v1/runs/{id}/cancel");
    assert_eq!(world.send(Method::POST, &path, &person, None).await.status, 200);
    // The worker looks every two seconds; then the ledger gets what was answered.
    while ledger(&world, id).await != [row("rejected", "1")] {
        assert!(Instant::now() < deadline, "{:?}", ledger(&world, id).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(world.settled(&person, id).await["status"], "cancelled");
    assert_eq!(
        types(&records::events(world.config(), id).await).last(),
        Some(&"run.cancelled")
    );
    assert_eq!(chat.asked().len(), 2);
    world.stop().await;
}

#[tokio::test]
async fn a_wrong_model_stops_the_worker_at_its_start() {
    let stores = Stores::open().await;
    for (setting, value, says) in [
        (
            "ECLIPS_MODEL_SMART",
            "gpt-5",
            "setting ECLIPS_MODEL_SMART is wrong: it can be",
        ),
        (
            "ECLIPS_MODEL_FAST",
            "openai:https://api.example.com/v1",
            "setting ECLIPS_MODEL_FAST is wrong: the base URL needs",
        ),
        (
            "ECLIPS_MODEL_KEY",
            "sk wrong",
            "setting ECLIPS_MODEL_KEY is wrong: a key is made of",
        ),
    ] {
        let mut setup = stores.setup("worker");
        if setting == "ECLIPS_MODEL_KEY" {
            let model = "openai:https://api.example.com/v1#m".to_owned();
            setup.settings.insert("ECLIPS_MODEL_FAST".to_owned(), model);
        }
        setup.settings.insert(setting.to_owned(), value.to_owned());
        match FunctionProcess::start(&setup).await {
            Err(FunctionError::Exited { status, log }) => {
                let log = log.join("\n");
                assert!(
                    !status.success() && log.contains(says) && !log.contains("sk wrong"),
                    "{log}"
                );
            }
            Err(error) => panic!("{setting}: {error}"),
            Ok(_) => panic!("it starts with {setting}={value}"),
        }
    }
}
