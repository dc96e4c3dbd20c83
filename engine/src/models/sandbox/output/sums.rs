//! Sums: makes the members of a made-up answer agree with each other.
//!
//! Only what a reader would work out by himself: a total is the sum of its lines, a verdict follows from its score. What
//! the data gave stays as it is, whether it agrees or not.

mod judgements;
mod lines;
mod sheet;
#[cfg(test)]
mod tests;
mod totals;

pub(super) use self::sheet::{Cell, Given, Sheet, cents};

/// Makes an answer agree: each object in itself, then lists with the top, then the judgements on them.
pub(super) fn agree(sheet: &mut Sheet<'_>) {
    for parent in sheet.parents() {
        for at in 0..sheet.len(&parent) {
            lines::agree(sheet, &parent, at);
        }
    }
    lines::agree(sheet, "", 0);
    judgements::empty_where_nothing_is_wrong(sheet);
    totals::agree(sheet);
    judgements::agree(sheet);
}
