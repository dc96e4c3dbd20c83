//! `POST /sign-out`: ends the session here; the provider's own is its own business.

use crate::answer::Answer;
use crate::guard::{Member, Visit};
use crate::pages::Outcome;

/// Closes the session and takes its cookie away.
pub async fn answer(visit: &Visit<'_>, member: &Member) -> Outcome {
    let sessions = visit.app.store.sessions();
    sessions
        .close(&member.token().hash(), member.session(), member.actor())
        .await?;
    Ok(Answer::see_other("/sign-in?done=signed-out").with_cookie(&visit.cookies().no_session()))
}
