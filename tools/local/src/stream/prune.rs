//! Deletes delivered records from the engine's own table, which the engine never trims. The one place that knows it.
//!
//! Each write to a table with a stream scans all records for the highest sequence number: 0.3 ms at 2 000, 5 ms at
//! 16 000. The newest record stays, since the next number is one above the highest that is found (or the clock, in
//! microseconds, if that is higher): without it a clock set back would make numbers start below those already given out.

use rusqlite::{Connection, params};

/// What the engine adds to its numbers on the wire, so that they have the 21 digits of real ones.
const WIRE_PREFIX: char = '1';

/// A second connection to the engine's database; see `Engine::second_connection` for what it must not do.
pub struct Pruner {
    connection: Connection,
    table: String,
}

impl Pruner {
    /// Prunes the records of one table.
    pub fn new(connection: Connection, table: &str) -> Self {
        Self {
            connection,
            table: table.to_owned(),
        }
    }

    /// Deletes the records up to and including this sequence number, but for the newest.
    ///
    /// A busy engine is no failure: the records go with the next ones.
    pub fn prune(&self, sequence_number: &str) {
        let Some(stored) = sequence_number
            .strip_prefix(WIRE_PREFIX)
            .and_then(|digits| digits.parse::<i64>().ok())
        else {
            tracing::error!(
                sequence_number,
                "a sequence number of another form; the stream is not pruned"
            );
            return;
        };
        // One statement and no transaction. Ids grow with the sequence numbers, and are indexed.
        let delete = "DELETE FROM _stream_records WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) <= ?2
                      AND id < (SELECT MAX(id) FROM _stream_records WHERE table_name = ?1)";
        match self.connection.execute(delete, params![self.table, stored]) {
            Ok(_) => {}
            Err(rusqlite::Error::SqliteFailure(error, _))
                if matches!(
                    error.code,
                    rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked
                ) => {}
            Err(error) => tracing::error!(%error, "the stream is not pruned"),
        }
    }
}
