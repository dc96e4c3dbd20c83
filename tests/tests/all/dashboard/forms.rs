//! Forms that no page of the session sent, and answers that no other site can use.

use eclips_shared::auth::{Mode, Scope};
use eclips_shared::plan::Plan;
use eclips_shared::role::Role;
use eclips_tests::visitor::Visitor;
use eclips_tests::world::World;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, ORIGIN};

#[tokio::test]
async fn a_form_from_anywhere_else_changes_nothing() {
    let world = World::start().await;
    let org = world.org(Plan::Growth).await;
    let mut owner = Visitor::member(&world, org, "owner@example.com", Role::Owner).await;
    let token = owner.form_token().await;
    let mut other = Visitor::member(&world, org, "other@example.com", Role::Owner).await;
    let foreign_token = other.form_token().await;
    let person = world.person(org, Mode::Live, &[Scope::AgentsRead], None).await;
    let path = format!("/settings/api-keys/{}/revoke", person.key_id);
    let own = world.config().dashboard_url.clone();
    let form = "application/x-www-form-urlencoded";
    let (good, foreign) = (format!("form_token={token}"), format!("form_token={foreign_token}"));
    let doubled = format!("{good}&{good}");
    let large = format!("{good}&x={}", "x".repeat(17_000));
    let localhost = own.replace("127.0.0.1", "localhost");
    let slash = format!("{own}/");
    let two = format!("{own} https://evil.example");
    // The origins, separated by spaces; content type; body; status.
    let cases = [
        ("", form, good.as_str(), 403),
        ("null", form, &good, 403),
        ("https://evil.example", form, &good, 403),
        (&localhost, form, &good, 403),
        (&slash, form, &good, 403),
        (&two, form, &good, 403),
        (&own, form, "", 403),
        (&own, form, "form_token=", 403),
        (&own, form, &foreign, 403),
        (&own, form, &doubled, 400),
        (&own, form, &large, 413),
        (&own, "text/plain", &good, 400),
        (&own, "multipart/form-data; boundary=x", &good, 400),
        (&own, "application/json", &good, 400),
    ];
    for (origins, kind, body, expected) in cases {
        let mut request = owner
            .request(Method::POST, &path)
            .header(CONTENT_TYPE, kind)
            .body(body.to_owned());
        for origin in origins.split_whitespace() {
            request = request.header(ORIGIN, origin);
        }
        let got = owner.send(request).await;
        assert_eq!(got.status, expected, "{origins:?} {kind} {:.60}", body);
    }
    // The session's own token as the API key's owner would send it, and the key itself.
    let keyed = Visitor::anyone(&world)
        .form(&path, &token, &[])
        .bearer_auth(&person.key);
    assert_eq!(Visitor::anyone(&world).send(keyed).await.status, 401);
    assert_eq!(world.get("/v1/runs", &person).await.status, 200, "the key was revoked");
    assert_eq!(
        owner.post(&path, &token, &[]).await.status,
        303,
        "the same form as it should be"
    );
    assert_eq!(world.get("/v1/runs", &person).await.status, 401);
    world.stop().await;
}

#[tokio::test]
async fn every_answer_keeps_the_browser_on_our_side() {
    let world = World::start().await;
    let org = world.org(Plan::Growth).await;
    let mut owner = Visitor::member(&world, org, "owner@example.com", Role::Owner).await;
    for path in [
        "/",
        "/sign-in",
        "/sign-in/callback?state=x",
        "/nowhere",
        "/settings/api-keys",
        "/settings/api-keys/new",
        "/settings/audit-log",
    ] {
        let got = owner.get(path).await;
        let policy = got.header("content-security-policy");
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{path}: {policy}");
        assert_eq!(got.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(got.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(got.header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(got.header("cache-control"), "no-store", "{path}");
        assert!(!got.header("x-request-id").is_empty(), "{path}");
        assert!(!got.text.contains("style=") && !got.text.contains("onclick"), "{path}");
        let inline = got
            .text
            .split("<script")
            .skip(1)
            .any(|rest| !rest.starts_with(" src=\"/assets/"));
        assert!(!inline, "{path}: a script that is not ours");
    }
    let page = owner.get("/sign-in").await;
    assert_eq!(page.header("location"), "/", "somebody who is signed in goes on");
    world.stop().await;
}

#[tokio::test]
async fn methods_and_paths_match_exactly() {
    let world = World::start().await;
    let org = world.org(Plan::Growth).await;
    let mut owner = Visitor::member(&world, org, "owner@example.com", Role::Owner).await;
    for (method, path, expected) in [
        (Method::GET, "/settings/api-keys/", 404),
        (Method::GET, "//settings/api-keys", 404),
        (Method::GET, "/Settings/api-keys", 404),
        (Method::GET, "/settings/%61pi-keys", 404),
        (Method::GET, "/settings/api-keys/not-an-id", 404),
        (Method::GET, "/settings/api-keys?before=nonsense", 404),
        (Method::GET, "/assets/../settings", 404),
        (Method::PUT, "/settings/api-keys", 405),
        (Method::DELETE, "/settings/api-keys", 405),
        (Method::POST, "/settings/audit-log", 405),
        (Method::GET, "/sign-out", 405),
        (Method::HEAD, "/settings/api-keys", 200),
    ] {
        let request = owner.request(method.clone(), path);
        let got = owner.send(request).await;
        assert_eq!(got.status, expected, "{method} {path}");
        assert_eq!(expected == 405, !got.header("allow").is_empty(), "{method} {path}");
        assert!(method != Method::HEAD || got.text.is_empty());
    }
    world.stop().await;
}
