//! What clients ask for: task, agent, data, where to post the outcome, what is said to a decision, the row of a batch and its name. Taken
//! from a body's fields, the same for every route and for the dashboard's forms. *Source*: contract §3 and §7.

use eclips_engine::agents;
use serde_json::value::RawValue;

use crate::batch::NewRow;
use crate::body::Fields;
use crate::error::ApiError;
use crate::receiver::{ReceiverUrl, Receivers, Unfit};

/// The longest task, in characters after trimming.
const TASK_CHARS_MAX: usize = 20_000;
/// The largest `data`, in bytes as sent.
const DATA_BYTES_MAX: usize = 128 * 1024;

/// The largest edited output, in bytes as sent; that of a result. *Source*: contract §3.
const OUTPUT_BYTES_MAX: usize = 64 * 1024;
/// The longest note, in characters after trimming. *Source*: contract §5.
const NOTE_CHARS_MAX: usize = 2_000;
/// The longest name of a batch, in characters after trimming. Our choice.
const NAME_CHARS_MAX: usize = 200;

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

/// Takes `note`, what is said to a decision, trimmed; `None` when it is nothing but spaces.
///
/// *Errors*: [`ApiError::Validation`] when it is no string or too long.
pub fn note(fields: &mut Fields) -> Result<Option<String>, ApiError> {
    let text = fields.take_string("note")?.unwrap_or_default();
    let note = text.trim();
    if note.chars().count() > NOTE_CHARS_MAX {
        let message = format!("note must be at most {NOTE_CHARS_MAX} characters");
        return Err(ApiError::field("note", message));
    }
    Ok(Some(note.to_owned()).filter(|note| !note.is_empty()))
}

/// Takes `output`, what is to replace a proposed one, as the bytes that were sent.
///
/// *Errors*: [`ApiError::Validation`] when it is no object or too large.
pub fn output(fields: &mut Fields) -> Result<Option<Box<RawValue>>, ApiError> {
    fields.take_object("output", OUTPUT_BYTES_MAX)
}

/// Takes a row of a batch: `{ "task", "data"? }`.
///
/// *Errors*: those of [`task`] and [`data`], and [`ApiError::Validation`] for a member that a row does not have.
pub fn row(mut fields: Fields) -> Result<NewRow, ApiError> {
    let row = NewRow {
        task: task(&mut fields)?,
        data: data(&mut fields)?,
    };
    fields.finish()?;
    Ok(row)
}

/// Takes `name`, what a batch's owner calls it, trimmed; `None` when it is nothing but spaces.
///
/// *Errors*: [`ApiError::Validation`] when it is no string or too long.
pub fn batch_name(fields: &mut Fields) -> Result<Option<String>, ApiError> {
    let text = fields.take_string("name")?.unwrap_or_default();
    let name = text.trim();
    if name.chars().count() > NAME_CHARS_MAX {
        let message = format!("name must be at most {NAME_CHARS_MAX} characters");
        return Err(ApiError::field("name", message));
    }
    Ok(Some(name.to_owned()).filter(|name| !name.is_empty()))
}

/// Takes a URL to which outcomes are to be posted, as it was sent. What a name in it leads to is judged where it is posted.
///
/// *Errors*: [`ApiError::Validation`] when it is no https URL, or none that we post to; [`ApiError::Unprocessable`] when it names a host
/// that is not on the Internet.
pub fn receiver_url(fields: &mut Fields, name: &'static str, receivers: Receivers) -> Result<Option<String>, ApiError> {
    let Some(text) = fields.take_string(name)? else {
        return Ok(None);
    };
    let Err(unfit) = ReceiverUrl::parse(&text, receivers) else {
        return Ok(Some(text));
    };
    let message = unfit.message().replacen("url", name, 1);
    Err(match unfit {
        Unfit::NotPublic => ApiError::Unprocessable { message, field: name },
        Unfit::TooLong | Unfit::NotHttps | Unfit::Userinfo | Unfit::Fragment | Unfit::Port => {
            ApiError::field(name, message)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(url: &str, receivers: Receivers) -> Result<Option<String>, ApiError> {
        let mut fields = Fields::parse(format!(r#"{{"webhook_url":"{url}"}}"#).as_bytes()).unwrap();
        receiver_url(&mut fields, "webhook_url", receivers)
    }

    #[test]
    fn keeps_a_receivers_url_as_it_was_sent() {
        let text = "HTTPS://Hooks.Example.com:443/a?b=c";
        assert_eq!(url(text, Receivers::Public).unwrap().as_deref(), Some(text));
        let text = "http://localhost:9000/hook";
        assert_eq!(url(text, Receivers::PublicAndLoopback).unwrap().as_deref(), Some(text));
        let mut none = Fields::parse(b"{}").unwrap();
        assert!(receiver_url(&mut none, "url", Receivers::Public).unwrap().is_none());
    }

    #[test]
    fn a_wrong_form_is_a_400_that_names_the_field() {
        for (text, message) in [
            ("", "webhook_url must be https"),
            ("http://localhost:9000/hook", "webhook_url must be https"),
            (
                "https://a@example.com/",
                "webhook_url must have no user name and no password",
            ),
            ("https://example.com/#url", "webhook_url must have no fragment"),
            (
                "https://example.com:22/",
                "webhook_url must have port 443 or a port from 1024 on",
            ),
        ] {
            match url(text, Receivers::Public) {
                Err(ApiError::Validation { message: said, field }) => {
                    assert_eq!(
                        (said.as_str(), field.as_deref()),
                        (message, Some("webhook_url")),
                        "{text}"
                    );
                }
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_host_that_is_not_public_is_a_422_that_names_the_field() {
        for text in [
            "https://169.254.169.254/",
            "https://localhost/",
            "https://metadata.google.internal/",
        ] {
            match url(text, Receivers::PublicAndLoopback) {
                Err(ApiError::Unprocessable { message, field }) => {
                    assert_eq!(
                        (message.as_str(), field),
                        ("webhook_url must name a public host", "webhook_url")
                    );
                }
                other => panic!("{text}: {other:?}"),
            }
        }
    }
}
