//! Settings → Plan and limits: the contract's numbers, the organization's own in their place, and what is used.

use eclips_shared::plan::Plan;
use eclips_shared::role::Role;
use eclips_shared::store::{Override, Suspension};
use eclips_tests::visitor::Visitor;
use eclips_tests::world::World;

use super::{cells, owner_of};

const PAGE: &str = "/settings/plan";

/// The rows of the table: in the plan, here, used now.
async fn rows(visitor: &mut Visitor) -> Vec<Vec<String>> {
    let page = visitor.get(PAGE).await;
    assert_eq!(page.status, 200);
    cells(&page.text)
}

#[tokio::test]
async fn shows_the_numbers_of_the_contract_for_every_plan() {
    let world = World::start().await;
    let org = world.org(Plan::Starter).await;
    let mut visitor = Visitor::member(&world, org, "ada@example.com", Role::Member).await;
    let plans = [
        (Plan::Starter, ["0", "0", "0", "100"], "fast", "no: "),
        (Plan::Pro, ["0", "0", "0", "1 000"], "fast", "no: "),
        (Plan::Team, ["60", "600", "20 000", "5 000"], "smart", "yes"),
        (Plan::Growth, ["300", "3 000", "200 000", "50 000"], "premium", "yes"),
        (
            Plan::Enterprise,
            ["1 200", "12 000", "2 000 000", "1 000 000"],
            "premium",
            "yes",
        ),
    ];
    for (plan, numbers, tier, access) in plans {
        world.store.orgs().set_plan(org, plan).await.unwrap();
        let page = visitor.get(PAGE).await.text;
        for (row, number) in cells(&page).iter().zip(numbers) {
            assert_eq!(row[1..3], [number, number], "{plan:?}");
        }
        for (name, value) in [("Plan", plan.as_str()), ("API access", access), ("Best models", tier)] {
            assert!(page.contains(&format!("<dt>{name}</dt><dd>{value}")), "{plan:?} {name}");
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn shows_the_organizations_own_numbers_its_use_and_its_suspension() {
    let world = World::start().await;
    let person = world.somebody().await;
    let mut visitor = owner_of(&world, person.org).await;
    let orgs = world.store.orgs();
    let own = [(Override::StrictPerMinute, 7), (Override::CreditsPerMonth, 1_234)];
    for (number, value) in own {
        orgs.set_override(person.org, number, value).await.unwrap();
    }
    for _ in 0..3 {
        assert_eq!(world.get("/v1/runs", &person).await.status, 200);
    }
    let other = world.somebody().await;
    world.get("/v1/runs", &other).await;
    let shown = rows(&mut visitor).await;
    assert_eq!(shown[0][1..], ["300", "7 own number", "–"]);
    assert_eq!(shown[1][1..], ["3 000", "3 000", "–"]);
    assert_eq!(shown[2][1..], ["200 000", "200 000", "3"], "of this organization alone");
    assert_eq!(shown[3][1..], ["50 000", "1 234 own number", "0"]);
    let usage = world.get("/v1/usage", &person).await.json();
    assert_eq!(usage["credits"]["included"], 1_234);

    assert!(visitor.get(PAGE).await.text.contains("Active</span>"));
    orgs.set_suspended(person.org, Suspension::On).await.unwrap();
    assert!(visitor.get(PAGE).await.text.contains("Suspended</span>"));
    world.stop().await;
}
