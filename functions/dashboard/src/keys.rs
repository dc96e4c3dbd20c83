//! Settings → API keys: where keys are born, and end. A file per page; here, what a key looks like on all of them.

pub mod create;
pub mod list;
mod offer;
pub mod revoke;
pub mod roll;
pub mod show;

use eclips_shared::auth::{PlainKey, Scope};
use eclips_shared::email::Email;
use eclips_shared::ids::KeyId;
use eclips_shared::routes::{Access, ROUTES};
use eclips_shared::store::{KeySummary, MemberSummary};
use eclips_shared::time::{DAY_MS, Timestamp};
use http::Method;

use crate::guard::Member;
use crate::moment::{Moment, days_left};
use crate::refusal::Refusal;
use crate::visit::Visit;

/// A key that ends within this gets a badge. *Source*: our choice: two weeks to roll it in.
const SOON_MS: i64 = 14 * DAY_MS;

/// A key on a page.
struct KeyView {
    id: String,
    name: String,
    hint: String,
    mode: &'static str,
    scopes: Vec<&'static str>,
    created_at: Moment,
    created_by: String,
    /// Whoever made it is no member any more: nobody may remember what it is for.
    is_orphan: bool,
    last_used_at: Option<Moment>,
    expires_at: Option<Moment>,
    state: State,
    is_usable: bool,
    successor: Option<String>,
}

/// What a key's badge says.
struct State {
    /// The badge's class: `good`, `soon` or `ended`.
    kind: &'static str,
    text: String,
    at: Option<Moment>,
}

impl KeyView {
    fn of(key: KeySummary, now: Timestamp) -> Self {
        let state = state(&key, now);
        Self {
            id: key.key_id.to_string(),
            is_usable: key.is_usable(now),
            is_orphan: false,
            created_by: key.created_by.unwrap_or_else(|| "unknown".to_owned()),
            name: key.name,
            hint: key.hint,
            mode: key.mode.as_str(),
            scopes: key.scopes.iter().map(Scope::as_str).collect(),
            created_at: key.created_at.into(),
            last_used_at: key.last_used_at.map(Into::into),
            expires_at: key.expires_at.map(Into::into),
            successor: key.rolled_to.map(|key| key.to_string()),
            state,
        }
    }

    /// Marks the key of somebody who has left.
    fn among(mut self, members: &[MemberSummary]) -> Self {
        // A tool's name is no address, and no tool leaves.
        self.is_orphan =
            Email::parse(&self.created_by).is_some_and(|maker| members.iter().all(|member| member.email != maker));
        self
    }
}

fn state(key: &KeySummary, now: Timestamp) -> State {
    let badge = |kind, text: String, at: Option<Timestamp>| State {
        kind,
        text,
        at: at.map(Into::into),
    };
    if let Some(at) = key.revoked_at {
        return badge("ended", "Revoked".to_owned(), Some(at));
    }
    let word = if key.rolled_to.is_some() {
        "Rolled, ends"
    } else {
        "Ends"
    };
    match key.expires_at {
        Some(end) if now >= end => badge("ended", "Expired".to_owned(), Some(end)),
        Some(end) if end.ms() - now.ms() <= SOON_MS || key.rolled_to.is_some() => {
            badge("soon", format!("{word} {}", days_left(end.ms() - now.ms())), Some(end))
        }
        _ => badge("good", "Active".to_owned(), None),
    }
}

/// The id in the path, as a key of the member's organization.
///
/// *Errors*: [`Refusal::NotFound`] for an id that is none, and for another organization's.
async fn find(visit: &Visit<'_>, member: &Member) -> Result<KeySummary, Refusal> {
    let found = visit.app.store.keys().show(member.org(), key_id(visit)?).await?;
    found.ok_or(Refusal::NotFound)
}

/// The id in the path; anything that is not a key's id is a key that does not exist.
fn key_id(visit: &Visit<'_>) -> Result<KeyId, Refusal> {
    visit.id.as_deref().and_then(KeyId::parse).ok_or(Refusal::NotFound)
}

/// A command that uses the key at once: a run where it may start one, else the first list that it may read.
fn curl(api_url: &str, plain: &PlainKey, key: &KeySummary) -> String {
    let header = format!("-H 'Authorization: Bearer {}'", plain.reveal());
    if key.scopes.contains(Scope::AgentsRun) {
        return format!(
            "curl {api_url}/v1/run \\\n  {header} \\\n  -H 'Content-Type: application/json' \\\n  \
             -d '{{\"agent_type\":\"procurement_specialist\",\"task\":\"Get 3 vendor quotes for 500 laptops\"}}'"
        );
    }
    let list = ROUTES.iter().find(|route| {
        let opens = matches!(route.access, Access::Key { scope, .. } if key.scopes.contains(scope));
        opens && route.method == Method::GET && !route.path.contains('{')
    });
    let path = list.map_or("/v1/health", |route| route.path);
    format!("curl {api_url}{path} \\\n  {header}")
}
