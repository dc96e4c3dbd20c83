//! Settings → Team: who joins, becomes something else and goes; and that an organization keeps an owner, whoever acts at once.

use eclips_shared::email::Email;
use eclips_shared::ids::OrgId;
use eclips_shared::plan::Plan;
use eclips_shared::role::Role;
use eclips_shared::store::{Action, Actor, MemberChange, StoreError};
use eclips_tests::visitor::{Form, Visitor, member_id};
use eclips_tests::world::{OPERATOR, World, reply};
use futures_util::future::join;

use super::whole_log;

const TEAM: &str = "/settings/team";

fn address(email: &str) -> Email {
    Email::parse(email).unwrap()
}

fn role_of(email: &str) -> String {
    format!("{TEAM}/{}/role", member_id(email))
}

fn removal_of(email: &str) -> String {
    format!("{TEAM}/{}/remove", member_id(email))
}

async fn owner(world: &World, org: OrgId, email: &str) -> (Visitor, String) {
    let mut owner = Visitor::member(world, org, email, Role::Owner).await;
    let token = owner.form_token().await;
    (owner, token)
}

/// The members, as the store has them: address and role.
async fn members(world: &World, org: OrgId) -> Vec<(String, Role)> {
    let members = world.store.members().list(org).await.unwrap().into_iter();
    members.map(|member| (member.email.to_string(), member.role)).collect()
}

async fn owners(world: &World, org: OrgId) -> usize {
    let members = members(world, org).await.into_iter();
    members.filter(|(_, role)| *role == Role::Owner).count()
}

/// What was done to whom, by whom, oldest first; sign-ins left out.
async fn changes(world: &World, org: OrgId) -> Vec<(Action, String, String, String)> {
    let log = whole_log(world, org).await.into_iter().rev();
    let about_members = |action| {
        matches!(
            action,
            Action::MemberAdded | Action::MemberRoleChanged | Action::MemberRemoved
        )
    };
    log.filter(|entry| about_members(entry.action) && entry.actor != OPERATOR.name())
        .map(|entry| (entry.action, entry.actor, entry.subject, entry.detail))
        .collect()
}

#[tokio::test]
async fn somebody_joins_by_the_address_becomes_another_and_goes() {
    let world = World::start().await;
    let org = world.org(Plan::Growth).await;
    let (mut ada, token) = owner(&world, org, "ada@example.com").await;
    let joins = [("email", " Bob@Example.com "), ("role", "member")];
    let added = ada.post(TEAM, &token, &joins).await;
    assert_eq!((added.status.as_u16(), added.header("location")), (303, TEAM));

    let mut bob = Visitor::anyone(&world);
    assert_eq!(bob.sign_in("bob@example.com").await.header("location"), "/");
    assert!(bob.get(TEAM).await.text.contains("ada@example.com"));
    assert_eq!(bob.get("/settings/api-keys/new").await.status, 403);
    let path = role_of("bob@example.com");
    assert!(ada.get(&path).await.text.contains(r#"value="member" checked"#));
    assert_eq!(ada.post(&path, &token, &[("role", "admin")]).await.status, 303);
    assert_eq!(
        bob.get("/settings/api-keys/new").await.status,
        200,
        "from the next page on"
    );

    let path = removal_of("bob@example.com");
    assert!(ada.get(&path).await.text.contains("Remove bob@example.com?"));
    assert_eq!(ada.post(&path, &token, &[]).await.status, 303);
    assert_eq!(bob.get("/runs").await.status, 403, "from the next page on");
    assert_eq!(
        members(&world, org).await,
        [("ada@example.com".to_owned(), Role::Owner)]
    );
    let told = |action, detail: &str| {
        let (ada, bob) = ("ada@example.com".to_owned(), "bob@example.com".to_owned());
        (action, ada, bob, detail.to_owned())
    };
    assert_eq!(
        changes(&world, org).await,
        [
            told(Action::MemberAdded, "as member"),
            told(Action::MemberRoleChanged, "from member to admin"),
            told(Action::MemberRemoved, "was admin"),
        ]
    );
    world.stop().await;
}

#[tokio::test]
async fn a_second_click_changes_nothing() {
    let world = World::start().await;
    let org = world.org(Plan::Growth).await;
    let (mut ada, token) = owner(&world, org, "ada@example.com").await;
    let forms: [(&str, &[(&str, &str)]); 3] = [
        (TEAM, &[("email", "bob@example.com"), ("role", "member")]),
        (&role_of("bob@example.com"), &[("role", "admin")]),
        (&removal_of("bob@example.com"), &[]),
    ];
    for (path, form) in forms {
        let both = join(reply(ada.form(path, &token, form)), reply(ada.form(path, &token, form)));
        let (first, second) = both.await;
        assert_eq!((first.status.as_u16(), second.status.as_u16()), (303, 303), "{path}");
        assert_eq!(ada.post(path, &token, form).await.status, 303, "{path}");
    }
    assert_eq!(changes(&world, org).await.len(), 3, "each once");
    world.stop().await;
}

#[tokio::test]
async fn the_form_to_add_somebody_changes_nobody_who_is_there() {
    let world = World::start().await;
    let org = world.org(Plan::Growth).await;
    let (mut ada, token) = owner(&world, org, "ada@example.com").await;
    let cases = [
        ([("email", "ada@example.com"), ("role", "member")], 422),
        ([("email", "nobody"), ("role", "member")], 422),
        ([("email", ""), ("role", "member")], 422),
        ([("email", "bob@example.com"), ("role", "king")], 400),
        ([("email", "bob@example.com"), ("org", "x")], 400),
    ];
    for (form, expected) in cases {
        let got = ada.post(TEAM, &token, &form).await;
        assert_eq!(got.status, expected, "{form:?}");
        assert_eq!(got.text.contains("role=\"alert\""), expected == 422, "{form:?}");
    }
    // A form that lay open while its subject left makes nobody a member again.
    let path = role_of("gone@example.com");
    assert_eq!(ada.post(&path, &token, &[("role", "owner")]).await.status, 404);
    assert_eq!(
        members(&world, org).await,
        [("ada@example.com".to_owned(), Role::Owner)]
    );
    world.stop().await;
}

#[tokio::test]
async fn anybody_may_leave_but_the_last_owner() {
    let world = World::start().await;
    let org = world.org(Plan::Growth).await;
    let (mut ada, token) = owner(&world, org, "ada@example.com").await;
    let mut bob = Visitor::member(&world, org, "bob@example.com", Role::Member).await;
    let bobs_token = bob.form_token().await;
    let leave = format!("{TEAM}/leave");
    assert_eq!(ada.get(&leave).await.status, 409);
    let own_role = role_of("ada@example.com");
    let own_removal = removal_of("ada@example.com");
    let forms: [(&str, &[(&str, &str)]); 3] = [(&leave, &[]), (&own_role, &[("role", "admin")]), (&own_removal, &[])];
    for (path, form) in forms {
        let got = ada.post(path, &token, form).await;
        assert_eq!(got.status, 409, "{path}: {}", got.text);
        assert!(got.text.contains("An organization needs an owner"), "{path}");
    }
    assert_eq!(owners(&world, org).await, 1);

    assert_eq!(bob.get(&leave).await.status, 200);
    let left = bob.post(&leave, &bobs_token, &[]).await;
    assert_eq!((left.status.as_u16(), left.header("location")), (303, "/organizations"));
    assert_eq!(bob.get("/runs").await.status, 403);
    assert!(!bob.get("/organizations").await.text.contains(&org.to_string()));

    owner(&world, org, "eve@example.com").await;
    assert_eq!(ada.post(&leave, &token, &[]).await.status, 303, "another one remains");
    assert_eq!(ada.get("/runs").await.status, 403);
    assert_eq!(owners(&world, org).await, 1);
    world.stop().await;
}

#[tokio::test]
async fn two_owners_at_once_leave_one() {
    let world = World::start().await;
    let (ada, bob) = ("ada@example.com", "bob@example.com");
    let leave = format!("{TEAM}/leave");
    let to_member: &[(&str, &str)] = &[("role", "member")];
    let pairs: [[(String, Form<'_>); 2]; 4] = [
        [(leave.clone(), &[]), (leave.clone(), &[])],
        [(role_of(ada), to_member), (role_of(bob), to_member)],
        [(removal_of(bob), &[]), (removal_of(ada), &[])],
        [(removal_of(bob), &[]), (role_of(bob), to_member)],
    ];
    for (at, [first, second]) in pairs.iter().cycle().take(16).enumerate() {
        let org = world.org(Plan::Growth).await;
        let (as_ada, adas) = owner(&world, org, ada).await;
        let (as_bob, bobs) = owner(&world, org, bob).await;
        let both = join(
            reply(as_ada.form(&first.0, &adas, first.1)),
            reply(as_bob.form(&second.0, &bobs, second.1)),
        );
        let (first, second) = both.await;
        let statuses = [first.status.as_u16(), second.status.as_u16()];
        assert_eq!(owners(&world, org).await, 1, "{at}: {statuses:?}");
        // Whoever is late is refused for what he is by then: the last owner, or none any more.
        assert!(statuses.contains(&303), "{at}: {statuses:?}");
        for email in [ada, bob] {
            let _ = world.store.members().remove(org, &address(email), &OPERATOR).await;
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn what_an_owner_may_do_is_not_done_once_he_is_none() {
    let world = World::start().await;
    let org = world.org(Plan::Growth).await;
    let members = world.store.members();
    let (ada, bob, eve) = (
        address("ada@example.com"),
        address("bob@example.com"),
        address("eve@example.com"),
    );
    for (email, role) in [(&ada, Role::Owner), (&bob, Role::Admin), (&eve, Role::Member)] {
        members.add(org, email, role, &OPERATOR).await.unwrap();
    }
    let acts = |role| Actor::Member {
        email: bob.clone(),
        role: Some(role),
        ip: "127.0.0.1".to_owned(),
        agent: String::new(),
    };
    // An admin, and one whom the guard saw as an owner.
    for by in [acts(Role::Admin), acts(Role::Owner)] {
        let new = address("new@example.com");
        assert!(matches!(
            members.join(org, &new, Role::Member, &by).await,
            Err(StoreError::Lost)
        ));
        for other in [&ada, &eve] {
            assert!(matches!(
                members.give_role(org, other, Role::Admin, &by).await,
                Err(StoreError::Lost)
            ));
            assert!(matches!(members.remove(org, other, &by).await, Err(StoreError::Lost)));
        }
    }
    let by = acts(Role::Owner);
    assert!(matches!(
        members.give_role(org, &bob, Role::Owner, &by).await,
        Err(StoreError::Lost)
    ));
    assert!(matches!(members.remove(org, &bob, &by).await, Err(StoreError::Lost)));
    assert_eq!(members.list(org).await.unwrap().len(), 3);
    let left = members.remove(org, &bob, &acts(Role::Admin)).await.unwrap();
    assert_eq!(left, MemberChange::Done, "to go is anybody's own");
    // Nobody who has left brings himself back.
    assert!(matches!(
        members.join(org, &bob, Role::Owner, &by).await,
        Err(StoreError::Lost)
    ));
    world.stop().await;
}

#[tokio::test]
async fn another_organizations_team_is_one_of_strangers() {
    let world = World::start().await;
    let (org, other) = (world.org(Plan::Growth).await, world.org(Plan::Growth).await);
    let (mut ada, token) = owner(&world, org, "ada@example.com").await;
    owner(&world, other, "mallory@example.com").await;
    let strangers = [(other, "carol@example.com", Role::Member)];
    for (org, email, role) in strangers {
        world
            .store
            .members()
            .add(org, &address(email), role, &OPERATOR)
            .await
            .unwrap();
    }
    let before = members(&world, other).await;
    for email in ["carol@example.com", "mallory@example.com", "unknown@example.com"] {
        assert!(!ada.get(TEAM).await.text.contains(email));
        let (role, removal) = (role_of(email), removal_of(email));
        assert_eq!(ada.get(&role).await.status, 404, "{email}");
        assert_eq!(ada.get(&removal).await.status, 404, "{email}");
        assert_eq!(
            ada.post(&role, &token, &[("role", "owner")]).await.status,
            404,
            "{email}"
        );
        assert_eq!(
            ada.post(&removal, &token, &[]).await.status,
            303,
            "{email}: nothing to do"
        );
    }
    assert_eq!(members(&world, other).await, before);
    assert!(changes(&world, org).await.is_empty() && changes(&world, other).await.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn the_list_pages_past_fifty_and_shows_each_once() {
    let world = World::start().await;
    let org = world.org(Plan::Growth).await;
    let (mut ada, _) = owner(&world, org, "ada@example.com").await;
    for at in 0..54 {
        let email = address(&format!("person-{at:02}+x/y@example.com"));
        world
            .store
            .members()
            .add(org, &email, Role::Member, &OPERATOR)
            .await
            .unwrap();
    }
    let (mut seen, mut path) = (Vec::new(), TEAM.to_owned());
    loop {
        let page = ada.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        let rows = page.text.split(r#"data-label="Address">"#).skip(1);
        seen.extend(rows.map(|row| row.split(['<', ' ']).next().unwrap().to_owned()));
        match page.text.split_once(&format!("href=\"{TEAM}?after=")) {
            Some((_, rest)) => path = format!("{TEAM}?after={}", rest.split('"').next().unwrap()),
            None => break,
        }
    }
    let expected: Vec<String> = members(&world, org).await.into_iter().map(|(email, _)| email).collect();
    assert_eq!(seen, expected);
    for place in ["x", "..", "YQ", &member_id("nobody")] {
        assert_eq!(ada.get(&format!("{TEAM}?after={place}")).await.status, 404, "{place}");
    }
    world.stop().await;
}
