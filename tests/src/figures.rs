//! What routes and runs cost in read and write units, said once: for `units.rs`, which measures it, for `wiring/costs.rs`, which holds
//! `docs/costs.md` to it, and for the bench. ARCHITECTURE.md has both tables.

use crate::proxy::Units;

const fn units(read: f64, write: f64) -> Units {
    Units { read, write }
}

/// `POST /v1/run`, a small one without a name.
pub const CREATE_RUN: Units = units(1.0, 9.0);
/// `GET /v1/runs`, a page of it.
pub const LIST_RUNS: Units = units(2.0, 1.0);
/// `GET /v1/runs/{id}`.
pub const SHOW_RUN: Units = units(2.0, 1.0);
/// Work on a run of one stage, from its hint to its end.
pub const WORK: Units = units(3.0, 21.0);
/// The counting of such a run's end, alone; the same where its beginning has been counted before.
pub const COUNT: Units = units(3.0, 9.0);
/// The counting of its beginning, where that is not counted together with its end: of every run that takes longer than a second.
pub const COUNT_BEGINNING: Units = units(2.0, 8.0);
/// A look whether anybody is to be told of a run, where nobody is.
pub const TELL_NOBODY: Units = units(3.0, 0.0);
/// The same where one webhook is.
pub const TELL_ONE: Units = units(4.0, 3.0);
/// A try of a delivery that is taken at once.
pub const DELIVER: Units = units(2.0, 5.0);
/// `POST /v1/batches` with [`ROWS`] small rows, 2 KB in all.
pub const CREATE_BATCH: Units = units(1.0, 9.0);
/// The rows of the batch that is measured.
pub const ROWS: usize = 50;
/// The making of all of these rows' runs.
pub const MAKE_ROWS: Units = units(54.0, 302.0);
/// Work on one of them, whose result makes its run larger than 1 KB.
pub const WORK_ON_ROW: Units = units(4.0, 23.0);
/// The counting of the beginning of one of them, alone.
pub const COUNT_ROW_BEGINNING: Units = units(2.0, 8.0);
/// The counting of its end, alone, and what its batch shows of it in lists.
pub const COUNT_ROW: Units = units(3.0, 10.0);
