//! `GET /settings/api-keys/{id}`: one key, and the requests that it was refused for.

use askama::Template;
use eclips_shared::store::{Refused, RefusedRequests};
use eclips_shared::time::Timestamp;
use http::StatusCode;

use super::{KeyView, find};
use crate::answer::Answer;
use crate::frame::{Frame, Section};
use crate::guard::Member;
use crate::moment::Moment;
use crate::pages::Outcome;
use crate::visit::Visit;

struct RefusedView {
    status: u16,
    cause: &'static str,
    route: String,
    seen: u64,
    first_at: Moment,
    last_at: Moment,
    ip: String,
}

#[derive(Template)]
#[template(path = "keys/show.html")]
struct KeyPage {
    frame: Frame,
    key: KeyView,
    revoked_by: Option<String>,
    refused: Vec<RefusedView>,
    may_manage: bool,
    may_roll: bool,
    is_revoked: bool,
    was_revoked_now: bool,
}

/// Shows it.
pub async fn answer(visit: &Visit<'_>, member: &Member) -> Outcome {
    let key = find(visit, member).await?;
    let store = &visit.app.store;
    let (keys, members) = (store.keys(), store.members());
    let (refused, members) = tokio::try_join!(keys.refused(member.org(), key.key_id), members.list(member.org()))?;
    let may_manage = member.role().manages_keys();
    let may_roll = may_manage && key.rolled_to.is_none() && member.role().grants_all(key.scopes);
    let (revoked_by, is_revoked) = (key.revoked_by.clone(), key.revoked_at.is_some());
    let key = KeyView::of(key, Timestamp::now()).among(&members);
    let page = KeyPage {
        frame: Frame::of(&format!("API key {}", key.name), Some(Section::ApiKeys), member),
        may_roll: may_roll && key.is_usable,
        key,
        revoked_by,
        refused: refused.into_iter().map(view).collect(),
        may_manage,
        was_revoked_now: is_revoked && visit.query.one("done")? == Some("revoked"),
        is_revoked,
    };
    Answer::page(StatusCode::OK, &page)
}

fn view(requests: RefusedRequests) -> RefusedView {
    let (status, cause) = match requests.cause {
        Refused::Expired => (401, "the key had expired"),
        Refused::Revoked => (401, "the key was revoked"),
        Refused::Scope => (403, "the key lacks the route's scope"),
    };
    RefusedView {
        status,
        cause,
        route: requests.route,
        seen: requests.seen,
        first_at: requests.first_at.into(),
        last_at: requests.last_at.into(),
        ip: requests.ip,
    }
}
