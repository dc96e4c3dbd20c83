//! `GET /sign-in`: the page that somebody who is not signed in sees first.

use askama::Template;
use http::StatusCode;

use super::{own_path, start_path};
use crate::answer::Answer;
use crate::frame::Frame;
use crate::guard::sign_in;
use crate::pages::Outcome;
use crate::refusal::Refusal;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    frame: Frame,
    start: String,
    signed_out: bool,
}

/// Shows it; somebody who is signed in already goes on.
pub async fn answer(visit: &Visit<'_>) -> Outcome {
    let to = own_path(visit.query.one("to")?.unwrap_or("/"));
    match sign_in(visit).await {
        Ok(_) => return Ok(Answer::see_other(to)),
        Err(Refusal::SignedOut) => {}
        Err(refusal) => return Err(refusal),
    }
    let page = SignInPage {
        frame: Frame::plain("Sign in"),
        start: start_path(visit.app, to),
        signed_out: visit.query.one("done")? == Some("signed-out"),
    };
    Answer::page(StatusCode::OK, &page)
}
