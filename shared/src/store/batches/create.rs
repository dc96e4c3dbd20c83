//! A batch is made: what was sent first, in pieces, and then the batch itself, with its name where the request named itself, in
//! one transaction. Before that there is no batch, and what was sent for it is deleted with time.

use futures_util::future::try_join_all;

use super::super::item::{at, fill, keyed, mark, n, s};
use super::super::once::{self, Made};
use super::super::transact::create;
use super::super::{StoreError, sweep, unavailable};
use super::{Batches, Sent, list_of, partition};
use crate::auth::{Author, Tenant};
use crate::batch::NewBatch;
use crate::idempotency::Named;
use crate::ids::BatchId;
use crate::plan::Plan;

/// The most that one item holds of what was sent. *Units*: bytes of JSON. *Source*: DynamoDB's 400 KB, and room for the rest.
const CHUNK_BYTES_MAX: usize = 350 * 1024;

impl Batches<'_> {
    /// Makes a batch; the table's stream carries it on. A request that named itself makes one in 24 hours.
    ///
    /// *Errors*: [`StoreError::Unavailable`]: then nothing was promised.
    pub async fn create(
        &self,
        author: &Author,
        plan: Plan,
        new: &NewBatch,
        named: Option<&Named>,
    ) -> Result<Made<BatchId>, StoreError> {
        let tenant = author.tenant;
        if let Some(named) = named
            && let Some(made) = self.made(tenant, named).await?
        {
            // Looked at first: a request that was sent before would write all of it again.
            return Ok(made);
        }
        let batch = BatchId::generate();
        let now = batch.created_at();
        let (pk, ttl) = (
            partition(batch),
            n(now.plus_ms(plan.retention_ms(tenant.mode)).seconds()),
        );
        let pieces = pieces(new);
        let put = pieces.into_iter().enumerate().map(|(number, rows)| {
            let mut item = keyed(&pk, format!("IN#{number:02}"));
            fill(&mut item, [("rows", Some(s(rows))), ("ttl", Some(ttl.clone()))]);
            let put = self.0.client.put_item().table_name(&*self.0.main).set_item(Some(item));
            async move { put.send().await.map_err(|error| unavailable("keep rows", &error)) }
        });
        try_join_all(put).await?;

        let mut main = keyed(&pk, "M");
        fill(
            &mut main,
            [
                ("batch_id", Some(s(batch.to_string()))),
                ("tenant", Some(s(tenant.to_string()))),
                ("tenant_batches", Some(s(list_of(tenant)))),
                ("name", new.name.as_deref().map(s)),
                ("agent_type", Some(s(new.agent_type))),
                ("webhook_url", new.webhook_url.as_deref().map(s)),
                ("plan", Some(s(plan.as_str()))),
                ("key_id", Some(s(&author.key))),
                ("total_rows", Some(n(new.rows.len()))),
                ("expanded", Some(n(0))),
                ("created_at", Some(at(now))),
                ("due", Some(s(sweep::partition(batch.to_bytes())))),
                ("due_at", Some(at(now.plus_ms(sweep::FIRST_LOOK_MS)))),
                ("ttl", Some(ttl.clone())),
            ],
        );
        mark(&mut main, &author.mark);
        let mut progress = keyed(&pk, "P");
        fill(
            &mut progress,
            [("total_rows", Some(n(new.rows.len()))), ("ttl", Some(ttl))],
        );
        let writes = [main, progress].map(|item| create(&self.0.main, item, "pk"));
        once::make(self.0, tenant, named, batch, BatchId::parse, writes.into()).await
    }

    /// What a request's name stands for already; `None` when it is free.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn made(&self, tenant: Tenant, named: &Named) -> Result<Option<Made<BatchId>>, StoreError> {
        once::made(self.0, tenant, named, BatchId::parse).await
    }
}

/// What was sent, as JSON lists that fit into items, in order.
fn pieces(new: &NewBatch) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for row in &new.rows {
        let sent = Sent {
            task: row.task.clone(),
            data: row.data.clone(),
        };
        let json = serde_json::to_string(&sent).expect("a task and raw JSON can be written");
        match pieces.last_mut() {
            Some(piece) if piece.len() + json.len() + 2 <= CHUNK_BYTES_MAX => {
                piece.push(',');
                piece.push_str(&json);
            }
            _ => pieces.push(format!("[{json}")),
        }
    }
    pieces.iter_mut().for_each(|piece| piece.push(']'));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::NewRow;

    #[test]
    fn what_was_sent_is_cut_between_rows_and_comes_back_whole() {
        let tasks: Vec<String> = (0..500).map(|row| format!("{row} {}", "é\"".repeat(row * 4))).collect();
        let rows = tasks.iter().map(|task| NewRow {
            task: task.clone(),
            data: None,
        });
        let new = NewBatch {
            agent_type: "center",
            name: None,
            rows: rows.collect(),
            webhook_url: None,
        };
        let pieces = pieces(&new);
        assert!(pieces.len() > 3 && pieces.iter().all(|piece| piece.len() <= CHUNK_BYTES_MAX));
        let back: Vec<Sent> = pieces
            .iter()
            .flat_map(|piece| serde_json::from_str::<Vec<Sent>>(piece).unwrap())
            .collect();
        assert_eq!(back.into_iter().map(|sent| sent.task).collect::<Vec<_>>(), tasks);
    }
}
