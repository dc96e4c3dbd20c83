//! What a client may know beforehand: `GET /.well-known/openid-configuration` and `GET /jwks`.

use std::sync::Arc;

use anyhow::Result;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use openidconnect::core::{
    CoreClaimName, CoreClientAuthMethod, CoreGrantType, CoreProviderMetadata, CoreResponseType,
    CoreSubjectIdentifierType,
};
use openidconnect::{
    AuthUrl, EmptyAdditionalProviderMetadata, IssuerUrl, JsonWebKeySetUrl, ResponseTypes, Scope, TokenUrl,
};

use super::{Provider, key};

/// The claims of an ID token that are about the person.
const CLAIMS: [&str; 4] = ["sub", "email", "email_verified", "auth_time"];

/// Describes the provider at this address.
pub(super) fn describe(issuer: &str) -> Result<CoreProviderMetadata> {
    let scopes = ["openid", "email"].map(|scope| Scope::new(scope.to_owned()));
    let claims = CLAIMS.map(|claim| CoreClaimName::new(claim.to_owned()));
    Ok(CoreProviderMetadata::new(
        IssuerUrl::new(issuer.to_owned())?,
        AuthUrl::new(format!("{issuer}/authorize"))?,
        JsonWebKeySetUrl::new(format!("{issuer}/jwks"))?,
        vec![ResponseTypes::new(vec![CoreResponseType::Code])],
        vec![CoreSubjectIdentifierType::Public],
        vec![key::ALGORITHM],
        EmptyAdditionalProviderMetadata {},
    )
    .set_token_endpoint(Some(TokenUrl::new(format!("{issuer}/token"))?))
    .set_scopes_supported(Some(scopes.into()))
    .set_claims_supported(Some(claims.into()))
    .set_grant_types_supported(Some(vec![CoreGrantType::AuthorizationCode]))
    .set_token_endpoint_auth_methods_supported(Some(vec![CoreClientAuthMethod::None]))
    .set_request_parameter_supported(Some(false))
    .set_request_uri_parameter_supported(Some(false)))
}

/// `GET /.well-known/openid-configuration`.
pub(super) async fn metadata(State(provider): State<Arc<Provider>>) -> Response {
    Json(&provider.metadata).into_response()
}

/// `GET /jwks`.
pub(super) async fn keys(State(provider): State<Arc<Provider>>) -> Response {
    Json(provider.key.public()).into_response()
}
