//! A table that somebody uploads: CSV (RFC 4180) as spreadsheets write it, with the names of its columns in the first line. Each line
//! becomes a row of a batch, read by the rules that the API has for one.

use std::collections::BTreeSet;

use csv::{Reader, ReaderBuilder, StringRecord};
use eclips_shared::asked;
use eclips_shared::batch::{NewRow, ROWS_MAX};
use eclips_shared::body;
use eclips_shared::routes::Operation;
use serde::Serializer as _;

use crate::draft::{Body, Fault};

/// The largest table. *Units*: bytes. *Source*: the largest body that the API takes for a batch.
pub const BYTES_MAX: usize = body::bytes_max(Operation::BatchCreate);
/// The most columns of one. *Source*: our choice: they have to fit on a page.
const COLUMNS_MAX: usize = 50;

/// A table: names, and lines that have as many cells.
#[derive(Debug)]
pub struct Table {
    pub columns: Vec<String>,
    pub lines: Vec<Line>,
    /// Lines that are none of this table.
    faults: Vec<LineFault>,
}

/// A line with something in it.
#[derive(Debug)]
pub struct Line {
    /// Where it begins in the file, from 1.
    pub number: u64,
    pub cells: Vec<String>,
}

/// What is wrong with a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LineFault {
    /// Where it begins in the file, from 1.
    pub line: u64,
    pub text: String,
}

/// Which column is what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mapping {
    /// The column with the tasks.
    pub task: usize,
    /// Those that go along as data, each under its name.
    pub data: BTreeSet<usize>,
}

impl Mapping {
    /// What a table most likely means: the column that is called so has the tasks, or the first one, and the others go along.
    pub fn usual(table: &Table) -> Self {
        let named = |name: &String| name.eq_ignore_ascii_case("task");
        let task = table.columns.iter().position(named).unwrap_or(0);
        Self {
            task,
            data: (0..table.columns.len()).filter(|column| *column != task).collect(),
        }
    }
}

impl Table {
    /// Reads one.
    ///
    /// *Errors*: what is wrong with it as a whole.
    pub fn read(text: &str) -> Result<Self, String> {
        if text.len() > BYTES_MAX {
            return Err("The file is larger than 1 MiB.".to_owned());
        }
        // Other letters came as this one; a zero is what UTF-16 has between letters, and no table.
        if text.contains(['\u{fffd}', '\0']) {
            return Err("The file is not UTF-8 text. In a spreadsheet, save it as “CSV UTF-8”.".to_owned());
        }
        // However lines end where it was written: browsers change that on the way.
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = reader(text, separator(text));
        let mut records = reader
            .records()
            .map(|record| record.map_err(|_| "The file is no CSV.".to_owned()));
        let names = records.next().ok_or("Choose a file with something in it.")??;
        let columns = columns(&names)?;
        let mut table = Self {
            columns,
            lines: Vec::new(),
            faults: Vec::new(),
        };
        for record in records {
            table.take(&record?);
        }
        if table.lines.is_empty() && table.faults.is_empty() {
            return Err("There is no line below the names of the columns.".to_owned());
        }
        if table.lines.len() > ROWS_MAX {
            let lines = table.lines.len();
            return Err(format!("Maximum {ROWS_MAX} rows per batch; there are {lines}."));
        }
        table.look_for_open_quote(text);
        Ok(table)
    }

    fn take(&mut self, record: &StringRecord) {
        let line = record.position().map_or(0, csv::Position::line);
        let cells: Vec<String> = record.iter().map(str::to_owned).collect();
        // Spreadsheets write the empty lines below a table too.
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            return;
        }
        let (found, wanted) = (cells.len(), self.columns.len());
        if found == wanted {
            self.lines.push(Line { number: line, cells });
        } else {
            let text = format!("It has {found} cells, and the first line {wanted}.");
            self.faults.push(LineFault { line, text });
        }
    }

    /// A quote that is opened and never closed makes one cell of all that follows.
    fn look_for_open_quote(&mut self, text: &str) {
        let is_odd = text.matches('"').count() % 2 == 1;
        let last = self.lines.last().map(|line| line.number);
        let last = last.max(self.faults.last().map(|fault| fault.line));
        if let Some(line) = last.filter(|line| is_odd && *line < text.trim_end().lines().count() as u64) {
            self.faults.retain(|fault| fault.line != line);
            self.faults.push(LineFault {
                line,
                text: "A quotation mark is opened and never closed.".to_owned(),
            });
        }
    }

    /// The rows that its lines make, and what is wrong with those that make none.
    pub fn rows(&self, mapping: &Mapping) -> (Vec<NewRow>, Vec<LineFault>) {
        let (mut rows, mut faults, mut bytes) = (Vec::new(), self.faults.clone(), 0);
        for line in &self.lines {
            match self.row(line, mapping) {
                Ok((row, size)) => {
                    rows.push(row);
                    bytes += size;
                }
                Err(fault) => faults.push(LineFault {
                    line: line.number,
                    text: fault.text,
                }),
            }
            if bytes > BYTES_MAX {
                faults.push(LineFault {
                    line: line.number,
                    text: "The rows up to here are larger than 1 MiB together, with the names of their columns."
                        .to_owned(),
                });
                break;
            }
        }
        faults.sort_by_key(|fault| fault.line);
        (rows, faults)
    }

    /// A row, and its size as the API would get it.
    fn row(&self, line: &Line, mapping: &Mapping) -> Result<(NewRow, usize), Fault> {
        let task = line.cells.get(mapping.task).map_or("", String::as_str);
        let body = Body::default()
            .text("task", task)
            .json("data", &self.data(line, mapping))?;
        Ok((asked::row(body.fields()?)?, body.bytes().len() + 1))
    }

    /// What goes along: an object of texts, in the order of the columns, without those that have none. Empty where nothing does.
    pub fn data(&self, line: &Line, mapping: &Mapping) -> String {
        let cells = mapping.data.iter().filter_map(|column| {
            let cell = line.cells.get(*column).filter(|cell| !cell.is_empty())?;
            Some((self.columns.get(*column)?, cell))
        });
        let cells: Vec<_> = cells.collect();
        if cells.is_empty() {
            return String::new();
        }
        let mut json = Vec::new();
        let written = serde_json::Serializer::new(&mut json).collect_map(cells);
        written.expect("texts can be written");
        String::from_utf8(json).expect("JSON is UTF-8")
    }
}

/// What stands between cells: of the three that spreadsheets write, the one by which the first two lines have the most cells, as many each.
/// A name or a task may have the other two in it, and a single column needs none.
fn separator(text: &str) -> u8 {
    let cells = |separator: &u8| {
        let mut lines = reader(text, *separator).into_records().map_while(Result::ok);
        let names = lines.next().map_or(0, |line| line.len());
        let as_many = lines.next().is_some_and(|line| line.len() == names);
        (as_many && names > 1, names, as_many)
    };
    // Of equals the comma: `max_by_key` gives the last.
    b"\t;,".iter().copied().max_by_key(cells).unwrap_or(b',')
}

fn reader(text: &str, separator: u8) -> Reader<&[u8]> {
    ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(text.as_bytes())
}

fn columns(names: &StringRecord) -> Result<Vec<String>, String> {
    let columns: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
    if columns.len() > COLUMNS_MAX {
        return Err(format!(
            "A table has at most {COLUMNS_MAX} columns; there are {}.",
            columns.len()
        ));
    }
    let mut known = BTreeSet::new();
    for (number, name) in columns.iter().enumerate() {
        if name.is_empty() {
            return Err(format!("Column {} has no name in the first line.", number + 1));
        }
        if !known.insert(name) {
            return Err(format!("Two columns are called “{name}”."));
        }
    }
    Ok(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> (Vec<String>, Vec<(u64, Vec<String>)>) {
        let table = Table::read(text).unwrap();
        let lines = table.lines.into_iter().map(|line| (line.number, line.cells));
        (table.columns, lines.collect())
    }

    #[test]
    fn reads_what_spreadsheets_write() {
        let wanted = (
            vec!["task".to_owned(), "n".to_owned()],
            vec![
                (2, vec!["a, \"b\"\nc".to_owned(), "1".to_owned()]),
                (4, vec!["d".to_owned(), String::new()]),
            ],
        );
        let comma = "task,n\n\"a, \"\"b\"\"\nc\",1\nd,\n,\n\n";
        for text in [
            comma.to_owned(),
            comma.replace('\n', "\r\n"),
            comma.replace('\n', "\r"),
            format!("\u{feff}{comma}"),
            comma
                .replace(",n", ";n")
                .replace(",1", ";1")
                .replace("d,", "d;")
                .replace("\n,\n", "\n;\n"),
            comma
                .replace(",n", "\tn")
                .replace(",1", "\t1")
                .replace("d,", "d\t")
                .replace("\n,\n", "\n\t\n"),
        ] {
            assert_eq!(cells(&text), wanted, "{text:?}");
        }
        // One column, and a name with commas in it.
        assert_eq!(cells("task\nx").1, [(2, vec!["x".to_owned()])]);
        assert_eq!(cells("\"a,b,c\";n\nx;y").0, ["a,b,c", "n"]);
        assert_eq!(cells("a, b, c;n\nx;y").0, ["a, b, c", "n"]);
        assert_eq!(cells("task\nbuy a, b; c").1, [(2, vec!["buy a, b; c".to_owned()])]);
        // The second line is at fault, and not the separator.
        assert_eq!(Table::read("task;n;m\nx;1").unwrap().columns, ["task", "n", "m"]);
    }

    #[test]
    fn says_what_is_wrong_with_the_whole() {
        let many = |count: usize| format!("task{}", "\nx".repeat(count));
        assert_eq!(Table::read(&many(500)).unwrap().lines.len(), 500);
        for (text, words) in [
            (String::new(), "something in it"),
            ("task\n\n".to_owned(), "no line below"),
            ("t\u{fffd}sk\nx".to_owned(), "not UTF-8"),
            ("t\0a\0".to_owned(), "not UTF-8"),
            ("task,\nx,y".to_owned(), "Column 2 has no name"),
            ("a, a\nx,y".to_owned(), "called “a”"),
            (many(501), "Maximum 500 rows per batch; there are 501."),
            (format!("a{}\nx", ",b".repeat(50)), "at most 50 columns"),
            ("x".repeat(BYTES_MAX + 1), "larger than 1 MiB"),
        ] {
            let fault = Table::read(&text).unwrap_err();
            assert!(fault.contains(words), "{fault}");
        }
    }

    #[test]
    fn says_what_is_wrong_in_which_line() {
        let long = "é".repeat(20_001);
        let text = format!("task,n\nx,1\n ,2\nx\n\"two\nlines\",4\n{long},5\nx,6,7\n");
        let table = Table::read(&text).unwrap();
        let (rows, faults) = table.rows(&Mapping::usual(&table));
        assert_eq!(rows.len(), 2);
        let faults: Vec<_> = faults.iter().map(|fault| (fault.line, fault.text.as_str())).collect();
        assert_eq!(
            faults,
            [
                (3, "task is required"),
                (4, "It has 1 cells, and the first line 2."),
                (7, "task must be at most 20000 characters"),
                (8, "It has 3 cells, and the first line 2."),
            ]
        );
        for text in ["task,n\nx,1\n\"open,2\ny,3\n", "n,task\n1,x\n2,\"open\n3,y\n"] {
            let table = Table::read(text).unwrap();
            let (_, faults) = table.rows(&Mapping::usual(&table));
            let wanted = LineFault {
                line: 3,
                text: "A quotation mark is opened and never closed.".to_owned(),
            };
            assert_eq!(faults, [wanted], "{text}");
        }
        // An inch is no quotation.
        let table = Table::read("task\n5\" pipe\nx\n").unwrap();
        assert!(table.rows(&Mapping::usual(&table)).1.is_empty());
    }

    #[test]
    fn a_line_becomes_a_task_and_what_goes_along() {
        let table = Table::read("zone,Task,item,n\neu,\"buy\nit \",\"a \"\"b\"\"\",1.50\nus,sell,,\n").unwrap();
        let usual = Mapping::usual(&table);
        assert_eq!((usual.task, usual.data.len()), (1, 3));
        let (rows, faults) = table.rows(&usual);
        assert!(faults.is_empty());
        let data = |at: usize, rows: &[NewRow]| rows[at].data.as_ref().map(|data| data.get().to_owned());
        assert_eq!(data(0, &rows).unwrap(), r#"{"zone":"eu","item":"a \"b\"","n":"1.50"}"#);
        assert_eq!(data(1, &rows).unwrap(), r#"{"zone":"us"}"#);
        assert_eq!(rows[1].task, "sell");
        let none = Mapping {
            task: 2,
            data: BTreeSet::new(),
        };
        let (rows, faults) = table.rows(&none);
        assert_eq!((rows[0].task.as_str(), data(0, &rows)), ("a \"b\"", None));
        assert_eq!(faults[0].line, 4);
    }

    #[test]
    fn rows_are_together_what_the_api_takes() {
        let name = "n".repeat(3_000);
        let text = format!("task,{name}\n{}", "x,y\n".repeat(400));
        let table = Table::read(&text).unwrap();
        let (_, faults) = table.rows(&Mapping::usual(&table));
        assert!(faults[0].text.contains("larger than 1 MiB together"), "{faults:?}");
        let mut mapping = Mapping::usual(&table);
        mapping.data.clear();
        assert!(table.rows(&mapping).1.is_empty());
    }
}
