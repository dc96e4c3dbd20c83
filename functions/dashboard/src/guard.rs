//! The road of a page: every request passes these guards, in this order, and leaves one log line.
//!
//! Find the page (404, 405) → session (sign-in, 401) → membership (403) → for forms: origin and form token (403) → role (403) →
//! recent sign-in where keys or the team are changed (403) → handler. What concerns only oneself needs no membership. `Authorization` is
//! never read: an API key opens nothing here.

use std::pin::Pin;
use std::time::Instant;

use eclips_shared::email::Email;
use eclips_shared::ids::OrgId;
use eclips_shared::role::Role;
use eclips_shared::store::{Actor, Session, SessionHash, Standing, StoreError};
use eclips_shared::time::{MINUTE_MS, SECOND_MS, Timestamp};
use http::Method;
use http::header::{CONTENT_TYPE, ORIGIN, SET_COOKIE};
use lambda_http::{Body, Request, Response};

use crate::App;
use crate::form::Fields;
use crate::pages::{Handler, Needs, Outcome, Page};
use crate::refusal::Refusal;
use crate::session::Token;
use crate::visit::Visit;

/// How long after a sign-in keys may be made, rolled and revoked, and the team changed. *Source*: our choice; OWASP ASVS 7.5 wants one.
const RECENT_MS: i64 = 15 * MINUTE_MS;
/// How long after one the forms for that are shown: whoever gets one has five minutes to fill it in.
const RECENT_FOR_FORMS_MS: i64 = 10 * MINUTE_MS;
/// The field of a form that holds the session's proof.
pub const FORM_TOKEN: &str = "form_token";

/// A future that a table may hold.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Somebody who is signed in. Only [`sign_in`] builds one, from a session read for this very request.
#[derive(Debug)]
pub struct SignedIn {
    token: Token,
    session: Session,
}

impl SignedIn {
    /// Who it is.
    pub const fn email(&self) -> &Email {
        &self.session.email
    }

    /// The session itself.
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// What the store knows the session by.
    pub fn hash(&self) -> SessionHash {
        self.token.hash()
    }

    /// What forms of this session carry.
    pub fn form_token(&self) -> String {
        self.token.form_token()
    }
}

/// A member who is signed in. Only [`enter`] builds one, from a session and a membership read for this very request.
#[derive(Debug)]
pub struct Member {
    /// Role, organization's name, plan and suspension.
    pub standing: Standing,
    /// The person, and the session.
    pub signed_in: SignedIn,
    actor: Actor,
}

impl Member {
    /// The organization that is looked at.
    pub const fn org(&self) -> OrgId {
        self.signed_in.session.org
    }

    /// What the person may do.
    pub const fn role(&self) -> Role {
        self.standing.role
    }

    /// The person as the audit log names it, with the role that every write depends on.
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Refuses what the role, or the time since the sign-in, does not allow.
    fn require(&self, needs: Needs, recent_ms: i64) -> Result<(), Refusal> {
        let age_ms = Timestamp::now().ms() - self.signed_in.session.authenticated_at.ms();
        match needs {
            Needs::Nothing | Needs::Session | Needs::Membership => Ok(()),
            Needs::KeyManager if !self.role().manages_keys() => Err(Refusal::Role),
            Needs::Owner if self.role() != Role::Owner => Err(Refusal::Role),
            Needs::KeyManager | Needs::Owner if age_ms > recent_ms => Err(Refusal::StaleSignIn),
            Needs::KeyManager | Needs::Owner => Ok(()),
        }
    }
}

/// What the log line says; filled as the request goes along.
#[derive(Default)]
struct Trace {
    page: Option<&'static Page>,
    org: Option<OrgId>,
}

/// Answers a request, whatever it is, and logs it.
pub async fn serve(app: &App, request: Request) -> Response<Body> {
    let began = Instant::now();
    let (mut visit, body) = Visit::of(app, request);
    let mut trace = Trace::default();
    let outcome = pass(&mut visit, &body, &mut trace).await;
    let code = outcome.as_ref().err().map_or("", Refusal::code);
    let mut answer = outcome.unwrap_or_else(|refusal| refusal.answer(&visit));
    for cookie in visit.take_cookies() {
        answer = answer.with(SET_COOKIE, &cookie.to_string());
    }
    let took = began.elapsed();
    tracing::info!(
        request_id = %visit.request_id,
        function = "dashboard",
        method = %visit.method,
        page = trace.page.map_or("none", |page| page.path),
        status = answer.status.as_u16(),
        code,
        org = trace.org.map(tracing::field::display),
        store_calls = app.store.take_calls(),
        took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        Requests = 1_u64,
        RequestTime = took.as_secs_f64() * 1_000.0,
        ServerErrors = (answer.status.as_u16() >= 500).then_some(1_u64),
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
    let mut known = async || {
        let signed_in = sign_in(visit).await?;
        trace.org = Some(signed_in.session.org);
        Ok::<_, Refusal>(signed_in)
    };
    match page.handler {
        Handler::Open(handler) => handler(visit).await,
        Handler::OwnRead(handler) => handler(visit, &known().await?).await,
        Handler::OwnWrite(handler) => {
            let signed_in = known().await?;
            let form = own_form(visit, &signed_in, body, page.form_max).await?;
            handler(visit, &signed_in, form).await
        }
        Handler::Read(handler) => {
            let member = enter(visit, known().await?).await?;
            renew(visit, &member).await;
            member.require(page.needs, RECENT_FOR_FORMS_MS)?;
            handler(visit, &member).await
        }
        Handler::Write(handler) => {
            let member = enter(visit, known().await?).await?;
            let form = own_form(visit, &member.signed_in, body, page.form_max).await?;
            member.require(page.needs, RECENT_MS)?;
            handler(visit, &member, form).await
        }
    }
}

/// Finds out who looks: the session by its cookie.
///
/// *Errors*: [`Refusal::SignedOut`], [`Refusal::Unavailable`].
pub async fn sign_in(visit: &Visit<'_>) -> Result<SignedIn, Refusal> {
    let token = visit.token().ok_or(Refusal::SignedOut)?;
    let session = visit.app.store.sessions().find(&token.hash()).await?;
    Ok(SignedIn {
        session: session.ok_or(Refusal::SignedOut)?,
        token,
    })
}

/// Finds out what the person is in the organization.
///
/// *Errors*: [`Refusal::NotMember`], [`Refusal::Unavailable`].
async fn enter(visit: &Visit<'_>, signed_in: SignedIn) -> Result<Member, Refusal> {
    let session = &signed_in.session;
    let standing = visit.app.store.members().standing(session.org, &session.email).await?;
    let standing = standing.ok_or(Refusal::NotMember)?;
    Ok(Member {
        actor: visit.actor(&session.email, Some(standing.role)),
        standing,
        signed_in,
    })
}

/// What a write that was lost means to a member: the role that allowed it was taken away meanwhile, or what the page itself
/// knows.
pub async fn lost(visit: &Visit<'_>, member: &Member, otherwise: Refusal) -> Refusal {
    let members = visit.app.store.members();
    match members.standing(member.org(), member.signed_in.email()).await {
        Ok(Some(standing)) if standing.role == member.role() => otherwise,
        Ok(Some(_)) => Refusal::Role,
        Ok(None) => Refusal::NotMember,
        Err(error) => error.into(),
    }
}

/// Moves a session's end when it is time for it; a page that is looked at keeps its reader signed in.
async fn renew(visit: &Visit<'_>, member: &Member) {
    let now = Timestamp::now();
    let SignedIn { token, session } = &member.signed_in;
    let Some(expires_at) = session.due_renewal(now) else {
        return;
    };
    match visit.app.store.sessions().renew(&token.hash(), expires_at).await {
        Ok(()) => {
            let seconds = (expires_at.ms() - now.ms()) / SECOND_MS;
            visit.set_cookie(visit.cookies().session(token, seconds));
        }
        // Closed meanwhile, or exchanged: whatever cookie the browser has by now, it is not ours to replace.
        Err(StoreError::Lost) => {}
        Err(error) => tracing::warn!(%error, "a session was not renewed"),
    }
}

/// Reads a form and makes sure that a page of this very session sent it.
///
/// *Errors*: [`Refusal::ForeignForm`], [`Refusal::BadForm`], [`Refusal::TooLarge`].
async fn own_form(visit: &Visit<'_>, signed_in: &SignedIn, body: &Body, form_max: usize) -> Result<Fields, Refusal> {
    if body.len() > form_max {
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
    let form = Fields::of_form(kind.unwrap_or_default(), body).await?;
    let token = form.one(FORM_TOKEN)?.unwrap_or_default();
    if !signed_in.token.vouches_for(token) {
        return Err(Refusal::ForeignForm);
    }
    Ok(form)
}
