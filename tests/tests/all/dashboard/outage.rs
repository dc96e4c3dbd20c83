//! Store or provider not answering: a page that says so, nobody signed out by it, nothing shown that was not read.

use eclips_shared::auth::{Mode, Scope};
use eclips_shared::config::Config;
use eclips_shared::email::Email;
use eclips_shared::ids::{BatchId, FormId};
use eclips_shared::plan::Plan;
use eclips_shared::role::Role;
use eclips_tests::function::Function;
use eclips_tests::proxy::{Fault, Proxy};
use eclips_tests::visitor::{Visitor, member_id};
use eclips_tests::world::{OPERATOR, World};
use serde_json::json;

#[tokio::test]
async fn a_store_that_fails_is_a_503_and_never_a_sign_in() {
    let world = World::start().await;
    let org = world.org(Plan::Growth).await;
    let visitor = Visitor::member(&world, org, "owner@example.com", Role::Owner).await;
    let session = format!("eclips_session={}", visitor.cookies["eclips_session"]);
    let proxy = Proxy::before(world.config().dynamodb_endpoint.as_deref().unwrap()).await;
    let config = Config {
        dynamodb_endpoint: Some(proxy.url().to_owned()),
        ..world.config().clone()
    };
    let dashboard = Function::dashboard(&config).await;
    assert_eq!(dashboard.page("/settings/api-keys", &session).await.status, 200);
    assert_eq!(
        proxy.take_calls()[..2],
        ["GetItem", "BatchGetItem"],
        "session, then standing; then what the page shows"
    );
    for operation in ["GetItem", "BatchGetItem", "Query"] {
        for fault in [Fault::Broken, Fault::Throttled, Fault::Denied, Fault::NoTable] {
            proxy.set_for(operation, fault);
            let got = dashboard.page("/settings/api-keys", &session).await;
            assert_eq!(
                (got.status, got.header("retry-after")),
                (503, "5"),
                "{operation} {fault:?}"
            );
            assert!(
                got.body.contains("The service does not answer"),
                "{operation} {fault:?}"
            );
            assert!(!got.body.contains("eck_"), "{operation} {fault:?}");
            proxy.set(Fault::None);
        }
    }
    assert_eq!(
        dashboard.page("/settings/api-keys", &session).await.status,
        200,
        "nobody was signed out"
    );
    world.stop().await;
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_a_503_and_the_pages_live_on() {
    let world = World::start().await;
    let org = world.org(Plan::Growth).await;
    let visitor = Visitor::member(&world, org, "owner@example.com", Role::Owner).await;
    let session = format!("eclips_session={}", visitor.cookies["eclips_session"]);
    let config = Config {
        oidc_issuer: "http://127.0.0.1:9".to_owned(),
        ..world.config().clone()
    };
    let dashboard = Function::dashboard(&config).await;
    assert_eq!(dashboard.page("/sign-in/start", "").await.status, 503);
    assert_eq!(dashboard.page("/settings/api-keys", &session).await.status, 200);
    assert_eq!(dashboard.page("/sign-in", "").await.status, 200);
    world.stop().await;
}

#[tokio::test]
async fn store_calls_per_page_are_what_the_table_says() {
    let world = World::start().await;
    let org = world.org(Plan::Growth).await;
    let mut visitor = Visitor::member(&world, org, "owner@example.com", Role::Owner).await;
    let token = visitor.form_token().await;
    let session = format!("eclips_session={}", visitor.cookies["eclips_session"]);
    let person = world.person(org, Mode::Live, &[Scope::AgentsRead], None).await;
    let proxy = Proxy::before(world.config().dynamodb_endpoint.as_deref().unwrap()).await;
    let config = Config {
        dynamodb_endpoint: Some(proxy.url().to_owned()),
        ..world.config().clone()
    };
    let dashboard = Function::dashboard(&config).await;
    let enter = ["GetItem", "BatchGetItem"];
    let key = format!("/settings/api-keys/{}", person.key_id);
    let (roll_page, revoke_page) = (format!("{key}/roll"), format!("{key}/revoke"));
    let worker = world.person(org, Mode::Live, &Scope::ALL, None).await;
    let run = world.run(&worker, json!({ "task": "x" })).await;
    world.settled(&worker, run).await;
    let run = format!("/runs/{run}");
    let rows = json!({ "agent_type": "center", "rows": [{ "task": "x" }, { "task": "y" }] });
    let batch = world.batch(&worker, rows).await;
    world.batch_ended(&worker, &batch).await;
    // A moment after its last row its own item says that it is over; until then it is looked at once more.
    let id = BatchId::parse(&batch).unwrap();
    while world
        .store
        .batches()
        .load(id)
        .await
        .unwrap()
        .unwrap()
        .ended_at()
        .is_none()
    {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let (batch, results) = (format!("/batches/{batch}"), format!("/batches/{batch}/results.csv"));
    let colleague = Email::parse("bob@example.com").unwrap();
    let members = world.store.members();
    members.add(org, &colleague, Role::Member, &OPERATOR).await.unwrap();
    let bob = format!("/settings/team/{}", member_id(colleague.as_str()));
    let (role_page, removal_page) = (format!("{bob}/role"), format!("{bob}/remove"));
    // ARCHITECTURE.md has this table. What is asked side by side comes in any order.
    let pages: [(&str, &[&str]); 24] = [
        ("/runs", &["GetItem", "Query"]),
        ("/runs/new", &[]),
        (&run, &["GetItem", "Query", "Query"]),
        ("/inbox", &["Query", "Query", "Query", "Query", "Query"]),
        ("/batches", &["BatchGetItem", "Query", "Query"]),
        ("/batches/new", &[]),
        (&batch, &["BatchGetItem", "GetItem", "Query"]),
        (&results, &["BatchGetItem", "GetItem", "Query"]),
        ("/webhooks", &["Query"]),
        ("/webhooks/new", &[]),
        ("/settings/api-keys", &["Query", "Query"]),
        ("/settings/api-keys/new", &[]),
        (&key, &["GetItem", "Query", "Query"]),
        (&roll_page, &["GetItem"]),
        (&revoke_page, &["GetItem"]),
        ("/settings/audit-log", &["Query"]),
        ("/settings/team", &["Query"]),
        ("/settings/team/new", &[]),
        (&role_page, &["Query"]),
        (&removal_page, &["Query"]),
        ("/settings/plan", &["GetItem"]),
        ("/settings/trust", &["GetItem"]),
        ("/agents", &[]),
        ("/agents/center", &["GetItem"]),
    ];
    for (path, own) in pages {
        assert_eq!(dashboard.page(path, &session).await.status, 200, "{path}");
        let mut calls = proxy.take_calls();
        calls[2..].sort_unstable();
        assert_eq!(calls, [&enter[..], own].concat(), "{path}");
    }
    assert_eq!(dashboard.page("/usage", &session).await.status, 200);
    let mut together = proxy.take_calls().split_off(enter.len());
    together.sort_unstable();
    assert_eq!(together, ["GetItem", "Query", "Query", "Query"]);
    for path in ["/sign-in", "/nowhere", "/assets/none"] {
        dashboard.page(path, "").await;
        assert!(proxy.take_calls().is_empty(), "{path}");
    }
    for path in ["/reference", "/reference/runCreate", "/openapi.json"] {
        assert_eq!(dashboard.page(path, &session).await.status, 200, "{path}");
        assert!(proxy.take_calls().is_empty(), "{path}");
    }
    let form_id = FormId::generate();
    let create = format!("form_token={token}&name=CI&mode=live&scope=agents%3Aread&life=90&date=&form_id={form_id}");
    let roll = format!("form_token={token}&grace=0&form_id={}", FormId::generate());
    let revoke = format!("form_token={token}");
    let adds = format!("form_token={token}&email=eve%40example.com&role=member");
    let changes = format!("form_token={token}&role=admin");
    let forms: [(&str, &str, u64, &[&str]); 7] = [
        ("/settings/api-keys", &create, 201, &["TransactWriteItems"]),
        (&roll_page, &roll, 201, &["GetItem", "GetItem", "TransactWriteItems"]),
        (&revoke_page, &revoke, 303, &["GetItem", "TransactWriteItems"]),
        ("/settings/team", &adds, 303, &["GetItem", "TransactWriteItems"]),
        (&role_page, &changes, 303, &["GetItem", "TransactWriteItems"]),
        (&removal_page, &revoke, 303, &["GetItem", "TransactWriteItems"]),
        ("/settings/team/leave", &revoke, 409, &["GetItem", "Query"]),
    ];
    for (path, fields, status, own) in forms {
        let got = dashboard.form(path, &session, &config.dashboard_url, fields).await;
        assert_eq!(got.status, status, "{path}: {}", got.body);
        assert_eq!(proxy.take_calls(), [&enter[..], own].concat(), "{path}");
    }
    world.stop().await;
}
