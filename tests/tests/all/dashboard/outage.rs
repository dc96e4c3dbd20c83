//! Store or provider not answering: a page that says so, nobody signed out by it, nothing shown that was not read.

use eclips_shared::config::Config;
use eclips_shared::plan::Plan;
use eclips_shared::role::Role;
use eclips_tests::function::Function;
use eclips_tests::proxy::{Fault, Proxy};
use eclips_tests::visitor::Visitor;
use eclips_tests::world::World;

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
            assert_eq!(got.status, 503, "{operation} {fault:?}");
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
