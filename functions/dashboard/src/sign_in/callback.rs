//! `GET /sign-in/callback`: the provider sends the browser back; a session begins.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use eclips_shared::ids::OrgId;
use eclips_shared::store::{IDLE_MS, Session};
use eclips_shared::time::SECOND_MS;
use subtle::ConstantTimeEq;

use super::own_path;
use super::start::refuse;
use crate::answer::Answer;
use crate::guard::Visit;
use crate::oidc::{Attempt, Identity};
use crate::pages::Outcome;
use crate::refusal::Refusal;
use crate::session::Token;

/// Ends a sign-in. The attempt's cookie goes, whatever comes of it: a second answer finds nothing to belong to.
pub async fn answer(visit: &Visit<'_>) -> Outcome {
    let state = visit.query.one("state")?.ok_or(Refusal::SignInFailed)?;
    let cookies = visit.cookies();
    let name = cookies.attempt_name(state);
    let spent = cookies.cookie(name.clone(), String::new(), 0);
    let answer = match attempt(visit, &name, state) {
        Some(attempt) => finish(visit, &attempt).await.unwrap_or_else(|refusal| {
            tracing::info!(code = refusal.code(), "nobody was signed in");
            refusal.answer(visit)
        }),
        None => Refusal::SignInFailed.answer(visit),
    };
    Ok(answer.with_cookie(&spent))
}

/// The attempt that this answer belongs to, if this browser began it.
fn attempt(visit: &Visit<'_>, name: &str, state: &str) -> Option<Attempt> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(visit.cookie(name)?).ok()?;
    let attempt: Attempt = serde_json::from_slice(&bytes).ok()?;
    let same: bool = attempt.state.as_bytes().ct_eq(state.as_bytes()).into();
    same.then_some(attempt)
}

async fn finish(visit: &Visit<'_>, attempt: &Attempt) -> Outcome {
    // An `error` instead of a code: the person turned back, or the provider would not have it.
    let code = visit.query.one("code")?.ok_or(Refusal::SignInFailed)?;
    let found = visit.app.provider.finish(attempt, code).await;
    let person = found.map_err(|fault| refuse(&fault))?;
    let org = organization(visit, &person).await?;
    begin(visit, org, &person, String::new(), own_path(&attempt.to)).await
}

/// Which organization to show: the one that was shown before, else the person's first.
async fn organization(visit: &Visit<'_>, person: &Identity) -> Result<OrgId, Refusal> {
    let store = &visit.app.store;
    let orgs = store.members().organizations(&person.email).await?;
    let before = match visit.token() {
        Some(token) => store.sessions().find(&token.hash()).await?,
        None => None,
    };
    let before = before.map(|session| session.org).filter(|org| orgs.contains(org));
    before
        .or(orgs.first().copied())
        .ok_or_else(|| Refusal::Stranger(person.email.to_string()))
}

/// Begins a session, and ends the one that the browser had; `detail` goes into the audit log.
///
/// *Errors*: [`Refusal::Unavailable`].
pub async fn begin(visit: &Visit<'_>, org: OrgId, person: &Identity, detail: String, to: &str) -> Outcome {
    let token = Token::mint().map_err(|error| {
        tracing::error!(%error, "no randomness");
        Refusal::Unavailable
    })?;
    let session = Session::begin(org, person.email.clone(), person.authenticated_at);
    let replaced = visit.token().map(|old| old.hash());
    let actor = visit.actor(&person.email);
    visit
        .app
        .store
        .sessions()
        .open(&token.hash(), &session, replaced.as_ref(), &actor, detail)
        .await?;
    let cookie = visit.cookies().session(&token, IDLE_MS / SECOND_MS);
    Ok(Answer::see_other(to).with_cookie(&cookie))
}
