//! What is written above a body, so that its receiver can tell that it is ours: the manual's headers, and those of Standard Webhooks.
//! *Source*: contract §6; Standard Webhooks, <https://www.standardwebhooks.com>.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use eclips_shared::ids::DeliveryId;
use eclips_shared::time::Timestamp;
use eclips_shared::webhook::{SigningSecret, Topic};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};

/// What is signed, and what it is called.
pub struct Letter<'a> {
    /// The same over all tries.
    pub id: DeliveryId,
    /// What happened.
    pub topic: Topic,
    /// When this try begins.
    pub at: Timestamp,
    /// The bytes that are sent.
    pub body: &'a [u8],
}

/// The headers of a try; `secrets` sign, the newest first.
///
/// The manual's header has room for one signature: it is the newest secret's. Whoever has not taken it over yet finds the others in
/// `webhook-signature`, or takes it over before the tries are used up.
///
/// # Panics
/// When there is no secret.
#[must_use]
pub fn headers(letter: &Letter<'_>, secrets: &[SigningSecret]) -> HeaderMap {
    let newest = secrets.first().expect("every receiver has a secret");
    let seconds = letter.at.seconds();
    let signed = format!("{}.{seconds}.", letter.id);
    let standard: Vec<String> = secrets
        .iter()
        .map(|secret| {
            let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &secret.key()));
            context.update(signed.as_bytes());
            context.update(letter.body);
            format!("v1,{}", STANDARD.encode(context.sign()))
        })
        .collect();
    let manual = hmac::Key::new(hmac::HMAC_SHA256, newest.reveal().as_bytes());
    let manual = hmac::sign(&manual, letter.body);
    let manual: String = manual.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in [
        ("x-eclips-signature", format!("sha256={manual}")),
        ("x-eclips-event", letter.topic.as_str().to_owned()),
        ("x-eclips-timestamp", letter.at.to_string()),
        ("webhook-id", letter.id.to_string()),
        ("webhook-timestamp", seconds.to_string()),
        ("webhook-signature", standard.join(" ")),
    ] {
        let value = HeaderValue::from_str(&value).expect("ids, times, digits and base64 are visible ASCII");
        headers.insert(HeaderName::from_static(name), value);
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks libraries' own tests has a secret of 24 bytes; ours have 32. These figures were made
    /// with Python's `hmac`, `hashlib` and `base64`.
    #[test]
    fn signs_as_other_programs_verify() {
        let secret = SigningSecret::parse("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
        let letter = Letter {
            id: DeliveryId::parse("019e9c2d-2e80-7a11-8b22-0123456789ab").unwrap(),
            topic: Topic::RunCompleted,
            at: Timestamp::from_ms(1_780_736_400_007),
            body: r#"{"text":"é","n":12345678901234567890.50}"#.as_bytes(),
        };
        let headers = headers(&letter, &[secret.clone(), SigningSecret::generate()]);
        let text = |name: &str| headers[name].to_str().unwrap();
        assert_eq!(
            text("x-eclips-signature"),
            "sha256=c75d3e253b639e78fcef7a55548b79358bad69e2f4d0d34338d3b138df59a611"
        );
        let standard: Vec<&str> = text("webhook-signature").split(' ').collect();
        assert_eq!(standard.len(), 2, "during a rotation each secret signs");
        assert_eq!(standard[0], "v1,yumlVyQB9l96jXuTJgVQgOYobbABxRP5Nk4bBY+yvPs=");
        assert_eq!(text("webhook-timestamp"), "1780736400");
        assert_eq!(text("x-eclips-timestamp"), "2026-06-06T09:00:00.007Z");
        assert_eq!(text("x-eclips-event"), "run.completed");
        assert_eq!(text("content-type"), "application/json");
        let one = super::headers(&letter, &[secret]);
        assert_eq!(one["webhook-signature"].to_str().unwrap(), standard[0]);
    }
}
