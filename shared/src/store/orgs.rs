//! Organizations: made, put on a plan, suspended, deleted.
//!
//! *Items*: `O#<org>` / `M` (name), `L#<org>` / `M` (see `limits.rs`), `ORGS` / `O#<org>` (the list: name, plan, suspended). All
//! that belong together are written in one transaction.

use serde::Serialize;

use super::item::{Attributes, Row, at, fill, flag, keyed, n, s};
use super::transact::{create, delete_main, send, update, update_main};
use super::{Actor, Store, StoreError};
use crate::ids::OrgId;
use crate::plan::Plan;
use crate::time::Timestamp;

/// The partition of the list of organizations.
const ORGS: &str = "ORGS";

/// An organization in the list.
#[derive(Debug, Serialize)]
pub struct OrgSummary {
    /// Its id.
    pub org_id: OrgId,
    /// Its name.
    pub name: String,
    /// Its plan.
    pub plan: Plan,
    /// Whether it is suspended.
    pub suspended: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Organizations.
#[derive(Debug)]
pub struct Orgs<'a>(pub(super) &'a Store);

impl Orgs<'_> {
    /// Makes an organization.
    ///
    /// *Errors*: [`StoreError::Unavailable`].
    pub async fn create(&self, name: &str, plan: Plan) -> Result<OrgId, StoreError> {
        let org = OrgId::generate();
        let now = Timestamp::now();
        let mut row = keyed(format!("O#{org}"), "M");
        fill(&mut row, [("name", Some(s(name))), ("created_at", Some(at(now)))]);
        let mut listed = keyed(ORGS, format!("O#{org}"));
        fill(
            &mut listed,
            [
                ("name", Some(s(name))),
                ("plan", Some(s(plan.as_str()))),
                ("suspended", Some(flag(false))),
                ("created_at", Some(at(now))),
            ],
        );
        let writes = vec![
            create(&self.0.main, row, "pk"),
            create(&self.0.main, limits(org, plan), "pk"),
            create(&self.0.main, listed, "pk"),
        ];
        send(self.0, "create organization", writes).await?;
        Ok(org)
    }

    /// Lists all organizations, oldest first.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn list(&self) -> Result<Vec<OrgSummary>, StoreError> {
        let items = self.0.partition("list organizations", ORGS.to_owned(), "O#").await?;
        items.iter().map(summary).collect()
    }

    /// Puts an organization on a plan; holds from the next request, and within five seconds where one was just refused.
    ///
    /// *Errors*: [`StoreError::Lost`] when there is no such organization, [`StoreError::Unavailable`].
    pub async fn set_plan(&self, org: OrgId, plan: Plan) -> Result<(), StoreError> {
        self.change(org, "set plan", "#name = :value", "plan", s(plan.as_str()))
            .await
    }

    /// Suspends an organization, or takes it back; holds from the next request, and within five seconds where one was just
    /// refused for its number.
    ///
    /// *Errors*: [`StoreError::Lost`] when there is no such organization, [`StoreError::Unavailable`].
    pub async fn set_suspended(&self, org: OrgId, suspension: Suspension) -> Result<(), StoreError> {
        let value = flag(matches!(suspension, Suspension::On));
        self.change(org, "suspend organization", "#name = :value", "suspended", value)
            .await
    }

    /// Gives an organization its own number instead of its plan's; whoever was just refused notices within five seconds.
    ///
    /// *Units*: requests or credits, by the number.
    ///
    /// *Errors*: [`StoreError::Lost`] when there is no such organization, [`StoreError::Unavailable`].
    pub async fn set_override(&self, org: OrgId, number: Override, value: u64) -> Result<(), StoreError> {
        self.change(org, "override limit", "#name = :value", number.attribute(), n(value))
            .await
    }

    /// Deletes an organization: suspended first, then itself (so that no new key can be made), then its keys and members
    /// one by one, at last its limits and its place in the list. Cut off anywhere, it can be run again. Its runs and its
    /// audit log stay until their time is over.
    ///
    /// *Errors*: [`StoreError::Lost`] when there is no such organization, [`StoreError::Unavailable`].
    pub async fn delete(&self, org: OrgId, by: &Actor) -> Result<(), StoreError> {
        self.set_suspended(org, Suspension::On).await?;
        send(
            self.0,
            "delete organization",
            vec![delete_main(self.0, &format!("O#{org}"), "M")],
        )
        .await?;
        for key in self.0.keys().list(org).await? {
            self.0.keys().erase(org, key.key_id, by).await?;
        }
        for member in self.0.members().list(org).await? {
            self.0.members().erase(org, &member.email, by).await?;
        }
        let writes = vec![
            delete_main(self.0, &format!("L#{org}"), "M"),
            delete_main(self.0, ORGS, &format!("O#{org}")),
        ];
        send(self.0, "delete organization", writes).await
    }

    /// Changes one attribute on the limits item and in the list; raises the limits' version, so
    /// that every process notices at its next request.
    async fn change(
        &self,
        org: OrgId,
        call: &'static str,
        set: &str,
        name: &str,
        value: aws_sdk_dynamodb::types::AttributeValue,
    ) -> Result<(), StoreError> {
        let limits = update_main(self.0, &format!("L#{org}"), "M")
            .update_expression(format!("SET {set} ADD version :one"))
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#name", name)
            .expression_attribute_values(":value", value.clone())
            .expression_attribute_values(":one", n(1));
        let listed = update_main(self.0, ORGS, &format!("O#{org}"))
            .update_expression(format!("SET {set}"))
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#name", name)
            .expression_attribute_values(":value", value);
        send(self.0, call, vec![update(limits), update(listed)]).await
    }
}

/// Whether an organization is suspended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Suspension {
    /// Its keys are refused with 403.
    On,
    /// Its keys work.
    Off,
}

/// A number that an organization can have of its own. *Source*: contract §9, "an organization can carry overrides".
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Override {
    /// Requests a minute on the strict routes.
    StrictPerMinute,
    /// Requests a minute on the standard routes.
    StandardPerMinute,
    /// Requests a UTC day.
    RequestsPerDay,
    /// Credits a UTC month.
    CreditsPerMonth,
}

impl Override {
    const fn attribute(self) -> &'static str {
        match self {
            Self::StrictPerMinute => "strict_per_minute",
            Self::StandardPerMinute => "standard_per_minute",
            Self::RequestsPerDay => "requests_per_day",
            Self::CreditsPerMonth => "credits_per_month",
        }
    }
}

/// The limits item of a new organization: no cell yet, so that the first request makes the caps.
fn limits(org: OrgId, plan: Plan) -> Attributes {
    let mut item = keyed(format!("L#{org}"), "M");
    fill(
        &mut item,
        [("plan", Some(s(plan.as_str()))), ("suspended", Some(flag(false)))],
    );
    for name in [
        "cell",
        "rolled_version",
        "strict_used",
        "strict_cap",
        "standard_used",
        "standard_cap",
        "day_used",
        "day_max",
    ] {
        item.insert(name.to_owned(), n(0));
    }
    fill(
        &mut item,
        [
            ("version", Some(n(1))),
            ("strict_past", Some(s(""))),
            ("standard_past", Some(s(""))),
        ],
    );
    item
}

fn summary(item: &Attributes) -> Result<OrgSummary, StoreError> {
    let row = Row::new("organization", item);
    Ok(OrgSummary {
        org_id: row.parsed("sk", |sk| OrgId::parse(sk.strip_prefix("O#")?))?,
        name: row.text("name")?.to_owned(),
        plan: row.parsed("plan", Plan::parse)?,
        suspended: row.flag("suspended")?,
        created_at: row.time("created_at")?,
    })
}
