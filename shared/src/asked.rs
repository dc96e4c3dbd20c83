//! What clients ask for: task, agent, data, where to post the outcome. Taken from a body's fields, the same for a run and for the row of
//! a batch. *Source*: contract §3 and §7.

use eclips_engine::agents;
use serde_json::value::RawValue;

use crate::body::Fields;
use crate::error::ApiError;
use crate::receiver::{ReceiverUrl, Receivers, Unfit};

/// The longest task, in characters after trimming.
const TASK_CHARS_MAX: usize = 20_000;
/// The largest `data`, in bytes as sent.
const DATA_BYTES_MAX: usize = 128 * 1024;

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

/// Takes a URL to which outcomes are to be posted. What a name in it leads to is judged where it is posted.
///
/// *Errors*: [`ApiError::Validation`] when it is no https URL, or none that we post to; [`ApiError::Unprocessable`] when it names a host
/// that is not on the Internet.
pub fn receiver_url(
    fields: &mut Fields,
    name: &'static str,
    receivers: Receivers,
) -> Result<Option<String>, ApiError> {
    let Some(text) = fields.take_string(name)? else {
        return Ok(None);
    };
    let Err(unfit) = ReceiverUrl::parse(&text, receivers) else {
        return Ok(Some(text));
    };
    let message = unfit.message().replacen("url", name, 1);
    Err(match unfit {
        Unfit::NotPublic => ApiError::Unprocessable { message, field: name },
        _ => ApiError::field(name, message),
    })
}
