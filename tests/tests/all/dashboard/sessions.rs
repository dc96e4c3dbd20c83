//! Sessions: begun by a sign-in that this browser began, renewed in use, ended for good, worth nothing elsewhere.

use eclips_shared::email::Email;
use eclips_shared::plan::Plan;
use eclips_shared::role::Role;
use eclips_shared::time::{HOUR_MS, MINUTE_MS};
use eclips_tests::function::{age_session, sessions_of, tables};
use eclips_tests::visitor::Visitor;
use eclips_tests::world::{OPERATOR, World, reply};
use reqwest::Method;

const EMAIL: &str = "ada@example.com";

async fn ada(world: &World) -> Visitor {
    let org = world.org(Plan::Growth).await;
    Visitor::member(world, org, EMAIL, Role::Owner).await
}

#[tokio::test]
async fn a_sign_in_ends_where_it_began_and_only_once() {
    let world = World::start().await;
    let org = world.org(Plan::Growth).await;
    let email = Email::parse(EMAIL).unwrap();
    world
        .store
        .members()
        .add(org, &email, Role::Owner, &OPERATOR)
        .await
        .unwrap();

    let (mut one, mut other) = (Visitor::anyone(&world), Visitor::anyone(&world));
    let callback = one.to_callback(EMAIL).await;
    assert_eq!(other.get(&callback).await.status, 400, "another browser's sign-in");
    let foreign = other.to_callback(EMAIL).await;
    assert_eq!(
        one.get(&foreign).await.status,
        400,
        "a state that this browser did not make"
    );
    assert!(other.cookies.keys().all(|name| !name.contains("session")));

    assert_eq!(one.get(&callback).await.status, 303);
    let cookies = one.cookies.clone();
    assert_eq!(one.get(&callback).await.status, 400, "a second time");
    assert_eq!(one.cookies, cookies, "a failed sign-in ended a session");

    // The code belongs to the attempt's own proof key: with another attempt's cookie it is worth nothing.
    let (mut thief, mut victim) = (Visitor::anyone(&world), Visitor::anyone(&world));
    let stolen = victim.to_callback(EMAIL).await;
    let code = stolen
        .split("code=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap()
        .to_owned();
    let own = thief.to_callback(EMAIL).await;
    let state = own.split("state=").nth(1).unwrap();
    let mixed = format!("/sign-in/callback?code={code}&state={state}");
    assert_eq!(thief.get(&mixed).await.status, 400, "another's code");
    world.stop().await;
}

#[tokio::test]
async fn a_sign_in_that_was_broken_off_or_is_nobodys_opens_nothing() {
    let world = World::start().await;
    let mut visitor = Visitor::anyone(&world);
    let callback = visitor.to_callback("stranger@example.com").await;
    let got = visitor.get(&callback).await;
    assert_eq!(got.status, 403);
    assert!(
        got.text
            .contains("stranger@example.com is not a member of any organization")
    );
    assert!(visitor.cookies.is_empty(), "{:?}", visitor.cookies);

    let back = visitor.to_callback(EMAIL).await;
    let state = back.split("state=").nth(1).unwrap().to_owned();
    let denied = format!("/sign-in/callback?error=access_denied&state={state}");
    assert_eq!(visitor.get(&denied).await.status, 400);
    assert_eq!(visitor.get("/sign-in/callback?code=x").await.status, 400);
    world.stop().await;
}

#[tokio::test]
async fn a_cookie_is_bound_and_the_store_knows_no_token() {
    let world = World::start().await;
    let org = world.org(Plan::Growth).await;
    let email = Email::parse(EMAIL).unwrap();
    world
        .store
        .members()
        .add(org, &email, Role::Member, &OPERATOR)
        .await
        .unwrap();
    let mut visitor = Visitor::anyone(&world);
    let home = visitor.sign_in(EMAIL).await;
    let cookies: Vec<&str> = home
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|cookie| cookie.to_str().unwrap())
        .collect();
    let session = cookies.iter().find(|cookie| cookie.contains("session")).unwrap();
    let (attributes, seconds) = session.rsplit_once("; Max-Age=").unwrap();
    assert!(attributes.ends_with("; HttpOnly; SameSite=Lax; Path=/"), "{session}");
    assert!((3_540..=3_600).contains(&seconds.parse::<u32>().unwrap()), "{session}");
    let token = &visitor.cookies["eclips_session"];
    assert_eq!(token.len(), 43);
    let tables = tables(world.config()).await;
    let stored = sessions_of(&tables, world.config(), EMAIL).await;
    assert_eq!(stored.len(), 1);
    assert!(
        !format!("{stored:?}").contains(token.as_str()),
        "the token is in the store"
    );
    world.stop().await;
}

#[tokio::test]
async fn a_session_in_use_is_renewed_and_one_that_ended_is_not() {
    let world = World::start().await;
    let mut ada = ada(&world).await;
    let tables = tables(world.config()).await;
    let age = async |attribute, ms| age_session(&tables, world.config(), EMAIL, attribute, ms).await;
    let fresh = ada.get("/settings/api-keys").await;
    assert!(fresh.header("set-cookie").is_empty(), "nothing to renew yet");
    age("expires_at", 31 * MINUTE_MS).await;
    let renewed = ada.get("/settings/api-keys").await;
    assert_eq!(renewed.status, 200);
    assert!(renewed.header("set-cookie").contains("; Max-Age=3600"));
    assert!(ada.get("/settings/api-keys").await.header("set-cookie").is_empty());

    age("ends_at", 13 * HOUR_MS).await;
    assert_eq!(ada.get("/settings/api-keys").await.status, 303, "a day's work is over");
    world.stop().await;
}

#[tokio::test]
async fn signing_out_ends_the_session_everywhere() {
    let world = World::start().await;
    let mut ada = ada(&world).await;
    let token = ada.form_token().await;
    let copy = ada.cookies.clone();
    let out = ada.post("/sign-out", &token, &[]).await;
    assert_eq!(
        (out.status.as_u16(), out.header("location")),
        (303, "/sign-in?done=signed-out")
    );
    assert!(ada.cookies.is_empty());
    let mut thief = Visitor::anyone(&world);
    thief.cookies = copy;
    assert_eq!(
        thief.get("/settings/api-keys").await.header("location"),
        "/sign-in?to=%2Fsettings%2Fapi-keys"
    );
    world.stop().await;
}

#[tokio::test]
async fn sessions_open_nothing_on_the_api_and_a_new_sign_in_takes_the_old_ones_place() {
    let world = World::start().await;
    let mut ada = ada(&world).await;
    let token = ada.cookies["eclips_session"].clone();
    for value in [format!("Bearer {token}"), token.clone()] {
        let request = world.request(Method::GET, "/v1/runs").header("authorization", value);
        assert_eq!(reply(request).await.status, 401);
    }
    let request = world
        .request(Method::GET, "/v1/runs")
        .header("cookie", format!("eclips_session={token}"));
    assert_eq!(reply(request).await.text, r#"{"error":"Missing API key"}"#);

    assert_eq!(ada.sign_in(EMAIL).await.status, 303);
    assert_ne!(ada.cookies["eclips_session"], token);
    let mut thief = Visitor::anyone(&world);
    thief.cookies.insert("eclips_session".to_owned(), token);
    assert_eq!(
        thief.get("/settings/api-keys").await.status,
        303,
        "the old session lives on"
    );
    world.stop().await;
}

#[tokio::test]
async fn a_role_holds_from_the_next_request_and_a_person_sees_every_organization_of_his() {
    let world = World::start().await;
    let (first, second) = (world.org(Plan::Growth).await, world.org(Plan::Starter).await);
    let email = Email::parse(EMAIL).unwrap();
    let members = world.store.members();
    members.add(second, &email, Role::Member, &OPERATOR).await.unwrap();
    let mut ada = Visitor::member(&world, first, EMAIL, Role::Owner).await;
    assert_eq!(ada.get("/settings/api-keys/new").await.status, 200);
    members.add(first, &email, Role::Member, &OPERATOR).await.unwrap();
    assert_eq!(ada.get("/settings/api-keys/new").await.status, 403);

    let token = ada.form_token().await;
    let stranger = world.org(Plan::Growth).await.to_string();
    assert_eq!(
        ada.post("/organizations", &token, &[("org", &stranger)]).await.status,
        404
    );
    let to = second.to_string();
    assert_eq!(ada.post("/organizations", &token, &[("org", &to)]).await.status, 303);
    let page = ada.get("/settings/api-keys").await;
    assert!(
        page.text.contains("API access is not included"),
        "the other organization's plan"
    );
    assert_eq!(
        ada.post("/organizations", &token, &[("org", &to)]).await.status,
        403,
        "the old session's form"
    );

    members.remove(second, &email, &OPERATOR).await.unwrap();
    assert_eq!(ada.get("/settings/api-keys").await.status, 403);
    assert_eq!(
        ada.sign_in(EMAIL).await.status,
        303,
        "the first organization is still there"
    );
    assert_eq!(ada.get("/settings/api-keys").await.status, 200);
    world.stop().await;
}

#[tokio::test]
async fn going_to_another_organization_lengthens_nothing_and_both_logs_tell() {
    let world = World::start().await;
    let (first, second) = (world.org(Plan::Growth).await, world.org(Plan::Growth).await);
    let email = Email::parse(EMAIL).unwrap();
    world
        .store
        .members()
        .add(second, &email, Role::Owner, &OPERATOR)
        .await
        .unwrap();
    let mut ada = Visitor::member(&world, first, EMAIL, Role::Owner).await;
    let tables = tables(world.config()).await;
    let ends = async || {
        let sessions = sessions_of(&tables, world.config(), EMAIL).await;
        assert_eq!(sessions.len(), 1);
        sessions[0]["ends_at"].clone()
    };
    let before = ends().await;
    let token = ada.form_token().await;
    let cookies = ada.cookies.clone();
    let own = first.to_string();
    assert_eq!(ada.post("/organizations", &token, &[("org", &own)]).await.status, 303);
    assert_eq!(ada.cookies, cookies, "to where one is already there is nothing to do");
    let to = second.to_string();
    assert_eq!(ada.post("/organizations", &token, &[("org", &to)]).await.status, 303);
    assert_ne!(ada.cookies, cookies);
    assert_eq!(ends().await, before, "the end was moved");
    for org in [first, second] {
        let log = super::whole_log(&world, org).await;
        let moved = log.iter().filter(|entry| entry.action.as_str() == "session.moved");
        assert_eq!(moved.count(), 1);
    }
    // The old session is gone; a switch with it makes no new one.
    let mut stale = Visitor::anyone(&world);
    stale.cookies = cookies;
    assert_eq!(stale.post("/organizations", &token, &[("org", &to)]).await.status, 401);
    world.stop().await;
}

#[tokio::test]
async fn somebody_who_was_removed_can_sign_out_and_go_elsewhere() {
    let world = World::start().await;
    let (first, second) = (world.org(Plan::Growth).await, world.org(Plan::Growth).await);
    let email = Email::parse(EMAIL).unwrap();
    let members = world.store.members();
    members.add(second, &email, Role::Member, &OPERATOR).await.unwrap();
    let mut ada = Visitor::member(&world, first, EMAIL, Role::Owner).await;
    let mut bob = Visitor::member(&world, first, "bob@example.com", Role::Owner).await;
    for gone in [EMAIL, "bob@example.com"] {
        let gone = Email::parse(gone).unwrap();
        members.remove(first, &gone, &OPERATOR).await.unwrap();
    }
    let closed = ada.get("/settings/api-keys").await;
    assert_eq!(closed.status, 403);
    assert!(closed.text.contains("href=\"/organizations\""), "{}", closed.text);
    let token = ada.form_token().await;
    let to = second.to_string();
    assert_eq!(ada.post("/organizations", &token, &[("org", &to)]).await.status, 303);
    assert_eq!(ada.get("/settings/api-keys").await.status, 200);
    let token = bob.form_token().await;
    assert_eq!(bob.post("/sign-out", &token, &[]).await.status, 303);
    assert!(bob.cookies.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn a_sign_in_passes_by_an_organization_that_is_half_deleted_and_finds_members_of_old() {
    let world = World::start().await;
    let (half, whole) = (world.org(Plan::Growth).await, world.org(Plan::Growth).await);
    let email = Email::parse(EMAIL).unwrap();
    let members = world.store.members();
    for org in [half, whole] {
        members.add(org, &email, Role::Owner, &OPERATOR).await.unwrap();
    }
    let tables = tables(world.config()).await;
    let delete = async |pk: String, sk: String| {
        let text = aws_sdk_dynamodb::types::AttributeValue::S;
        let item = tables.delete_item().table_name(&world.config().table_main);
        item.key("pk", text(pk)).key("sk", text(sk)).send().await.unwrap();
    };
    delete(format!("O#{half}"), "M".to_owned()).await;
    let mut ada = Visitor::anyone(&world);
    assert_eq!(ada.sign_in(EMAIL).await.status, 303);
    assert_eq!(
        ada.get("/settings/api-keys").await.status,
        200,
        "the half one was chosen"
    );

    // A membership without the row by which a sign-in finds it; to add the member once more mends it.
    delete(format!("U#{email}"), format!("O#{whole}")).await;
    assert_eq!(Visitor::anyone(&world).sign_in(EMAIL).await.status, 403);
    members.add(whole, &email, Role::Owner, &OPERATOR).await.unwrap();
    assert_eq!(Visitor::anyone(&world).sign_in(EMAIL).await.status, 303);
    world.stop().await;
}

#[tokio::test]
async fn abandoned_sign_ins_do_not_fill_the_browser() {
    let world = World::start().await;
    let mut visitor = Visitor::anyone(&world);
    for _ in 0..10 {
        assert_eq!(visitor.get("/sign-in/start?to=%2F").await.status, 303);
    }
    assert_eq!(visitor.cookies.len(), 4, "{:?}", visitor.cookies.keys());
    world.stop().await;
}
