//! Whose secret a signature fits. Two schemes, judged apart: whoever receives webhooks looks at one of them.

use std::fmt;

use axum::http::{HeaderMap, HeaderName};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use standardwebhooks::{Webhook, WebhookError};
use subtle::ConstantTimeEq;

/// The manual's header.
const SIGNATURE: HeaderName = HeaderName::from_static("x-eclips-signature");

/// What was found out of one signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The secret of this name made it.
    Fits(String),
    /// None of the secrets that were known at the time made it.
    NoSecretFits,
    /// What is wrong with it whatever the secret is.
    Flawed(String),
}

impl Verdict {
    /// The name of the secret that fits.
    pub(super) fn secret(&self) -> Option<&str> {
        match self {
            Self::Fits(name) => Some(name),
            Self::NoSecretFits | Self::Flawed(_) => None,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fits(name) => write!(formatter, "fits {name}"),
            Self::NoSecretFits => formatter.write_str("no secret fits"),
            Self::Flawed(why) => formatter.write_str(why),
        }
    }
}

/// Judges `webhook-id`, `webhook-timestamp` and `webhook-signature` with the library that the specification's makers offer
/// to receivers, its five minutes for the time included. *Source*: Standard Webhooks 1.0.
pub(super) fn standard_webhooks(headers: &HeaderMap, body: &[u8], secrets: &[(String, String)]) -> Verdict {
    // An empty key asks what is wrong whatever the secret is. Should a signature fit it, nobody's name says so.
    let nobody = Webhook::from_bytes(Vec::new());
    match nobody.and_then(|nobody| nobody.verify(body, headers)) {
        Ok(()) | Err(WebhookError::InvalidSignature) => {}
        Err(error) => return Verdict::Flawed(explain(&error)),
    }
    first(secrets, |secret| {
        Webhook::new(secret).is_ok_and(|webhook| webhook.verify(body, headers).is_ok())
    })
}

/// Judges `X-eClips-Signature: sha256=<lower-case hex>`: HMAC-SHA256 of the raw body, keyed with the secret as it is written.
/// *Source*: contract §6.
pub(super) fn manual(headers: &HeaderMap, body: &[u8], secrets: &[(String, String)]) -> Verdict {
    let mut values = headers.get_all(SIGNATURE).iter();
    match (values.next(), values.next()) {
        (None, _) => Verdict::Flawed("X-eClips-Signature is missing".to_owned()),
        (Some(_), Some(_)) => Verdict::Flawed("X-eClips-Signature came more than once".to_owned()),
        (Some(signature), None) => first(secrets, |secret| {
            let expected = sign(secret, body);
            signature.as_bytes().ct_eq(expected.as_bytes()).into()
        }),
    }
}

fn first(secrets: &[(String, String)], fits: impl Fn(&str) -> bool) -> Verdict {
    let found = secrets.iter().find(|(_, secret)| fits(secret));
    found.map_or(Verdict::NoSecretFits, |(name, _)| Verdict::Fits(name.clone()))
}

fn sign(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length is one");
    mac.update(body);
    let bytes = mac.finalize().into_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

/// The library's error in words that name the header.
fn explain(error: &WebhookError) -> String {
    match error {
        WebhookError::MissingHeader(name) => format!("webhook-{name} is missing"),
        WebhookError::InvalidHeader(name) => format!("webhook-{name} is no text"),
        WebhookError::InvalidTimestamp => "webhook-timestamp is no number of seconds".to_owned(),
        WebhookError::TimestampTooOldError => "webhook-timestamp is more than five minutes ago".to_owned(),
        WebhookError::FutureTimestampError => "webhook-timestamp is more than five minutes ahead".to_owned(),
        WebhookError::InvalidPayload => "the body is no UTF-8".to_owned(),
        other => other.to_string(),
    }
}
