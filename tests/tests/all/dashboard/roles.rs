//! What a role allows, and what it does not: by hand, in between, in another organization.

use eclips_shared::auth::{Mode, Scope};
use eclips_shared::ids::{FormId, KeyId};
use eclips_shared::plan::Plan;
use eclips_shared::role::Role;
use eclips_shared::store::{Actor, NewKey, StoreError};
use eclips_tests::visitor::Visitor;
use eclips_tests::world::{OPERATOR, Reply, World};

use super::keys::{new_key, owner, status};

#[tokio::test]
async fn nobody_grants_beyond_the_role_not_even_by_hand() {
    let world = World::start().await;
    let (mut owner, owner_token, org) = owner(&world).await;
    let mut admin = Visitor::member(&world, org, "admin@example.com", Role::Admin).await;
    let token = admin.form_token().await;
    let form_id = FormId::generate().to_string();
    let mut form = new_key(&form_id, "30");
    form.push(("scope", "triage:write"));
    assert_eq!(admin.post("/settings/api-keys", &token, &form).await.status, 403);
    assert!(world.store.keys().list(org).await.unwrap().is_empty());

    assert_eq!(owner.post("/settings/api-keys", &owner_token, &form).await.status, 201);
    let key = world.store.keys().list(org).await.unwrap()[0].key_id;
    let path = format!("/settings/api-keys/{key}");
    assert_eq!(admin.get(&format!("{path}/roll")).await.status, 403);
    let roll = [("form_id", form_id.as_str()), ("grace", "0")];
    assert_eq!(admin.post(&format!("{path}/roll"), &token, &roll).await.status, 403);
    assert_eq!(
        world.store.keys().list(org).await.unwrap().len(),
        1,
        "a successor was made"
    );
    assert_eq!(
        admin.post(&format!("{path}/revoke"), &token, &[]).await.status,
        303,
        "to end one is allowed"
    );
    world.stop().await;
}

#[tokio::test]
async fn another_organizations_key_is_a_key_that_does_not_exist() {
    let world = World::start().await;
    let (mut owner, token, _) = owner(&world).await;
    let stranger = world.somebody().await;
    let unknown = KeyId::generate();
    let scrubbed = |page: Reply, id: KeyId| {
        let id = id.to_string();
        let lines = page.text.lines().filter(|line| !line.contains("Request "));
        (page.status.as_u16(), lines.collect::<String>().replace(&id, "ID"))
    };
    for end in ["", "/roll", "/revoke"] {
        let theirs = owner.get(&format!("/settings/api-keys/{}{end}", stranger.key_id)).await;
        let nothing = owner.get(&format!("/settings/api-keys/{unknown}{end}")).await;
        assert_eq!(theirs.status, 404);
        assert_eq!(scrubbed(theirs, stranger.key_id), scrubbed(nothing, unknown), "{end}");
    }
    let path = format!("/settings/api-keys/{}/revoke", stranger.key_id);
    assert_eq!(owner.post(&path, &token, &[]).await.status, 404);
    assert_eq!(status(&world, &stranger.key).await, 200);
    world.stop().await;
}

#[tokio::test]
async fn what_a_role_allowed_is_not_done_once_the_role_is_taken_away() {
    let world = World::start().await;
    let org = world.org(Plan::Growth).await;
    let email = eclips_shared::email::Email::parse("ada@example.com").unwrap();
    let (members, keys) = (world.store.members(), world.store.keys());
    members.add(org, &email, Role::Admin, &OPERATOR).await.unwrap();
    let key = world.person(org, Mode::Live, &[Scope::AgentsRead], None).await.key_id;
    let as_role = |role| Actor::Member {
        email: email.clone(),
        role: Some(role),
        ip: "127.0.0.1".to_owned(),
        agent: String::new(),
    };
    let new = || NewKey {
        name: "late".to_owned(),
        mode: Mode::Live,
        scopes: [Scope::TriageWrite].into_iter().collect(),
        expires_at: None,
    };
    // The guard saw an owner; by the time of the write she was an admin, and then no member at all.
    for _ in 0..2 {
        let owner = as_role(Role::Owner);
        assert!(matches!(
            keys.mint(org, new(), &owner, None).await,
            Err(StoreError::Lost)
        ));
        assert!(matches!(
            keys.roll(org, key, 0, &owner, None).await,
            Err(StoreError::Lost)
        ));
        assert!(matches!(keys.revoke(org, key, &owner).await, Err(StoreError::Lost)));
        let _ = members.remove(org, &email, &OPERATOR).await;
    }
    let left = keys.list(org).await.unwrap();
    assert!(
        left.len() == 1 && left[0].revoked_at.is_none() && left[0].expires_at.is_none(),
        "{left:?}"
    );
    members.add(org, &email, Role::Admin, &OPERATOR).await.unwrap();
    keys.revoke(org, key, &as_role(Role::Admin)).await.unwrap();
    world.stop().await;
}
