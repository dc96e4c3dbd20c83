//! Any endpoint that speaks OpenAI's chat completions: OpenAI itself, vLLM, Ollama, llama.cpp, most gateways.
//!
//! One call is one completion. Only where the endpoint would not take the form in which it was asked, before any model was
//! called, is it asked in the next one. No redirect is followed, no proxy is taken from the environment, and the answer is
//! read up to a limit. How long all of it may take is the caller's to say.

mod dialect;
mod refusal;
mod wire;

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};
use serde_json::Value;

use self::dialect::{Dialect, NotTaken};
use super::key::KeyRing;
use super::question::{Question, Repair};
use super::{Meter, ModelError};

/// How long an endpoint may take to be reached at all. Our choice: of 120 s for an attempt, few for one that is not there.
const CONNECT: Duration = Duration::from_secs(5);
/// How long an idle connection is trusted. Enough for a mended answer or an evaluator; a process that was frozen for longer
/// would lose an attempt on one that its other end has forgotten.
const IDLE: Duration = Duration::from_secs(15);
/// The most that is read of an answer. A result has 64 KiB, which JSON within JSON may double twice. Our choice.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// A model behind such an endpoint.
pub(super) struct OpenAi {
    base: Url,
    endpoint: String,
    model: String,
    keys: Arc<KeyRing>,
    /// Made at the first call: a process that only runs test keys needs no TLS for it.
    http: OnceLock<Client>,
    /// What this endpoint takes for this model, as far as this process knows: see [`Dialect::code`].
    dialect: AtomicU8,
    /// In what the last answer came. Refused without a clear word, a request may itself be at fault; when the next one fares
    /// no better, the form is.
    answered: AtomicU8,
}

/// What came of one exchange.
enum Reply {
    /// A completion's text.
    Said(String),
    /// The endpoint would not take the request's form.
    NotTaken(NotTaken, String),
    /// Neither.
    Failed(ModelError),
}

impl OpenAi {
    pub(super) fn new(base: Url, model: String, keys: Arc<KeyRing>) -> Self {
        Self {
            endpoint: format!("{}/chat/completions", base.as_str().trim_end_matches('/')),
            base,
            model,
            keys,
            http: OnceLock::new(),
            dialect: AtomicU8::new(Dialect::FIRST.code()),
            answered: AtomicU8::new(Dialect::FIRST.code()),
        }
    }

    pub(super) fn model(&self) -> &str {
        &self.model
    }

    /// Asks for one completion; gives its text.
    ///
    /// *Errors*: every [`ModelError`] but those that come of reading the text.
    pub(super) async fn say(
        &self,
        question: &Question,
        repair: Option<&Repair>,
        meter: &Meter,
    ) -> Result<String, ModelError> {
        let mut dialect = Dialect::from_code(self.dialect.load(Ordering::Relaxed));
        let mut is_sure = true;
        loop {
            let body = wire::request(&self.model, dialect, question, repair);
            match self.exchange(&body, meter).await {
                Reply::Said(text) => {
                    let code = dialect.code();
                    if self.answered.swap(code, Ordering::Relaxed) == code || is_sure {
                        self.dialect.store(code, Ordering::Relaxed);
                    }
                    return Ok(text);
                }
                Reply::NotTaken(what, cause) => {
                    is_sure &= what != NotTaken::Unsaid;
                    dialect = dialect.without(what).ok_or(ModelError::Denied(cause))?;
                }
                Reply::Failed(error) => return Err(error),
            }
        }
    }

    async fn exchange(&self, body: &Value, meter: &Meter) -> Reply {
        match self.send(body).await {
            Ok((status, body)) => {
                if status == StatusCode::UNAUTHORIZED {
                    self.keys.forget().await;
                }
                wire::read(status, &body, meter)
            }
            Err(error) => Reply::Failed(error),
        }
    }

    /// Sends a request; gives the answer's status and body, whatever they are.
    async fn send(&self, body: &Value) -> Result<(StatusCode, Vec<u8>), ModelError> {
        let key = self.keys.of(&self.base).await?;
        let mut request = self.http()?.post(&self.endpoint).json(body);
        if let Some(key) = key {
            request = request.header(reqwest::header::AUTHORIZATION, key);
        }
        let mut response = request.send().await.map_err(|error| unreachable(&error))?;
        let mut read = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| unreachable(&error))? {
            if read.len() + piece.len() > BODY_BYTES_MAX {
                return Err(ModelError::Unavailable(format!(
                    "an answer over {BODY_BYTES_MAX} bytes"
                )));
            }
            read.extend_from_slice(&piece);
        }
        Ok((response.status(), read))
    }

    fn http(&self) -> Result<&Client, ModelError> {
        if let Some(http) = self.http.get() {
            return Ok(http);
        }
        let builder = Client::builder()
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .retry(reqwest::retry::never())
            .redirect(Policy::none())
            .no_proxy()
            .user_agent(concat!("eclips/", env!("CARGO_PKG_VERSION")));
        let http = builder
            .build()
            .map_err(|_| ModelError::Unavailable("no TLS on this machine".to_owned()))?;
        Ok(self.http.get_or_init(|| http))
    }
}

/// Nothing of the error's own text: it names addresses.
fn unreachable(error: &reqwest::Error) -> ModelError {
    let what = if error.is_connect() || error.is_timeout() {
        "endpoint could not be reached"
    } else {
        "connection broke"
    };
    ModelError::Unavailable(what.to_owned())
}
