//! Every page × every kind of person, from `page-grid.txt`.

use std::collections::{BTreeMap, BTreeSet};

use eclips_dashboard::PAGES;
use eclips_shared::auth::{Mode, Scope};
use eclips_shared::email::Email;
use eclips_shared::ids::OrgId;
use eclips_shared::plan::Plan;
use eclips_shared::role::Role;
use eclips_shared::time::{HOUR_MS, MINUTE_MS};
use eclips_tests::function::{age_session, tables};
use eclips_tests::visitor::Visitor;
use eclips_tests::world::{OPERATOR, Reply, World};

const GRID: &str = include_str!("../../../page-grid.txt");
const PEOPLE: [&str; 9] = [
    "nobody", "key", "ended", "left", "member", "admin", "owner", "stale", "other",
];

struct Cast {
    world: World,
    org: OrgId,
    key: String,
    /// Who is there already, each with what the forms of his session carry.
    people: BTreeMap<String, (Visitor, String)>,
}

impl Cast {
    async fn gather() -> Self {
        let world = World::start().await;
        let org = world.org(Plan::Growth).await;
        let key = world.person(org, Mode::Live, &[Scope::AgentsRead], None).await.key;
        Self {
            world,
            org,
            key,
            people: BTreeMap::new(),
        }
    }

    /// The person, and what the forms of his session carry (anything, where there is none).
    async fn person(&self, who: &str) -> (Visitor, String) {
        let world = &self.world;
        let email = format!("{who}@example.com");
        let role = match who {
            "nobody" | "key" => return (Visitor::anyone(world), "x".to_owned()),
            "member" => Role::Member,
            "admin" => Role::Admin,
            _ => Role::Owner,
        };
        let org = if who == "other" {
            world.org(Plan::Growth).await
        } else {
            self.org
        };
        let mut visitor = Visitor::member(world, org, &email, role).await;
        let token = visitor.form_token().await;
        let tables = tables(world.config()).await;
        let age = async |attribute, ms| age_session(&tables, world.config(), &email, attribute, ms).await;
        match who {
            "ended" => age("expires_at", 2 * HOUR_MS).await,
            "stale" => age("authenticated_at", 16 * MINUTE_MS).await,
            "left" => {
                let email = Email::parse(&email).unwrap();
                world.store.members().remove(org, &email, &OPERATOR).await.unwrap();
            }
            _ => {}
        }
        (visitor, token)
    }

    async fn ask(&mut self, who: &str, method: &str, path: &str) -> Reply {
        let mut path = path.to_owned();
        if path.contains("{id}") {
            // A key of its own each time: some requests end it.
            let person = self.world.person(self.org, Mode::Live, &[Scope::AgentsRead], None);
            path = path.replace("{id}", &person.await.key_id.to_string());
        }
        let (mut visitor, token) = match self.people.remove(who) {
            Some(known) => known,
            None => self.person(who).await,
        };
        let mut request = match method {
            "POST" => visitor.form(&path, &token, &[]),
            _ => visitor.request(reqwest::Method::GET, &path),
        };
        if who == "key" {
            request = request.bearer_auth(&self.key);
        }
        let got = visitor.send(request).await;
        // A form that was done may have ended the session, or what the person was.
        if method == "GET" || got.status.is_client_error() {
            self.people.insert(who.to_owned(), (visitor, token));
        }
        got
    }
}

fn check(line: &str, who: &str, expected: &str, got: &Reply) {
    let location = got.header("location");
    if expected == "in" {
        let leads_in = location.starts_with("/sign-in?to=%2F");
        assert!(
            got.status == 303 && leads_in,
            "{line}: {who}: {} {location}",
            got.status
        );
        return;
    }
    assert_eq!(got.status.as_u16().to_string(), expected, "{line}: {who}: {location}");
    if got.status == 403 {
        assert!(!got.text.contains("eck_"), "{line}: {who}: a refusal shows a key");
    }
}

#[tokio::test]
async fn every_page_answers_every_person_as_the_grid_says() {
    let mut cast = Cast::gather().await;
    let mut lines = BTreeSet::new();
    for line in GRID.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [method, path, answers @ ..] = words.as_slice() else {
            panic!("a line of the grid: {line}")
        };
        assert_eq!(answers.len(), PEOPLE.len(), "{line}");
        for (who, expected) in PEOPLE.iter().zip(answers) {
            let got = cast.ask(who, method, path).await;
            check(line, who, expected, &got);
        }
        assert!(lines.insert(format!("{method} {path}")), "twice in the grid: {line}");
    }
    let pages: BTreeSet<String> = PAGES
        .iter()
        .map(|page| format!("{} {}", page.method, page.path))
        .collect();
    assert_eq!(lines, pages, "left: the grid; right: functions/dashboard/src/pages.rs");
    cast.world.stop().await;
}
