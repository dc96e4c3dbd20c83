//! What a section found: words, tables, goals and plots. Printed here for the terminal, and written into the page by `page.rs`.

use std::fmt::Write;

/// One part of the report.
#[derive(Debug, Default)]
pub struct Section {
    /// What it says, in order.
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Debug)]
pub enum Block {
    /// A paragraph, in Markdown.
    Words(String),
    /// A table.
    Table(Table),
    /// What was to be reached.
    Goals(Vec<Goal>),
    /// A picture.
    Plot(Plot),
}

/// Rows of cells; the first cell of a row says what it is about, the others are figures.
#[derive(Debug)]
pub struct Table {
    /// What the columns are.
    pub head: Vec<String>,
    /// The rows, each as long as the head.
    pub rows: Vec<Vec<String>>,
}

/// What was to be reached, and what was.
#[derive(Clone, Debug)]
pub struct Goal {
    /// What was to be reached.
    pub what: String,
    /// What was measured.
    pub measured: String,
    /// Whether that is enough.
    pub verdict: Verdict,
}

/// Whether a goal was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was.
    Met,
    /// It was not.
    Missed,
    /// Nobody knows; the measured figure says why.
    Unknown,
}

impl Verdict {
    /// Reads a bound.
    pub const fn of(is_met: bool) -> Self {
        if is_met { Self::Met } else { Self::Missed }
    }

    /// As it is printed.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "**missed**",
            Self::Unknown => "not measured",
        }
    }
}

/// A picture as a file.
#[derive(Debug)]
pub struct Plot {
    /// The file's name, without its ending.
    pub name: &'static str,
    /// What it shows, for those who do not see it.
    pub alternative: String,
    /// The picture.
    pub svg: String,
}

impl Section {
    /// Adds a paragraph.
    pub fn words(&mut self, words: impl Into<String>) {
        self.blocks.push(Block::Words(words.into()));
    }

    /// Adds a table.
    pub fn table(&mut self, head: &[&str], rows: Vec<Vec<String>>) {
        let head = head.iter().map(|&cell| cell.to_owned()).collect();
        self.blocks.push(Block::Table(Table { head, rows }));
    }

    /// Adds goals.
    pub fn goals(&mut self, goals: Vec<Goal>) {
        self.blocks.push(Block::Goals(goals));
    }

    /// Adds a picture.
    pub fn plot(&mut self, plot: Plot) {
        self.blocks.push(Block::Plot(plot));
    }

    /// As the terminal shows it.
    pub fn plain(&self) -> String {
        let mut text = String::new();
        for block in &self.blocks {
            match block {
                Block::Words(words) => writeln!(text, "{words}\n"),
                Block::Table(table) => writeln!(text, "{}", table.plain()),
                Block::Goals(goals) => writeln!(text, "{}", goals_as_table(goals).plain()),
                Block::Plot(_) => Ok(()),
            }
            .expect("a text takes everything");
        }
        text
    }
}

/// Goals as rows.
pub fn goals_as_table(goals: &[Goal]) -> Table {
    let row = |goal: &Goal| vec![goal.what.clone(), goal.measured.clone(), goal.verdict.word().to_owned()];
    Table {
        head: ["Goal", "Measured", ""].map(str::to_owned).to_vec(),
        rows: goals.iter().map(row).collect(),
    }
}

impl Table {
    /// In columns, the first to the left and the others to the right.
    fn plain(&self) -> String {
        // A terminal shows no emphasis.
        let bare = |row: &Vec<String>| row.iter().map(|cell| cell.replace(['`', '*'], "")).collect::<Vec<_>>();
        let lines = || std::iter::once(&self.head).chain(&self.rows).map(bare);
        let width = |at: usize| lines().map(|row| row[at].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.head.len()).map(width).collect();
        let mut text = String::new();
        for row in lines() {
            let cells = row
                .iter()
                .zip(&widths)
                .enumerate()
                .map(|(at, (cell, &width))| match at {
                    0 => format!("{cell:<width$}"),
                    _ => format!("{cell:>width$}"),
                });
            text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
            text.push('\n');
        }
        text
    }

    /// As Markdown has it.
    pub fn markdown(&self) -> String {
        let line = |row: &[String]| format!("| {} |\n", row.join(" | "));
        let rule: Vec<&str> = (0..self.head.len())
            .map(|at| if at == 0 { "---" } else { "--:" })
            .collect();
        let rows: String = self.rows.iter().map(|row| line(row)).collect();
        format!("{}|{}|\n{rows}", line(&self.head), rule.join("|"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        Table {
            head: ["what", "ms"].map(str::to_owned).to_vec(),
            rows: vec![["a long name", "1.25"].map(str::to_owned).to_vec()],
        }
    }

    #[test]
    fn columns_stand_under_each_other() {
        assert_eq!(table().plain(), "what           ms\na long name  1.25\n");
    }

    #[test]
    fn markdown_has_a_rule_below_the_head() {
        assert_eq!(table().markdown(), "| what | ms |\n|---|--:|\n| a long name | 1.25 |\n");
    }

    #[test]
    fn a_goal_that_was_not_reached_stands_out() {
        let goal = Goal {
            what: "small".into(),
            measured: "large".into(),
            verdict: Verdict::of(2 < 1),
        };
        assert!(
            goals_as_table(&[goal])
                .markdown()
                .contains("| small | large | **missed** |")
        );
    }
}
