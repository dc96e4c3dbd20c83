//! One run, whole.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::value::RawValue;

use super::super::StoreError;
use super::super::item::Row;
use super::{Runs, is_shown, parts, summary};
use crate::auth::Tenant;
use crate::ids::RunId;
use crate::run::Run;

impl Runs<'_> {
    /// Reads a run whole: one strongly consistent query over `IN`, `M` and `OUT`.
    ///
    /// *Errors*: `None` for no such run, another tenant's, and one whose time is over; [`StoreError::Unavailable`],
    /// [`StoreError::Corrupt`].
    pub async fn show(&self, tenant: Tenant, run: RunId) -> Result<Option<Run>, StoreError> {
        let items = parts(self.0, run, "OUT").await?;
        let part = |sk: &str| {
            items
                .iter()
                .find(|item| matches!(item.get("sk"), Some(AttributeValue::S(found)) if found == sk))
        };
        let Some(main) = part("M") else { return Ok(None) };
        if !is_shown(main, tenant)? {
            return Ok(None);
        }
        let mut summary = summary(main, tenant.mode)?;
        let input = Row::new("run input", part("IN").unwrap_or(main));
        if let Some(task) = input.opt_text("task")? {
            task.clone_into(&mut summary.task);
        }
        let output = Row::new("run output", part("OUT").unwrap_or(main));
        Ok(Some(Run {
            summary,
            data: input.opt_parsed("data", raw)?,
            result: output.opt_parsed("result", raw)?,
        }))
    }
}

fn raw(text: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(text.to_owned()).ok()
}
