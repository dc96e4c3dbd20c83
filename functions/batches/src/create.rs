//! `POST /v1/batches`: accepts a batch. A 201 means that it is durable and that each of its rows will end. *Source*: contract §7.

use eclips_shared::asked;
use eclips_shared::batch::{BatchStatus, Job, NewBatch, NewRow, ROWS_MAX};
use eclips_shared::body::Fields;
use eclips_shared::error::ApiError;
use eclips_shared::idempotency::Named;
use eclips_shared::ids::BatchId;
use eclips_shared::routes::Operation;
use eclips_shared::serve::{Answer, Call, Incoming, Verb};
use eclips_shared::store::Made;
use http::StatusCode;
use serde::Serialize;

/// *Shape*: `{ "agent_type", "rows": [{ "task", "data"? }], "name"?, "webhook_url"? }`.
pub struct Create {
    batch: NewBatch,
    named: Option<Named>,
}

impl Verb for Create {
    fn read(incoming: &Incoming) -> Result<Self, ApiError> {
        incoming.query.only(&[])?;
        let mut fields = Fields::parse(&incoming.body)?;
        let agent_type = asked::agent_type(&mut fields)?;
        let batch = NewBatch {
            agent_type: agent_type.ok_or_else(|| ApiError::field("agent_type", "agent_type is required"))?,
            rows: rows(&mut fields)?,
            name: asked::batch_name(&mut fields)?,
            webhook_url: asked::receiver_url(&mut fields, "webhook_url", incoming.receivers)?,
        };
        fields.finish()?;
        let named = Named::read(incoming, Operation::BatchCreate)?;
        Ok(Self { batch, named })
    }

    async fn answer(self, call: Call<'_>) -> Result<Answer, ApiError> {
        // Only a route that reads runs beside the limiter and so has no quota yet.
        let quota = call.quota.ok_or(ApiError::Internal)?;
        let (batches, named) = (call.store.batches(), self.named.as_ref());
        match batches
            .create(&call.caller.author(), quota.plan, &self.batch, named)
            .await?
        {
            Made::Now(batch) => Ok(self.accepted(batch)),
            Made::Before(batch) => Ok(self.accepted(batch).as_replay()),
            Made::NameTaken => Err(ApiError::name_taken()),
        }
    }

    async fn replay(self, call: Call<'_>) -> Result<Option<Answer>, ApiError> {
        let Some(named) = &self.named else { return Ok(None) };
        match call.store.batches().made(call.caller.tenant(), named).await? {
            Some(Made::Now(batch) | Made::Before(batch)) => Ok(Some(self.accepted(batch).as_replay())),
            Some(Made::NameTaken) => Err(ApiError::name_taken()),
            None => Ok(None),
        }
    }
}

impl Create {
    /// The batch as it was when it was accepted, however far it is by now: a repeated request gets the same answer.
    fn accepted(&self, id: BatchId) -> Answer {
        let job = Job {
            id,
            name: self.batch.name.clone(),
            agent_type: self.batch.agent_type.to_owned(),
            status: BatchStatus::Pending,
            total_rows: u32::try_from(self.batch.rows.len()).unwrap_or(u32::MAX),
            completed_rows: 0,
            failed_rows: 0,
            cancelled_rows: 0,
            triage_rows: 0,
            created_at: id.created_at(),
            completed_at: None,
        };
        Answer::json(StatusCode::CREATED, &Accepted { job })
    }
}

/// *Shape*: `{ "job" }`.
#[derive(Serialize)]
struct Accepted {
    job: Job,
}

fn rows(fields: &mut Fields) -> Result<Vec<NewRow>, ApiError> {
    let wrong = |message: &str| ApiError::field("rows", message);
    let raw = fields.take("rows").ok_or_else(|| wrong("rows is required"))?;
    let rows: Vec<Fields> = serde_json::from_str(raw.get())
        .map_err(|_| wrong("rows must be a list of objects, no member of which is there twice"))?;
    if rows.is_empty() {
        return Err(wrong("rows is required"));
    }
    if rows.len() > ROWS_MAX {
        return Err(wrong("Maximum 500 rows per batch"));
    }
    let rows = rows.into_iter().enumerate();
    rows.map(|(number, fields)| asked::row(fields).map_err(|error| error.within(&format!("rows[{number}]"))))
        .collect()
}

#[cfg(test)]
mod tests {
    use eclips_shared::receiver::Receivers;

    use super::*;

    fn read(body: &str) -> Result<NewBatch, (String, Option<String>)> {
        let incoming = Incoming {
            body: body.as_bytes().to_vec(),
            ..Incoming::default()
        };
        match Create::read(&incoming) {
            Ok(create) => Ok(create.batch),
            Err(ApiError::Validation { message, field }) => Err((message, field)),
            Err(other) => panic!("{other:?}"),
        }
    }

    fn of(rows: &str) -> String {
        format!(r#"{{"agent_type":"center","rows":{rows}}}"#)
    }

    #[test]
    fn names_what_is_wrong_and_in_which_row() {
        let list = |count: usize| of(&format!("[{}]", vec![r#"{"task":"x"}"#; count].join(",")));
        assert_eq!(read(&list(500)).unwrap().rows.len(), 500);
        let good = r#"{"task":"x"},"#.repeat(17);
        let long = "é".repeat(20_001);
        for (body, field, message) in [
            (
                r#"{"rows":[{"task":"x"}]}"#.to_owned(),
                "agent_type",
                "agent_type is required",
            ),
            (
                r#"{"agent_type":"nobody","rows":[{"task":"x"}]}"#.to_owned(),
                "agent_type",
                "Unknown agent_type",
            ),
            (r#"{"agent_type":"center"}"#.to_owned(), "rows", "rows is required"),
            (of("[]"), "rows", "rows is required"),
            (of("null"), "rows", "rows is required"),
            (list(501), "rows", "Maximum 500 rows per batch"),
            (
                of("{}"),
                "rows",
                "rows must be a list of objects, no member of which is there twice",
            ),
            (
                of("[1]"),
                "rows",
                "rows must be a list of objects, no member of which is there twice",
            ),
            (
                of(r#"[{"task":"x","task":"y"}]"#),
                "rows",
                "rows must be a list of objects, no member of which is there twice",
            ),
            (
                of(&format!("[{good}{{}}]")),
                "rows[17].task",
                "rows[17].task is required",
            ),
            (
                of(&format!("[{good}{{\"task\":\"{long}\"}}]")),
                "rows[17].task",
                "rows[17].task must be at most 20000 characters",
            ),
            (
                of(r#"[{"task":"x","data":[]}]"#),
                "rows[0].data",
                "rows[0].data must be an object",
            ),
            (
                of(r#"[{"task":"x","run_id":"y"}]"#),
                "rows[0].run_id",
                "Unknown field rows[0].run_id",
            ),
            // Called as a part of the message is.
            (of(r#"[{"task":"x","n":1}]"#), "rows[0].n", "Unknown field rows[0].n"),
            (
                of(r#"[{"task":"x","Unknown":1}]"#),
                "rows[0].Unknown",
                "Unknown field rows[0].Unknown",
            ),
            (of(r#"[{"task":"x","":1}]"#), "rows[0].", "Unknown field rows[0]."),
            (
                r#"{"agent_type":"center","rows":[{"task":"x"}],"priority":"high"}"#.to_owned(),
                "priority",
                "Unknown field priority",
            ),
            (
                format!(
                    r#"{{"agent_type":"center","rows":[{{"task":"x"}}],"name":"{}"}}"#,
                    "n".repeat(201)
                ),
                "name",
                "name must be at most 200 characters",
            ),
            (
                r#"{"agent_type":"center","rows":[{"task":"x"}],"webhook_url":"http://a.example"}"#.to_owned(),
                "webhook_url",
                "webhook_url must be https",
            ),
        ] {
            assert_eq!(
                read(&body).unwrap_err(),
                (message.to_owned(), Some(field.to_owned())),
                "{body:.120}"
            );
        }
    }

    #[test]
    fn takes_the_receivers_that_its_function_takes() {
        let body = r#"{"agent_type":"center","rows":[{"task":"x"}],"webhook_url":"http://localhost:9000/"}"#;
        for (receivers, is_taken) in [(Receivers::Public, false), (Receivers::PublicAndLoopback, true)] {
            let incoming = Incoming {
                body: body.into(),
                receivers,
                ..Incoming::default()
            };
            assert_eq!(Create::read(&incoming).is_ok(), is_taken, "{receivers:?}");
        }
    }

    #[test]
    fn trims_tasks_and_keeps_data_byte_for_byte() {
        let batch = read(&of(r#"[{"task":" a \n","data":{"n": 1.10}}]"#)).unwrap();
        assert_eq!(batch.rows[0].task, "a");
        assert_eq!(batch.rows[0].data.as_ref().unwrap().get(), r#"{"n": 1.10}"#);
        assert_eq!(batch.name, None);
    }
}
