//! Members: the people of an organization, by the e-mail address that they sign in with.
//!
//! *Items*, written together: `O#<org>` / `U#<e-mail>` (`role`, `added_at`) and `U#<e-mail>` / `O#<org>`, by which a sign-in
//! finds the organizations.

use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::Serialize;

use super::audit::{self, Action, Actor};
use super::item::{Attributes, Row, at, fill, keyed, s};
use super::transact::{delete_existing, delete_main, put, send, update, update_main};
use super::{Store, StoreError, several};
use crate::email::Email;
use crate::ids::OrgId;
use crate::plan::Plan;
use crate::role::Role;
use crate::time::Timestamp;

/// A member of an organization.
#[derive(Clone, Debug, Serialize)]
pub struct MemberSummary {
    /// The address that the member signs in with.
    pub email: Email,
    /// What the member may do.
    pub role: Role,
    /// When the member was added.
    pub added_at: Timestamp,
}

/// How a member stands in an organization, with what every page shows of that.
#[derive(Clone, Debug)]
pub struct Standing {
    /// What the member may do.
    pub role: Role,
    /// The organization's name.
    pub org_name: String,
    /// Its plan.
    pub plan: Plan,
    /// Whether it is suspended.
    pub suspended: bool,
}

/// The members.
#[derive(Debug)]
pub struct Members<'a>(pub(super) &'a Store);

impl Members<'_> {
    /// Adds a member, or gives one another role; the role that one has already changes nothing.
    ///
    /// *Errors*: [`StoreError::Lost`] when there is no such organization, or when the member's role was changed meanwhile;
    /// [`StoreError::Unavailable`].
    pub async fn add(&self, org: OrgId, email: &Email, role: Role, by: &Actor) -> Result<(), StoreError> {
        let (pk, sk) = (format!("O#{org}"), format!("U#{email}"));
        let held = self.0.get("show member", pk.clone(), &sk).await?;
        let held = held
            .map(|item| Row::new("member", &item).parsed("role", Role::parse))
            .transpose()?;
        let now = Timestamp::now();
        let mut place = keyed(format!("U#{email}"), format!("O#{org}"));
        fill(&mut place, [("added_at", Some(at(now)))]);
        let place = aws_sdk_dynamodb::types::Put::builder()
            .table_name(&*self.0.main)
            .set_item(Some(place));
        if held == Some(role) {
            // Nothing to tell; but a member whom a sign-in does not find is found again.
            return send(self.0, "add member", vec![put(place), self.changed(org)]).await;
        }
        let (action, detail) = match held {
            None => (Action::MemberAdded, format!("as {}", role.as_str())),
            Some(before) => (
                Action::MemberRoleChanged,
                format!("from {} to {}", before.as_str(), role.as_str()),
            ),
        };
        let member = update_main(self.0, &pk, &sk)
            .update_expression("SET #role = :role, added_at = if_not_exists(added_at, :now)")
            .condition_expression(match held {
                None => "attribute_not_exists(pk)",
                Some(_) => "#role = :held",
            })
            .expression_attribute_names("#role", "role")
            .expression_attribute_values(":role", s(role.as_str()))
            .expression_attribute_values(":now", at(now));
        let member = match held {
            None => member,
            Some(before) => member.expression_attribute_values(":held", s(before.as_str())),
        };
        let entry = audit::entry(self.0, org, by, action, email.as_str(), detail);
        send(
            self.0,
            "add member",
            vec![update(member), put(place), self.changed(org), entry],
        )
        .await
    }

    /// Removes a member. Sessions of a former member open nothing, since every page asks for the role.
    ///
    /// *Errors*: [`StoreError::Lost`] when there is no such member, [`StoreError::Unavailable`].
    pub async fn remove(&self, org: OrgId, email: &Email, by: &Actor) -> Result<(), StoreError> {
        let writes = vec![
            delete_existing(self.0, &format!("O#{org}"), &format!("U#{email}")),
            delete_main(self.0, &format!("U#{email}"), &format!("O#{org}")),
            self.changed(org),
            audit::entry(self.0, org, by, Action::MemberRemoved, email.as_str(), String::new()),
        ];
        send(self.0, "remove member", writes).await
    }

    /// An organization's members, by address.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn list(&self, org: OrgId) -> Result<Vec<MemberSummary>, StoreError> {
        let items = self.0.partition("list members", format!("O#{org}"), "U#").await?;
        items.iter().map(summary).collect()
    }

    /// The organizations that a person is a member of, oldest first.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn organizations(&self, email: &Email) -> Result<Vec<OrgId>, StoreError> {
        let items = self.0.partition("list memberships", format!("U#{email}"), "O#").await?;
        items
            .iter()
            .map(|item| Row::new("membership", item).parsed("sk", |sk| OrgId::parse(sk.strip_prefix("O#")?)))
            .collect()
    }

    /// How a person stands in an organization: role, name, plan and suspension in one strongly consistent `BatchGetItem`.
    ///
    /// *Errors*: `Ok(None)` when the person is no member or the organization is gone; [`StoreError::Unavailable`],
    /// [`StoreError::Corrupt`].
    pub async fn standing(&self, org: OrgId, email: &Email) -> Result<Option<Standing>, StoreError> {
        let (member, name, limits) = (format!("U#{email}"), format!("O#{org}"), format!("L#{org}"));
        let keys = vec![keyed(&name, &member), keyed(&name, "M"), keyed(&limits, "M")];
        let items = several::whole(self.0, "show standing", keys).await?;
        let found = |pk: &str, sk: &str| {
            items
                .iter()
                .find(|item| item.get("pk") == Some(&s(pk)) && item.get("sk") == Some(&s(sk)))
        };
        let (Some(member), Some(org), Some(limits)) = (found(&name, &member), found(&name, "M"), found(&limits, "M"))
        else {
            return Ok(None);
        };
        let limits = Row::new("limits", limits);
        Ok(Some(Standing {
            role: Row::new("member", member).parsed("role", Role::parse)?,
            org_name: Row::new("organization", org).text("name")?.to_owned(),
            plan: limits.parsed("plan", Plan::parse)?,
            suspended: limits.flag("suspended")?,
        }))
    }

    /// Marks that the members changed; refuses where there is no such organization, so that nobody joins a deleted one.
    fn changed(&self, org: OrgId) -> TransactWriteItem {
        update(
            update_main(self.0, &format!("O#{org}"), "M")
                .update_expression("SET members_changed_at = :now")
                .condition_expression("attribute_exists(pk)")
                .expression_attribute_values(":now", at(Timestamp::now())),
        )
    }

    /// Deletes a member and what leads to it; only a part of deleting the organization.
    pub(super) async fn erase(&self, org: OrgId, email: &Email, by: &Actor) -> Result<(), StoreError> {
        let detail = "with the organization".to_owned();
        let writes = vec![
            delete_main(self.0, &format!("O#{org}"), &format!("U#{email}")),
            delete_main(self.0, &format!("U#{email}"), &format!("O#{org}")),
            audit::entry(self.0, org, by, Action::MemberRemoved, email.as_str(), detail),
        ];
        send(self.0, "erase member", writes).await
    }
}

fn summary(item: &Attributes) -> Result<MemberSummary, StoreError> {
    let row = Row::new("member", item);
    Ok(MemberSummary {
        email: row.parsed("sk", |sk| Email::parse(sk.strip_prefix("U#")?))?,
        role: row.parsed("role", Role::parse)?,
        added_at: row.time("added_at")?,
    })
}
