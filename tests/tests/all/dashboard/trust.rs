//! Settings → Trust levels: what the harness goes by, agent by agent, for this organization and this mode alone.

use aws_sdk_dynamodb::types::AttributeValue;
use eclips_shared::auth::{Mode, Tenant};
use eclips_shared::ids::OrgId;
use eclips_shared::time::{MINUTE_MS, Timestamp};
use eclips_tests::records;
use eclips_tests::world::World;

use super::{cells, owner_of};

const PAGE: &str = "/settings/trust";

/// Sets how agents have done, as if much had happened.
async fn set(world: &World, org: OrgId, mode: Mode, records: &[(&str, &str)]) {
    let pk = format!("T#{}", Tenant { org, mode });
    let texts: Vec<(&str, AttributeValue)> = records
        .iter()
        .map(|(name, value)| (*name, AttributeValue::S((*value).to_owned())))
        .collect();
    records::set(world.config(), &pk, "M", &texts).await;
}

#[tokio::test]
async fn shows_levels_counts_and_breakers_of_the_organization_alone() {
    let world = World::start().await;
    let (person, other) = (world.somebody().await, world.somebody().await);
    let mut owner = owner_of(&world, person.org).await;
    assert!(owner.get(PAGE).await.text.contains("No agent has a record here yet."));
    let soon = Timestamp::now().plus_ms(3 * MINUTE_MS);
    let open = format!("5.{}", soon.ms());
    let records = [
        ("trust_center", "1.48"),
        ("trust_researcher", "5.7"),
        ("trust_tax_filer", "3.0"),
        ("breaker_tax_filer", open.as_str()),
        ("trust_of_another_version", "2.1"),
        ("breaker_center", "6.1"),
    ];
    set(&world, person.org, Mode::Live, &records).await;
    set(&world, person.org, Mode::Test, &[("trust_summariser", "2.9")]).await;
    set(&world, other.org, Mode::Live, &[("trust_reader", "4.4")]).await;

    let page = owner.get(PAGE).await.text;
    let until = soon.to_string().replace('T', " ");
    let refused = format!("Refused until {} UTC, after 5 failed runs in a row", &until[..16]);
    assert_eq!(
        cells(&page),
        [
            [
                "Center",
                "1 Supervised",
                "48",
                "50",
                "One run to try after 6 failed runs in a row"
            ],
            ["Researcher", "5 Autonomous", "7", "–", "Takes runs"],
            ["Tax Filer", "3 Verified", "0", "250", refused.as_str()],
            ["of_another_version", "2 Assisted", "1", "100", "Takes runs"],
        ]
    );
    let test = cells(&owner.get(&format!("{PAGE}?mode=test")).await.text);
    assert_eq!(test, [["Summariser", "2 Assisted", "9", "100", "Takes runs"]]);
    let center = owner.get("/agents/center").await.text;
    assert!(
        center.contains("1 Supervised<span class=\"quiet\">, 48 correct runs in a row of 50"),
        "{center}"
    );
    assert!(
        owner.get("/agents/reader").await.text.contains("1 Supervised"),
        "another organization's is not ours"
    );
    world.stop().await;
}
