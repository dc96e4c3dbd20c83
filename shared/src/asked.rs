//! What clients ask for: task, agent, data, where to post the outcome. Taken from a body's fields, the same for a run and for the row of
//! a batch. *Source*: contract §3 and §7.

use eclips_engine::agents;
use http::Uri;
use serde_json::value::RawValue;

use crate::body::Fields;
use crate::error::ApiError;

/// The longest task, in characters after trimming.
const TASK_CHARS_MAX: usize = 20_000;
/// The largest `data`, in bytes as sent.
const DATA_BYTES_MAX: usize = 128 * 1024;
/// The longest `webhook_url`, in characters.
const WEBHOOK_URL_CHARS_MAX: usize = 2_048;

/// Takes `task`, trimmed.
///
/// *Errors*: [`ApiError::Validation`] when it is absent, blank, too long or no string.
pub fn task(fields: &mut Fields) -> Result<String, ApiError> {
    let text = fields.take_string("task")?.unwrap_or_default();
    let task = text.trim();
    if task.is_empty() {
        return Err(ApiError::field("task", "task is required"));
    }
    if task.chars().count() > TASK_CHARS_MAX {
        return Err(ApiError::field(
            "task",
            format!("task must be at most {TASK_CHARS_MAX} characters"),
        ));
    }
    Ok(task.to_owned())
}

/// Takes `data`, an object, as the bytes that were sent.
///
/// *Errors*: [`ApiError::Validation`] when it is no object or too large.
pub fn data(fields: &mut Fields) -> Result<Option<Box<RawValue>>, ApiError> {
    fields.take_object("data", DATA_BYTES_MAX)
}

/// Takes `agent_type`; `None` when absent.
///
/// *Errors*: [`ApiError::Validation`] when there is no such agent.
pub fn agent_type(fields: &mut Fields) -> Result<Option<&'static str>, ApiError> {
    let Some(asked) = fields.take_string("agent_type")? else {
        return Ok(None);
    };
    let agent = agents::find(&asked).ok_or_else(|| ApiError::field("agent_type", "Unknown agent_type"))?;
    Ok(Some(agent.id))
}

/// Takes `webhook_url`. Checks the form only: which addresses are allowed is judged where the webhook is sent.
///
/// *Errors*: [`ApiError::Validation`] when it is no https URL or too long.
pub fn webhook_url(fields: &mut Fields) -> Result<Option<String>, ApiError> {
    let Some(text) = fields.take_string("webhook_url")? else {
        return Ok(None);
    };
    let wrong = |message: String| Err(ApiError::field("webhook_url", message));
    if text.chars().count() > WEBHOOK_URL_CHARS_MAX {
        return wrong(format!(
            "webhook_url must be at most {WEBHOOK_URL_CHARS_MAX} characters"
        ));
    }
    match text.parse::<Uri>() {
        Ok(url) if url.scheme_str() == Some("https") && url.host().is_some_and(|host| !host.is_empty()) => {
            Ok(Some(text))
        }
        _ => wrong("webhook_url must be https".to_owned()),
    }
}
