//! The dashboard over HTTP: who may what, forms that are not its own, keys born and ended, its store failing. What a browser
//! makes of it is in `tests/browser`.

mod agents;
mod audit;
mod batches;
mod forms;
mod grid;
mod keys;
mod outage;
mod plan;
mod reference;
mod refused;
mod roles;
mod sessions;
mod team;
mod trust;
mod usage;
mod webhooks;
mod work;

use eclips_shared::ids::OrgId;
use eclips_shared::role::Role;
use eclips_shared::store::{AuditEntry, Backwards};
use eclips_tests::visitor::Visitor;
use eclips_tests::world::World;

/// An owner of an organization that is there already, signed in.
async fn owner_of(world: &World, org: OrgId) -> Visitor {
    Visitor::member(world, org, "owner@example.com", Role::Owner).await
}

/// The rows of the tables in some HTML: what each cell says to its reader.
fn cells(html: &str) -> Vec<Vec<String>> {
    let rows = html.split("<tr>").skip(1);
    let cells = rows.map(|row| {
        let row = row.split("</tr>").next().unwrap_or_default();
        row.split("data-label=").skip(1).map(said).collect::<Vec<_>>()
    });
    cells.filter(|row| !row.is_empty()).collect()
}

/// The words of a cell, from behind its label to its end, without tags.
fn said(cell: &str) -> String {
    let (_, inside) = cell.split_once('>').expect("a cell");
    let end = inside
        .find("</td")
        .or_else(|| inside.find("</th"))
        .unwrap_or(inside.len());
    let mut text = String::new();
    for piece in inside[..end].split('<') {
        text.push_str(piece.split_once('>').map_or(piece, |(_, text)| text));
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An organization's audit log, newest first.
async fn whole_log(world: &World, org: OrgId) -> Vec<AuditEntry> {
    let all = Backwards {
        before: None,
        items_max: 1_000,
    };
    let leaf = world.store.audit().list(org, all).await.unwrap();
    assert!(!leaf.has_older);
    leaf.items
}
