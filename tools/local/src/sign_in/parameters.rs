//! An authorization request: what a client's redirect says, in a query or in our own form, and whether it may go on.

use std::fmt;

use serde::Deserialize;

use super::{CLIENT_ID, Provider};

/// The parameters that are understood. Others are ignored, as RFC 6749 §3.1 wants it; a repeated one is no request.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Parameters {
    response_type: String,
    client_id: String,
    redirect_uri: String,
    scope: String,
    /// The client's own mark, returned with whatever is said to it.
    pub(super) state: String,
    nonce: String,
    code_challenge: String,
    code_challenge_method: String,
    prompt: String,
    /// The e-mail address that the client expects.
    pub(super) login_hint: String,
}

/// What a passed request is remembered by.
pub(super) struct Passed<'a> {
    pub(super) nonce: &'a str,
    pub(super) challenge: &'a str,
}

/// Why a request does not go on.
pub(super) enum Refused {
    /// Not our client, or not its address: the person is told, and sent nowhere.
    Stranger(&'static str),
    /// The client is told, by way of the browser.
    Fault(Fault),
}

/// What is wrong with our own client's request.
#[derive(Clone, Copy)]
pub(super) enum Fault {
    /// The parameter is absent, or says what is not spoken here.
    Invalid(&'static str),
    /// `prompt=none` asks for a session, and none is kept here.
    LoginRequired,
}

impl Fault {
    /// The error's name in OpenID Connect.
    pub(super) const fn error(self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid_request",
            Self::LoginRequired => "login_required",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(parameter) => write!(f, "{parameter} is absent or not supported"),
            Self::LoginRequired => f.write_str("there are no sessions here, so somebody has to be asked"),
        }
    }
}

impl Parameters {
    /// Checks the request as a whole. Client and address come first: until they are right, nothing is sent there.
    pub(super) fn check(&self, provider: &Provider) -> Result<Passed<'_>, Refused> {
        if self.client_id != CLIENT_ID {
            return Err(Refused::Stranger("The client is not known here."));
        }
        if self.redirect_uri != provider.redirect_uri {
            return Err(Refused::Stranger("The address to go back to is not the dashboard's."));
        }
        let rules = [
            ("response_type", self.response_type == "code"),
            ("scope", words(&self.scope).any(|scope| scope == "openid")),
            ("state", !self.state.is_empty()),
            ("nonce", !self.nonce.is_empty()),
            ("code_challenge_method", self.code_challenge_method == "S256"),
            ("code_challenge", is_sha256(&self.code_challenge)),
        ];
        if let Some((parameter, _)) = rules.into_iter().find(|(_, kept)| !kept) {
            return Err(Refused::Fault(Fault::Invalid(parameter)));
        }
        if words(&self.prompt).any(|prompt| prompt == "none") {
            return Err(Refused::Fault(Fault::LoginRequired));
        }
        Ok(Passed {
            nonce: &self.nonce,
            challenge: &self.code_challenge,
        })
    }

    /// What our form repeats, so that its answer is a whole request again and no state is kept in between.
    pub(super) fn hidden(&self) -> [(&'static str, &str); 8] {
        [
            ("response_type", &self.response_type),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", &self.scope),
            ("state", &self.state),
            ("nonce", &self.nonce),
            ("code_challenge", &self.code_challenge),
            ("code_challenge_method", &self.code_challenge_method),
        ]
    }
}

fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split(' ')
}

/// Whether this can be 32 bytes in base64url. *Source*: RFC 7636 §4.2.
fn is_sha256(text: &str) -> bool {
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    text.len() == 43 && text.bytes().all(alphabet)
}
