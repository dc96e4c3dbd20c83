//! The client's side of the library against our provider, over the wire: what holds between the two holds for Cognito's
//! client in AWS. What is refused is in `refusals.rs`, what people see in `pages.rs`.

mod pages;
mod refusals;

use eclips_shared::time::Timestamp;
use http::{StatusCode, header};
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreTokenResponse};
use openidconnect::url::{Url, form_urlencoded};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    HttpRequest, HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, TokenResponse,
};

use super::*;

const REDIRECT: &str = "http://127.0.0.1:8787/sign-in/callback";
const PASSWORD: &str = "correct horse battery staple";

/// Every path that is served, and one that is not.
const PATHS: [&str; 6] = [
    "/.well-known/openid-configuration",
    "/jwks",
    "/authorize",
    "/token",
    "/style.css",
    "/nothing",
];

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

fn options() -> Options {
    Options {
        redirect_uri: REDIRECT.to_owned(),
        password: PASSWORD.to_owned(),
        email: Email::parse("owner@example.com").unwrap(),
    }
}

async fn start() -> SignIn {
    SignIn::start(options()).await.unwrap()
}

/// A browser without cookies that follows nothing; for the library, the client's own way out.
async fn send(request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let browser = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    let answer = browser.execute(request.try_into()?).await?;
    let mut response = HttpResponse::default();
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    *response.body_mut() = answer.bytes().await?.into();
    Ok(response)
}

async fn get(url: &Url) -> HttpResponse {
    send(http::Request::get(url.as_str()).body(Vec::new()).unwrap())
        .await
        .unwrap()
}

fn form(url: &str, pairs: &[(String, String)]) -> HttpRequest {
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    http::Request::post(url)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body.into_bytes())
        .unwrap()
}

fn text(response: &HttpResponse) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

fn is_error(response: &HttpResponse, status: StatusCode, error: &str) -> bool {
    let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    response.status() == status && body["error"] == error
}

/// The parameters of a redirect to the dashboard, in order.
fn sent_back(response: &HttpResponse) -> Vec<(String, String)> {
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let location = response.headers()[header::LOCATION].to_str().unwrap();
    let (address, query) = location.split_once('?').unwrap();
    assert_eq!(address, REDIRECT);
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// A client that has just sent a browser to us.
struct Visit {
    client: Client,
    url: Url,
    state: CsrfToken,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

impl Visit {
    async fn begin(sign_in: &SignIn) -> Self {
        let issuer = IssuerUrl::new(sign_in.issuer().to_owned()).unwrap();
        let provider = CoreProviderMetadata::discover_async(issuer, &send).await.unwrap();
        let client = CoreClient::from_provider_metadata(provider, ClientId::new(sign_in.client_id().to_owned()), None)
            .set_redirect_uri(RedirectUrl::new(REDIRECT.to_owned()).unwrap());
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scope(Scope::new("email".to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        Self {
            client,
            url,
            state,
            nonce,
            verifier,
        }
    }

    /// The request's parameters, one of them otherwise: `None` leaves it out.
    fn parameters(&self, name: &str, value: Option<&str>) -> Vec<(String, String)> {
        let mut pairs: Vec<_> = self.url.query_pairs().into_owned().collect();
        pairs.retain(|(known, _)| known != name);
        pairs.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        pairs
    }

    /// The address that the client sends a browser to, one parameter otherwise.
    fn url(&self, name: &str, value: Option<&str>) -> Url {
        let mut url = self.url.clone();
        url.query_pairs_mut().clear().extend_pairs(self.parameters(name, value));
        url
    }

    /// The address without its query, to which the form goes.
    fn endpoint(&self) -> String {
        self.url.as_str().split('?').next().unwrap().to_owned()
    }

    /// The form as a browser sends it.
    fn answer(&self, email: &str, password: &str) -> HttpRequest {
        let answers = [("email", email), ("password", password)].map(|(name, value)| (name.into(), value.into()));
        let pairs: Vec<_> = self.parameters("", None).into_iter().chain(answers).collect();
        form(&self.endpoint(), &pairs)
    }

    /// Signs in and comes back with a code.
    async fn code(&self) -> AuthorizationCode {
        let response = send(self.answer("ada@example.com", PASSWORD)).await.unwrap();
        let pairs = sent_back(&response);
        let [(code, value), (state, returned)] = pairs.as_slice() else {
            panic!("{} parameters", pairs.len());
        };
        assert_eq!((code.as_str(), state.as_str()), ("code", "state"));
        assert_eq!(returned, self.state.secret());
        AuthorizationCode::new(value.clone())
    }

    /// Exchanges a code; `Err` is OAuth's word for what was wrong.
    async fn exchange(&self, code: AuthorizationCode, verifier: &str) -> Result<CoreTokenResponse, String> {
        let request = self.client.exchange_code(code).unwrap();
        let request = request.set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned()));
        request.request_async(&send).await.map_err(|error| match error {
            RequestTokenError::ServerResponse(response) => response.error().to_string(),
            other => panic!("{other:?}"),
        })
    }
}

#[tokio::test]
async fn a_person_signs_in_and_the_client_verifies_who_it_was() {
    let (sign_in, before) = (start().await, Timestamp::now().seconds());
    let visit = Visit::begin(&sign_in).await;
    assert_eq!(get(&visit.url).await.status(), StatusCode::OK);
    let response = send(visit.answer(" Ada@Example.COM ", PASSWORD)).await.unwrap();
    let code = AuthorizationCode::new(sent_back(&response)[0].1.clone());
    let tokens = visit.exchange(code, visit.verifier.secret()).await.unwrap();

    let verifier = visit.client.id_token_verifier();
    let id_token = tokens.id_token().unwrap();
    let claims = id_token.claims(&verifier, &visit.nonce).unwrap();
    assert_eq!(claims.email().unwrap().as_str(), "ada@example.com");
    assert_eq!(claims.email_verified(), Some(true));
    let signed_in_at = claims.auth_time().unwrap().timestamp();
    assert!((before..=Timestamp::now().seconds()).contains(&signed_in_at));
    assert_eq!((claims.expiration() - claims.issue_time()).num_minutes(), 5);
    let key = id_token.signing_key(&verifier).unwrap();
    let hash = AccessTokenHash::from_token(tokens.access_token(), id_token.signing_alg().unwrap(), key).unwrap();
    assert_eq!(claims.access_token_hash(), Some(&hash));

    let other = id_token.claims(&verifier, &Nonce::new_random());
    assert!(other.is_err(), "another visit's nonce");
}

#[tokio::test]
async fn an_address_is_one_subject_whatever_the_start() {
    let mut subjects = Vec::new();
    for _ in 0..2 {
        let sign_in = start().await;
        let visit = Visit::begin(&sign_in).await;
        let tokens = visit
            .exchange(visit.code().await, visit.verifier.secret())
            .await
            .unwrap();
        let verifier = visit.client.id_token_verifier();
        let claims = tokens.id_token().unwrap().claims(&verifier, &visit.nonce).unwrap();
        subjects.push(claims.subject().clone());
    }
    assert_eq!(subjects[0], subjects[1]);
}

#[tokio::test]
async fn a_token_of_another_start_does_not_verify() {
    let (first, second) = (start().await, start().await);
    let visit = Visit::begin(&first).await;
    let tokens = visit
        .exchange(visit.code().await, visit.verifier.secret())
        .await
        .unwrap();
    let other = Visit::begin(&second).await;
    let verifier = other.client.id_token_verifier().require_issuer_match(false);
    assert!(tokens.id_token().unwrap().claims(&verifier, &visit.nonce).is_err());
}

#[tokio::test]
async fn it_stops_when_dropped() {
    let sign_in = start().await;
    let address = sign_in.issuer().strip_prefix("http://").unwrap().to_owned();
    drop(sign_in);
    while tokio::net::TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn it_does_not_start_without_a_password_or_an_address_to_go_back_to() {
    let no_password = Options {
        password: String::new(),
        ..options()
    };
    let no_address = Options {
        redirect_uri: "/sign-in/callback".to_owned(),
        ..options()
    };
    for (options, message) in [
        (no_password, "the password for signing in is empty"),
        (no_address, "/sign-in/callback is no address to send people back to"),
    ] {
        assert_eq!(SignIn::start(options).await.unwrap_err().to_string(), message);
    }
}
