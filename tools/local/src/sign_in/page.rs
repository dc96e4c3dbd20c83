//! What a person sees: the form, and the refusal of a request that can be sent nowhere. The markup is in
//! `templates/sign_in/`, where everything that is put in is escaped.

use anyhow::{Context, Result};
use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use openidconnect::url::Url;

use super::Provider;
use super::parameters::Parameters;

/// What is wrong with an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mistake {
    /// No address was given.
    Email,
    /// Not the password.
    Password,
}

impl Mistake {
    const fn status(self) -> StatusCode {
        match self {
            Self::Email => StatusCode::BAD_REQUEST,
            Self::Password => StatusCode::UNAUTHORIZED,
        }
    }
}

#[derive(Template)]
#[template(path = "sign_in/ask.html")]
struct Ask<'a> {
    hidden: [(&'static str, &'a str); 8],
    email: &'a str,
    mistake: Option<Mistake>,
}

#[derive(Template)]
#[template(path = "sign_in/refused.html")]
struct Refusal<'a> {
    message: &'a str,
}

/// What a page may do: look as it does, and send its form here, from where it is redirected to the dashboard. Chrome
/// holds the redirect after a form to `form-action`, too.
pub(super) fn policy(redirect: &Url) -> Result<HeaderValue> {
    let dashboard = redirect.origin().ascii_serialization();
    HeaderValue::try_from(format!(
        "default-src 'none'; style-src 'self'; form-action 'self' {dashboard}; base-uri 'none'; frame-ancestors 'none'"
    ))
    .context("the dashboard's origin fits no header")
}

/// The form.
pub(super) fn ask(provider: &Provider, request: &Parameters, email: &str) -> Response {
    let page = Ask {
        hidden: request.hidden(),
        email,
        mistake: None,
    };
    show(provider, StatusCode::OK, &page)
}

/// The form again, with what was wrong in it. A password is typed anew.
pub(super) fn ask_again(provider: &Provider, request: &Parameters, email: &str, mistake: Mistake) -> Response {
    let page = Ask {
        hidden: request.hidden(),
        email,
        mistake: Some(mistake),
    };
    show(provider, mistake.status(), &page)
}

/// The end of the road: nothing to fill in, nowhere to go.
pub(super) fn refuse(provider: &Provider, status: StatusCode, message: &str) -> Response {
    show(provider, status, &Refusal { message })
}

/// `GET /style.css`.
pub(super) async fn style() -> Response {
    let kind = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
    (kind, include_str!("../../templates/sign_in/style.css")).into_response()
}

fn show(provider: &Provider, status: StatusCode, page: &impl Template) -> Response {
    let html = page.render().expect("a string takes any text");
    let headers = [
        (header::CONTENT_SECURITY_POLICY, provider.policy.clone()),
        // Not `no-referrer`: with that, browsers say `Origin: null` of our own form.
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    ];
    (status, headers, Html(html)).into_response()
}
