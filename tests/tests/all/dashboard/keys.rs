//! Keys born, rolled and ended in the dashboard: once each, however many clicks and people there are at once.

use eclips_shared::auth::{Mode, Scope};
use eclips_shared::ids::{FormId, KeyId};
use eclips_shared::plan::Plan;
use eclips_shared::role::Role;
use eclips_shared::time::{DAY_MS, Timestamp};
use eclips_tests::visitor::{Visitor, hidden};
use eclips_tests::world::{OPERATOR, Reply, World, reply};
use futures_util::future::join_all;
use reqwest::Method;

use super::whole_log;

/// The key that a page shows.
fn value(page: &Reply) -> String {
    let (_, rest) = page
        .text
        .split_once(r#"id="value""#)
        .unwrap_or_else(|| panic!("{}", page.text));
    let start = rest.find("eck_").expect("a key");
    rest[start..start + 39].to_owned()
}

pub(super) async fn status(world: &World, key: &str) -> u16 {
    let request = world.request(Method::GET, "/v1/runs").bearer_auth(key);
    reply(request).await.status.as_u16()
}

pub(super) fn new_key<'a>(form_id: &'a str, life: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("form_id", form_id),
        ("name", "CI"),
        ("mode", "live"),
        ("scope", "agents:read"),
        ("life", life),
        ("date", ""),
    ]
}

pub(super) async fn owner(world: &World) -> (Visitor, String, eclips_shared::ids::OrgId) {
    let org = world.org(Plan::Growth).await;
    let mut owner = Visitor::member(world, org, "owner@example.com", Role::Owner).await;
    let token = owner.form_token().await;
    (owner, token, org)
}

#[tokio::test]
async fn a_key_is_made_shown_once_used_rolled_and_revoked() {
    let world = World::start().await;
    let (mut owner, token, org) = owner(&world).await;
    let form = owner.get("/settings/api-keys/new").await;
    let form_id = hidden(&form.text, "form_id").unwrap();
    let created = owner.post("/settings/api-keys", &token, &new_key(&form_id, "90")).await;
    assert_eq!(
        (created.status.as_u16(), created.header("cache-control")),
        (201, "no-store")
    );
    let first = value(&created);
    assert_eq!(created.text.matches(&first).count(), 2, "the value and the command");
    assert_eq!(status(&world, &first).await, 200);

    let keys = world.store.keys().list(org).await.unwrap();
    let [key] = keys.as_slice() else { panic!("{keys:?}") };
    assert_eq!(key.created_by.as_deref(), Some("owner@example.com"));
    // The end is reckoned when the form is read, the key made a moment later.
    let life_ms = key.expires_at.unwrap().ms() - key.created_at.ms();
    assert!((90 * DAY_MS - 60_000..=90 * DAY_MS).contains(&life_ms), "{life_ms}");
    for page in [
        "/settings/api-keys",
        &format!("/settings/api-keys/{}", key.key_id),
        "/settings/audit-log",
    ] {
        let shown = owner.get(page).await;
        assert!(shown.text.contains(&key.hint), "{page}");
        assert!(!shown.text.contains(&first[9..]), "{page} shows the value again");
    }

    let path = format!("/settings/api-keys/{}", key.key_id);
    let roll = owner.get(&format!("{path}/roll")).await;
    let form_id = hidden(&roll.text, "form_id").unwrap();
    let rolled = owner
        .post(
            &format!("{path}/roll"),
            &token,
            &[("form_id", &form_id), ("grace", "3600000")],
        )
        .await;
    assert_eq!(rolled.status, 201, "{}", rolled.text);
    assert!(rolled.text.contains("The old key works until"), "{}", rolled.text);
    let second = value(&rolled);
    assert_eq!(
        (status(&world, &first).await, status(&world, &second).await),
        (200, 200)
    );
    assert_eq!(
        owner.get(&format!("{path}/roll")).await.status,
        409,
        "a key has one successor"
    );

    let revoked = owner.post(&format!("{path}/revoke"), &token, &[]).await;
    assert_eq!(revoked.status, 303);
    assert_eq!(
        (status(&world, &first).await, status(&world, &second).await),
        (401, 200)
    );
    let shown = owner.get(revoked.header("location")).await;
    assert!(shown.text.contains("Revoked") && shown.text.contains("by owner@example.com"));

    let successor = world.store.keys().list(org).await.unwrap()[1].key_id;
    let path = format!("/settings/api-keys/{successor}/roll");
    let form_id = FormId::generate().to_string();
    let form = [("form_id", form_id.as_str()), ("grace", "0")];
    let rolled = owner.post(&path, &token, &form).await;
    assert!(rolled.text.contains("The old key has ended"), "{}", rolled.text);
    assert_eq!(
        (status(&world, &second).await, status(&world, &value(&rolled)).await),
        (401, 200)
    );
    world.stop().await;
}

#[tokio::test]
async fn one_form_makes_one_key_however_often_it_is_sent() {
    let world = World::start().await;
    let (owner, token, org) = owner(&world).await;
    let form_id = FormId::generate().to_string();
    let form = new_key(&form_id, "30");
    let sent = (0..20).map(|_| reply(owner.form("/settings/api-keys", &token, &form)));
    let answers = join_all(sent).await;
    let made: Vec<&Reply> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(made.len(), 1);
    let keys = world.store.keys().list(org).await.unwrap();
    assert_eq!(keys.len(), 1);
    let secret = value(made[0]);
    for other in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(other.status, 409, "{}", other.text);
        assert!(other.text.contains(&format!("/settings/api-keys/{}", keys[0].key_id)));
        assert!(!other.text.contains(&secret[9..]), "a second answer shows the value");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_key_has_one_successor_and_one_end_whoever_clicks() {
    let world = World::start().await;
    let (owner, token, org) = owner(&world).await;
    let mut admin = Visitor::member(&world, org, "admin@example.com", Role::Admin).await;
    let old = world.person(org, Mode::Live, &[Scope::AgentsRead], None).await;
    let admin_token = admin.form_token().await;
    let path = format!("/settings/api-keys/{}", old.key_id);
    let rolls = (0..10).map(|i| {
        let form_id = FormId::generate().to_string();
        let (visitor, token) = if i % 2 == 0 {
            (&owner, &token)
        } else {
            (&admin, &admin_token)
        };
        reply(visitor.form(
            &format!("{path}/roll"),
            token,
            &[("form_id", &form_id), ("grace", "86400000")],
        ))
    });
    let answers = join_all(rolls).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(
        statuses.iter().filter(|status| **status == 201).count(),
        1,
        "{statuses:?}"
    );
    assert_eq!(
        statuses.iter().filter(|status| **status == 409).count(),
        9,
        "{statuses:?}"
    );
    assert_eq!(world.store.keys().list(org).await.unwrap().len(), 2);

    let revokes = (0..10).map(|i| {
        let (visitor, token) = if i % 2 == 0 {
            (&owner, &token)
        } else {
            (&admin, &admin_token)
        };
        reply(visitor.form(&format!("{path}/revoke"), token, &[]))
    });
    assert!(join_all(revokes).await.iter().all(|answer| answer.status == 303));
    let log = whole_log(&world, org).await;
    let count = |word| log.iter().filter(|entry| entry.action.as_str() == word).count();
    assert_eq!((count("key.rolled"), count("key.revoked")), (1, 1));
    world.stop().await;
}

#[tokio::test]
async fn a_form_that_says_too_much_or_nonsense_makes_nothing() {
    let world = World::start().await;
    let (mut owner, token, org) = owner(&world).await;
    let other = world.org(Plan::Growth).await.to_string();
    let form_id = FormId::generate().to_string();
    let with = |extra: (&'static str, &str)| {
        let mut form: Vec<(String, String)> = new_key(&form_id, "90")
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        form.push((extra.0.to_owned(), extra.1.to_owned()));
        form
    };
    let instead = |name: &'static str, value: &str| {
        let mut form = with(("scope", "agents:read"));
        form.pop();
        for field in &mut form {
            if field.0 == name {
                field.1 = value.to_owned();
            }
        }
        form
    };
    let past = Timestamp::now().plus_ms(-2 * DAY_MS).to_string();
    let mut dated = instead("life", "custom");
    dated.pop();
    dated.push(("date".to_owned(), past[..10].to_owned()));
    let cases = [
        (with(("org_id", &other)), 400),
        (with(("created_by", "ceo@example.com")), 400),
        (with(("name", "twice")), 400),
        (with(("scope", "agents:everything")), 400),
        (with(("scope", "agents:run agents:read")), 400),
        (with(("scope", "AGENTS:RUN")), 400),
        (instead("form_id", ""), 400),
        (instead("form_id", "1"), 400),
        (instead("mode", "prod"), 400),
        (instead("name", "  "), 422),
        (instead("name", &"x".repeat(101)), 422),
        (instead("name", "a\u{202e}b"), 422),
        (instead("life", "forever"), 422),
        (instead("life", "-1"), 422),
        (instead("life", "custom"), 422),
        (dated, 422),
    ];
    for (form, expected) in cases {
        let fields: Vec<(&str, &str)> = form
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let got = owner.post("/settings/api-keys", &token, &fields).await;
        assert_eq!(got.status, expected, "{fields:?}");
        if expected == 422 {
            assert!(got.text.contains("role=\"alert\""), "{fields:?}");
            assert!(
                got.text.contains(&form_id),
                "the form can be sent again once it is mended"
            );
        }
    }
    let no_scope: Vec<_> = new_key(&form_id, "90")
        .into_iter()
        .filter(|(name, _)| *name != "scope")
        .collect();
    assert_eq!(owner.post("/settings/api-keys", &token, &no_scope).await.status, 422);
    assert!(world.store.keys().list(org).await.unwrap().is_empty());
    world.stop().await;
}

#[tokio::test]
async fn the_list_marks_keys_of_those_who_left_and_pages_past_fifty() {
    let world = World::start().await;
    let (mut owner, _, org) = owner(&world).await;
    let mut admin = Visitor::member(&world, org, "leaver@example.com", Role::Admin).await;
    let token = admin.form_token().await;
    let form_id = FormId::generate().to_string();
    admin
        .post("/settings/api-keys", &token, &new_key(&form_id, "never"))
        .await;
    assert!(!owner.get("/settings/api-keys").await.text.contains("has left"));
    let leaver = eclips_shared::email::Email::parse("leaver@example.com").unwrap();
    world.store.members().remove(org, &leaver, &OPERATOR).await.unwrap();
    assert!(owner.get("/settings/api-keys").await.text.contains("has left"));

    for _ in 0..54 {
        world.person(org, Mode::Live, &[Scope::AgentsRead], None).await;
    }
    let mut seen = Vec::new();
    let mut path = "/settings/api-keys".to_owned();
    loop {
        let page = owner.get(&path).await;
        assert_eq!(page.status, 200);
        let ids = page.text.split("<a href=\"/settings/api-keys/").skip(1);
        seen.extend(
            ids.map(|rest| rest[..36].to_owned())
                .filter(|id| KeyId::parse(id).is_some()),
        );
        match page.text.split_once("href=\"/settings/api-keys?before=") {
            Some((_, rest)) => path = format!("/settings/api-keys?before={}", &rest[..36]),
            None => break,
        }
    }
    let mut expected: Vec<String> = world
        .store
        .keys()
        .list(org)
        .await
        .unwrap()
        .iter()
        .map(|key| key.key_id.to_string())
        .collect();
    expected.reverse();
    assert_eq!(seen, expected, "newest first, each once");
    world.stop().await;
}

#[tokio::test]
async fn a_link_cannot_make_a_live_key_look_revoked() {
    let world = World::start().await;
    let (mut owner, token, org) = owner(&world).await;
    let key = world.person(org, Mode::Live, &[Scope::AgentsRead], None).await.key_id;
    let path = format!("/settings/api-keys/{key}");
    let notice = "No request with it is accepted any more";
    assert!(!owner.get(&format!("{path}?done=revoked")).await.text.contains(notice));
    let revoked = owner.post(&format!("{path}/revoke"), &token, &[]).await;
    assert!(owner.get(revoked.header("location")).await.text.contains(notice));
    world.stop().await;
}
