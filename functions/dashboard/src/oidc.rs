//! The OpenID provider that vouches for people: Cognito in AWS, one of `cargo dev`'s own on a laptop. Authorization code flow
//! with PKCE, state and nonce; a public client, so that there is no secret to keep.
//!
//! Nothing is asked of the provider before somebody signs in. Its metadata and keys are kept for the life of the process, and
//! fetched anew when a token is signed by a key that is not among them.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use eclips_shared::config::Config;
use eclips_shared::email::Email;
use eclips_shared::time::Timestamp;
use http::Response;
use openidconnect::core::{
    CoreAuthPrompt, CoreAuthenticationFlow, CoreClient, CoreIdToken, CoreIdTokenClaims, CoreJwsSigningAlgorithm,
    CoreProviderMetadata,
};
use openidconnect::{
    AsyncHttpClient, AuthorizationCode, ClaimsVerificationError, ClientId, CsrfToken, HttpRequest, HttpResponse,
    IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, SignatureVerificationError,
    TokenResponse,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

/// One call to the provider; a request makes three at the most: metadata, keys, token.
const CALL_MAX: Duration = Duration::from_secs(5);
/// The largest answer that is read. *Source*: our choice; a key set has a few kilobytes.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// What an ID token may be signed with: asymmetric, by a key from the issuer's own set. Cognito's is the first.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 2] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// A sign-in under way; it travels in a cookie of the browser that began it.
#[derive(Serialize, Deserialize)]
pub struct Attempt {
    /// What the provider must give back, so that nobody else's answer is taken for it.
    pub state: String,
    nonce: String,
    verifier: String,
    /// The page to go to afterwards.
    pub to: String,
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attempt(…)")
    }
}

/// Somebody whom the provider knows.
#[derive(Debug)]
pub struct Identity {
    /// The address, verified by the provider.
    pub email: Email,
    /// When the person last proved who it is, by the provider's clock.
    pub authenticated_at: Timestamp,
}

/// Why nobody was signed in.
#[derive(Debug)]
pub enum Fault {
    /// The provider did not answer, or not in its language.
    Unavailable(String),
    /// The provider, or the look at its token, says no.
    Refused(String),
    /// The address is not verified, or is none.
    Unverified,
}

/// How the provider's metadata was come by: what was just fetched is not fetched again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Kept,
    Fetched,
}

/// The provider.
pub struct Provider {
    issuer: String,
    client_id: String,
    redirect: String,
    http: OnceLock<Http>,
    metadata: Mutex<Option<Arc<CoreProviderMetadata>>>,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

impl Provider {
    /// Names the provider; asks it nothing yet.
    pub fn new(config: &Config) -> Self {
        Self {
            issuer: config.oidc_issuer.clone(),
            client_id: config.oidc_client_id.clone(),
            redirect: format!("{}/sign-in/callback", config.dashboard_url),
            http: OnceLock::new(),
            metadata: Mutex::default(),
        }
    }

    /// Begins a sign-in: where to send the browser, and what to remember meanwhile.
    ///
    /// The provider is told to ask, even somebody whom it still knows: a sign-out that the next click undoes is none, and a
    /// second sign-in must prove something.
    ///
    /// *Errors*: [`Fault::Unavailable`].
    pub async fn begin(&self, to: String) -> Result<(String, Attempt), Fault> {
        let (metadata, _) = self.metadata().await?;
        let client = CoreClient::from_provider_metadata((*metadata).clone(), self.client(), None)
            .set_redirect_uri(self.redirect_url()?);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scope(Scope::new("email".to_owned()))
            .add_prompt(CoreAuthPrompt::Login)
            .set_pkce_challenge(challenge)
            .url();
        let attempt = Attempt {
            state: state.secret().clone(),
            nonce: nonce.secret().clone(),
            verifier: verifier.secret().clone(),
            to,
        };
        Ok((url.to_string(), attempt))
    }

    /// Ends a sign-in: the code is exchanged, and the token that comes for it is looked at in every respect.
    ///
    /// *Errors*: [`Fault`].
    pub async fn finish(&self, attempt: &Attempt, code: &str) -> Result<Identity, Fault> {
        let (metadata, found) = self.metadata().await?;
        let token = self.exchange(&metadata, attempt, code).await?;
        let nonce = Nonce::new(attempt.nonce.clone());
        let claims = match self.verify(&metadata, &token, &nonce) {
            Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey))
                if found == Found::Kept =>
            {
                // The provider changed its keys since this process fetched them.
                let fresh = self.fetch().await?;
                self.verify(&fresh, &token, &nonce)
            }
            verdict => verdict,
        };
        identity(&claims.map_err(|error| Fault::Refused(format!("id token: {error}")))?)
    }

    async fn exchange(
        &self,
        metadata: &CoreProviderMetadata,
        attempt: &Attempt,
        code: &str,
    ) -> Result<CoreIdToken, Fault> {
        let client = CoreClient::from_provider_metadata(metadata.clone(), self.client(), None)
            .set_redirect_uri(self.redirect_url()?);
        let exchange = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|error| Fault::Unavailable(format!("token endpoint: {error}")))?
            .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier.clone()));
        let answer = exchange
            .request_async(self.http()?)
            .await
            .map_err(|error| match error {
                // The code was used, is too old, or another client's.
                openidconnect::RequestTokenError::ServerResponse(refused) => {
                    Fault::Refused(format!("token endpoint: {}", refused.error()))
                }
                error => Fault::Unavailable(format!("token endpoint: {}", chain(&error))),
            })?;
        answer
            .id_token()
            .cloned()
            .ok_or_else(|| Fault::Refused("token endpoint: no id token".to_owned()))
    }

    /// Issuer, audience, signature, expiry, nonce. *Source*: OpenID Connect Core §3.1.3.7.
    fn verify(
        &self,
        metadata: &CoreProviderMetadata,
        token: &CoreIdToken,
        nonce: &Nonce,
    ) -> Result<CoreIdTokenClaims, ClaimsVerificationError> {
        let client = CoreClient::from_provider_metadata(metadata.clone(), self.client(), None);
        // What the metadata lists must not widen what we accept: `none` and shared secrets stay out.
        let verifier = client.id_token_verifier().set_allowed_algs(ALGORITHMS);
        token.claims(&verifier, nonce).cloned()
    }

    async fn metadata(&self) -> Result<(Arc<CoreProviderMetadata>, Found), Fault> {
        let kept = self.metadata.lock().await.clone();
        match kept {
            Some(metadata) => Ok((metadata, Found::Kept)),
            None => Ok((self.fetch().await?, Found::Fetched)),
        }
    }

    async fn fetch(&self) -> Result<Arc<CoreProviderMetadata>, Fault> {
        let issuer = IssuerUrl::new(self.issuer.clone()).map_err(|error| Fault::Unavailable(error.to_string()))?;
        let found = CoreProviderMetadata::discover_async(issuer, self.http()?).await;
        let metadata = Arc::new(found.map_err(|error| Fault::Unavailable(format!("discovery: {}", chain(&error))))?);
        *self.metadata.lock().await = Some(Arc::clone(&metadata));
        Ok(metadata)
    }

    fn http(&self) -> Result<&Http, Fault> {
        if let Some(http) = self.http.get() {
            return Ok(http);
        }
        let mut builder = reqwest::Client::builder()
            .timeout(CALL_MAX)
            .connect_timeout(Duration::from_secs(2))
            // A redirect could lead the code anywhere.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy();
        if self.issuer.starts_with("http://") {
            // On a laptop nothing speaks TLS, and a machine without root certificates can do without them.
            builder = builder.tls_certs_only([]);
        }
        let http = builder.build().map_err(|error| Fault::Unavailable(error.to_string()))?;
        Ok(self.http.get_or_init(|| Http(http)))
    }

    fn client(&self) -> ClientId {
        ClientId::new(self.client_id.clone())
    }

    fn redirect_url(&self) -> Result<RedirectUrl, Fault> {
        RedirectUrl::new(self.redirect.clone()).map_err(|error| Fault::Unavailable(error.to_string()))
    }
}

/// Takes from the claims what we need. An address that the provider did not verify is anybody's.
fn identity(claims: &CoreIdTokenClaims) -> Result<Identity, Fault> {
    if claims.email_verified() != Some(true) {
        return Err(Fault::Unverified);
    }
    let email = claims
        .email()
        .and_then(|email| Email::parse(email.as_str()))
        .ok_or(Fault::Unverified)?;
    // A provider that does not say when has said nothing: such a sign-in is never a recent one.
    let authenticated_at = claims
        .auth_time()
        .map_or(Timestamp::from_ms(0), |at| Timestamp::from_ms(at.timestamp_millis()));
    Ok(Identity {
        email,
        authenticated_at,
    })
}

/// An error with what caused it: the library's own words say only that a request failed.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// A call that came to nothing, in words that hold no address, code or token.
#[derive(Debug)]
struct CallFault(String);

impl fmt::Display for CallFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CallFault {}

/// Our HTTP client in the OpenID library's terms.
struct Http(reqwest::Client);

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = CallFault;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, CallFault>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(call(&self.0, request))
    }
}

async fn call(http: &reqwest::Client, request: HttpRequest) -> Result<HttpResponse, CallFault> {
    let fault = |error: reqwest::Error| CallFault(error.without_url().to_string());
    let request = reqwest::Request::try_from(request).map_err(fault)?;
    let mut answer = http.execute(request).await.map_err(fault)?;
    let mut response = Response::new(Vec::new());
    *response.status_mut() = answer.status();
    *response.headers_mut() = std::mem::take(answer.headers_mut());
    while let Some(chunk) = answer.chunk().await.map_err(fault)? {
        let body = response.body_mut();
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(CallFault("the answer is too large".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(response)
}
