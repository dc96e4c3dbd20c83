//! `/settings/api-keys/{id}/roll`: a new key in the place of an old one, which goes on working for a while.

use askama::Template;
use eclips_shared::ids::FormId;
use eclips_shared::store::{GRACES_MS, StoreError};
use eclips_shared::time::{DAY_MS, HOUR_MS, Timestamp};
use http::StatusCode;

use super::create::created;
use super::{KeyView, find};
use crate::answer::Answer;
use crate::form::Fields;
use crate::frame::{Frame, Section};
use crate::guard::{FORM_TOKEN, Member, lost};
use crate::pages::Outcome;
use crate::refusal::Refusal;
use crate::visit::Visit;

struct GraceView {
    ms: i64,
    words: &'static str,
    is_checked: bool,
}

#[derive(Template)]
#[template(path = "keys/roll.html")]
struct RollPage {
    frame: Frame,
    key: KeyView,
    form_id: String,
    graces: Vec<GraceView>,
}

/// Asks how long the old one goes on, and shows when it was last used.
pub async fn show(visit: &Visit<'_>, member: &Member) -> Outcome {
    let key = find(visit, member).await?;
    if !member.role().grants_all(key.scopes) {
        return Err(Refusal::Role);
    }
    if !key.is_usable(Timestamp::now()) || key.rolled_to.is_some() {
        return Err(Refusal::KeyEnded);
    }
    let page = RollPage {
        frame: Frame::of(&format!("Roll API key {}", key.name), Some(Section::ApiKeys), member),
        key: KeyView::of(key, Timestamp::now()),
        form_id: FormId::generate().to_string(),
        graces: GRACES_MS.into_iter().map(grace).collect(),
    };
    Answer::page(StatusCode::OK, &page)
}

/// Rolls it, and shows the new one's value, this once.
pub async fn answer(visit: &Visit<'_>, member: &Member, form: Fields) -> Outcome {
    form.only(&[FORM_TOKEN, "form_id", "grace"])?;
    let form_id = form.one("form_id")?.and_then(FormId::parse).ok_or(Refusal::BadForm)?;
    let grace = form.one("grace")?.and_then(|text| text.parse::<i64>().ok());
    let grace_ms = grace.filter(|ms| GRACES_MS.contains(ms)).ok_or(Refusal::BadForm)?;
    let old = find(visit, member).await?;
    // Its successor would be a key with scopes that the role may not grant.
    if !member.role().grants_all(old.scopes) {
        return Err(Refusal::Role);
    }
    let keys = visit.app.store.keys();
    let rolled = keys
        .roll(member.org(), old.key_id, grace_ms, member.actor(), Some(form_id))
        .await;
    match rolled {
        Ok(rolled) => created(visit, member, &rolled.plain, rolled.key, Some(rolled.old_ends_at)),
        Err(StoreError::Lost) => match keys.made_by_form(member.org(), form_id).await? {
            Some(key) => Err(Refusal::UsedForm(key.to_string())),
            None => Err(lost(visit, member, Refusal::KeyEnded).await),
        },
        Err(error) => Err(error.into()),
    }
}

fn grace(ms: i64) -> GraceView {
    const HOUR: i64 = HOUR_MS;
    const DAY: i64 = DAY_MS;
    GraceView {
        ms,
        words: match ms {
            0 => "Not at all: it ends at once",
            HOUR => "1 hour",
            DAY => "24 hours",
            _ => "7 days",
        },
        is_checked: ms == DAY,
    }
}
