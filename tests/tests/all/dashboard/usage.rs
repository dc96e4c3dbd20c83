//! Usage: the figures of a month are those of the API's own, per day, agent and key, and nobody else's.

use std::time::{Duration, Instant};

use eclips_shared::auth::{Mode, Scope};
use eclips_shared::time::{Day, Timestamp};
use eclips_tests::visitor::{Visitor, hidden};
use eclips_tests::world::{PATIENCE, World};
use serde_json::{Value, json};

use super::{cells, owner_of};

/// A line of the API's answer, in the order of the columns.
fn figures(item: &Value) -> Vec<String> {
    let places = [
        "/runs/total",
        "/runs/completed",
        "/runs/failed",
        "/runs/cancelled",
        "/runs/pending_triage",
        "/credits",
        "/tokens/input",
        "/tokens/output",
    ];
    places.map(|place| item.pointer(place).unwrap().to_string()).to_vec()
}

/// A table of the page, by its id; numbers without the spaces between their digits.
fn table(page: &str, id: &str) -> Vec<Vec<String>> {
    let (_, rest) = page
        .split_once(&format!(r#"<table class="stack data" id="{id}">"#))
        .unwrap_or_else(|| panic!("no table {id}: {page}"));
    let rows = cells(rest.split("</table>").next().unwrap()).into_iter();
    rows.map(|row| {
        let (name, figures) = row.split_first().unwrap();
        let plain = figures.iter().map(|figure| figure.replace(' ', ""));
        [name.clone()].into_iter().chain(plain).collect()
    })
    .collect()
}

async fn until(visitor: &mut Visitor, path: &str, is_so: impl Fn(&str) -> bool) -> String {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let page = visitor.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        if is_so(&page.text) {
            return page.text;
        }
        assert!(Instant::now() < deadline, "{path}: {}", page.text);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn the_figures_are_those_of_the_api() {
    let world = World::start().await;
    let person = world.somebody().await;
    let colleague = world.person(person.org, Mode::Live, &Scope::ALL, None).await;
    let tester = world.person(person.org, Mode::Test, &Scope::ALL, None).await;
    let stranger = world.somebody().await;
    let mut owner = owner_of(&world, person.org).await;
    for (caller, agent, directives) in [
        (&person, "researcher", json!({})),
        (&person, "center", json!({ "fail": "model" })),
        (&colleague, "center", json!({ "confidence": 0.4 })),
        (&tester, "summariser", json!({})),
        (&stranger, "payroll_processor", json!({})),
    ] {
        let body = json!({ "task": "x", "agent_type": agent, "data": { "sandbox": directives } });
        let run = world.run(caller, body).await;
        world.settled(caller, run).await;
    }
    let token = owner.form_token().await;
    let form = owner.get("/runs/new").await;
    let form_id = hidden(&form.text, "form_id").unwrap();
    let fields = [
        ("form_id", form_id.as_str()),
        ("task", "x"),
        ("data", ""),
        ("agent", "center"),
        ("priority", "normal"),
    ];
    assert_eq!(owner.post("/runs", &token, &fields).await.status, 303);

    let page = until(&mut owner, "/usage", |page| {
        page.contains(r#"<dd id="total">4: 2 completed, 1 failed, 0 cancelled, 1 wait"#)
    })
    .await;
    let summary = world.get("/v1/usage", &person).await.json();
    let credits = format!(r#"<dd id="credits">{} of 50"#, summary["credits"]["used"]);
    assert!(page.contains(&credits), "{credits}: {page}");
    let daily = world.get("/v1/usage/daily", &person).await.json();
    let days: Vec<Vec<String>> = daily["data"].as_array().unwrap().iter().map(figures).collect();
    let shown = table(&page, "days");
    assert_eq!(shown.iter().map(|row| row[1..].to_vec()).collect::<Vec<_>>(), days);
    assert_eq!(shown.last().unwrap()[0], Day::of(Timestamp::now()).to_string());

    for (id, path, name) in [
        ("agents", "/v1/usage/agents", "agent_type"),
        ("keys", "/v1/usage/keys", "key_id"),
    ] {
        let items = world.get(path, &person).await.json();
        let mut theirs: Vec<Vec<String>> = items["data"].as_array().unwrap().iter().map(figures).collect();
        let mut ours: Vec<Vec<String>> = table(&page, id).iter().map(|row| row[1..].to_vec()).collect();
        theirs.sort();
        ours.sort();
        assert_eq!(ours, theirs, "{id}: {items} by {name}");
    }
    let names = |id| {
        table(&page, id)
            .into_iter()
            .map(|row| row[0].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("agents"), ["Center", "Researcher"], "the most runs first");
    assert!(names("keys").contains(&"People, in the dashboard".to_owned()));
    for key in [&person, &colleague] {
        assert!(page.contains(&format!(r#"<a href="/settings/api-keys/{}">"#, key.key_id)));
    }
    for foreign in ["Payroll", &stranger.key_id.to_string(), "Summariser"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    assert_eq!(page.matches(r#"role="img""#).count(), 3);
    assert!(!page.contains("style="), "the policy would not draw it");

    let test = until(&mut owner, "/usage?mode=test", |page| {
        page.contains(r#"<dd id="total">1: 1 completed"#)
    })
    .await;
    assert!(test.contains(r#"<dd id="credits">0 <span"#), "{test}");
    assert_eq!(table(&test, "agents")[0][0], "Summariser");
    world.stop().await;
}

#[tokio::test]
async fn a_month_is_chosen_and_one_that_is_none_is_no_page() {
    let world = World::start().await;
    let person = world.somebody().await;
    let mut owner = owner_of(&world, person.org).await;
    let now = Timestamp::now();
    let first = Day::of(now).first_of_month();
    let before = first.plus(-1).start().month();
    let page = owner.get(&format!("/usage?month={before}")).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains(&format!(r#"<option value="{before}" selected>"#)));
    assert_eq!(table(&page.text, "days").last().unwrap()[0], first.plus(-1).to_string());
    assert!(
        page.text.contains(r#"<dd id="credits">0</dd>"#),
        "what the plan was then, nobody knows"
    );
    let next = first.start().plus_ms(first.start().ms_to_next_month()).month();
    for word in [next.as_str(), "2026", "2026-13", "2026-1", "x", "", "9999-12"] {
        let got = owner.get(&format!("/usage?month={word}")).await;
        assert_eq!(got.status, 404, "{word}");
    }
    for query in ["mode=prod", "from=-1", "from=x", "from="] {
        assert_eq!(owner.get(&format!("/usage?{query}")).await.status, 404, "{query}");
    }
    assert_eq!(owner.get("/usage?from=99999999999999999999").await.status, 404);
    assert_eq!(owner.get(&format!("/usage?from={}", usize::MAX)).await.status, 200);
    world.stop().await;
}
