//! `GET /runs/new` and `POST /runs`: a new run, with the rules that the API has for one. A form makes one run, however often it is sent.

use askama::Template;
use eclips_engine::agents;
use eclips_shared::asked;
use eclips_shared::auth::Author;
use eclips_shared::idempotency::{Named, fingerprint};
use eclips_shared::ids::FormId;
use eclips_shared::run::{NewRun, Priority};
use eclips_shared::store::Made;
use http::StatusCode;

use super::path_of;
use crate::agents::{Department, departments};
use crate::answer::Answer;
use crate::draft::{Body, Fault, Faults};
use crate::form::Fields;
use crate::frame::{Frame, Section};
use crate::guard::{FORM_TOKEN, Member};
use crate::pages::Outcome;
use crate::place::Place;
use crate::refusal::Refusal;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "runs/new.html")]
struct NewRunPage {
    frame: Frame,
    action: String,
    form_id: String,
    draft: Draft,
    departments: Vec<Department>,
    priorities: Vec<&'static str>,
    faults: Faults,
}

/// What a person typed.
struct Draft {
    task: String,
    data: String,
    agent: String,
    priority: String,
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
    page(
        member,
        Place::read(visit)?,
        FormId::generate(),
        draft,
        Faults::default(),
    )
}

/// Starts the run and leads to its page, or shows the form once more with what is wrong.
pub async fn answer(visit: &Visit<'_>, member: &Member, form: Fields) -> Outcome {
    form.only(&[FORM_TOKEN, "form_id", "task", "data", "agent", "priority"])?;
    let (place, form_id) = (
        Place::read(visit)?,
        form.one("form_id")?.and_then(FormId::parse).ok_or(Refusal::BadForm)?,
    );
    let draft = Draft {
        task: form.text("task")?,
        data: form.text("data")?,
        agent: form.text("agent")?,
        priority: form.text("priority")?,
    };
    let priority = Priority::parse(&draft.priority).ok_or(Refusal::BadForm)?;
    let (new, asked) = match read(&draft, priority) {
        Ok(read) => read,
        Err(fault) => return page(member, place, form_id, draft, fault.into()),
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
        Made::NameTaken => page(member, place, FormId::generate(), draft, Faults::default()),
    }
}

/// Reads the draft as the API reads a body, and gives what a second sending is known by.
fn read(draft: &Draft, priority: Priority) -> Result<(NewRun, String), Fault> {
    let body = Body::default()
        .text("task", &draft.task)
        .text("agent_type", &draft.agent)
        .json("data", &draft.data)?;
    let mut fields = body.fields()?;
    let new = NewRun {
        task: asked::task(&mut fields)?,
        agent_type: asked::agent_type(&mut fields)?.unwrap_or(agents::DEFAULT),
        data: asked::data(&mut fields)?,
        priority,
        webhook_url: None,
    };
    Ok((new, format!("{}{}", body.bytes(), priority.as_str())))
}

fn page(member: &Member, place: Place, form_id: FormId, draft: Draft, faults: Faults) -> Outcome {
    let (title, status) = match faults.is_empty() {
        true => ("New run", StatusCode::OK),
        false => ("Error: New run", StatusCode::UNPROCESSABLE_ENTITY),
    };
    let page = NewRunPage {
        frame: Frame::of_data(title, Section::Runs, member, place, "/runs/new"),
        action: place.at("/runs"),
        form_id: form_id.to_string(),
        draft,
        departments: departments(),
        priorities: Priority::ALL.iter().map(|priority| priority.as_str()).collect(),
        faults,
    };
    Answer::page(status, &page)
}
