//! `GET /runs/new` and `POST /runs`: a new run, with the rules that the API has for one. A form makes one run, however often it is sent.

use askama::Template;
use eclips_engine::agents::{self, Agent};
use eclips_shared::asked;
use eclips_shared::auth::Author;
use eclips_shared::body;
use eclips_shared::error::ApiError;
use eclips_shared::idempotency::{Named, fingerprint};
use eclips_shared::ids::FormId;
use eclips_shared::run::{NewRun, Priority};
use eclips_shared::store::Made;
use http::StatusCode;
use serde_json::json;

use super::path_of;
use crate::answer::Answer;
use crate::form::Fields;
use crate::frame::{Frame, Section};
use crate::guard::{FORM_TOKEN, Member, Visit};
use crate::pages::Outcome;
use crate::place::Place;
use crate::refusal::Refusal;

/// The agents of a department.
struct Group {
    name: &'static str,
    agents: Vec<&'static Agent>,
    /// The one that is chosen is among them.
    is_open: bool,
}

#[derive(Template)]
#[template(path = "runs/new.html")]
struct NewRunPage {
    frame: Frame,
    action: String,
    form_id: String,
    draft: Draft,
    groups: Vec<Group>,
    priorities: Vec<&'static str>,
    fault: Option<Fault>,
}

/// What a person typed.
struct Draft {
    task: String,
    data: String,
    agent: String,
    priority: String,
}

/// What is wrong with it.
struct Fault {
    field: String,
    text: String,
}

impl NewRunPage {
    /// What is wrong with a field, for the template.
    fn fault_of(&self, field: &str) -> Option<&str> {
        let fault = self.fault.as_ref().filter(|fault| fault.field == field);
        fault.map(|fault| fault.text.as_str())
    }
}

/// Shows the form; `?agent=` chooses one.
pub async fn show(visit: &Visit<'_>, member: &Member) -> Outcome {
    let agent = visit.query.one("agent")?.unwrap_or(agents::DEFAULT);
    let draft = Draft {
        task: String::new(),
        data: String::new(),
        agent: agents::find(agent).ok_or(Refusal::NotFound)?.id.to_owned(),
        priority: Priority::Normal.as_str().to_owned(),
    };
    page(member, Place::read(visit)?, FormId::generate(), draft, None)
}

/// Starts the run and leads to its page, or shows the form once more with what is wrong.
pub async fn answer(visit: &Visit<'_>, member: &Member, form: Fields) -> Outcome {
    form.only(&[FORM_TOKEN, "form_id", "task", "data", "agent", "priority"])?;
    let (place, form_id) = (
        Place::read(visit)?,
        form.one("form_id")?.and_then(FormId::parse).ok_or(Refusal::BadForm)?,
    );
    let text = |name| form.one(name).map(|value| value.unwrap_or_default().to_owned());
    let draft = Draft {
        task: text("task")?,
        data: text("data")?,
        agent: text("agent")?,
        priority: text("priority")?,
    };
    let priority = Priority::parse(&draft.priority).ok_or(Refusal::BadForm)?;
    let (new, asked) = match read(&draft, priority) {
        Ok(read) => read,
        Err(fault) => return page(member, place, form_id, draft, Some(fault)),
    };
    let named = Named {
        name: form_id.to_string(),
        fingerprint: fingerprint("form", &asked),
    };
    let author = Author::person(place.tenant(member), &visit.request_id);
    let runs = visit.app.store.runs();
    match runs.create(&author, member.standing.plan, &new, Some(&named)).await? {
        Made::Now(run) | Made::Before(run) => Ok(Answer::see_other(&place.at(&path_of(run)))),
        // The same form with other words in it: it was sent from the browser's memory.
        Made::NameTaken => page(member, place, FormId::generate(), draft, None),
    }
}

/// Reads the draft as the API reads a body, and gives that body too.
fn read(draft: &Draft, priority: Priority) -> Result<(NewRun, String), Fault> {
    // Browsers send the ends of lines as forms have them.
    let task = draft.task.replace("\r\n", "\n");
    let mut asked = json!({ "task": task, "agent_type": draft.agent }).to_string();
    if !draft.data.trim().is_empty() {
        asked.truncate(asked.len() - 1);
        asked.push_str(&format!(r#","data":{}}}"#, draft.data.trim()));
    }
    let in_words = |error: ApiError| match error {
        ApiError::Validation { message, field } => Fault {
            field: field.unwrap_or_else(|| "data".to_owned()),
            text: message,
        },
        _ => Fault {
            field: "data".to_owned(),
            text: "This is no JSON object.".to_owned(),
        },
    };
    let fields = body::Fields::parse(asked.as_bytes());
    let mut fields = fields.map_err(|_| Fault {
        field: "data".to_owned(),
        text: "This is no JSON object.".to_owned(),
    })?;
    let new = NewRun {
        task: asked::task(&mut fields).map_err(in_words)?,
        agent_type: asked::agent_type(&mut fields)
            .map_err(in_words)?
            .unwrap_or(agents::DEFAULT),
        data: asked::data(&mut fields).map_err(in_words)?,
        priority,
        webhook_url: None,
    };
    fields.finish().map_err(in_words)?;
    Ok((new, format!("{asked}{}", priority.as_str())))
}

fn page(member: &Member, place: Place, form_id: FormId, draft: Draft, fault: Option<Fault>) -> Outcome {
    let (title, status) = match fault {
        None => ("New run", StatusCode::OK),
        Some(_) => ("Error: New run", StatusCode::UNPROCESSABLE_ENTITY),
    };
    let mut groups: Vec<Group> = Vec::new();
    for agent in agents::all() {
        let name = agent.department.name();
        if groups.last().is_none_or(|group| group.name != name) {
            groups.push(Group {
                name,
                agents: Vec::new(),
                is_open: false,
            });
        }
        if let Some(group) = groups.last_mut() {
            group.is_open |= agent.id == draft.agent;
            group.agents.push(agent);
        }
    }
    let page = NewRunPage {
        frame: Frame::of_data(title, Section::Runs, member, place, "/runs/new"),
        action: place.at("/runs"),
        form_id: form_id.to_string(),
        draft,
        groups,
        priorities: Priority::ALL.iter().map(|priority| priority.as_str()).collect(),
        fault,
    };
    Answer::page(status, &page)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(task: &str, data: &str) -> Draft {
        Draft {
            task: task.to_owned(),
            data: data.to_owned(),
            agent: "center".to_owned(),
            priority: "normal".to_owned(),
        }
    }

    #[test]
    fn a_draft_is_read_as_a_body_of_the_api_is() {
        let (new, _) = read(&draft("Say\r\nhello", r#" {"n": 1.10} "#), Priority::Normal)
            .ok()
            .unwrap();
        assert_eq!((new.task.as_str(), new.agent_type), ("Say\nhello", "center"));
        assert_eq!(new.data.unwrap().get(), r#"{"n": 1.10}"#);
        for (task, data, field) in [
            ("", "", "task"),
            ("x", "[1]", "data"),
            ("x", "{", "data"),
            // Whoever closes the object himself adds no field of his own.
            ("x", r#"{},"priority":"critical""#, "priority"),
            ("x", r#"{},"task":"y""#, "data"),
        ] {
            let fault = read(&draft(task, data), Priority::Normal).err().unwrap();
            assert_eq!(fault.field, field, "{data}: {}", fault.text);
        }
    }
}
