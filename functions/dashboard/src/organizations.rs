//! `/organizations`: the organizations of the person who is signed in, and the way from one to another.

use askama::Template;
use eclips_shared::ids::OrgId;
use eclips_shared::store::StoreError;
use eclips_shared::time::Timestamp;
use http::StatusCode;

use crate::answer::Answer;
use crate::form::Fields;
use crate::frame::Frame;
use crate::guard::{FORM_TOKEN, SignedIn};
use crate::pages::Outcome;
use crate::refusal::Refusal;
use crate::session::mint;
use crate::visit::Visit;

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

/// Lists them, also to somebody who is no member of the one that was looked at any more.
pub async fn list(visit: &Visit<'_>, signed_in: &SignedIn) -> Outcome {
    let members = visit.app.store.members();
    let mut rows = Vec::new();
    for org in members.organizations(signed_in.email()).await? {
        // A membership that ended between the two reads is left out, and so is an organization that is being deleted.
        let Some(standing) = members.standing(org, signed_in.email()).await? else {
            continue;
        };
        rows.push(Row {
            org: org.to_string(),
            name: standing.org_name,
            role: standing.role.as_str(),
            plan: standing.plan.as_str(),
            is_current: org == signed_in.session().org,
        });
    }
    let page = OrganizationsPage {
        frame: Frame::of_person("Your organizations", signed_in),
        rows,
    };
    Answer::page(StatusCode::OK, &page)
}

/// Goes to another one: a new session in the place of this one, which lives no longer for it.
pub async fn choose(visit: &Visit<'_>, signed_in: &SignedIn, form: Fields) -> Outcome {
    form.only(&[FORM_TOKEN, "org"])?;
    let org = form.one("org")?.and_then(OrgId::parse).ok_or(Refusal::BadForm)?;
    let before = signed_in.session();
    if org == before.org {
        return Ok(Answer::see_other("/"));
    }
    let store = &visit.app.store;
    let standing = store.members().standing(org, signed_in.email()).await?;
    let standing = standing.ok_or(Refusal::NotFound)?;
    let (token, after) = (mint()?, before.moved_to(org));
    let actor = visit.actor(signed_in.email(), Some(standing.role));
    let switched = store
        .sessions()
        .switch((&signed_in.hash(), before), (&token.hash(), &after), &actor)
        .await;
    match switched {
        Ok(()) => {}
        // Signed out meanwhile, or no member there any more: the next page says which.
        Err(StoreError::Lost) => return Ok(Answer::see_other("/organizations")),
        Err(error) => return Err(error.into()),
    }
    visit.set_cookie(visit.cookies().session(&token, after.seconds_left(Timestamp::now())));
    Ok(Answer::see_other("/"))
}
