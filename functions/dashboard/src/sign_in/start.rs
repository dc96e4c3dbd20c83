//! `GET /sign-in/start`: sends the browser to the provider, with a cookie that remembers the attempt.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::{ATTEMPT_SECONDS, own_path};
use crate::answer::Answer;
use crate::oidc::Fault;
use crate::pages::Outcome;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// Sign-ins that a browser may have under way beside a new one.
const ATTEMPTS_KEPT: usize = 3;

/// Begins a sign-in.
pub async fn answer(visit: &Visit<'_>) -> Outcome {
    let to = own_path(visit.query.one("to")?.unwrap_or("/")).to_owned();
    let (url, attempt) = visit.app.provider.begin(to).await.map_err(|fault| refuse(&fault))?;
    let text = serde_json::to_vec(&attempt).map_err(|_| Refusal::Internal)?;
    let cookies = visit.cookies();
    forget_old_attempts(visit);
    visit.set_cookie(cookies.cookie(
        cookies.attempt_name(&attempt.state),
        BASE64_URL_SAFE_NO_PAD.encode(text),
        ATTEMPT_SECONDS,
    ));
    Ok(Answer::see_other(&url))
}

/// Takes away the cookies of attempts that were abandoned, but for the last few: a request's headers have room for some of
/// them only, and a browser sends the oldest first.
fn forget_old_attempts(visit: &Visit<'_>) {
    let cookies = visit.cookies();
    let mut names = visit.cookie_names();
    names.retain(|name| name.starts_with(cookies.attempt_prefix()));
    let old = names.len().saturating_sub(ATTEMPTS_KEPT);
    for name in names.drain(..old) {
        visit.set_cookie(cookies.cookie(name, String::new(), 0));
    }
}

/// Logs why, once, and says no more than that it failed.
pub fn refuse(fault: &Fault) -> Refusal {
    match fault {
        Fault::Unavailable(cause) => {
            tracing::error!(
                alarm = "sign_in_provider",
                cause,
                "the sign-in provider does not answer"
            );
            Refusal::Unavailable
        }
        Fault::Refused(cause) => {
            tracing::warn!(cause, "a sign-in was refused");
            Refusal::SignInFailed
        }
        Fault::Unverified => {
            tracing::warn!("a sign-in without a verified address");
            Refusal::Unverified
        }
    }
}
