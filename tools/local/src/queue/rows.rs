//! The queues' one SQLite table. All SQL of the queues is here.
//!
//! A row with a receipt was received and not deleted; without one it waits for its first receive, or for its delay.

use anyhow::Result;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::rules::{Depth, Message, Rules};
use eclips_shared::time::Timestamp;

pub fn prepare(connection: &Connection) -> Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // Written at every commit, synced at checkpoints only: enough against a kill, a tenth of the time of a sync.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS messages (
             id INTEGER PRIMARY KEY AUTOINCREMENT,
             queue TEXT NOT NULL,
             message_id TEXT NOT NULL,
             body TEXT NOT NULL,
             sent_ms INTEGER NOT NULL,
             visible_ms INTEGER NOT NULL,
             receive_count INTEGER NOT NULL DEFAULT 0,
             first_received_ms INTEGER,
             receipt TEXT,
             message_group TEXT
         );",
    )?;
    let has_group = "SELECT EXISTS (SELECT 1 FROM pragma_table_info('messages') WHERE name = 'message_group')";
    let has_group: bool = connection.query_row(has_group, [], |row| row.get(0))?;
    if !has_group {
        // A file from before the groups. Its messages have none, and a build from before reads it still.
        connection.execute_batch("ALTER TABLE messages ADD COLUMN message_group TEXT")?;
    }
    connection.execute_batch(
        "CREATE INDEX IF NOT EXISTS by_time ON messages (queue, visible_ms, id);
         CREATE INDEX IF NOT EXISTS by_group ON messages (queue, message_group, visible_ms, id);
         CREATE TABLE IF NOT EXISTS served (
             queue TEXT NOT NULL,
             message_group TEXT NOT NULL,
             turn INTEGER NOT NULL,
             PRIMARY KEY (queue, message_group)
         );
         CREATE INDEX IF NOT EXISTS by_turn ON served (turn);
         CREATE INDEX IF NOT EXISTS by_receives ON messages (queue, receive_count);
         CREATE UNIQUE INDEX IF NOT EXISTS by_receipt ON messages (receipt) WHERE receipt IS NOT NULL;",
    )?;
    // Back to its old place in the order.
    connection.execute(
        "UPDATE messages SET visible_ms = sent_ms, receipt = NULL WHERE receipt IS NOT NULL",
        [],
    )?;
    Ok(())
}

/// Deletes what is past its retention; until the next start it only cannot be received.
pub fn expire(connection: &Connection, rules: &Rules, now_ms: i64) -> Result<usize> {
    let expire = "DELETE FROM messages WHERE queue = ?1 AND sent_ms < ?2";
    Ok(connection.execute(expire, params![rules.name, kept_from(rules, now_ms)])?)
}

pub fn insert(
    connection: &Connection,
    queue: &str,
    message_id: &str,
    group: Option<&str>,
    body: &str,
    now_ms: i64,
    delay_ms: i64,
) -> Result<()> {
    let insert = "INSERT INTO messages (queue, message_id, message_group, body, sent_ms, visible_ms)
                  VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let mut insert = connection.prepare_cached(insert)?;
    insert.execute(params![queue, message_id, group, body, now_ms, now_ms + delay_ms])?;
    Ok(())
}

/// The received messages, and how many went to the dead letters on the way.
pub fn receive(
    connection: &mut Connection,
    rules: &Rules,
    max: usize,
    hidden_ms: i64,
) -> Result<(Vec<Message>, usize)> {
    let now_ms = Timestamp::now().ms();
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let buried = bury(&transaction, rules, now_ms)?;
    let mut messages = Vec::new();
    while messages.len() < max {
        // One by one: each that is taken counts for its group when the next is chosen.
        let Some(id) = next(&transaction, rules, now_ms)? else {
            break;
        };
        // Hidden for now in any case: with a timeout of 0 it would be next again, and nobody gets a message twice in one call.
        messages.push(take(&transaction, id, now_ms, hidden_ms.max(1))?);
    }
    if hidden_ms == 0 {
        for message in &messages {
            hide(&transaction, &rules.name, &message.receipt_handle, now_ms)?;
        }
    }
    transaction.commit()?;
    Ok((messages, buried))
}

/// The message whose turn it is: of the group that has the fewest in flight; of these, of the one that was not served for longest;
/// of its messages the oldest. Messages without a group are served as one group that never has any in flight.
///
/// This is what SQS's fair queues promise, one tenant's many messages not holding up another's few, taken literally: SQS itself
/// promises no order. Groups are found by stepping from one to the next in an index, so that a long queue costs no more than a short one.
fn next(transaction: &Transaction<'_>, rules: &Rules, now_ms: i64) -> Result<Option<i64>> {
    let next = "
        WITH RECURSIVE groups (name) AS (
            SELECT MIN(message_group) FROM messages WHERE queue = ?1 AND message_group IS NOT NULL
            UNION ALL
            SELECT (SELECT MIN(message_group) FROM messages WHERE queue = ?1 AND message_group > groups.name)
            FROM groups WHERE groups.name IS NOT NULL
        ), candidates (id, visible_ms, in_flight, turn) AS (
            SELECT first.id, first.visible_ms,
                   (SELECT COUNT(*) FROM messages WHERE queue = ?1 AND message_group = groups.name
                        AND visible_ms > ?2 AND receipt IS NOT NULL),
                   (SELECT turn FROM served WHERE queue = ?1 AND message_group = groups.name)
            FROM groups JOIN messages AS first ON first.id = (
                SELECT id FROM messages WHERE queue = ?1 AND message_group = groups.name
                    AND visible_ms <= ?2 AND sent_ms >= ?3 ORDER BY visible_ms, id LIMIT 1)
            UNION ALL
            SELECT * FROM (SELECT id, visible_ms, 0, NULL FROM messages WHERE queue = ?1 AND message_group IS NULL
                AND visible_ms <= ?2 AND sent_ms >= ?3 ORDER BY visible_ms, id LIMIT 1)
        )
        SELECT id FROM candidates ORDER BY in_flight, turn NULLS FIRST, visible_ms, id LIMIT 1";
    let mut next = transaction.prepare_cached(next)?;
    Ok(next
        .query_row(params![rules.name, now_ms, kept_from(rules, now_ms)], |row| row.get(0))
        .optional()?)
}

/// Takes a message, and notes its group's turn.
fn take(transaction: &Transaction<'_>, id: i64, now_ms: i64, hidden_ms: i64) -> Result<Message> {
    let take = "UPDATE messages SET visible_ms = ?2, receive_count = receive_count + 1,
                    first_received_ms = COALESCE(first_received_ms, ?3), receipt = ?4
                WHERE id = ?1
                RETURNING message_id, body, sent_ms, receive_count, first_received_ms, message_group";
    let receipt_handle = uuid::Uuid::new_v4().simple().to_string();
    let parameters = params![id, now_ms + hidden_ms, now_ms, receipt_handle];
    let message = transaction.prepare_cached(take)?.query_row(parameters, |row| {
        Ok(Message {
            message_id: row.get(0)?,
            receipt_handle: receipt_handle.clone(),
            body: row.get(1)?,
            sent_ms: row.get(2)?,
            receive_count: row.get(3)?,
            first_received_ms: row.get(4)?,
            group: row.get(5)?,
        })
    })?;
    let turn = "INSERT INTO served (queue, message_group, turn)
                SELECT queue, message_group, (SELECT COALESCE(MAX(turn), 0) + 1 FROM served)
                FROM messages WHERE id = ?1 AND message_group IS NOT NULL
                ON CONFLICT (queue, message_group) DO UPDATE SET turn = excluded.turn";
    transaction.prepare_cached(turn)?.execute(params![id])?;
    Ok(message)
}

/// Moves what is visible and was received often enough; SQS decides it at the next receive too.
fn bury(transaction: &Transaction<'_>, rules: &Rules, now_ms: i64) -> Result<usize> {
    let Some((dead, receives_max)) = &rules.dead_letters else {
        return Ok(0);
    };
    // The plus keeps SQLite from walking all that is visible; few were received so often.
    let bury = "UPDATE messages SET queue = ?1, visible_ms = ?2, receipt = NULL
                WHERE queue = ?3 AND receive_count >= ?4 AND +visible_ms <= ?2";
    Ok(transaction
        .prepare_cached(bury)?
        .execute(params![dead, now_ms, rules.name, receives_max])?)
}

pub fn delete(connection: &Connection, queue: &str, receipt: &str) -> Result<()> {
    let delete = "DELETE FROM messages WHERE queue = ?1 AND receipt = ?2";
    connection.prepare_cached(delete)?.execute(params![queue, receipt])?;
    Ok(())
}

pub fn hide(connection: &Connection, queue: &str, receipt: &str, until_ms: i64) -> Result<()> {
    let hide = "UPDATE messages SET visible_ms = ?3 WHERE queue = ?1 AND receipt = ?2";
    connection
        .prepare_cached(hide)?
        .execute(params![queue, receipt, until_ms])?;
    Ok(())
}

/// When the next message becomes visible; what is too old to be received does not count.
pub fn next_visible(connection: &Connection, rules: &Rules, now_ms: i64) -> Result<Option<i64>> {
    let next = "SELECT visible_ms FROM messages WHERE queue = ?1 AND sent_ms >= ?2 ORDER BY visible_ms LIMIT 1";
    let mut next = connection.prepare_cached(next)?;
    Ok(next
        .query_row(params![rules.name, kept_from(rules, now_ms)], |row| row.get(0))
        .optional()?)
}

/// Messages sent before this are past their retention.
fn kept_from(rules: &Rules, now_ms: i64) -> i64 {
    now_ms.saturating_sub(i64::try_from(rules.retention.as_millis()).unwrap_or(i64::MAX))
}

pub fn depth(connection: &Connection, queue: &str, now_ms: i64) -> Result<Depth> {
    let depth = "SELECT COUNT(*) FILTER (WHERE visible_ms <= ?2),
                        COUNT(*) FILTER (WHERE visible_ms > ?2 AND receipt IS NOT NULL),
                        COUNT(*) FILTER (WHERE visible_ms > ?2 AND receipt IS NULL)
                 FROM messages WHERE queue = ?1";
    let mut depth = connection.prepare_cached(depth)?;
    Ok(depth.query_row(params![queue, now_ms], |row| {
        Ok(Depth {
            visible: row.get(0)?,
            in_flight: row.get(1)?,
            delayed: row.get(2)?,
        })
    })?)
}
