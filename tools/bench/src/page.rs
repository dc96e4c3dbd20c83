//! The page of results, `tools/bench/README.md`: what is written by hand stays, and each section's results stand between its markers. So a run of
//! one section renews that alone.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use eclips_tests::repository;

use crate::report::{Block, Section, Table, goals_as_table};

/// The goals of all sections, at the page's beginning.
const GOALS: &str = "goals";

/// The page as a file, with the folder of its pictures.
pub struct Page {
    path: PathBuf,
    plots: PathBuf,
    text: String,
}

impl Page {
    /// Reads the page as it stands.
    pub fn read() -> Result<Self> {
        let path = repository::path("tools/bench/README.md");
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self {
            plots: path.with_file_name("plots"),
            path,
            text,
        })
    }

    /// Puts a section's results in the place of older ones, with its pictures.
    pub fn put(&mut self, name: &str, stamp: &str, section: &Section) -> Result<()> {
        self.text = replaced(&self.text, name, &format!("{stamp}\n\n{}", markdown(section)))?;
        for block in &section.blocks {
            if let Block::Plot(plot) = block {
                std::fs::create_dir_all(&self.plots)?;
                write(&self.plots.join(format!("{}.svg", plot.name)), &plot.svg)?;
            }
        }
        Ok(())
    }

    /// Gathers the goals of all sections and writes the page.
    pub fn write(mut self) -> Result<()> {
        let goals = gathered(&self.text);
        self.text = replaced(&self.text, GOALS, &goals)?;
        write(&self.path, &self.text)
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn markdown(section: &Section) -> String {
    let blocks = section.blocks.iter().map(|block| match block {
        Block::Words(words) => format!("{words}\n"),
        Block::Table(table) => table.markdown(),
        Block::Goals(goals) => goals_as_table(goals).markdown(),
        Block::Plot(plot) => format!("![{}](plots/{}.svg)\n", plot.alternative, plot.name),
    });
    blocks.collect::<Vec<_>>().join("\n")
}

/// A text with something else between a section's markers. *Errors*: it has no such markers.
fn replaced(text: &str, name: &str, by: &str) -> Result<String> {
    let (open, close) = (format!("<!-- bench: {name} -->"), format!("<!-- /bench: {name} -->"));
    let (before, rest) = text
        .split_once(&open)
        .with_context(|| format!("the page has no {open}"))?;
    let (_, after) = rest
        .split_once(&close)
        .with_context(|| format!("the page has no {close}"))?;
    Ok(format!("{before}{open}\n{}\n{close}{after}", by.trim_end()))
}

/// The rows of every table of goals in a text, as one table; those that it has at its beginning already are no section's.
fn gathered(text: &str) -> String {
    let sections = text
        .split("<!-- bench: ")
        .skip(1)
        .filter_map(|part| part.split_once(" -->"));
    let mut rows = Vec::new();
    for (name, part) in sections.filter(|(name, _)| *name != GOALS) {
        let part = part.split("<!-- /bench: ").next().unwrap_or_default();
        for table in part.split("| Goal | Measured |").skip(1) {
            let lines = table.lines().skip(2).take_while(|line| line.starts_with('|'));
            let cells = lines.map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()));
            rows.extend(cells.map(|cells| std::iter::once(name.to_owned()).chain(cells).collect::<Vec<_>>()));
        }
    }
    let head = ["Section", "Goal", "Measured", ""].map(str::to_owned).to_vec();
    Table { head, rows }.markdown()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Goal, Verdict};

    const PAGE: &str = "# Bench\n<!-- bench: goals -->\n<!-- /bench: goals -->\nWords.\n<!-- bench: size -->\nold\n<!-- /bench: size -->\nEnd.\n";

    #[test]
    fn what_is_written_by_hand_stays() {
        let page = replaced(PAGE, "size", "new\n").unwrap();
        assert_eq!(page, PAGE.replace("old", "new"));
        assert!(replaced(PAGE, "warm", "new").is_err());
    }

    #[test]
    fn goals_of_all_sections_come_together() {
        let mut section = Section::default();
        section.goals(vec![Goal {
            what: "small".into(),
            measured: "4 MB".into(),
            verdict: Verdict::Met,
        }]);
        let page = replaced(PAGE, "size", &markdown(&section)).unwrap();
        let table = gathered(&page);
        assert!(table.ends_with("| size | small | 4 MB | met |\n"), "{table}");
        // Once they are there they are not counted again.
        let page = replaced(&page, GOALS, &table).unwrap();
        assert_eq!(gathered(&page), table);
    }
}
