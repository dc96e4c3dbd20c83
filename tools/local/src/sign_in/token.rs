//! `POST /token`: a code, once, for an ID token. Its answers are JSON; nobody but a client reads them.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eclips_shared::email::Email;
use eclips_shared::time::Timestamp;
use openidconnect::core::{
    CoreErrorResponseType, CoreIdTokenClaims, CoreIdTokenFields, CoreTokenResponse, CoreTokenType,
};
use openidconnect::{
    AccessToken, Audience, EmptyAdditionalClaims, EmptyExtraTokenFields, EndUserEmail, Nonce, StandardClaims,
    StandardErrorResponse, SubjectIdentifier,
};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::codes::Grant;
use super::{CLIENT_ID, Provider, random_text};

/// How long both tokens last. *Source*: our choice; a client reads the ID token once, at once.
const TOKEN: Duration = Duration::from_secs(5 * 60);

/// What a client asks with.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Exchange {
    grant_type: String,
    code: String,
    client_id: String,
    redirect_uri: String,
    code_verifier: String,
    client_secret: Option<String>,
}

/// What is wrong, in OAuth's word and in ours.
type Refused = (CoreErrorResponseType, &'static str);

/// `POST /token`.
pub(super) async fn exchange(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    form: Result<Form<Exchange>, FormRejection>,
) -> Response {
    let request = match form {
        Ok(Form(request)) => request,
        // Its own text may quote what was sent.
        Err(rejection) => {
            let refused = (CoreErrorResponseType::InvalidRequest, "the form cannot be read");
            return refuse(rejection.status(), refused);
        }
    };
    let secret = request.client_secret.is_some() || headers.contains_key(header::AUTHORIZATION);
    if secret || request.client_id != CLIENT_ID {
        let refused = (
            CoreErrorResponseType::InvalidClient,
            "client_id is ours and public: it has no secret",
        );
        return refuse(StatusCode::UNAUTHORIZED, refused);
    }
    let now = Timestamp::now();
    let grant = match redeem(&provider, &request, now) {
        Ok(grant) => grant,
        Err(refused) => return refuse(StatusCode::BAD_REQUEST, refused),
    };
    match random_text() {
        Ok(access_token) => Json(tokens(&provider, grant, AccessToken::new(access_token), now)).into_response(),
        Err(error) => {
            tracing::error!(%error, "no randomness for a token");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Takes the code, then asks whether it may be used this way: a code that was tried in a wrong way is gone as well.
fn redeem(provider: &Provider, request: &Exchange, now: Timestamp) -> Result<Grant, Refused> {
    if request.grant_type != "authorization_code" {
        return Err((
            CoreErrorResponseType::UnsupportedGrantType,
            "grant_type is not authorization_code",
        ));
    }
    let grant = provider
        .codes
        .take(&request.code, now)
        .ok_or((CoreErrorResponseType::InvalidGrant, "code is unknown, used or too old"))?;
    if request.redirect_uri != provider.redirect_uri {
        return Err((
            CoreErrorResponseType::InvalidGrant,
            "redirect_uri is not the one of the request",
        ));
    }
    let shown = URL_SAFE_NO_PAD.encode(Sha256::digest(&request.code_verifier));
    if !bool::from(shown.as_bytes().ct_eq(grant.challenge.as_bytes())) {
        return Err((
            CoreErrorResponseType::InvalidGrant,
            "code_verifier does not fit the challenge",
        ));
    }
    Ok(grant)
}

fn tokens(provider: &Provider, grant: Grant, access_token: AccessToken, now: Timestamp) -> CoreTokenResponse {
    let person = StandardClaims::new(subject(&grant.email))
        .set_email(Some(EndUserEmail::new(grant.email.as_str().to_owned())))
        .set_email_verified(Some(true));
    let claims = CoreIdTokenClaims::new(
        provider.metadata.issuer().clone(),
        vec![Audience::new(CLIENT_ID.to_owned())],
        (clock(now) + TOKEN).into(),
        clock(now).into(),
        person,
        EmptyAdditionalClaims {},
    )
    .set_auth_time(Some(clock(grant.signed_in_at).into()))
    .set_nonce(Some(Nonce::new(grant.nonce)));
    let id_token = provider.key.sign(claims, &access_token);
    let fields = CoreIdTokenFields::new(Some(id_token), EmptyExtraTokenFields {});
    let mut response = CoreTokenResponse::new(access_token, CoreTokenType::Bearer, fields);
    response.set_expires_in(Some(&TOKEN));
    response
}

/// The same for the same address at every start, and not the address itself, so that nobody takes one for the other.
fn subject(email: &Email) -> SubjectIdentifier {
    SubjectIdentifier::new(URL_SAFE_NO_PAD.encode(Sha256::digest(email.as_str())))
}

/// The library's own time is made from this one.
fn clock(at: Timestamp) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(at.seconds().unsigned_abs())
}

fn refuse(status: StatusCode, (error, description): Refused) -> Response {
    let body = StandardErrorResponse::<CoreErrorResponseType>::new(error, Some(description.to_owned()), None);
    (status, Json(body)).into_response()
}
