//! The dashboard over HTTP: who may what, forms that are not its own, keys born and ended, its store failing. What a browser
//! makes of it is in `tests/browser`.

mod audit;
mod forms;
mod grid;
mod keys;
mod outage;
mod reference;
mod refused;
mod roles;
mod sessions;
mod webhooks;
mod work;

use eclips_shared::ids::OrgId;
use eclips_shared::store::{AuditEntry, Backwards};
use eclips_tests::world::World;

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
