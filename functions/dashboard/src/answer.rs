//! An answer on the wire: a page, a redirect or an asset, each with the headers that keep a browser on our side.

use askama::Template;
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use lambda_http::{Body, Response};

use crate::refusal::Refusal;

/// Scripts, styles, images, forms and what a script asks for are ours or there are none; nobody frames us. A form may lead nowhere else either: the way
/// to the sign-in provider is a link. `require-trusted-types-for` takes from a script, ours included, the means of writing HTML.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; \
     frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// The headers that every answer carries, whatever it is. `same-origin` and not `no-referrer`: with that, browsers send
/// `Origin: null` from our own forms.
const ALWAYS: [(HeaderName, &str); 7] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), clipboard-write=(self)",
    ),
];

/// What a page answers.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    /// A page. It is for one person at one moment: no cache keeps it.
    pub fn page(status: StatusCode, page: &impl Template) -> Result<Self, Refusal> {
        let html = page.render().map_err(|error| {
            tracing::error!(%error, "a page could not be rendered");
            Refusal::Internal
        })?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(Self {
            status,
            headers,
            body: html.into_bytes(),
        })
    }

    /// A redirect that is followed with GET, whatever came before.
    pub fn see_other(to: &str) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        // Our own paths are plain ASCII, and the provider's address was built by a URL library.
        let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
        headers.insert(LOCATION, to);
        Self {
            status: StatusCode::SEE_OTHER,
            headers,
            body: Vec::new(),
        }
    }

    /// A file whose address changes with its content: kept for a year.
    pub fn asset(content_type: &'static str, content: &'static [u8]) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(
            CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=31536000, immutable"),
        );
        Self {
            status: StatusCode::OK,
            headers,
            body: content.to_vec(),
        }
    }

    /// A file of somebody's own data, to be kept by him: no cache keeps it. `name` is plain ASCII without quotes.
    pub fn download(content_type: &'static str, name: &str, content: Vec<u8>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let answer = Self {
            status: StatusCode::OK,
            headers,
            body: content,
        };
        answer.with(CONTENT_DISPOSITION, &format!("attachment; filename=\"{name}\""))
    }

    /// A text for programs, the same for everybody until the next deployment.
    pub fn document(content_type: &'static str, text: String) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
        Self {
            status: StatusCode::OK,
            headers,
            body: text.into_bytes(),
        }
    }

    /// Sets a header beside the answer.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.append(name, value);
        }
        self
    }

    /// The whole response.
    pub fn into_response(self, request_id: &str, https: bool) -> Response<Body> {
        // Text, or Lambda would send it through base64, a third larger.
        let body = String::from_utf8(self.body).map_or_else(|error| Body::Binary(error.into_bytes()), Body::Text);
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        let headers = response.headers_mut();
        for (name, value) in ALWAYS {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if https {
            headers.insert(
                STRICT_TRANSPORT_SECURITY,
                HeaderValue::from_static("max-age=31536000; includeSubDomains"),
            );
        }
        if let Ok(id) = HeaderValue::from_str(request_id) {
            headers.insert(HeaderName::from_static("x-request-id"), id);
        }
        response
    }
}
