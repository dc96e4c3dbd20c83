//! `/settings/team/{id}/role`: another role for a member.

use askama::Template;
use eclips_shared::role::Role;
use eclips_shared::store::{MemberChange, StoreError};
use http::StatusCode;

use super::{MemberView, RoleView, email_in, find, roles};
use crate::answer::Answer;
use crate::form::Fields;
use crate::frame::{Frame, Section};
use crate::guard::{FORM_TOKEN, Member, lost};
use crate::pages::Outcome;
use crate::refusal::Refusal;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "team/role.html")]
struct RolePage {
    frame: Frame,
    person: MemberView,
    roles: Vec<RoleView>,
}

/// Asks which.
pub async fn show(visit: &Visit<'_>, member: &Member) -> Outcome {
    let found = find(visit, member).await?;
    let page = RolePage {
        frame: Frame::of(&format!("Role of {}", found.email), Some(Section::Team), member),
        person: MemberView::of(&found, member),
        roles: roles(found.role),
    };
    Answer::page(StatusCode::OK, &page)
}

/// Gives it; it holds from the next page that the person asks for.
pub async fn answer(visit: &Visit<'_>, member: &Member, form: Fields) -> Outcome {
    let email = email_in(visit)?;
    form.only(&[FORM_TOKEN, "role"])?;
    let role = form.one("role")?.and_then(Role::parse).ok_or(Refusal::BadForm)?;
    let members = visit.app.store.members();
    match members.give_role(member.org(), &email, role, member.actor()).await {
        Ok(MemberChange::Done) => Ok(Answer::see_other("/settings/team")),
        Ok(MemberChange::NoSuchMember) => Err(Refusal::NotFound),
        Ok(MemberChange::LastOwner) => Err(Refusal::LastOwner),
        Err(StoreError::Lost) => Err(lost(visit, member, Refusal::Unavailable).await),
        Err(error) => Err(error.into()),
    }
}
