//! `/organizations`: the organizations of the person who is signed in, and the way from one to another.

use askama::Template;
use eclips_shared::ids::OrgId;
use http::StatusCode;

use crate::answer::Answer;
use crate::form::Fields;
use crate::frame::Frame;
use crate::guard::{FORM_TOKEN, Member, Visit};
use crate::oidc::Identity;
use crate::pages::Outcome;
use crate::refusal::Refusal;
use crate::sign_in::callback::begin;

struct Row {
    org: String,
    name: String,
    role: &'static str,
    plan: &'static str,
    is_current: bool,
}

#[derive(Template)]
#[template(path = "organizations.html")]
struct OrganizationsPage {
    frame: Frame,
    rows: Vec<Row>,
}

/// Lists them.
pub async fn list(visit: &Visit<'_>, member: &Member) -> Outcome {
    let members = visit.app.store.members();
    let mut rows = Vec::new();
    for org in members.organizations(member.email()).await? {
        // A membership that ended between the two reads is left out.
        let Some(standing) = members.standing(org, member.email()).await? else {
            continue;
        };
        rows.push(Row {
            org: org.to_string(),
            name: standing.org_name,
            role: standing.role.as_str(),
            plan: standing.plan.as_str(),
            is_current: org == member.org(),
        });
    }
    let page = OrganizationsPage {
        frame: Frame::of("Your organizations", None, member),
        rows,
    };
    Answer::page(StatusCode::OK, &page)
}

/// Goes to another one: a new session in the place of this one. When the person last signed in stays what it was.
pub async fn choose(visit: &Visit<'_>, member: &Member, form: Fields) -> Outcome {
    form.only(&[FORM_TOKEN, "org"])?;
    let org = form.one("org")?.and_then(OrgId::parse).ok_or(Refusal::BadForm)?;
    let standing = visit.app.store.members().standing(org, member.email()).await?;
    standing.ok_or(Refusal::NotFound)?;
    let person = Identity {
        email: member.email().clone(),
        authenticated_at: member.session().authenticated_at,
    };
    begin(visit, org, &person, "from another organization".to_owned(), "/").await
}
