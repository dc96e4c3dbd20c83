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
             receipt TEXT
         );
         CREATE INDEX IF NOT EXISTS by_time ON messages (queue, visible_ms, id);
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
    body: &str,
    now_ms: i64,
    delay_ms: i64,
) -> Result<()> {
    let insert = "INSERT INTO messages (queue, message_id, body, sent_ms, visible_ms) VALUES (?1, ?2, ?3, ?4, ?5)";
    let mut insert = connection.prepare_cached(insert)?;
    insert.execute(params![queue, message_id, body, now_ms, now_ms + delay_ms])?;
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
    let kept_from_ms = kept_from(rules, now_ms);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let buried = bury(&transaction, rules, now_ms)?;
    let mut messages = Vec::new();
    let select = "SELECT id, message_id, body, sent_ms, receive_count, first_received_ms FROM messages
                  WHERE queue = ?1 AND visible_ms <= ?2 AND sent_ms >= ?3 ORDER BY visible_ms, id LIMIT ?4";
    let mut select = transaction.prepare_cached(select)?;
    let mut found = select.query(params![
        rules.name,
        now_ms,
        kept_from_ms,
        i64::try_from(max).unwrap_or(i64::MAX)
    ])?;
    let update =
        "UPDATE messages SET visible_ms = ?2, receive_count = ?3, first_received_ms = ?4, receipt = ?5 WHERE id = ?1";
    let mut update = transaction.prepare_cached(update)?;
    let mut ids = Vec::new();
    while let Some(row) = found.next()? {
        ids.push(row.get::<_, i64>(0)?);
        messages.push(Message {
            message_id: row.get(1)?,
            receipt_handle: uuid::Uuid::new_v4().simple().to_string(),
            body: row.get(2)?,
            sent_ms: row.get(3)?,
            receive_count: row.get::<_, u32>(4)? + 1,
            first_received_ms: row.get::<_, Option<i64>>(5)?.unwrap_or(now_ms),
        });
    }
    drop(found);
    for (id, message) in ids.iter().zip(&messages) {
        let receipt = &message.receipt_handle;
        update.execute(params![
            id,
            now_ms + hidden_ms,
            message.receive_count,
            message.first_received_ms,
            receipt
        ])?;
    }
    drop((select, update));
    transaction.commit()?;
    Ok((messages, buried))
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
