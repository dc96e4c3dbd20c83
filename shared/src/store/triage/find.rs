//! One triage item, whole.

use super::super::StoreError;
use super::super::item::Row;
use super::{Triages, is_gone, partition, raw, shown};
use crate::auth::Tenant;
use crate::ids::TriageId;
use crate::time::Timestamp;
use crate::triage::{TriageItem, TriageStatus};

/// A triage item of a tenant's, found to be shown or decided: only [`Triages::find`] makes one.
#[derive(Debug)]
pub struct Question {
    /// What is shown of it.
    pub item: TriageItem,
    pub(super) tenant: Tenant,
    /// The proposed output, as JSON.
    pub(super) payload: String,
    /// Where it stands in the store, where an item whose time is over is pending until somebody writes that down.
    pub(super) stored: TriageStatus,
    /// What was decided, if a key decided.
    pub(super) decision: Option<Vec<u8>>,
}

impl Triages<'_> {
    /// Reads a triage item whole, strongly consistent.
    ///
    /// *Errors*: `None` for no such item, another tenant's, and one whose time in the table is over;
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn find(&self, tenant: Tenant, triage: TriageId) -> Result<Option<Question>, StoreError> {
        let found = self.read(triage).await?;
        Ok(found.filter(|question| question.tenant == tenant))
    }

    /// Reads an item whoever's it is.
    pub(in crate::store) async fn read(&self, triage: TriageId) -> Result<Option<Question>, StoreError> {
        let (read, now) = (self.0.get("read triage item", partition(triage), "M"), Timestamp::now());
        let Some(found) = read.await? else { return Ok(None) };
        if is_gone(&found, now)? {
            return Ok(None);
        }
        let row = Row::new("triage", &found);
        let mut item = shown(&found, now)?;
        if item.payload_truncated {
            item.payload = Some(row.parsed("payload_long", raw)?);
            item.payload_truncated = false;
        }
        let payload = item.payload.as_ref().map_or("", |payload| payload.get()).to_owned();
        let decision = found.contains_key("decision").then(|| row.bytes("decision"));
        Ok(Some(Question {
            tenant: row.parsed("tenant", Tenant::parse)?,
            payload,
            stored: row.parsed("status", TriageStatus::parse)?,
            decision: decision.transpose()?.map(<[u8]>::to_vec),
            item,
        }))
    }
}
