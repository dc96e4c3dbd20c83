//! A request as pages read it: its address, its cookies, who acts from where it came, and the page to come back to after a detour.

use std::sync::{Mutex, PoisonError};

use cookie::Cookie;
use eclips_shared::email::Email;
use eclips_shared::role::Role;
use eclips_shared::serve::{gateway_request_id, source_ip};
use eclips_shared::store::Actor;
use http::header::{COOKIE, USER_AGENT};
use http::{HeaderMap, Method};
use lambda_http::{Body, Request, RequestExt};

use crate::App;
use crate::form::Fields;
use crate::session::{Cookies, Token};

/// A request as pages read it.
#[derive(Debug)]
pub struct Visit<'a> {
    pub app: &'a App,
    pub request_id: String,
    /// The value of `{id}` in the path.
    pub id: Option<String>,
    pub query: Fields,
    pub method: Method,
    pub path: String,
    query_text: String,
    pub headers: HeaderMap,
    ip: String,
    /// Cookies that go with the answer, whatever it is.
    set: Mutex<Vec<Cookie<'static>>>,
}

impl<'a> Visit<'a> {
    /// A request, and its body.
    pub fn of(app: &'a App, request: Request) -> (Self, Body) {
        let ip = source_ip(&request).to_owned();
        let request_id = gateway_request_id(&request);
        let path = request.raw_http_path().to_owned();
        let (parts, body) = request.into_parts();
        let query_text = parts.uri.query().unwrap_or_default().to_owned();
        let visit = Self {
            app,
            request_id,
            id: None,
            query: Fields::parse(query_text.as_bytes()),
            method: parts.method,
            path,
            query_text,
            headers: parts.headers,
            ip,
            set: Mutex::default(),
        };
        (visit, body)
    }

    /// Sets a cookie with the answer, be it a page or a refusal.
    pub fn set_cookie(&self, cookie: Cookie<'static>) {
        self.set.lock().unwrap_or_else(PoisonError::into_inner).push(cookie);
    }

    /// The cookies that go with the answer, which has them then.
    pub fn take_cookies(&self) -> Vec<Cookie<'static>> {
        std::mem::take(&mut *self.set.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The names of the cookies that the browser sent, in its order.
    pub fn cookie_names(&self) -> Vec<String> {
        self.sent_cookies().map(|cookie| cookie.name().to_owned()).collect()
    }

    fn sent_cookies(&self) -> impl Iterator<Item = Cookie<'_>> {
        let jars = self.headers.get_all(COOKIE).iter().filter_map(|jar| jar.to_str().ok());
        jars.flat_map(Cookie::split_parse).filter_map(Result::ok)
    }

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

    /// The page itself, without what was asked of it.
    pub fn bare_path(&self) -> String {
        if self.is_read() {
            self.path.clone()
        } else {
            self.return_path()
        }
    }

    /// The page to come back to after a detour: a form's own page, where there is one.
    pub fn return_path(&self) -> String {
        match (self.is_read(), self.path.as_str()) {
            (true, path) if path.starts_with("/sign-in") => "/".to_owned(),
            (true, _) => self.path_and_query(),
            (false, "/settings/api-keys" | "/settings/team" | "/runs" | "/webhooks" | "/batches") => self
                .path_and_query()
                .replacen(&self.path, &format!("{}/new", self.path), 1),
            (false, path @ "/batches/preview") => self.path_and_query().replacen(path, "/batches/new", 1),
            (false, "/sign-out") => "/".to_owned(),
            // The page that the form is on is the one above it.
            (false, path) if path.starts_with("/inbox/") || path.ends_with("/resend") => {
                let above = path.rsplit_once('/').map_or(path, |(above, _)| above);
                self.path_and_query().replacen(path, above, 1)
            }
            (false, path) if !path.starts_with("/settings") => self.path_and_query(),
            (false, path) => path.to_owned(),
        }
    }

    /// The value of a cookie; of two with the same name, none: somebody planted one.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let mut values = self
            .sent_cookies()
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

    /// Somebody who acts from where this request came from, by the power of a role.
    pub fn actor(&self, email: &Email, role: Option<Role>) -> Actor {
        let agent = self.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        Actor::Member {
            email: email.clone(),
            role,
            ip: self.ip.clone(),
            agent: agent.unwrap_or_default().to_owned(),
        }
    }
}

impl App {
    /// Whether browsers reach it over TLS.
    pub fn is_https(&self) -> bool {
        self.origin.starts_with("https://")
    }

    /// The cookies of this origin.
    pub fn cookies(&self) -> Cookies {
        Cookies { https: self.is_https() }
    }
}
