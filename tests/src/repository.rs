//! The repository's own files, for the tests that compare them with each other.

use std::path::PathBuf;

/// A path in the repository.
#[must_use]
pub fn path(relative: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(relative)
}

/// A file's text.
///
/// # Panics
/// When it cannot be read.
#[must_use]
pub fn text(relative: &str) -> String {
    std::fs::read_to_string(path(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
}

/// The names in a folder, sorted.
///
/// # Panics
/// When it cannot be read.
#[must_use]
pub fn names(relative: &str) -> Vec<String> {
    let entries = std::fs::read_dir(path(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"));
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("it can be listed")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

/// The rows of the first Markdown table in a text, its header line and the line of dashes left out; cells are trimmed.
#[must_use]
pub fn table(text: &str) -> Vec<Vec<String>> {
    let lines = text.lines().map(str::trim).skip_while(|line| !line.starts_with('|'));
    let rows = lines.take_while(|line| line.starts_with('|')).skip(2);
    rows.map(|row| {
        row.trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect()
    })
    .collect()
}
