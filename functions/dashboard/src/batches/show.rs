//! `GET /batches/{id}`: one batch, how far it is, and its rows, all or those of one status; it keeps itself up to date until it is over.

use askama::Template;
use eclips_shared::batch::{BatchRow, RowStatus};
use http::StatusCode;

use super::{BatchView, found, number, path_of, row_badge};
use crate::answer::Answer;
use crate::frame::{Frame, Section};
use crate::guard::Member;
use crate::pages::Outcome;
use crate::place::Place;
use crate::refusal::Refusal;
use crate::runs::{self, Badge, pretty};
use crate::visit::Visit;

/// Rows on a page.
const ROWS_MAX: usize = 50;

#[derive(Template)]
#[template(path = "batches/show.html")]
struct BatchPage {
    frame: Frame,
    batch: BatchView,
    rows: Vec<RowView>,
    choices: Vec<Choice>,
    earlier: Option<String>,
    later: Option<String>,
    cancel_path: String,
    download: String,
}

/// A row on the page.
struct RowView {
    number: u32,
    task: String,
    status: Badge,
    /// The page of its run.
    run: Option<String>,
    result: Option<String>,
    is_truncated: bool,
    error: Option<String>,
}

/// Which rows are shown.
struct Choice {
    name: &'static str,
    count: usize,
    path: String,
    is_chosen: bool,
}

/// Shows it. *Query*: `show`, a row's status; `from`, how many rows come before those on the page.
pub async fn answer(visit: &Visit<'_>, member: &Member) -> Outcome {
    let place = Place::read(visit)?;
    let wanted = match visit.query.one("show")? {
        None | Some("") => None,
        Some(word) => Some(RowStatus::parse(word).ok_or(Refusal::NotFound)?),
    };
    let from: usize = match visit.query.one("from")? {
        None => 0,
        Some(text) => text.parse().map_err(|_| Refusal::NotFound)?,
    };
    let (job, rows) = found(visit, member, place).await?;
    let path = path_of(&job.id);
    let at = |wanted: Option<RowStatus>, from: usize| {
        let show = wanted.map(|status| format!("show={}", status.as_str()));
        let from = (from > 0).then(|| format!("from={from}"));
        let query: Vec<String> = show.into_iter().chain(from).collect();
        place.at(format!("{path}?{}", query.join("&")).trim_end_matches('?'))
    };
    let choices = choices(&rows, wanted, |status| at(status, 0));
    let chosen: Vec<BatchRow> = rows
        .into_iter()
        .filter(|row| wanted.is_none_or(|status| row.status == status))
        .collect();
    let count = chosen.len();
    let page = BatchPage {
        frame: Frame::of_data("Batch", Section::Batches, member, place, "/batches"),
        cancel_path: place.at(&format!("{path}/cancel")),
        download: place.at(&format!("{path}/results.csv")),
        batch: BatchView::of(job, place),
        choices,
        earlier: (from > 0).then(|| at(wanted, from.saturating_sub(ROWS_MAX))),
        later: (from.saturating_add(ROWS_MAX) < count).then(|| at(wanted, from + ROWS_MAX)),
        rows: chosen
            .into_iter()
            .skip(from)
            .take(ROWS_MAX)
            .map(|row| RowView::of(row, place))
            .collect(),
    };
    Answer::page(StatusCode::OK, &page)
}

impl RowView {
    fn of(row: BatchRow, place: Place) -> Self {
        Self {
            number: number(&row),
            status: row_badge(row.status),
            run: row.run_id.map(|run| place.at(&runs::path_of(run))),
            result: row.result.as_deref().map(pretty),
            is_truncated: row.result_truncated,
            task: row.task,
            error: row.error_message,
        }
    }
}

/// All rows, and each status that some row has.
fn choices(rows: &[BatchRow], wanted: Option<RowStatus>, at: impl Fn(Option<RowStatus>) -> String) -> Vec<Choice> {
    let all = Choice {
        name: "All",
        count: rows.len(),
        path: at(None),
        is_chosen: wanted.is_none(),
    };
    let of_status = RowStatus::ALL.iter().map(|status| Choice {
        name: row_badge(*status).text,
        count: rows.iter().filter(|row| row.status == *status).count(),
        path: at(Some(*status)),
        is_chosen: wanted == Some(*status),
    });
    let there = of_status.filter(|choice| choice.count > 0 || choice.is_chosen);
    [all].into_iter().chain(there).collect()
}
