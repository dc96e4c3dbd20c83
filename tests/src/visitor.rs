//! Somebody with a browser, as far as HTTP goes: cookies, forms, redirects that are looked at and not followed. What needs a
//! real browser is tested in `tests/browser`.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eclips_shared::email::Email;
use eclips_shared::ids::OrgId;
use eclips_shared::role::Role;
use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder, StatusCode};

use crate::world::{OPERATOR, PASSWORD, PATIENCE, Reply, World, reply};

/// Somebody with a browser.
pub struct Visitor {
    http: reqwest::Client,
    origin: String,
    /// The cookies that the browser holds, by name.
    pub cookies: BTreeMap<String, String>,
}

/// A form that is filled in: names and values.
pub type Form<'a> = &'a [(&'a str, &'a str)];

impl Visitor {
    /// Somebody whom nobody knows.
    ///
    /// # Panics
    /// Never: a client needs nothing.
    #[must_use]
    pub fn anyone(world: &World) -> Self {
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .no_proxy()
            .redirect(Policy::none());
        Self {
            http: http.build().expect("a client needs nothing"),
            origin: world.config().dashboard_url.clone(),
            cookies: BTreeMap::new(),
        }
    }

    /// A member of an organization, signed in.
    ///
    /// # Panics
    /// When the sign-in does not work.
    pub async fn member(world: &World, org: OrgId, email: &str, role: Role) -> Self {
        let address = Email::parse(email).expect("an address");
        let added = world.store.members().add(org, &address, role, &OPERATOR).await;
        added.expect("the store is up");
        let mut visitor = Self::anyone(world);
        let home = visitor.sign_in(email).await;
        assert_eq!((home.status, home.header("location")), (StatusCode::SEE_OTHER, "/"));
        visitor
    }

    /// Asks for a page.
    pub async fn get(&mut self, path: &str) -> Reply {
        let request = self.request(Method::GET, path);
        self.send(request).await
    }

    /// Sends a form of this session, as a browser does from a page of ours.
    pub async fn post(&mut self, path: &str, form_token: &str, form: Form<'_>) -> Reply {
        let request = self.form(path, form_token, form);
        self.send(request).await
    }

    /// A form of this session that is not sent yet.
    pub fn form(&self, path: &str, form_token: &str, form: Form<'_>) -> RequestBuilder {
        let fields = form.iter().copied().chain([("form_token", form_token)]);
        self.request(Method::POST, path)
            .header(ORIGIN, &self.origin)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(encoded(fields))
    }

    /// Sends a form with a file in the field `table`, as a browser does.
    pub async fn upload(&mut self, path: &str, form_token: &str, form: Form<'_>, file: &[u8]) -> Reply {
        const BOUNDARY: &str = "----eclips-visitor";
        let mut body = Vec::new();
        for (name, value) in form.iter().copied().chain([("form_token", form_token)]) {
            let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend(head.into_bytes());
        }
        let head = "Content-Disposition: form-data; name=\"table\"; filename=\"table.csv\"\r\nContent-Type: text/csv";
        body.extend(format!("--{BOUNDARY}\r\n{head}\r\n\r\n").into_bytes());
        body.extend_from_slice(file);
        body.extend(format!("\r\n--{BOUNDARY}--\r\n").into_bytes());
        let request = self
            .request(Method::POST, path)
            .header(ORIGIN, &self.origin)
            .header(CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"))
            .body(body);
        self.send(request).await
    }

    /// A request with this browser's cookies.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let jar: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = self.http.request(method, format!("{}{path}", self.origin));
        if jar.is_empty() {
            request
        } else {
            request.header(COOKIE, jar.join("; "))
        }
    }

    /// Sends a request and keeps the cookies that come with the answer.
    pub async fn send(&mut self, request: RequestBuilder) -> Reply {
        let got = reply(request).await;
        self.keep(&got);
        got
    }

    /// Signs in from the first page to the callback's answer, which is given.
    pub async fn sign_in(&mut self, email: &str) -> Reply {
        let callback = self.to_callback(email).await;
        self.get(&callback).await
    }

    /// Signs in as far as the provider's way back: path and query of the callback.
    ///
    /// # Panics
    /// When the provider does not send the browser back.
    pub async fn to_callback(&mut self, email: &str) -> String {
        let start = self.get("/sign-in/start?to=%2F").await;
        assert_eq!(start.status, StatusCode::SEE_OTHER, "{}", start.text);
        let (url, query) = start
            .header("location")
            .split_once('?')
            .expect("the provider's address");
        let asked = decoded(query);
        let fields = asked
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .chain([("email", email), ("password", PASSWORD)]);
        let answer = reply(
            self.http
                .post(url)
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(encoded(fields)),
        )
        .await;
        let back = answer.headers.get(LOCATION).expect("a redirect").to_str();
        let back = back.expect("an address").to_owned();
        back.strip_prefix(&self.origin)
            .expect("back to the dashboard")
            .to_owned()
    }

    /// The token that forms of this session carry, read from a page of it.
    ///
    /// # Panics
    /// When there is no form on the page.
    pub async fn form_token(&mut self) -> String {
        let page = self.get("/organizations").await;
        hidden(&page.text, "form_token").expect("every page of a member has the form to sign out")
    }

    fn keep(&mut self, got: &Reply) {
        for cookie in got.headers.get_all(SET_COOKIE) {
            let text = cookie.to_str().expect("a cookie is ASCII");
            let (pair, attributes) = text.split_once(';').unwrap_or((text, ""));
            let (name, value) = pair.split_once('=').expect("a cookie has a name");
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// A member's address as the paths of the team have it.
#[must_use]
pub fn member_id(email: &str) -> String {
    URL_SAFE_NO_PAD.encode(email)
}

/// The value of a hidden field of a page.
#[must_use]
pub fn hidden(page: &str, name: &str) -> Option<String> {
    let start = format!(r#"name="{name}" value=""#);
    let (_, rest) = page.split_once(&start)?;
    Some(rest.split('"').next().unwrap_or_default().to_owned())
}

fn encoded<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut url = reqwest::Url::parse("http://localhost").expect("an address");
    url.query_pairs_mut().extend_pairs(fields);
    url.query().unwrap_or_default().to_owned()
}

fn decoded(query: &str) -> Vec<(String, String)> {
    let url = reqwest::Url::parse(&format!("http://localhost/?{query}")).expect("an address");
    url.query_pairs().into_owned().collect()
}
