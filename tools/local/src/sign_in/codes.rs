//! The codes that are out: what a browser carries back, and a client exchanges once. In memory only.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use eclips_shared::email::Email;
use eclips_shared::time::{MINUTE_MS, Timestamp};

use super::random_text;

/// How long a code may take from the browser to the client. *Source*: our choice; RFC 6749 §4.1.2 allows ten minutes.
const CODE_MS: i64 = MINUTE_MS;

/// What a code stands for. Client and redirect address are not in it: there is one of each, and a code is only issued
/// to them.
pub(super) struct Grant {
    /// Who signed in.
    pub(super) email: Email,
    /// When the password was given.
    pub(super) signed_in_at: Timestamp,
    /// The client's mark on its request, to be found again in the token.
    pub(super) nonce: String,
    /// The SHA-256 of the verifier that the client will show, in base64url.
    pub(super) challenge: String,
}

/// The codes that are neither used nor too old.
#[derive(Default)]
pub(super) struct Codes(Mutex<HashMap<String, Grant>>);

impl Codes {
    /// Keeps the grant under a new code.
    pub(super) fn issue(&self, grant: Grant) -> Result<String, getrandom::Error> {
        let code = random_text()?;
        let mut grants = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Here, so that abandoned codes do not pile up.
        let now = grant.signed_in_at;
        grants.retain(|_, grant| is_fresh(grant, now));
        grants.insert(code.clone(), grant);
        Ok(code)
    }

    /// Takes the grant out, whatever becomes of it then: a code is good for one try.
    pub(super) fn take(&self, code: &str, now: Timestamp) -> Option<Grant> {
        let mut grants = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        grants.remove(code).filter(|grant| is_fresh(grant, now))
    }
}

fn is_fresh(grant: &Grant, now: Timestamp) -> bool {
    now < grant.signed_in_at.plus_ms(CODE_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(signed_in_at: Timestamp) -> Grant {
        Grant {
            email: Email::parse("ada@example.com").unwrap(),
            signed_in_at,
            nonce: "n".to_owned(),
            challenge: "c".to_owned(),
        }
    }

    #[test]
    fn a_code_lasts_sixty_seconds_and_no_longer() {
        let (codes, start) = (Codes::default(), Timestamp::from_ms(1_000));
        let (in_time, late) = (codes.issue(grant(start)).unwrap(), codes.issue(grant(start)).unwrap());
        assert!(codes.take(&in_time, start.plus_ms(59_999)).is_some());
        assert!(codes.take(&late, start.plus_ms(60_000)).is_none());
    }

    #[test]
    fn abandoned_codes_are_forgotten() {
        let (codes, start) = (Codes::default(), Timestamp::from_ms(1_000));
        codes.issue(grant(start)).unwrap();
        codes.issue(grant(start.plus_ms(60_000))).unwrap();
        assert_eq!(codes.0.lock().unwrap().len(), 1);
    }
}
