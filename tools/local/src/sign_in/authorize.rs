//! `GET /authorize` asks who somebody is; `POST /authorize` takes the answer and sends them back with a code.

use std::sync::Arc;

use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use eclips_shared::email::Email;
use eclips_shared::time::Timestamp;
use serde::Deserialize;

use super::codes::Grant;
use super::parameters::{Parameters, Refused};
use super::{Provider, page};
use crate::host;

/// The form as it comes back: the request and the answer.
#[derive(Deserialize)]
pub(super) struct Answer {
    #[serde(flatten)]
    request: Parameters,
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
}

/// `GET /authorize`.
pub(super) async fn ask(
    State(provider): State<Arc<Provider>>,
    query: Result<Query<Parameters>, QueryRejection>,
) -> Response {
    let Ok(Query(request)) = query else {
        return page::refuse(&provider, StatusCode::BAD_REQUEST, "The request cannot be read.");
    };
    if let Err(refused) = request.check(&provider) {
        return refuse(&provider, &request, &refused);
    }
    let email = match request.login_hint.as_str() {
        "" => provider.email.as_str(),
        hint => hint,
    };
    page::ask(&provider, &request, email)
}

/// `POST /authorize`.
pub(super) async fn answer(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    form: Result<Form<Answer>, FormRejection>,
) -> Response {
    if !host::is_own_page(&headers) {
        return page::refuse(&provider, StatusCode::FORBIDDEN, "The form is another site's.");
    }
    let Answer {
        request,
        email,
        password,
    } = match form {
        Ok(Form(answer)) => answer,
        // Its own text may quote what was sent.
        Err(rejection) => return page::refuse(&provider, rejection.status(), "The form cannot be read."),
    };
    let passed = match request.check(&provider) {
        Ok(passed) => passed,
        Err(refused) => return refuse(&provider, &request, &refused),
    };
    let Some(address) = Email::parse(&email) else {
        return page::ask_again(&provider, &request, &email, page::Mistake::Email);
    };
    if !provider.password.is(&password) {
        return page::ask_again(&provider, &request, &email, page::Mistake::Password);
    }
    let code = provider.codes.issue(Grant {
        email: address,
        signed_in_at: Timestamp::now(),
        nonce: passed.nonce.to_owned(),
        challenge: passed.challenge.to_owned(),
    });
    match code {
        Ok(code) => send_back(&provider, &[("code", &code), ("state", &request.state)]),
        Err(error) => {
            tracing::error!(%error, "no randomness for a code");
            page::refuse(
                &provider,
                StatusCode::INTERNAL_SERVER_ERROR,
                "See the log of eclips-local.",
            )
        }
    }
}

fn refuse(provider: &Provider, request: &Parameters, refused: &Refused) -> Response {
    match refused {
        Refused::Stranger(message) => page::refuse(provider, StatusCode::BAD_REQUEST, message),
        Refused::Fault(fault) => {
            let description = fault.to_string();
            let mut pairs = vec![("error", fault.error()), ("error_description", &description)];
            if !request.state.is_empty() {
                pairs.push(("state", &request.state));
            }
            send_back(provider, &pairs)
        }
    }
}

fn send_back(provider: &Provider, pairs: &[(&str, &str)]) -> Response {
    let mut url = provider.redirect.clone();
    url.query_pairs_mut().extend_pairs(pairs);
    Redirect::to(url.as_str()).into_response()
}
