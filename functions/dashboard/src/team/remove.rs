//! `/settings/team/{id}/remove`: asks once, then ends somebody else's membership.

use askama::Template;
use eclips_shared::email::Email;
use eclips_shared::store::{MemberChange, StoreError};
use http::StatusCode;

use super::{MemberView, email_in, find};
use crate::answer::Answer;
use crate::form::Fields;
use crate::frame::{Frame, Section};
use crate::guard::{FORM_TOKEN, Member, lost};
use crate::pages::Outcome;
use crate::refusal::Refusal;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "team/remove.html")]
struct RemovePage {
    frame: Frame,
    person: MemberView,
}

/// Asks whether it is meant. Whoever means himself is asked on the page for that.
pub async fn show(visit: &Visit<'_>, member: &Member) -> Outcome {
    let person = MemberView::of(&find(visit, member).await?, member);
    if person.is_self {
        return Ok(Answer::see_other("/settings/team/leave"));
    }
    let page = RemovePage {
        frame: Frame::of(&format!("Remove {}", person.email), Some(Section::Team), member),
        person,
    };
    Answer::page(StatusCode::OK, &page)
}

/// Removes the person, who sees no page of the organization any more. A second time changes nothing.
pub async fn answer(visit: &Visit<'_>, member: &Member, form: Fields) -> Outcome {
    let email = email_in(visit)?;
    form.only(&[FORM_TOKEN])?;
    end(visit, member, &email).await
}

/// Ends a membership, another's or one's own.
pub(super) async fn end(visit: &Visit<'_>, member: &Member, email: &Email) -> Outcome {
    let members = visit.app.store.members();
    let next = if email == member.signed_in.email() {
        "/organizations"
    } else {
        "/settings/team"
    };
    match members.remove(member.org(), email, member.actor()).await {
        Ok(MemberChange::Done | MemberChange::NoSuchMember) => Ok(Answer::see_other(next)),
        Ok(MemberChange::LastOwner) => Err(Refusal::LastOwner),
        Err(StoreError::Lost) => Err(lost(visit, member, Refusal::Unavailable).await),
        Err(error) => Err(error.into()),
    }
}
