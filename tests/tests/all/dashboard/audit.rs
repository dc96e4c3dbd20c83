//! The audit log: one entry for each event, in the transaction of the event; nothing that failed is in it.

use eclips_shared::auth::{Mode, Scope};
use eclips_shared::email::Email;
use eclips_shared::plan::Plan;
use eclips_shared::role::Role;
use eclips_shared::store::{NewKey, Store};
use eclips_tests::proxy::{Fault, Proxy};
use eclips_tests::visitor::Visitor;
use eclips_tests::world::{OPERATOR, World};

use super::whole_log;

#[tokio::test]
async fn tells_who_did_what_when_and_from_where() {
    let world = World::start().await;
    let org = world.org(Plan::Growth).await;
    let ada = Email::parse("ada@example.com").unwrap();
    let mut visitor = Visitor::member(&world, org, ada.as_str(), Role::Owner).await;
    let key = world.person(org, Mode::Live, &[Scope::AgentsRead], None).await.key_id;
    let token = visitor.form_token().await;
    let path = format!("/settings/api-keys/{key}/revoke");
    let request = visitor.form(&path, &token, &[]).header("user-agent", "<b>Browser</b>");
    visitor.send(request).await;
    visitor.post("/sign-out", &token, &[]).await;
    world
        .store
        .members()
        .add(org, &ada, Role::Member, &OPERATOR)
        .await
        .unwrap();
    world
        .store
        .members()
        .add(org, &ada, Role::Member, &OPERATOR)
        .await
        .unwrap();
    world.store.members().remove(org, &ada, &OPERATOR).await.unwrap();

    let log = whole_log(&world, org).await;
    let told: Vec<(&str, &str, &str)> = log
        .iter()
        .rev()
        .map(|entry| {
            (
                entry.action.as_str(),
                entry.actor.as_str(),
                entry.ip.as_deref().unwrap_or("-"),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("member.added", "tests", "-"),
            ("session.signed_in", "ada@example.com", "127.0.0.1"),
            ("key.created", "tests", "-"),
            ("key.revoked", "ada@example.com", "127.0.0.1"),
            ("session.signed_out", "ada@example.com", "127.0.0.1"),
            ("member.role_changed", "tests", "-"),
            ("member.removed", "tests", "-"),
        ]
    );
    assert_eq!(log[3].agent.as_deref(), Some("<b>Browser</b>"));
    assert_eq!(log[3].subject, key.to_string());
    assert!(log.windows(2).all(|pair| pair[0].at >= pair[1].at));

    let mut owner = Visitor::member(&world, org, "owner@example.com", Role::Owner).await;
    let page = owner.get("/settings/audit-log").await;
    assert!(
        page.text.contains("&#60;b&#62;Browser") && !page.text.contains("<b>Browser"),
        "{}",
        page.text
    );
    world.stop().await;
}

#[tokio::test]
async fn a_change_and_its_entry_stand_or_fall_together() {
    let world = World::start().await;
    let org = world.org(Plan::Growth).await;
    let proxy = Proxy::before(world.config().dynamodb_endpoint.as_deref().unwrap()).await;
    let config = eclips_shared::config::Config {
        dynamodb_endpoint: Some(proxy.url().to_owned()),
        ..world.config().clone()
    };
    let store = Store::open(&config);
    let new = || NewKey {
        name: "CI".into(),
        mode: Mode::Live,
        scopes: [Scope::AgentsRead].into_iter().collect(),
        expires_at: None,
    };
    let counts = async || {
        let keys = world.store.keys().list(org).await.unwrap().len();
        (keys, whole_log(&world, org).await.len())
    };
    for fault in [Fault::Broken, Fault::Throttled, Fault::Denied] {
        proxy.set(fault);
        assert!(
            store.keys().mint(org, new(), &OPERATOR, None).await.is_err(),
            "{fault:?}"
        );
        assert_eq!(counts().await, (0, 0), "{fault:?}");
    }
    // It happened and nobody was told: the SDK sends the same transaction again, and the store knows its token.
    proxy.set_after("TransactWriteItems", 0, 1, Fault::ReplyLost);
    proxy.take_calls();
    let (_, key) = store.keys().mint(org, new(), &OPERATOR, None).await.unwrap();
    assert_eq!(proxy.take_calls(), ["TransactWriteItems", "TransactWriteItems"]);
    assert_eq!(counts().await, (1, 1));
    proxy.set_after("TransactWriteItems", 0, 1, Fault::ReplyLost);
    store.keys().revoke(org, key.key_id, &OPERATOR).await.unwrap();
    store.keys().revoke(org, key.key_id, &OPERATOR).await.unwrap();
    assert_eq!(counts().await, (1, 2));
    world.stop().await;
}
