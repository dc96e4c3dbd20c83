//! `POST /v1/webhooks`: makes a webhook; its secret is in this answer and in no later one. *Source*: contract §6.

use eclips_shared::asked;
use eclips_shared::body::Fields;
use eclips_shared::error::ApiError;
use eclips_shared::ids::WebhookId;
use eclips_shared::serve::{Answer, Call, Incoming, Verb};
use eclips_shared::store::{Actor, NewWebhook, place_of_secret};
use eclips_shared::time::Timestamp;
use eclips_shared::webhook::{SigningSecret, Topic, WEBHOOKS_MAX, WebhookStatus, topics};
use http::StatusCode;
use serde::Serialize;

/// *Shape*: `{ "url", "events" }`.
#[derive(Debug)]
pub struct Create {
    url: String,
    topics: Vec<Topic>,
}

impl Verb for Create {
    fn read(incoming: &Incoming) -> Result<Self, ApiError> {
        incoming.query.only(&[])?;
        let mut fields = Fields::parse(&incoming.body)?;
        let url = asked::receiver_url(&mut fields, "url", incoming.receivers)?;
        let create = Self {
            url: url.ok_or_else(|| ApiError::field("url", "url is required"))?,
            topics: events(&mut fields)?,
        };
        fields.finish()?;
        Ok(create)
    }

    async fn answer(self, call: Call<'_>) -> Result<Answer, ApiError> {
        let (tenant, vault) = (call.caller.tenant(), call.vault.ok_or(ApiError::Internal)?);
        let (id, secret) = (WebhookId::generate(), SigningSecret::generate());
        let new = NewWebhook {
            id,
            secret: vault.seal(&place_of_secret(tenant, id), &secret).await?,
            url: self.url,
            topics: self.topics,
            created_at: Timestamp::now(),
        };
        let author = call.caller.author();
        let by = Actor::Key(author.key.clone());
        if !call.store.webhooks().create(&author, &by, &new).await? {
            return Err(ApiError::Unprocessable {
                message: format!("At most {WEBHOOKS_MAX} webhooks per organization"),
                field: "url",
            });
        }
        let created = Created {
            id,
            url: &new.url,
            events: &new.topics,
            secret: secret.reveal(),
            status: WebhookStatus::Active,
            created_at: new.created_at,
        };
        Ok(Answer::json(StatusCode::CREATED, &created))
    }
}

/// *Shape*: `{ "id", "url", "events", "secret", "status": "active", "created_at" }`.
#[derive(Serialize)]
struct Created<'a> {
    id: WebhookId,
    url: &'a str,
    events: &'a [Topic],
    secret: &'a str,
    status: WebhookStatus,
    created_at: Timestamp,
}

fn events(fields: &mut Fields) -> Result<Vec<Topic>, ApiError> {
    let wrong = |message: &str| ApiError::field("events", message);
    let raw = fields.take("events").ok_or_else(|| wrong("events is required"))?;
    let words: Vec<String> = serde_json::from_str(raw.get()).map_err(|_| wrong("events must be a list of strings"))?;
    if words.is_empty() {
        return Err(wrong("events is required"));
    }
    topics(&words).ok_or_else(|| {
        let known: Vec<&str> = Topic::ALL.iter().map(|topic| topic.as_str()).collect();
        wrong(&format!("events must be among {}", known.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Create, ApiError> {
        Create::read(&Incoming {
            body: body.as_bytes().to_vec(),
            ..Incoming::default()
        })
    }

    #[test]
    fn takes_each_event_once() {
        let read =
            read(r#"{"url":"https://example.com/hook?x=1","events":["run.failed","run.completed","run.failed"]}"#);
        let create = read.unwrap();
        assert_eq!(create.url, "https://example.com/hook?x=1");
        assert_eq!(create.topics, [Topic::RunCompleted, Topic::RunFailed]);
    }

    #[test]
    fn names_the_field_that_is_wrong() {
        let known = "events must be among run.completed, run.failed, run.triage_required, batch.completed";
        for (body, field, message) in [
            (r#"{}"#, "url", "url is required"),
            (r#"{"url":7,"events":["run.failed"]}"#, "url", "url must be a string"),
            (
                r#"{"url":"http://example.com","events":["run.failed"]}"#,
                "url",
                "url must be https",
            ),
            (
                r#"{"url":"example.com","events":["run.failed"]}"#,
                "url",
                "url must be https",
            ),
            (r#"{"url":"https://example.com"}"#, "events", "events is required"),
            (
                r#"{"url":"https://example.com","events":[]}"#,
                "events",
                "events is required",
            ),
            (
                r#"{"url":"https://example.com","events":null}"#,
                "events",
                "events is required",
            ),
            (
                r#"{"url":"https://example.com","events":"run.failed"}"#,
                "events",
                "events must be a list of strings",
            ),
            (
                r#"{"url":"https://example.com","events":[1]}"#,
                "events",
                "events must be a list of strings",
            ),
            (
                r#"{"url":"https://example.com","events":["run.failed","run.started"]}"#,
                "events",
                known,
            ),
            (
                r#"{"url":"https://example.com","events":["run.failed"],"secret":"x"}"#,
                "secret",
                "Unknown field secret",
            ),
        ] {
            match read(body).unwrap_err() {
                ApiError::Validation {
                    message: said,
                    field: named,
                } => {
                    assert_eq!((said.as_str(), named.as_deref()), (message, Some(field)), "{body}");
                }
                other => panic!("{body}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_private_address_is_well_formed_and_impossible() {
        for url in [
            "https://127.0.0.1/",
            "https://10.1.2.3:8443/x",
            "https://[::1]/",
            "https://localhost/",
        ] {
            let body = format!(r#"{{"url":"{url}","events":["run.failed"]}}"#);
            assert!(
                matches!(read(&body), Err(ApiError::Unprocessable { field: "url", .. })),
                "{url}"
            );
        }
    }
}
