//! `GET /batches/new`, `POST /batches/preview` and `POST /batches`: a new batch from a table. The table is looked at first: which
//! column is what, what the first rows will be, what is wrong in which line. Nothing is kept meanwhile but in the page itself. A form
//! makes one batch, however often it is sent.

use askama::Template;
use eclips_engine::agents::{self, Agent};
use eclips_shared::asked;
use eclips_shared::auth::Author;
use eclips_shared::batch::{NewBatch, NewRow};
use eclips_shared::idempotency::{Named, fingerprint};
use eclips_shared::ids::FormId;
use eclips_shared::store::Made;
use http::StatusCode;

use super::path_of;
use super::table::{LineFault, Mapping, Table};
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

/// Rows that the preview shows.
const ROWS_SHOWN: usize = 5;
/// Faults that it shows.
const FAULTS_SHOWN: usize = 25;
/// Cells of each column that it shows.
const SAMPLES: usize = 3;

#[derive(Template)]
#[template(path = "batches/new.html")]
struct NewBatchPage {
    frame: Frame,
    action: String,
    draft: Draft,
    departments: Vec<Department>,
    faults: Faults,
}

#[derive(Template)]
#[template(path = "batches/preview.html")]
struct PreviewPage {
    frame: Frame,
    start: String,
    preview: String,
    form_id: String,
    draft: Draft,
    agent: &'static Agent,
    columns: Vec<ColumnView>,
    rows: Vec<RowView>,
    total: usize,
    faults: Vec<LineFault>,
    faults_more: usize,
}

/// A column, to be chosen for something.
struct ColumnView {
    number: usize,
    name: String,
    samples: String,
    is_task: bool,
    goes_along: bool,
}

/// A row as it will be.
struct RowView {
    line: u64,
    task: String,
    data: String,
}

/// What a person typed and uploaded.
struct Draft {
    name: String,
    agent: String,
    table: String,
}

/// What becomes of it.
struct Plan {
    name: Option<String>,
    agent: &'static Agent,
    table: Table,
    mapping: Mapping,
    rows: Vec<NewRow>,
    faults: Vec<LineFault>,
}

/// Shows the form; `?agent=` chooses one.
pub async fn show(visit: &Visit<'_>, member: &Member) -> Outcome {
    let agent = visit.query.one("agent")?.unwrap_or(agents::DEFAULT);
    let draft = Draft {
        name: String::new(),
        agent: agents::find(agent).ok_or(Refusal::NotFound)?.id.to_owned(),
        table: String::new(),
    };
    new_page(member, Place::read(visit)?, draft, Faults::default())
}

/// Shows what would become of the table, or the form once more with what is wrong.
pub async fn preview(visit: &Visit<'_>, member: &Member, form: Fields) -> Outcome {
    let (place, form_id, draft) = (Place::read(visit)?, form_id(&form)?, draft(&form)?);
    match plan(&draft, &form)? {
        Ok(plan) => preview_page(member, place, form_id.unwrap_or_else(FormId::generate), draft, plan),
        Err(faults) => new_page(member, place, draft, faults),
    }
}

/// Makes the batch and leads to its page, or shows once more what is wrong.
pub async fn answer(visit: &Visit<'_>, member: &Member, form: Fields) -> Outcome {
    let place = Place::read(visit)?;
    let (form_id, draft) = (form_id(&form)?.ok_or(Refusal::BadForm)?, draft(&form)?);
    let plan = match plan(&draft, &form)? {
        Ok(plan) if plan.faults.is_empty() => plan,
        Ok(plan) => return preview_page(member, place, form_id, draft, plan),
        Err(faults) => return new_page(member, place, draft, faults),
    };
    let asked = (
        &draft.name,
        &draft.agent,
        &draft.table,
        plan.mapping.task,
        &plan.mapping.data,
    );
    let asked = serde_json::to_string(&asked).map_err(|_| Refusal::Internal)?;
    let named = Named {
        name: form_id.to_string(),
        fingerprint: fingerprint("form", &asked),
    };
    let new = NewBatch {
        agent_type: plan.agent.id,
        name: plan.name,
        rows: plan.rows,
        webhook_url: None,
    };
    let author = Author::person(place.tenant(member), &visit.request_id);
    let batches = visit.app.store.batches();
    match batches
        .create(&author, member.standing.plan, &new, Some(&named))
        .await?
    {
        Made::Now(batch) | Made::Before(batch) => Ok(Answer::see_other(&place.at(&path_of(&batch)))),
        // The same form with something else in it: it was sent from the browser's memory.
        Made::NameTaken => new_page(member, place, draft, Faults::default()),
    }
}

fn form_id(form: &Fields) -> Result<Option<FormId>, Refusal> {
    let id = form.one("form_id")?;
    id.map(|id| FormId::parse(id).ok_or(Refusal::BadForm)).transpose()
}

fn draft(form: &Fields) -> Result<Draft, Refusal> {
    form.only(&[FORM_TOKEN, "form_id", "name", "agent", "table", "task", "data"])?;
    if form.one("table")?.is_none() {
        return Err(Refusal::BadForm);
    }
    Ok(Draft {
        name: form.text("name")?,
        agent: form.text("agent")?,
        table: form.text("table")?,
    })
}

/// Reads all of it.
///
/// *Errors*: what the first form has to mend.
fn plan(draft: &Draft, form: &Fields) -> Result<Result<Plan, Faults>, Refusal> {
    let (name, agent) = match read(draft) {
        Ok(read) => read,
        Err(fault) => return Ok(Err(fault.into())),
    };
    let table = match Table::read(&draft.table) {
        Ok(table) => table,
        Err(text) => return Ok(Err(Fault::new("table", text).into())),
    };
    let mapping = mapping(form, &table)?;
    let (rows, faults) = table.rows(&mapping);
    Ok(Ok(Plan {
        name,
        agent,
        table,
        mapping,
        rows,
        faults,
    }))
}

/// Reads name and agent as the API reads them.
fn read(draft: &Draft) -> Result<(Option<String>, &'static Agent), Fault> {
    let body = Body::default()
        .text("name", &draft.name)
        .text("agent_type", &draft.agent);
    let mut fields = body.fields()?;
    let agent = asked::agent_type(&mut fields)?.and_then(agents::find);
    let agent = agent.ok_or_else(|| Fault::new("agent_type", "agent_type is required"))?;
    Ok((asked::batch_name(&mut fields)?, agent))
}

/// Which column is what: as it was chosen, or as usual where nothing was.
fn mapping(form: &Fields, table: &Table) -> Result<Mapping, Refusal> {
    let column = |text: &str| {
        let number = text.parse().ok();
        number
            .filter(|number| *number < table.columns.len())
            .ok_or(Refusal::BadForm)
    };
    match form.one("task")? {
        None => Ok(Mapping::usual(table)),
        Some(task) => Ok(Mapping {
            task: column(task)?,
            data: form.all("data").map(column).collect::<Result<_, _>>()?,
        }),
    }
}

fn new_page(member: &Member, place: Place, draft: Draft, faults: Faults) -> Outcome {
    let (title, status) = match faults.is_empty() {
        true => ("New batch", StatusCode::OK),
        false => ("Error: New batch", StatusCode::UNPROCESSABLE_ENTITY),
    };
    let page = NewBatchPage {
        frame: Frame::of_data(title, Section::Batches, member, place, "/batches/new"),
        action: place.at("/batches/preview"),
        draft,
        departments: departments(),
        faults,
    };
    Answer::page(status, &page)
}

fn preview_page(member: &Member, place: Place, form_id: FormId, draft: Draft, plan: Plan) -> Outcome {
    let (title, status) = match plan.faults.is_empty() {
        true => ("New batch: preview", StatusCode::OK),
        false => ("Error: New batch: preview", StatusCode::UNPROCESSABLE_ENTITY),
    };
    let (table, mapping) = (&plan.table, &plan.mapping);
    let lines = table.lines.iter().take(ROWS_SHOWN);
    let page = PreviewPage {
        frame: Frame::of_data(title, Section::Batches, member, place, "/batches/new"),
        start: place.at("/batches"),
        preview: place.at("/batches/preview"),
        form_id: form_id.to_string(),
        draft,
        agent: plan.agent,
        columns: (0..table.columns.len())
            .map(|number| column(table, mapping, number))
            .collect(),
        rows: lines
            .map(|line| RowView {
                line: line.number,
                task: line.cells.get(mapping.task).cloned().unwrap_or_default(),
                data: table.data(line, mapping),
            })
            .collect(),
        total: plan.rows.len(),
        faults_more: plan.faults.len().saturating_sub(FAULTS_SHOWN),
        faults: plan.faults.into_iter().take(FAULTS_SHOWN).collect(),
    };
    Answer::page(status, &page)
}

fn column(table: &Table, mapping: &Mapping, number: usize) -> ColumnView {
    let cells = table.lines.iter().filter_map(|line| line.cells.get(number));
    let cells = cells.filter(|cell| !cell.is_empty()).take(SAMPLES);
    let short = |cell: &String| cell.chars().take(60).collect::<String>();
    ColumnView {
        number,
        name: table.columns.get(number).cloned().unwrap_or_default(),
        samples: cells.map(short).collect::<Vec<_>>().join(" · "),
        is_task: mapping.task == number,
        goes_along: mapping.data.contains(&number),
    }
}
