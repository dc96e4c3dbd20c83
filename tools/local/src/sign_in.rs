//! The sign-in provider of a laptop: an OpenID provider on loopback where AWS has Cognito, so that the dashboard signs
//! people in with the very code that runs there. Never deployed.
//!
//! One client, one address to send people back to, one password for every e-mail address. Who may do what is not known
//! here. It keeps no session, so it asks each time, and what it issued is void after a restart: its key is new.
//! *Source*: OpenID Connect Core 1.0 §3.1, Discovery 1.0, RFC 6749, and RFC 7636 (PKCE).

mod authorize;
mod codes;
mod discovery;
mod key;
mod page;
mod parameters;
mod password;
mod token;

use std::net::Ipv4Addr;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eclips_shared::email::Email;
use openidconnect::core::CoreProviderMetadata;
use openidconnect::url::Url;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::host;
use codes::Codes;
use key::SigningKey;
use password::Password;

/// The one client's id.
const CLIENT_ID: &str = "eclips-local";

/// An authorization request and a password are far smaller.
const BODY_MAX_BYTES: usize = 16 * 1024;

/// Who may come in, and where they go from here. Not printable: it holds a password.
pub struct Options {
    /// The one address that people are sent back to, compared letter for letter: `<dashboard>/sign-in/callback`.
    pub redirect_uri: String,
    /// The password of every e-mail address; not empty.
    pub password: String,
    /// The e-mail address that the page suggests.
    pub email: Email,
}

/// The running provider; it stops when dropped.
#[derive(Debug)]
pub struct SignIn {
    issuer: String,
    task: JoinHandle<()>,
}

impl SignIn {
    /// Serves on 127.0.0.1, on a port of the system's choice.
    ///
    /// *Errors*: no port is free, the redirect address is no URL, the password is empty, the system has no randomness.
    pub async fn start(options: Options) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("no loopback port for signing in")?;
        let issuer = format!("http://{}", listener.local_addr()?);
        let app = router(Provider::new(&issuer, options)?);
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                tracing::error!(%error, "the local sign-in stopped serving");
            }
        });
        Ok(Self { issuer, task })
    }

    /// The issuer, from which a client discovers the rest: `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The id of the one client. It is a public one: there is no secret.
    #[must_use]
    pub const fn client_id(&self) -> &'static str {
        CLIENT_ID
    }
}

impl Drop for SignIn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What every request is answered from.
struct Provider {
    metadata: CoreProviderMetadata,
    /// As it was given; parsing may change its letters.
    redirect_uri: String,
    redirect: Url,
    policy: HeaderValue,
    email: Email,
    password: Password,
    key: SigningKey,
    codes: Codes,
}

impl Provider {
    fn new(issuer: &str, options: Options) -> Result<Arc<Self>> {
        ensure!(!options.password.is_empty(), "the password for signing in is empty");
        let redirect = Url::parse(&options.redirect_uri)
            .with_context(|| format!("{} is no address to send people back to", options.redirect_uri))?;
        Ok(Arc::new(Self {
            metadata: discovery::describe(issuer)?,
            policy: page::policy(&redirect)?,
            redirect_uri: options.redirect_uri,
            redirect,
            email: options.email,
            password: Password::new(&options.password),
            key: SigningKey::generate()?,
            codes: Codes::default(),
        }))
    }
}

fn router(provider: Arc<Provider>) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery::metadata))
        .route("/jwks", get(discovery::keys))
        .route("/authorize", get(authorize::ask).post(authorize::answer))
        .route("/token", post(token::exchange))
        .route("/style.css", get(page::style))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .layer(middleware::from_fn(guard))
        .with_state(provider)
}

/// Turns away what names another host, and keeps every answer out of caches.
async fn guard(request: Request, next: Next) -> Response {
    let mut response = if host::named_by(&request) {
        next.run(request).await
    } else {
        (StatusCode::MISDIRECTED_REQUEST, "only localhost is served here").into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// 256 bits that nobody can guess, in 43 characters.
fn random_text() -> Result<String, getrandom::Error> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests;
