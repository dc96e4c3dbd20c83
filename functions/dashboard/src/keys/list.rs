//! `GET /settings/api-keys`: the organization's keys, newest first.

use askama::Template;
use eclips_shared::ids::KeyId;
use eclips_shared::time::Timestamp;
use http::StatusCode;

use super::KeyView;
use crate::answer::Answer;
use crate::frame::{Frame, Section};
use crate::guard::{Member, Visit};
use crate::pages::Outcome;
use crate::refusal::Refusal;

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
    // One more than is shown tells whether there are older ones.
    let (keys, members) = tokio::try_join!(
        keys.page(member.org(), before, KEYS_MAX + 1),
        members.list(member.org())
    )?;
    let now = Timestamp::now();
    let mut keys: Vec<KeyView> = keys
        .into_iter()
        .map(|key| KeyView::of(key, now).among(&members))
        .collect();
    let has_older = keys.len() > usize::try_from(KEYS_MAX).unwrap_or(usize::MAX);
    if has_older {
        keys.pop();
    }
    let older = keys.last().filter(|_| has_older).map(|key| key.id.clone());
    let page = KeysPage {
        frame: Frame::of("API keys", Some(Section::ApiKeys), member),
        keys,
        may_manage: member.role().manages_keys(),
        is_first: before.is_none(),
        older,
    };
    Answer::page(StatusCode::OK, &page)
}
