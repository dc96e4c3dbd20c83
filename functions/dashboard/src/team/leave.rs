//! `/settings/team/leave`: asks once, then ends one's own membership. Anybody may, but for the last owner.

use askama::Template;
use eclips_shared::role::Role;
use http::StatusCode;

use super::remove::end;
use crate::answer::Answer;
use crate::form::Fields;
use crate::frame::{Frame, Section};
use crate::guard::{FORM_TOKEN, Member};
use crate::pages::Outcome;
use crate::refusal::Refusal;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "team/leave.html")]
struct LeavePage {
    frame: Frame,
    org: String,
}

/// Asks whether it is meant.
pub async fn show(visit: &Visit<'_>, member: &Member) -> Outcome {
    let members = visit.app.store.members().list(member.org()).await?;
    let owners = members.iter().filter(|other| other.role == Role::Owner);
    if member.role() == Role::Owner && owners.count() == 1 {
        return Err(Refusal::LastOwner);
    }
    let page = LeavePage {
        frame: Frame::of("Leave the organization", Some(Section::Team), member),
        org: member.standing.org_name.clone(),
    };
    Answer::page(StatusCode::OK, &page)
}

/// Leaves; the way goes on to the person's other organizations.
pub async fn answer(visit: &Visit<'_>, member: &Member, form: Fields) -> Outcome {
    form.only(&[FORM_TOKEN])?;
    end(visit, member, member.signed_in.email()).await
}
