//! `GET /batches/{id}/results.csv`: what became of each row, as a table for a spreadsheet: a line per row in the rows' order, and a
//! column for each member that some result has.

use std::collections::{BTreeMap, BTreeSet};

use csv::{Terminator, WriterBuilder};
use eclips_shared::batch::{ANSWER_BYTES_MAX, BatchRow};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{found, number};
use crate::answer::Answer;
use crate::guard::Member;
use crate::pages::Outcome;
use crate::place::Place;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// What every row has. `result_truncated` is `true` where a result is too large for a batch's answer; its run has it.
const COLUMNS: [&str; 6] = ["row", "status", "task", "error", "run_id", "result_truncated"];
/// The largest table. *Units*: bytes. *Source*: what Lambda takes for an answer, of which base64 makes four bytes of three.
const BYTES_MAX: usize = ANSWER_BYTES_MAX / 4 * 3;
/// How much of an error stays where there is no room for all of it. *Units*: characters.
const ERROR_CHARS: usize = 200;

type Members<'a> = BTreeMap<String, &'a RawValue>;

/// Gives it, as far as the batch is.
pub async fn answer(visit: &Visit<'_>, member: &Member) -> Outcome {
    let (job, rows) = found(visit, member, Place::read(visit)?).await?;
    let content = table(&rows).map_err(|error| {
        tracing::error!(%error, "a table could not be written");
        Refusal::Internal
    })?;
    // As text it would lose the mark at its beginning on the way to the gateway: lambda_http takes texts for what they say.
    let name = format!("batch-{}.csv", job.id);
    Ok(Answer::download("application/octet-stream", &name, content))
}

/// Writes it. Every row has its line with its task; of the room that those leave each has the same share for the rest.
fn table(rows: &[BatchRow]) -> Result<Vec<u8>, csv::Error> {
    let results: Vec<Members<'_>> = rows.iter().map(members).collect();
    let names: BTreeSet<&String> = results.iter().flat_map(BTreeMap::keys).collect();
    let head = COLUMNS.iter().map(|name| (*name).to_owned());
    // Without this mark spreadsheets take it for another encoding.
    let mut written = "\u{feff}".as_bytes().to_vec();
    written.extend(line(head.chain(names.iter().map(|name| format!("result.{name}"))))?);

    let bare: Vec<Vec<u8>> = rows
        .iter()
        .map(|row| {
            line(
                fixed(row, None, true)
                    .into_iter()
                    .chain(names.iter().map(|_| String::new())),
            )
        })
        .collect::<Result<_, _>>()?;
    let taken = written.len() + bare.iter().map(Vec::len).sum::<usize>();
    let share = BYTES_MAX.saturating_sub(taken) / rows.len().max(1);
    for ((row, members), bare) in rows.iter().zip(&results).zip(&bare) {
        let cells = names
            .iter()
            .map(|name| members.get(*name).map_or_else(String::new, |value| cell(value)));
        let whole = line(
            fixed(row, row.error_message.as_deref(), row.result_truncated)
                .into_iter()
                .chain(cells),
        )?;
        if whole.len() <= bare.len() + share {
            written.extend(whole);
            continue;
        }
        let short = row
            .error_message
            .as_deref()
            .map(|error| error.chars().take(ERROR_CHARS).collect::<String>());
        let cells = fixed(row, short.as_deref(), row.result.is_some());
        written.extend(line(cells.into_iter().chain(names.iter().map(|_| String::new())))?);
    }
    Ok(written)
}

/// What every row has, in the order of its columns.
fn fixed(row: &BatchRow, error: Option<&str>, is_truncated: bool) -> [String; 6] {
    [
        number(row).to_string(),
        row.status.as_str().to_owned(),
        inert(&row.task),
        error.map_or_else(String::new, inert),
        row.run_id.map_or_else(String::new, |run| run.to_string()),
        if is_truncated { "true" } else { "" }.to_owned(),
    ]
}

/// A line of the table.
fn line(cells: impl Iterator<Item = String>) -> Result<Vec<u8>, csv::Error> {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    writer.write_record(cells)?;
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// The members of a row's result.
fn members(row: &BatchRow) -> Members<'_> {
    let result = row.result.as_deref().map(|result| serde_json::from_str(result.get()));
    // A result is an object, or it would be none.
    result.and_then(Result::ok).unwrap_or_default()
}

/// A text as it reads, everything else as JSON; nothing for null.
fn cell(value: &RawValue) -> String {
    match serde_json::from_str(value.get()) {
        Ok(Value::Null) => String::new(),
        Ok(Value::String(text)) => inert(&text),
        _ => value.get().to_owned(),
    }
}

/// A text that no spreadsheet takes for a formula: whatever a task or a model says, opening the table does nothing.
///
/// *Source*: OWASP, "CSV Injection".
fn inert(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use eclips_shared::batch::RowStatus;
    use eclips_shared::ids::RunId;

    use super::*;

    fn row(row_index: u16, task: &str, result: Option<&str>) -> BatchRow {
        BatchRow {
            row_index,
            task: task.to_owned(),
            status: RowStatus::Completed,
            result: result.map(|result| RawValue::from_string(result.to_owned()).unwrap()),
            result_truncated: result.is_none(),
            error_message: None,
            run_id: None,
        }
    }

    #[test]
    fn a_line_per_row_and_a_column_per_member() {
        let run = RunId::generate();
        let failed = BatchRow {
            status: RowStatus::Failed,
            result_truncated: false,
            error_message: Some("- no".to_owned()),
            run_id: Some(run),
            ..row(2, "c\nd", None)
        };
        let rows = [
            row(
                0,
                "=cmd|' /C calc'!A0",
                Some(r#"{"summary":"a, \"b\"","n":-1.50,"gone":null}"#),
            ),
            row(1, "b", Some(r#"{"n":[1, "=x"],"summary":"@x"}"#)),
            failed,
            row(3, "e", None),
        ];
        let written = String::from_utf8(table(&rows).unwrap()).unwrap();
        let wanted = format!(
            "\u{feff}row,status,task,error,run_id,result_truncated,result.gone,result.n,result.summary\r\n\
             1,completed,'=cmd|' /C calc'!A0,,,,,-1.50,\"a, \"\"b\"\"\"\r\n\
             2,completed,b,,,,,\"[1, \"\"=x\"\"]\",'@x\r\n\
             3,failed,\"c\nd\",'- no,{run},,,,\r\n\
             4,completed,e,,,true,,,\r\n"
        );
        assert_eq!(written, wanted);
    }

    #[test]
    fn is_never_larger_than_an_answer_may_be() {
        let task = "\"".repeat(2_000);
        let large = format!(r#"{{"list":[{}"x"]}}"#, r#""","#.repeat(2_500));
        let mut rows: Vec<BatchRow> = (0..500).map(|at| row(at, &task, Some(&large))).collect();
        rows[7] = row(7, &task, Some(r#"{"list":[1]}"#));
        rows[8].error_message = Some("\"".repeat(9_000));
        let written = String::from_utf8(table(&rows).unwrap()).unwrap();
        assert!(written.len() <= BYTES_MAX && written.len() * 4 / 3 < ANSWER_BYTES_MAX);
        let lines: Vec<&str> = written.lines().collect();
        assert_eq!(lines.len(), 501);
        assert!(lines[8].ends_with(",,,,[1]"), "what is small stays");
        assert!(lines[1].ends_with(",,,true,"), "what is not says so");
        assert!(lines[9].len() < 6_000, "an error is cut");
    }
}
