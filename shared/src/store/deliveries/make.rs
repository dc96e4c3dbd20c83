//! Deliveries are made: the body first, then each of them. All of it is the same whoever does it, so that doing it again changes
//! nothing.

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::try_join_all;

use super::super::item::{Attributes, Row, at, fill, keyed, n, s};
use super::super::{StoreError, several, sweep, written};
use super::{BODY_KEPT_MS, Deliveries, KEPT_MS, due_of};
use crate::time::Timestamp;
use crate::webhook::{DeliveryStatus, Errand, Source, Topic};

/// A delivery to be made.
#[derive(Clone, Debug)]
pub struct NewDelivery {
    /// Which, and to whom.
    pub errand: Errand,
    /// Where to, where the target is no webhook.
    pub url: Option<String>,
}

impl Deliveries<'_> {
    /// Says which of some deliveries are there, strongly consistent.
    ///
    /// *Errors*: [`StoreError::Unavailable`].
    pub async fn made(&self, errands: &[Errand]) -> Result<Vec<Errand>, StoreError> {
        if errands.is_empty() {
            return Ok(Vec::new());
        }
        let keys = errands.iter().map(|errand| {
            let (pk, sk) = errand.place();
            keyed(pk, sk)
        });
        let items = several::only(self.0, "read deliveries", keys.collect(), &["pk", "sk"]).await?;
        let places = items.iter().map(|item| {
            let row = Row::new("delivery", item);
            Errand::at(row.text("pk")?, row.text("sk")?).ok_or_else(|| row.corrupt("pk"))
        });
        places.collect()
    }

    /// Makes the deliveries of one event, unless they are there. A body that is there stays what it is.
    ///
    /// *Errors*: [`StoreError::Unavailable`]: doing it again makes what is missing.
    pub async fn make(
        &self,
        of: (Source, u64, Topic),
        body: &str,
        deliveries: &[NewDelivery],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (source, seq, topic) = of;
        let mut item = keyed(source.to_string(), format!("X#{seq:08}"));
        let until = now.plus_ms(BODY_KEPT_MS).seconds();
        fill(&mut item, [("body", Some(s(body))), ("ttl", Some(n(until)))]);
        self.put("keep body", item).await?;
        let puts = deliveries.iter().map(|new| {
            let id = new.errand.id;
            let (pk, sk) = new.errand.place();
            let mut item = keyed(pk, sk);
            fill(
                &mut item,
                [
                    ("topic", Some(s(topic.as_str()))),
                    ("source", Some(s(source.to_string()))),
                    ("seq", Some(n(seq))),
                    ("url", new.url.as_deref().map(s)),
                    ("status", Some(s(DeliveryStatus::Pending.as_str()))),
                    ("created_at", Some(at(now))),
                    ("tries", Some(n(0))),
                    ("attempts", Some(AttributeValue::L(Vec::new()))),
                    ("next_at", Some(at(now))),
                    ("epoch", Some(n(0))),
                    ("due", Some(s(due_of(id)))),
                    ("due_at", Some(at(now.plus_ms(sweep::FIRST_LOOK_MS)))),
                    ("ttl", Some(n(now.plus_ms(KEPT_MS).seconds()))),
                ],
            );
            self.put("make delivery", item)
        });
        try_join_all(puts).await.map(|_| ())
    }

    async fn put(&self, call: &'static str, item: Attributes) -> Result<(), StoreError> {
        let put = self
            .0
            .client
            .put_item()
            .table_name(&*self.0.main)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)");
        match written(call, put.send().await) {
            Ok(()) | Err(StoreError::Lost) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Reads what all receivers of an event get; `None` when its time is over.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn body(&self, source: Source, seq: u64) -> Result<Option<String>, StoreError> {
        let item = self
            .0
            .get("read body", source.to_string(), &format!("X#{seq:08}"))
            .await?;
        item.map(|item| Row::new("body", &item).text("body").map(str::to_owned))
            .transpose()
    }
}
