//! `GET /settings/api-keys`: the organization's keys, newest first.

use askama::Template;
use eclips_shared::ids::KeyId;
use eclips_shared::store::Backwards;
use eclips_shared::time::Timestamp;
use http::StatusCode;

use super::KeyView;
use crate::answer::Answer;
use crate::frame::{Frame, Section};
use crate::guard::Member;
use crate::pages::Outcome;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// Keys on a page.
const KEYS_MAX: i32 = 50;

#[derive(Template)]
#[template(path = "keys/list.html")]
struct KeysPage {
    frame: Frame,
    keys: Vec<KeyView>,
    may_manage: bool,
    is_first: bool,
    older: Option<String>,
}

/// Lists them.
pub async fn answer(visit: &Visit<'_>, member: &Member) -> Outcome {
    let before = match visit.query.one("before")? {
        Some(id) => Some(KeyId::parse(id).ok_or(Refusal::NotFound)?),
        None => None,
    };
    let store = &visit.app.store;
    let (keys, members) = (store.keys(), store.members());
    let items_max = KEYS_MAX;
    let (leaf, members) = tokio::try_join!(
        keys.page(member.org(), Backwards { before, items_max }),
        members.list(member.org())
    )?;
    let now = Timestamp::now();
    let last = leaf.items.last().filter(|_| leaf.has_older);
    let older = last.map(|last| last.key_id.to_string());
    let keys = leaf.items.into_iter();
    let page = KeysPage {
        frame: Frame::of("API keys", Some(Section::ApiKeys), member),
        keys: keys.map(|key| KeyView::of(key, now).among(&members)).collect(),
        may_manage: member.role().manages_keys(),
        is_first: before.is_none(),
        older,
    };
    Answer::page(StatusCode::OK, &page)
}
