//! What an endpoint's refusal means. Endpoints agree on statuses more than on words, so the words only refine.

use reqwest::StatusCode;
use serde_json::Value;

use super::Reply;
use super::dialect::NotTaken;
use crate::models::ModelError;

/// A refusal, as the endpoint told it.
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    /// Its machine words, for our log.
    code: String,
    /// Its prose in lower case: to be searched and never to be shown, since it may repeat what a client sent.
    prose: String,
}

/// Prose of endpoints that were given more than they read.
const TOO_LONG: [&str; 8] = [
    "context length",
    "context window",
    "context size",
    "maximum context",
    "too many tokens",
    "prompt is too long",
    "exceeds the maximum number of tokens",
    "exceed context limit",
];

/// Prose of endpoints that did not take a schema in this form: never, or this one.
const ABOUT_SCHEMA: [&str; 6] = [
    "response_format",
    "json_schema",
    "json_object",
    "grammar",
    "guided",
    "tool",
];

/// Prose and codes of endpoints that never take what they are speaking of. Without one of these it may be this request that
/// is at fault: a schema that makes no grammar, a tool that was misused.
const NEVER: [&str; 9] = [
    "support",
    "unavailable",
    "input should be",
    "unknown",
    "unrecognized",
    "unexpected",
    "not permitted",
    "not allowed",
    "not implemented",
];

impl Refusal {
    /// Finds the refusal in an answer, also in one of status 200.
    pub(super) fn find(status: StatusCode, json: &Value) -> Option<Self> {
        let error = &json["error"];
        let has_error = error.is_object() || error.is_string();
        if status.is_success() && !has_error {
            return None;
        }
        // OpenAI's form, a bare text, or what frameworks say by themselves.
        let (words, prose) = if error.is_object() {
            (error, error["message"].to_string())
        } else if error.is_string() {
            (json, error.to_string())
        } else {
            (json, format!("{} {}", json["message"], json["detail"]))
        };
        let word = |name: &str| words[name].as_str().map(machine_word).unwrap_or_default();
        let codes = [word("type"), word("code"), word("param")];
        let inner = words["code"].as_u64().and_then(|code| u16::try_from(code).ok());
        Some(Self {
            // Within a 200 its own code is the status, where it is one.
            status: match inner {
                Some(inner) if status.is_success() && (400..600).contains(&inner) => inner,
                _ => status.as_u16(),
            },
            code: codes
                .into_iter()
                .filter(|word| !word.is_empty())
                .collect::<Vec<_>>()
                .join(" "),
            prose: prose.to_lowercase(),
        })
    }

    /// Says what follows from it.
    pub(super) fn judge(self) -> Reply {
        let cause = match self.code.as_str() {
            "" => format!("HTTP {}", self.status),
            code => format!("HTTP {} {code}", self.status),
        };
        let has = |word: &str| self.code.contains(word);
        let says = |words: &[&str]| words.iter().any(|word| self.prose.contains(word));
        Reply::Failed(match self.status {
            _ if has("content_filter") || has("content_policy") => ModelError::Refused(cause),
            _ if has("insufficient_quota") || has("billing") || has("model_not_found") => ModelError::Denied(cause),
            400 | 413 | 422 | 500 if has("context_length") || says(&TOO_LONG) => ModelError::TooLong(cause),
            400 | 422 | 500 if says(&["max_completion_tokens"]) => return Reply::NotTaken(NotTaken::Limit, cause),
            400 | 415 | 422 | 500 | 501 if has("response_format") || says(&ABOUT_SCHEMA) => {
                let never = NEVER.iter().any(|word| has(word) || self.prose.contains(word));
                let what = if never { NotTaken::Schema } else { NotTaken::Unsaid };
                return Reply::NotTaken(what, cause);
            }
            400 | 415 | 422 | 501 => return Reply::NotTaken(NotTaken::Unsaid, cause),
            413 => ModelError::TooLong(cause),
            429 | 529 => ModelError::Throttled(cause),
            408 | 504 | 524 => ModelError::TimedOut,
            300..=499 => ModelError::Denied(cause),
            _ => ModelError::Unavailable(cause),
        })
    }
}

/// A word as machines use it; anything else may be a client's, and is left out.
fn machine_word(word: &str) -> String {
    let is_word = word.len() <= 64
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if is_word { word.to_owned() } else { String::new() }
}
