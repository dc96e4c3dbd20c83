//! The keys of endpoints that speak OpenAI's language: where they come from, and to whom they go.
//!
//! A key goes to the one origin that it is for, over TLS or to this machine, and is never printed: its types have no
//! `Display`, no `Serialize` and a `Debug` that says nothing. Bedrock needs none; the SDK has the function's own credentials.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use reqwest::Url;
use reqwest::header::HeaderValue;
use tokio::sync::Mutex;

use super::ModelError;
use super::lineup::KeySource;

/// What `ECLIPS_MODEL_KEY` holds. *Shape*: see [`Lineup::read`](super::Lineup::read). The default is no key.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a setting's text.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The ARN where the setting is one, and not a key.
    pub(super) fn as_secret_arn(&self) -> Option<&str> {
        let text = self.0.trim();
        text.starts_with("arn:").then_some(text)
    }
}

impl Default for Secret {
    fn default() -> Self {
        Self("none".to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Keys by the origin that each is for. An origin without one gets none.
#[derive(Clone)]
pub(super) struct Keys(BTreeMap<String, HeaderValue>);

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keys").field(&self.0.keys()).finish()
    }
}

impl Keys {
    /// Reads the keys for endpoints with these bases.
    ///
    /// *Errors*: a sentence without a piece of the key.
    pub(super) fn read(secret: &Secret, bases: &[&Url]) -> Result<Self, &'static str> {
        let text = secret.0.trim();
        let by_origin: BTreeMap<String, String> = if text == "none" {
            BTreeMap::new()
        } else if text.starts_with('{') {
            serde_json::from_str(text).map_err(|_| "it is no JSON object of keys by origin")?
        } else {
            let origins: BTreeMap<String, ()> = bases.iter().map(|base| (origin(base), ())).collect();
            if origins.len() > 1 {
                return Err("several endpoints need a JSON object of keys by origin, so that none gets another's");
            }
            origins.into_keys().map(|origin| (origin, text.to_owned())).collect()
        };
        let is_origin = |text: &String| Url::parse(text).is_ok_and(|url| origin(&url) == *text);
        if !by_origin.keys().all(is_origin) {
            return Err("keys are named by origin, as in https://api.example.com, without a path");
        }
        for base in bases {
            if by_origin.contains_key(&origin(base)) && base.scheme() == "http" && !is_loopback(base) {
                return Err("a key is sent over https or to this machine only");
            }
        }
        let headers = by_origin.into_iter().map(|(origin, key)| Ok((origin, header(&key)?)));
        Ok(Self(headers.collect::<Result<_, &'static str>>()?))
    }

    /// The `Authorization` header for an endpoint.
    fn of(&self, base: &Url) -> Option<HeaderValue> {
        self.0.get(&origin(base)).cloned()
    }
}

fn origin(base: &Url) -> String {
    base.origin().ascii_serialization()
}

fn is_loopback(base: &Url) -> bool {
    let host = base.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse()
            .is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

fn header(key: &str) -> Result<HeaderValue, &'static str> {
    if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("a key is made of visible characters without spaces");
    }
    let mut header =
        HeaderValue::try_from(format!("Bearer {key}")).map_err(|_| "a key is made of visible characters")?;
    header.set_sensitive(true);
    Ok(header)
}

/// Gives endpoints their keys; reads a stored secret at the first call that needs it, and again after one was refused.
pub(super) struct KeyRing {
    stored: Option<Stored>,
    known: Mutex<Option<Arc<Keys>>>,
}

struct Stored {
    client: aws_sdk_secretsmanager::Client,
    arn: String,
    bases: Vec<Url>,
}

impl KeyRing {
    /// A ring over keys that are at hand, or over a secret that is read with an account's client.
    pub(super) fn new(source: KeySource, bases: Vec<Url>, account: Option<&aws_config::SdkConfig>) -> Self {
        let (stored, known) = match (source, account) {
            (KeySource::Stored(arn), Some(account)) => {
                let client = aws_sdk_secretsmanager::Client::from_conf(account.into());
                (Some(Stored { client, arn, bases }), None)
            }
            (KeySource::Given(keys), _) => (None, Some(Arc::new(keys))),
            (KeySource::Stored(_), None) => (None, None),
        };
        Self {
            stored,
            known: Mutex::new(known),
        }
    }

    /// The `Authorization` header for an endpoint, where it has a key.
    ///
    /// *Errors*: [`ModelError::Denied`] where the secret holds no key that can be used, or may not be read;
    /// [`ModelError::Unavailable`] where nobody answered.
    pub(super) async fn of(&self, base: &Url) -> Result<Option<HeaderValue>, ModelError> {
        let mut known = self.known.lock().await;
        if let Some(keys) = &*known {
            return Ok(keys.of(base));
        }
        let Some(stored) = &self.stored else {
            return Ok(None);
        };
        let keys = stored.read().await?;
        let header = keys.of(base);
        *known = Some(Arc::new(keys));
        Ok(header)
    }

    /// Has a stored secret read again: an endpoint refused the key, which may have been rotated.
    pub(super) async fn forget(&self) {
        if self.stored.is_some() {
            *self.known.lock().await = None;
        }
    }
}

impl Stored {
    async fn read(&self) -> Result<Keys, ModelError> {
        let read = self.client.get_secret_value().secret_id(&self.arn).send().await;
        let value = read.map_err(|error| match error.as_service_error() {
            Some(refusal) => {
                let code = aws_sdk_secretsmanager::error::ProvideErrorMetadata::code(refusal).unwrap_or("refused");
                let cause = format!("secret of the key: {code}");
                let status = error.raw_response().map_or(400, |raw| raw.status().as_u16());
                if status >= 500 || code.contains("Throttling") {
                    ModelError::Unavailable(cause)
                } else {
                    ModelError::Denied(cause)
                }
            }
            None => ModelError::Unavailable("Secrets Manager did not answer".to_owned()),
        })?;
        let secret = Secret::new(value.secret_string().unwrap_or_default().to_owned());
        let bases: Vec<&Url> = self.bases.iter().collect();
        Keys::read(&secret, &bases).map_err(|why| ModelError::Denied(format!("secret of the key: {why}")))
    }
}
