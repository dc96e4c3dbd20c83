//! `POST /sign-out`: ends the session here; the provider's own is its own business, and it asks anew at the next sign-in.

use crate::answer::Answer;
use crate::form::Fields;
use crate::guard::{FORM_TOKEN, SignedIn};
use crate::pages::Outcome;
use crate::visit::Visit;

/// Closes the session and takes its cookie away. Somebody who is no member any more may do that, too.
pub async fn answer(visit: &Visit<'_>, signed_in: &SignedIn, form: Fields) -> Outcome {
    form.only(&[FORM_TOKEN])?;
    let actor = visit.actor(signed_in.email(), None);
    let sessions = visit.app.store.sessions();
    sessions.close(&signed_in.hash(), signed_in.session(), &actor).await?;
    visit.set_cookie(visit.cookies().no_session());
    Ok(Answer::see_other("/sign-in?done=signed-out"))
}
