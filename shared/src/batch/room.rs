//! What of its rows the answer that shows a batch has room for. Lambda takes an answer of 6 MB, in which the body is a string within
//! JSON: each `"` and `\` of it is two bytes once more. So whatever an answer holds is reckoned as it leaves us.
//!
//! Tasks always stay: what was sent is a mebibyte, and nothing of it is more than twice as long in the answer. Of what they leave each
//! row has the same share for its error and its result, whatever the others have. Were the first rows served first, a later one would
//! lose its result again when one before it ends; so what a row shows once it has ended it shows for ever.

use std::io;

use serde::Serialize;

use super::{BatchRow, Job};

/// The most that the body of an answer takes of Lambda's 6 MB; the rest is for its headers. *Units*: bytes, as they are written in
/// Lambda's answer. *Source*: AWS's limit on an answer.
pub const ANSWER_BYTES_MAX: usize = 5_900_000;
/// The most that a row takes beside its task, error and result, and the comma behind it; and that a job takes beside its name, with
/// what stands around job and rows. *Units*: as above.
const ROW_BYTES_MAX: usize = 180;
const JOB_BYTES_MAX: usize = 400;
/// The last character of what was cut.
const CUT: char = '…';

/// Leaves out of rows what their batch's answer has no room for: an error is cut to its row's share, a result that is larger than what
/// is left of it is left out whole.
pub fn fit(job: &Job, rows: &mut [BatchRow]) {
    // Nothing of this changes while the batch lives.
    let tasks: usize = rows.iter().map(|row| written_bytes(&row.task)).sum();
    let fixed = JOB_BYTES_MAX + written_bytes(&job.name) + rows.len() * ROW_BYTES_MAX + tasks;
    let share = ANSWER_BYTES_MAX.saturating_sub(fixed) / rows.len().max(1);
    for row in rows {
        row.error_message = row.error_message.take().map(|error| cut(error, share));
        let left = share.saturating_sub(row.error_message.as_ref().map_or(0, written_bytes));
        if row.result.as_ref().is_some_and(|result| written_bytes(result) > left) {
            (row.result, row.result_truncated) = (None, true);
        }
    }
}

/// A text that takes so many bytes at the most with its quotes; what was cut ends with `…`.
fn cut(text: String, bytes_max: usize) -> String {
    if written_bytes(&text) <= bytes_max {
        return text;
    }
    let mut room = bytes_max.saturating_sub(written_bytes(&CUT));
    let fits = |char: &char| {
        let bytes = match char {
            '"' | '\\' => 4,
            '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 3,
            '\0'..='\u{1f}' => 7,
            other => other.len_utf8(),
        };
        let fits = bytes <= room;
        room = room.saturating_sub(bytes);
        fits
    };
    let mut kept: String = text.chars().take_while(fits).collect();
    kept.push(CUT);
    kept
}

/// How many bytes of Lambda's answer a part of its body takes. *Source*: RFC 8259 §7, as serde_json writes it.
fn written_bytes(value: &impl Serialize) -> usize {
    let mut written = Written(0);
    serde_json::to_writer(&mut written, value).expect("counting takes everything, and answers are plain data");
    written.0
}

/// What the text that is written here will be within a string of JSON.
struct Written(usize);

impl io::Write for Written {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let bytes = text.iter().map(|byte| match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
            0x00..=0x1f => 6,
            _ => 1,
        });
        self.0 += bytes.sum::<usize>();
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use serde_json::value::RawValue;

    use super::*;
    use crate::batch::{BatchStatus, RESULT_BYTES_MAX, ROWS_MAX, RowStatus};
    use crate::ids::{BatchId, RunId};

    /// As an answer of Lambda has it.
    fn in_an_answer(value: &impl Serialize) -> String {
        let text = serde_json::to_string(value).unwrap();
        let quoted = serde_json::to_string(&text).unwrap();
        quoted[1..quoted.len() - 1].to_owned()
    }

    fn job(rows: usize) -> Job {
        let id = BatchId::generate();
        Job {
            id,
            name: Some("\"".repeat(200)),
            agent_type: "summariser".to_owned(),
            status: BatchStatus::Completed,
            total_rows: u32::try_from(rows).unwrap(),
            completed_rows: u32::try_from(rows).unwrap(),
            failed_rows: 0,
            cancelled_rows: 0,
            triage_rows: 0,
            created_at: id.created_at(),
            completed_at: Some(id.created_at()),
        }
    }

    fn row(number: usize, task: &str, result: Option<&str>, error: Option<&str>) -> BatchRow {
        BatchRow {
            row_index: u16::try_from(number).unwrap(),
            task: task.to_owned(),
            status: RowStatus::Completed,
            result: result.map(|result| RawValue::from_string(result.to_owned()).unwrap()),
            result_truncated: false,
            error_message: error.map(str::to_owned),
            run_id: Some(RunId::generate()),
        }
    }

    /// The longest result of one kind of text.
    fn result(text: &str) -> String {
        let texts = text.repeat((RESULT_BYTES_MAX - 8) / text.len());
        let result = format!("{{\"a\":\"{texts}\"}}");
        assert!(result.len() <= RESULT_BYTES_MAX);
        result
    }

    #[test]
    fn is_reckoned_as_it_leaves_us() {
        let every: String = (0..=0x2_ffff).filter_map(char::from_u32).collect();
        assert_eq!(written_bytes(&every), in_an_answer(&every).len());
        let raw = RawValue::from_string("{\n\t\"a\":\r \"\\\"\\u0001é\"}".to_owned()).unwrap();
        assert_eq!(written_bytes(&raw), in_an_answer(&raw).len());
    }

    #[test]
    fn no_row_and_no_job_takes_more_beside_what_it_holds() {
        let mut row = row(ROWS_MAX - 1, "", None, None);
        row.result_truncated = true;
        for status in RowStatus::ALL {
            row.status = *status;
            assert!(
                written_bytes(&row) + 1 <= ROW_BYTES_MAX + written_bytes(&row.task),
                "{status:?}"
            );
        }
        let mut job = job(ROWS_MAX);
        (job.name, job.agent_type) = (None, "a".repeat(40));
        (job.failed_rows, job.cancelled_rows, job.triage_rows) = (500, 500, 500);
        for status in BatchStatus::ALL {
            job.status = *status;
            assert!(
                in_an_answer(&json!({ "job": job, "rows": [] })).len() <= JOB_BYTES_MAX,
                "{status:?}"
            );
        }
    }

    #[test]
    fn the_worst_rows_fit_and_keep_their_tasks_and_errors() {
        // Of a body of 1 MiB, characters by what they were sent in.
        for (character, sent_bytes, in_result) in
            [('"', 2, "\\\""), ('\u{1}', 6, "\\u0001"), ('\u{1f4ce}', 4, "\u{1f4ce}")]
        {
            let task = character.to_string().repeat(1024 * 1024 / ROWS_MAX / sent_bytes);
            let (note, answered) = (character.to_string().repeat(2_000), result(in_result));
            let rows = (0..ROWS_MAX).map(|number| row(number, &task, Some(&answered), Some(&note)));
            let (job, mut rows): (_, Vec<BatchRow>) = (job(ROWS_MAX), rows.collect());
            fit(&job, &mut rows);
            let bytes = in_an_answer(&json!({ "job": job, "rows": rows })).len();
            assert!(bytes <= ANSWER_BYTES_MAX, "{character:?}: {bytes}");
            for row in &rows {
                assert_eq!(row.task, task);
                let error = row.error_message.as_deref().unwrap();
                assert!(error == note || error.strip_suffix(CUT).is_some_and(|kept| note.starts_with(kept)));
                assert!(error.chars().count() > 1_000, "{character:?}");
                assert!(row.result_truncated && row.result.is_none());
            }
        }
    }

    #[test]
    fn rows_without_much_to_be_escaped_are_left_as_they_are() {
        let task = "é".repeat(1_000);
        let (note, answered) = ("\u{1f4ce}".repeat(2_000), result("twelve words, "));
        let rows: Vec<BatchRow> = (0..ROWS_MAX)
            .map(|number| match number % 2 {
                0 => row(number, &task, Some(&answered), None),
                _ => row(number, &task, None, Some(&note)),
            })
            .collect();
        let whole = json!(rows);
        let mut rows = rows;
        fit(&job(ROWS_MAX), &mut rows);
        assert_eq!(json!(rows), whole);
        fit(&job(0), &mut []);
    }

    #[test]
    fn what_a_row_shows_does_not_depend_on_the_others() {
        let task = "\"".repeat(1_000);
        let of = |ended: usize| {
            let (note, answered) = ("\"".repeat(2_000), result("\\\""));
            let rows = (0..ROWS_MAX).map(|number| {
                let mut row = match number % 2 {
                    _ if number >= ended => BatchRow {
                        status: RowStatus::Pending,
                        ..row(number, &task, None, None)
                    },
                    0 => row(number, &task, Some(&answered), None),
                    _ => row(number, &task, None, Some(&note)),
                };
                row.run_id = None;
                row
            });
            let mut rows: Vec<BatchRow> = rows.collect();
            fit(&job(ended), &mut rows);
            rows
        };
        let (some, all) = (of(2), of(ROWS_MAX));
        assert!(all[0].result_truncated && all[1].error_message.as_ref().unwrap().ends_with(CUT));
        assert_eq!(json!(some[..2]), json!(all[..2]));
    }

    #[test]
    fn an_error_is_cut_between_characters_and_says_so() {
        for (text, bytes_max, kept) in [
            ("abcd", 8, "abcd"),
            ("abcde", 8, "a…"),
            ("a\"bcdefg", 12, "a\"…"),
            ("éééé", 11, "éé…"),
            ("\u{1f4ce}\u{1f4ce}\u{1f4ce}", 15, "\u{1f4ce}\u{1f4ce}…"),
            ("abcd", 0, "…"),
        ] {
            let kept_of = cut(text.to_owned(), bytes_max);
            assert_eq!(kept_of, kept);
            assert!(written_bytes(&kept_of) <= bytes_max.max(7));
        }
    }
}
