//! The road of a page: every request passes these guards, in this order, and leaves one log line.
//!
//! Find the page (404, 405) → session (sign-in, 401) → membership (403) → for forms: origin and form token (403) → role (403) →
//! recent sign-in where keys are made or ended (403) → handler. `Authorization` is never read: an API key opens nothing here.

use std::pin::Pin;
use std::time::Instant;

use cookie::Cookie;
use eclips_shared::email::Email;
use eclips_shared::ids::OrgId;
use eclips_shared::role::Role;
use eclips_shared::serve::{gateway_request_id, source_ip};
use eclips_shared::store::{Actor, Session, Standing, StoreError};
use eclips_shared::time::{MINUTE_MS, SECOND_MS, Timestamp};
use http::header::{CONTENT_TYPE, COOKIE, ORIGIN, USER_AGENT};
use http::{HeaderMap, Method};
use lambda_http::{Body, Request, RequestExt, Response};

use crate::App;
use crate::form::Fields;
use crate::pages::{Handler, Needs, Outcome, Page};
use crate::refusal::Refusal;
use crate::session::{Cookies, Token};

/// How long after a sign-in keys may be made, rolled and revoked. *Source*: our choice; OWASP ASVS 7.5 wants one.
const RECENT_MS: i64 = 15 * MINUTE_MS;
/// The largest form. *Source*: our choice; the longest of ours has some 600 bytes.
const FORM_BYTES_MAX: usize = 16 * 1024;
/// The field of a form that holds the session's proof.
pub const FORM_TOKEN: &str = "form_token";

/// A future that a table may hold.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A request as pages read it.
#[derive(Debug)]
pub struct Visit<'a> {
    pub app: &'a App,
    pub request_id: String,
    /// The value of `{id}` in the path.
    pub id: Option<String>,
    pub query: Fields,
    method: Method,
    path: String,
    query_text: String,
    headers: HeaderMap,
    ip: String,
}

impl Visit<'_> {
    /// Whether the request asks to see something, and not to change it.
    pub fn is_read(&self) -> bool {
        self.method == Method::GET || self.method == Method::HEAD
    }

    /// The address that was asked for.
    pub fn path_and_query(&self) -> String {
        if self.query_text.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{}", self.path, self.query_text)
        }
    }

    /// The page to come back to after a detour: a form's own page, where there is one.
    pub fn return_path(&self) -> String {
        match (self.is_read(), self.path.as_str()) {
            (true, _) if self.path.starts_with("/sign-in") => "/".to_owned(),
            (true, _) => self.path_and_query(),
            (false, "/settings/api-keys") => "/settings/api-keys/new".to_owned(),
            (false, "/sign-out") => "/".to_owned(),
            (false, path) => path.to_owned(),
        }
    }

    /// The value of a cookie; of two with the same name, none: somebody planted one.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let jars = self.headers.get_all(COOKIE).iter().filter_map(|jar| jar.to_str().ok());
        let mut values = jars
            .flat_map(Cookie::split_parse)
            .filter_map(Result::ok)
            .filter(|cookie| cookie.name() == name)
            .map(|cookie| cookie.value().to_owned());
        match (values.next(), values.next()) {
            (Some(value), None) => Some(value),
            _ => None,
        }
    }

    /// The cookies of this origin.
    pub fn cookies(&self) -> Cookies {
        self.app.cookies()
    }

    /// The session's token, if the browser sent one.
    pub fn token(&self) -> Option<Token> {
        Token::parse(&self.cookie(self.cookies().session_name())?)
    }

    /// Somebody who acts from where this request came from.
    pub fn actor(&self, email: &Email) -> Actor {
        let agent = self.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        Actor::Member {
            email: email.clone(),
            ip: self.ip.clone(),
            agent: agent.unwrap_or_default().to_owned(),
        }
    }
}

impl App {
    fn is_https(&self) -> bool {
        self.origin.starts_with("https://")
    }

    /// The cookies of this origin.
    pub fn cookies(&self) -> Cookies {
        Cookies { https: self.is_https() }
    }
}

/// A member who is signed in. Only [`enter`] builds one, from a session and a membership read for this very request.
#[derive(Debug)]
pub struct Member {
    /// Role, organization's name, plan and suspension.
    pub standing: Standing,
    token: Token,
    session: Session,
    actor: Actor,
}

impl Member {
    /// The organization that is looked at.
    pub const fn org(&self) -> OrgId {
        self.session.org
    }

    /// Who it is.
    pub const fn email(&self) -> &Email {
        &self.session.email
    }

    /// What the person may do.
    pub const fn role(&self) -> Role {
        self.standing.role
    }

    /// The session itself.
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// The session's token.
    pub const fn token(&self) -> &Token {
        &self.token
    }

    /// The person as the audit log names it.
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// What forms of this session carry.
    pub fn form_token(&self) -> String {
        self.token.form_token()
    }

    fn require(&self, needs: Needs, now: Timestamp) -> Result<(), Refusal> {
        match needs {
            Needs::Nothing | Needs::Membership => Ok(()),
            Needs::KeyManager if !self.role().manages_keys() => Err(Refusal::Role),
            Needs::KeyManager if now.ms() - self.session.authenticated_at.ms() > RECENT_MS => Err(Refusal::StaleSignIn),
            Needs::KeyManager => Ok(()),
        }
    }
}

/// What the log line says; filled as the request goes along.
#[derive(Default)]
struct Trace {
    page: Option<&'static Page>,
    org: Option<OrgId>,
    /// The session's new end, when it was renewed.
    renewed: Option<(Token, i64)>,
}

/// Answers a request, whatever it is, and logs it.
pub async fn serve(app: &App, request: Request) -> Response<Body> {
    let began = Instant::now();
    let ip = source_ip(&request).to_owned();
    let request_id = gateway_request_id(&request);
    let path = request.raw_http_path().to_owned();
    let (parts, body) = request.into_parts();
    let query_text = parts.uri.query().unwrap_or_default().to_owned();
    let mut visit = Visit {
        app,
        request_id,
        id: None,
        query: Fields::parse(query_text.as_bytes()),
        method: parts.method,
        path,
        query_text,
        headers: parts.headers,
        ip,
    };
    let mut trace = Trace::default();
    let outcome = pass(&mut visit, &body, &mut trace).await;
    let code = outcome.as_ref().err().map_or("", Refusal::code);
    let mut answer = outcome.unwrap_or_else(|refusal| refusal.answer(&visit));
    if let Some((token, seconds)) = &trace.renewed {
        answer = answer.with_cookie(&visit.cookies().session(token, *seconds));
    }
    tracing::info!(
        request_id = %visit.request_id,
        method = %visit.method,
        page = trace.page.map_or("none", |page| page.path),
        status = answer.status.as_u16(),
        code,
        org = trace.org.map(tracing::field::display),
        store_calls = app.store.take_calls(),
        took_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
        "page"
    );
    let head = visit.method == Method::HEAD;
    let mut response = answer.into_response(&visit.request_id, app.is_https());
    if head {
        *response.body_mut() = Body::Empty;
    }
    response
}

/// The guards, in their order.
async fn pass(visit: &mut Visit<'_>, body: &Body, trace: &mut Trace) -> Outcome {
    let (page, id) = visit.app.table.find(&visit.method, &visit.path)?;
    trace.page = Some(page);
    visit.id = id;
    let visit = &*visit;
    match page.handler {
        Handler::Open(handler) => handler(visit).await,
        Handler::Read(handler) => {
            let member = enter(visit).await?;
            trace.org = Some(member.org());
            trace.renewed = renew(visit, &member).await;
            member.require(page.needs, Timestamp::now())?;
            handler(visit, &member).await
        }
        Handler::Write(handler) => {
            let member = enter(visit).await?;
            trace.org = Some(member.org());
            let form = own_form(visit, &member, body)?;
            member.require(page.needs, Timestamp::now())?;
            handler(visit, &member, form).await
        }
    }
}

/// Finds out who looks: the session by its cookie, the membership by the session, both read for this very request.
///
/// *Errors*: [`Refusal::SignedOut`], [`Refusal::NotMember`], [`Refusal::Unavailable`].
pub async fn enter(visit: &Visit<'_>) -> Result<Member, Refusal> {
    let token = visit.token().ok_or(Refusal::SignedOut)?;
    let store = &visit.app.store;
    let session = store.sessions().find(&token.hash()).await?.ok_or(Refusal::SignedOut)?;
    let standing = store.members().standing(session.org, &session.email).await?;
    Ok(Member {
        standing: standing.ok_or(Refusal::NotMember)?,
        actor: visit.actor(&session.email),
        token,
        session,
    })
}

/// Moves a session's end when it is time for it; a page that is looked at keeps its reader signed in.
async fn renew(visit: &Visit<'_>, member: &Member) -> Option<(Token, i64)> {
    let now = Timestamp::now();
    let end = member.session.due_renewal(now)?;
    match visit.app.store.sessions().renew(&member.token.hash(), end).await {
        Ok(()) => Some((visit.token()?, (end.ms() - now.ms()) / SECOND_MS)),
        Err(error) => {
            tracing::warn!(%error, "a session was not renewed");
            None
        }
    }
}

/// Reads a form and makes sure that a page of this very session sent it.
///
/// *Errors*: [`Refusal::ForeignForm`], [`Refusal::BadForm`], [`Refusal::TooLarge`].
fn own_form(visit: &Visit<'_>, member: &Member, body: &Body) -> Result<Fields, Refusal> {
    if body.len() > FORM_BYTES_MAX {
        return Err(Refusal::TooLarge);
    }
    // Every browser says where a form comes from. One that does not, or says two things, sends no form of ours.
    let mut origins = visit.headers.get_all(ORIGIN).iter();
    let (origin, second) = (origins.next(), origins.next());
    let same = origin.is_some_and(|origin| origin.as_bytes() == visit.app.origin.as_bytes());
    if !same || second.is_some() {
        return Err(Refusal::ForeignForm);
    }
    let kind = visit.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Refusal::BadForm);
    }
    let form = Fields::parse(body);
    let token = form.one(FORM_TOKEN)?.unwrap_or_default();
    if !member.token.vouches_for(token) {
        return Err(Refusal::ForeignForm);
    }
    Ok(form)
}

/// Turns a write that somebody else was ahead of into the caller's own refusal; everything else stays what it is.
pub fn unless_lost(error: StoreError, lost: Refusal) -> Refusal {
    match error {
        StoreError::Lost => lost,
        error => error.into(),
    }
}
