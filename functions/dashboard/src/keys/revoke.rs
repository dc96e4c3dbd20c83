//! `/settings/api-keys/{id}/revoke`: asks once, then ends a key for good.

use askama::Template;
use eclips_shared::store::StoreError;
use eclips_shared::time::Timestamp;
use http::StatusCode;

use super::{KeyView, find, key_id};
use crate::answer::Answer;
use crate::form::Fields;
use crate::frame::{Frame, Section};
use crate::guard::{FORM_TOKEN, Member, lost};
use crate::pages::Outcome;
use crate::refusal::Refusal;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "keys/revoke.html")]
struct RevokePage {
    frame: Frame,
    key: KeyView,
}

/// Asks whether it is meant. A key that is revoked already is only shown.
pub async fn show(visit: &Visit<'_>, member: &Member) -> Outcome {
    let key = find(visit, member).await?;
    if key.revoked_at.is_some() {
        return Ok(Answer::see_other(&format!("/settings/api-keys/{}", key.key_id)));
    }
    let page = RevokePage {
        frame: Frame::of(&format!("Revoke API key {}", key.name), Some(Section::ApiKeys), member),
        key: KeyView::of(key, Timestamp::now()),
    };
    Answer::page(StatusCode::OK, &page)
}

/// Revokes it: when this answers, no request with it is accepted any more. A second time changes nothing.
pub async fn answer(visit: &Visit<'_>, member: &Member, form: Fields) -> Outcome {
    form.only(&[FORM_TOKEN])?;
    let key = key_id(visit)?;
    let keys = visit.app.store.keys();
    match keys.revoke(member.org(), key, member.actor()).await {
        Ok(_) => Ok(Answer::see_other(&format!("/settings/api-keys/{key}?done=revoked"))),
        Err(StoreError::Lost) => Err(lost(visit, member, Refusal::NotFound).await),
        Err(error) => Err(error.into()),
    }
}
