//! `GET /sign-in/callback`: the provider sends the browser back; a session begins.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use eclips_shared::ids::OrgId;
use eclips_shared::role::Role;
use eclips_shared::store::{Session, StoreError};
use eclips_shared::time::Timestamp;
use subtle::ConstantTimeEq;

use super::own_path;
use super::start::refuse;
use crate::answer::Answer;
use crate::guard::{SignedIn, sign_in};
use crate::oidc::{Attempt, Identity};
use crate::pages::Outcome;
use crate::refusal::Refusal;
use crate::session::mint;
use crate::visit::Visit;

/// Ends a sign-in. The attempt's cookie goes, whatever comes of it: a second answer finds nothing to belong to.
pub async fn answer(visit: &Visit<'_>) -> Outcome {
    let state = visit.query.one("state")?.ok_or(Refusal::SignInFailed)?;
    let cookies = visit.cookies();
    let name = cookies.attempt_name(state);
    visit.set_cookie(cookies.cookie(name.clone(), String::new(), 0));
    let attempt = attempt(visit, &name, state).ok_or(Refusal::SignInFailed)?;
    // An `error` instead of a code: the person turned back, or the provider would not have it.
    let code = visit.query.one("code")?.ok_or(Refusal::SignInFailed)?;
    let found = visit.app.provider.finish(&attempt, code).await;
    let person = found.map_err(|fault| refuse(&fault))?;
    begin(visit, &person).await?;
    Ok(Answer::see_other(own_path(&attempt.to)))
}

/// The attempt that this answer belongs to, if this browser began it.
fn attempt(visit: &Visit<'_>, name: &str, state: &str) -> Option<Attempt> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(visit.cookie(name)?).ok()?;
    let attempt: Attempt = serde_json::from_slice(&bytes).ok()?;
    let same: bool = attempt.state.as_bytes().ct_eq(state.as_bytes()).into();
    same.then_some(attempt)
}

/// Begins a session, and ends the one that the browser had.
async fn begin(visit: &Visit<'_>, person: &Identity) -> Result<(), Refusal> {
    let before = match sign_in(visit).await {
        Ok(before) => Some(before),
        Err(Refusal::SignedOut) => None,
        Err(refusal) => return Err(refusal),
    };
    let (org, role) = organization(visit, person, before.as_ref()).await?;
    let session = Session::begin(org, person.email.clone(), person.authenticated_at);
    let token = mint()?;
    let hash = before.as_ref().map(SignedIn::hash);
    let replaced = hash.as_ref().zip(before.as_ref().map(SignedIn::session));
    let actor = visit.actor(&person.email, Some(role));
    let sessions = visit.app.store.sessions();
    match sessions.open(&token.hash(), &session, replaced, &actor).await {
        Ok(()) => {}
        // Removed, or given another role, in this very moment.
        Err(StoreError::Lost) => return Err(Refusal::SignInFailed),
        Err(error) => return Err(error.into()),
    }
    visit.set_cookie(visit.cookies().session(&token, session.seconds_left(Timestamp::now())));
    Ok(())
}

/// Which organization to show, and what the person is there: the one that was shown before, else the first that is whole.
async fn organization(
    visit: &Visit<'_>,
    person: &Identity,
    before: Option<&SignedIn>,
) -> Result<(OrgId, Role), Refusal> {
    let members = visit.app.store.members();
    let mut orgs = members.organizations(&person.email).await?;
    let before = before.map(|before| before.session().org);
    // Stable: the others keep their order.
    orgs.sort_by_key(|org| Some(*org) != before);
    for org in orgs {
        // One that is being deleted has members and is none any more.
        if let Some(standing) = members.standing(org, &person.email).await? {
            return Ok((org, standing.role));
        }
    }
    Err(Refusal::Stranger(person.email.to_string()))
}
