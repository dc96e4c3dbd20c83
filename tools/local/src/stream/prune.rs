//! Deletes records that every consumer has had from the engine's own table, which the engine never trims, and gives that table an index.
//! The one place that knows it.
//!
//! Each write to a table with a stream looks for the highest sequence number, and each read for the first one behind another; without the
//! index each is a scan of all records with their images: 0.3 ms at 2 000, 37 ms at 21 000, when a consumer that is a little
//! behind makes everything slower, itself included. The newest record stays, since the next number is one above the highest that is found (or the clock, in
//! microseconds, if that is higher): without it a clock set back would make numbers start below those already given out.

use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, params};

/// What the engine adds to its numbers on the wire, so that they have the 21 digits of real ones.
const WIRE_PREFIX: char = '1';

/// How far each consumer has come, and a second connection to the engine's database; see `Engine::second_connection` for
/// what that must not do.
pub struct Pruner {
    state: Mutex<State>,
    table: String,
}

struct State {
    connection: Connection,
    /// Whether the records have their index; a busy engine lets nobody make one.
    is_indexed: bool,
    /// The last number that each has been delivered; 0 for none.
    delivered: Vec<i64>,
    pruned: i64,
}

impl Pruner {
    /// Prunes the records of one table, which so many consumers read.
    pub fn new(connection: Connection, table: &str, consumers: usize) -> Self {
        let is_indexed = index(&connection);
        Self {
            state: Mutex::new(State {
                connection,
                is_indexed,
                delivered: vec![0; consumers],
                pruned: 0,
            }),
            table: table.to_owned(),
        }
    }

    /// Notes that a consumer has had everything up to and including this sequence number, and deletes what all of them
    /// have had, but for the newest.
    ///
    /// A busy engine is no failure: the records go with the next ones.
    pub fn delivered(&self, consumer: usize, sequence_number: &str) {
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
        // Numbers and a connection: whatever panicked while it held them left them whole.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.is_indexed = state.is_indexed || index(&state.connection);
        state.delivered[consumer] = stored;
        let by_all = state.delivered.iter().copied().min().unwrap_or_default();
        if by_all > state.pruned && self.prune(&state.connection, by_all) {
            state.pruned = by_all;
        }
    }

    /// Deletes up to and including this number; says whether it could.
    fn prune(&self, connection: &Connection, stored: i64) -> bool {
        // One statement and no transaction. Ids grow with the sequence numbers, and are indexed.
        let delete = "DELETE FROM _stream_records WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) <= ?2
                      AND id < (SELECT MAX(id) FROM _stream_records WHERE table_name = ?1)";
        done(
            connection.execute(delete, params![self.table, stored]),
            "the stream is not pruned",
        )
    }
}

/// Gives the engine's records their index; says whether they have it.
fn index(connection: &Connection) -> bool {
    // By the very expression of the engine's queries, which is why it is of use to them.
    let index = "CREATE INDEX IF NOT EXISTS eclips_by_number
                 ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";
    done(connection.execute(index, []), "the stream's records have no index")
}

/// Whether something was done. A busy engine is no failure: it is tried again with the next records.
fn done(tried: rusqlite::Result<usize>, failed: &str) -> bool {
    match tried {
        Ok(_) => return true,
        Err(rusqlite::Error::SqliteFailure(error, _))
            if matches!(
                error.code,
                rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked
            ) => {}
        Err(error) => tracing::error!(%error, "{failed}"),
    }
    false
}
