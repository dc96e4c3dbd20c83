//! `GET /settings/team/new` and `POST /settings/team`: somebody becomes a member, by the address that he signs in with. Nothing
//! is sent to it.

use askama::Template;
use eclips_shared::email::Email;
use eclips_shared::role::Role;
use eclips_shared::store::StoreError;
use http::StatusCode;

use super::{RoleView, roles};
use crate::answer::Answer;
use crate::form::Fields;
use crate::frame::{Frame, Section};
use crate::guard::{FORM_TOKEN, Member, lost};
use crate::pages::Outcome;
use crate::refusal::Refusal;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "team/new.html")]
struct NewMemberPage {
    frame: Frame,
    email: String,
    roles: Vec<RoleView>,
    fault: Option<String>,
    sign_in: String,
}

/// Shows the form.
pub fn show(visit: &Visit<'_>, member: &Member) -> Outcome {
    page(visit, member, "", Role::Member, None)
}

/// Adds the person, or shows the form once more with what is wrong. Sent again, it changes nothing.
pub async fn answer(visit: &Visit<'_>, member: &Member, form: Fields) -> Outcome {
    form.only(&[FORM_TOKEN, "email", "role"])?;
    let role = form.one("role")?.and_then(Role::parse).ok_or(Refusal::BadForm)?;
    let typed = form.one("email")?.ok_or(Refusal::BadForm)?;
    let Some(email) = Email::parse(typed) else {
        let fault = "Give a whole e-mail address, such as ada@example.com.".to_owned();
        return page(visit, member, typed, role, Some(fault));
    };
    let members = visit.app.store.members();
    match members.join(member.org(), &email, role, member.actor()).await {
        Ok(None) => Ok(Answer::see_other("/settings/team")),
        Ok(Some(held)) if held == role => Ok(Answer::see_other("/settings/team")),
        Ok(Some(held)) => {
            let fault = format!(
                "{email} is here already, as {}. The list of the team changes roles.",
                held.as_str()
            );
            page(visit, member, typed, role, Some(fault))
        }
        Err(StoreError::Lost) => Err(lost(visit, member, Refusal::Unavailable).await),
        Err(error) => Err(error.into()),
    }
}

fn page(visit: &Visit<'_>, member: &Member, email: &str, role: Role, fault: Option<String>) -> Outcome {
    let (title, status) = match fault {
        None => ("Add somebody to the team", StatusCode::OK),
        Some(_) => ("Error: Add somebody to the team", StatusCode::UNPROCESSABLE_ENTITY),
    };
    let page = NewMemberPage {
        frame: Frame::of(title, Some(Section::Team), member),
        email: email.to_owned(),
        roles: roles(role),
        fault,
        sign_in: format!("{}/sign-in", visit.app.origin),
    };
    Answer::page(status, &page)
}
