//! `POST /v1/run`: accepts a run. A 202 means that it is durable and will end. *Source*: contract §3.

use eclips_engine::agents;
use eclips_shared::asked;
use eclips_shared::body::Fields;
use eclips_shared::error::ApiError;
use eclips_shared::idempotency::Named;
use eclips_shared::ids::RunId;
use eclips_shared::routes::Operation;
use eclips_shared::run::{NewRun, Priority, Status};
use eclips_shared::serve::{Answer, Call, Incoming, Verb};
use eclips_shared::store::Made;
use http::StatusCode;
use serde::Serialize;

/// *Shape*: `{ "task", "agent_type"?, "data"?, "priority"?, "webhook_url"? }`.
pub struct Create {
    run: NewRun,
    named: Option<Named>,
}

impl Verb for Create {
    fn read(incoming: &Incoming) -> Result<Self, ApiError> {
        incoming.query.only(&[])?;
        let mut fields = Fields::parse(&incoming.body)?;
        let run = NewRun {
            task: asked::task(&mut fields)?,
            agent_type: asked::agent_type(&mut fields)?.unwrap_or(agents::DEFAULT),
            data: asked::data(&mut fields)?,
            priority: priority(&mut fields)?,
            webhook_url: asked::receiver_url(&mut fields, "webhook_url", incoming.receivers)?,
        };
        fields.finish()?;
        let named = Named::read(incoming, Operation::RunCreate)?;
        Ok(Self { run, named })
    }

    async fn answer(self, call: Call<'_>) -> Result<Answer, ApiError> {
        // Only a route that reads runs beside the limiter and so has no quota yet.
        let quota = call.quota.ok_or(ApiError::Internal)?;
        let named = self.named.as_ref();
        let made = call
            .store
            .runs()
            .create(&call.caller.author(), quota.plan, &self.run, named)
            .await?;
        match made {
            Made::Now(run) => Ok(self.accepted(run)),
            Made::Before(run) => Ok(self.again(run)),
            Made::NameTaken => Err(ApiError::name_taken()),
        }
    }

    async fn replay(self, call: Call<'_>) -> Result<Option<Answer>, ApiError> {
        let Some(named) = &self.named else { return Ok(None) };
        match call.store.runs().made(call.caller.tenant(), named).await? {
            Some(Made::Now(run) | Made::Before(run)) => Ok(Some(self.again(run))),
            Some(Made::NameTaken) => Err(ApiError::name_taken()),
            None => Ok(None),
        }
    }
}

impl Create {
    fn accepted(&self, run_id: RunId) -> Answer {
        let accepted = Accepted {
            run_id,
            status: Status::Queued,
            // Where the run was made before, the request is the same, and so the agent is.
            agent_type: self.run.agent_type,
            estimated_completion: "async",
        };
        Answer::json(StatusCode::ACCEPTED, &accepted)
    }

    fn again(&self, run: RunId) -> Answer {
        self.accepted(run).as_replay()
    }
}

/// *Shape*: `{ "run_id", "status": "queued", "agent_type", "estimated_completion": "async" }`.
#[derive(Serialize)]
struct Accepted {
    run_id: RunId,
    status: Status,
    agent_type: &'static str,
    estimated_completion: &'static str,
}

fn priority(fields: &mut Fields) -> Result<Priority, ApiError> {
    let Some(word) = fields.take_string("priority")? else {
        return Ok(Priority::Normal);
    };
    Priority::parse(&word).ok_or_else(|| {
        ApiError::field(
            "priority",
            "priority must be one of low, normal, high, urgent, critical",
        )
    })
}

#[cfg(test)]
mod tests {
    use eclips_shared::receiver::Receivers;

    use super::*;

    fn read(body: &str) -> Result<NewRun, (String, Option<String>)> {
        let incoming = Incoming {
            body: body.as_bytes().to_vec(),
            ..Incoming::default()
        };
        match Create::read(&incoming) {
            Ok(create) => Ok(create.run),
            Err(ApiError::Validation { message, field }) => Err((message, field)),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn fills_in_what_is_left_out() {
        let run = read(r#"{"task":"  Get quotes \n"}"#).unwrap();
        assert_eq!(
            (run.task.as_str(), run.agent_type, run.priority),
            ("Get quotes", "center", Priority::Normal)
        );
        assert!(run.data.is_none() && run.webhook_url.is_none());
    }

    #[test]
    fn names_the_field_that_is_wrong() {
        let long_url = format!("https://example.com/{}", "x".repeat(2_048));
        for (body, field, message) in [
            (r#"{}"#, Some("task"), "task is required"),
            (r#"{"task":" \t\n "}"#, Some("task"), "task is required"),
            (r#"{"task":null}"#, Some("task"), "task is required"),
            (r#"{"task":7}"#, Some("task"), "task must be a string"),
            (
                r#"{"task":"x","agent_type":"nobody"}"#,
                Some("agent_type"),
                "Unknown agent_type",
            ),
            (
                r#"{"task":"x","agent_type":"Center"}"#,
                Some("agent_type"),
                "Unknown agent_type",
            ),
            (r#"{"task":"x","data":[1]}"#, Some("data"), "data must be an object"),
            (r#"{"task":"x","data":"{}"}"#, Some("data"), "data must be an object"),
            (
                r#"{"task":"x","priority":"HIGH"}"#,
                Some("priority"),
                "priority must be one of low, normal, high, urgent, critical",
            ),
            (
                r#"{"task":"x","webhook_url":"http://example.com/"}"#,
                Some("webhook_url"),
                "webhook_url must be https",
            ),
            (
                r#"{"task":"x","webhook_url":"example.com"}"#,
                Some("webhook_url"),
                "webhook_url must be https",
            ),
            (
                r#"{"task":"x","webhook_url":""}"#,
                Some("webhook_url"),
                "webhook_url must be https",
            ),
            (r#"{"task":"x","org_id":"y"}"#, Some("org_id"), "Unknown field org_id"),
            (
                &format!(r#"{{"task":"x","webhook_url":"{long_url}"}}"#),
                Some("webhook_url"),
                "webhook_url must be at most 2048 characters",
            ),
            (
                &format!(r#"{{"task":"{}"}}"#, "é".repeat(20_001)),
                Some("task"),
                "task must be at most 20000 characters",
            ),
            (
                &format!(r#"{{"task":"x","data":{{"a":"{}"}}}}"#, "y".repeat(128 * 1024)),
                Some("data"),
                "data must be at most 128 KiB",
            ),
            (r#"[]"#, None, "Request body must be a JSON object"),
            (r#"{"task":"x","task":"y"}"#, None, "Request body has a duplicate field"),
        ] {
            assert_eq!(
                read(body).unwrap_err(),
                (message.to_owned(), field.map(str::to_owned)),
                "{body:.80}"
            );
        }
        assert!(read(&format!(r#"{{"task":"{}"}}"#, "é".repeat(20_000))).is_ok());
    }

    #[test]
    fn takes_the_receivers_that_its_function_takes() {
        let body = br#"{"task":"x","webhook_url":"http://localhost:9000/"}"#;
        for (receivers, is_taken) in [(Receivers::Public, false), (Receivers::PublicAndLoopback, true)] {
            let incoming = Incoming {
                body: body.to_vec(),
                receivers,
                ..Incoming::default()
            };
            assert_eq!(Create::read(&incoming).is_ok(), is_taken, "{receivers:?}");
        }
    }

    #[test]
    fn keeps_data_byte_for_byte() {
        let run = read(r#"{"task":"x","data":{"n": 12345678901234567890123,"f":1.10}}"#).unwrap();
        assert_eq!(run.data.unwrap().get(), r#"{"n": 12345678901234567890123,"f":1.10}"#);
    }
}
