//! The session's cookie: a random token that the store knows by its hash only, and what forms prove themselves with.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use eclips_shared::store::SessionHash;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::refusal::Refusal;

/// What is hashed beside the token for a form's proof, so that the two are of no use for each other.
const FORM_LABEL: &[u8] = b"eclips dashboard form\0";

/// The token of a session: 32 random bytes. Never printed: there is no `Debug` of its content and no `Display`.
pub struct Token([u8; 32]);

impl Token {
    fn mint() -> Result<Self, getrandom::Error> {
        let mut bytes = [0u8; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Reads a cookie's value.
    pub fn parse(text: &str) -> Option<Self> {
        BASE64_URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// What the store knows the session by.
    pub fn hash(&self) -> SessionHash {
        SessionHash(Sha256::digest(self.0).into())
    }

    /// What a form of this session carries, and no other site can know.
    pub fn form_token(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(FORM_LABEL);
        hash.update(self.0);
        BASE64_URL_SAFE_NO_PAD.encode(hash.finalize())
    }

    /// Whether a form came from a page of this session.
    pub fn vouches_for(&self, form_token: &str) -> bool {
        self.form_token().as_bytes().ct_eq(form_token.as_bytes()).into()
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Makes a token for a new session.
///
/// *Errors*: [`Refusal::Unavailable`] when the system has no randomness to give; no weaker source stands in.
pub fn mint() -> Result<Token, Refusal> {
    Token::mint().map_err(|error| {
        tracing::error!(%error, "no randomness");
        Refusal::Unavailable
    })
}

/// The cookies of an origin: with `https`, bound to this very host and sent over TLS only.
#[derive(Clone, Copy, Debug)]
pub struct Cookies {
    pub https: bool,
}

impl Cookies {
    /// The session's cookie, for so many seconds.
    pub fn session(self, token: &Token, seconds: i64) -> Cookie<'static> {
        self.cookie(
            self.session_name().to_owned(),
            BASE64_URL_SAFE_NO_PAD.encode(token.0),
            seconds,
        )
    }

    /// Takes the session's cookie away.
    pub fn no_session(self) -> Cookie<'static> {
        self.cookie(self.session_name().to_owned(), String::new(), 0)
    }

    /// The name of the session's cookie. A browser takes a `__Host-` cookie only from this very host, over TLS, for every path.
    pub fn session_name(self) -> &'static str {
        if self.https {
            "__Host-eclips_session"
        } else {
            "eclips_session"
        }
    }

    /// The name of the cookie of one sign-in under way; two tabs have two.
    pub fn attempt_name(self, state: &str) -> String {
        let short: String = state.chars().filter(char::is_ascii_alphanumeric).take(12).collect();
        format!("{}{short}", self.attempt_prefix())
    }

    /// How the names of all such cookies begin.
    pub fn attempt_prefix(self) -> &'static str {
        if self.https {
            "__Host-eclips_sign_in_"
        } else {
            "eclips_sign_in_"
        }
    }

    /// Any cookie of ours: no script reads it, no other site's form sends it.
    ///
    /// `Lax` and not `Strict`: the way back from the sign-in provider is another site's redirect, and must find us signed in.
    pub fn cookie(self, name: String, value: String, seconds: i64) -> Cookie<'static> {
        Cookie::build((name, value))
            .path("/")
            .http_only(true)
            .secure(self.https)
            .same_site(SameSite::Lax)
            .max_age(Duration::seconds(seconds))
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_vouched_for_by_its_own_session_only() {
        let (one, other) = (Token::mint().unwrap(), Token::mint().unwrap());
        assert!(one.vouches_for(&one.form_token()));
        assert!(!other.vouches_for(&one.form_token()));
        assert!(!one.vouches_for(""));
        assert!(!one.vouches_for(&format!("{}A", one.form_token())));
    }

    #[test]
    fn cookies_are_bound_to_the_host_where_there_is_tls() {
        let token = Token::mint().unwrap();
        let cookie = Cookies { https: true }.session(&token, 60).to_string();
        let value = BASE64_URL_SAFE_NO_PAD.encode(token.0);
        assert_eq!(
            cookie,
            format!("__Host-eclips_session={value}; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60")
        );
        assert_eq!(Token::parse(&value).map(|read| read.0), Some(token.0));
        let plain = Cookies { https: false }.session(&token, 60).to_string();
        assert!(!plain.contains("__Host-") && !plain.contains("Secure"));
    }

    #[test]
    fn a_token_is_never_printed() {
        let token = Token([0x61; 32]);
        assert_eq!(format!("{token:?} {:?}", token.hash()), "Token(…) SessionHash(…)");
    }
}
