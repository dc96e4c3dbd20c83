//! Members: the people of an organization, by the e-mail address that they sign in with.
//!
//! *Items*, written together: `O#<org>` / `U#<e-mail>` (`role`, `added_at`) and `U#<e-mail>` / `O#<org>`, by which a sign-in
//! finds the organizations.
//!
//! An organization keeps an owner. Whoever changes somebody else still owns it when that is written; whoever gives up his own
//! part has another owner's as a condition. Two who act at once meet on the organization's item, and the second one's
//! condition fails. No count of owners is kept, which could be wrong. An operator's tool may do anything.

use aws_sdk_dynamodb::types::{ConditionCheck, TransactWriteItem};
use serde::Serialize;

use super::audit::{self, Action, Actor};
use super::item::{Attributes, Row, at, fill, keyed, s};
use super::transact::{create, delete, delete_main, delete_of, put, send, update, update_main};
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

/// What became of a change among the members.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MemberChange {
    /// It is done, or was so before.
    Done,
    /// There is no such member.
    NoSuchMember,
    /// Nobody else owns the organization: nothing was changed.
    LastOwner,
}

/// Tries of a change that another one among the members overtook.
const TRIES: usize = 3;

impl Members<'_> {
    /// Makes somebody a member who is none. Whoever is one stays what he is, and that is given.
    ///
    /// *Errors*: [`StoreError::Lost`] when there is no such organization, or when whoever acts owns it no more;
    /// [`StoreError::Unavailable`].
    pub async fn join(&self, org: OrgId, email: &Email, role: Role, by: &Actor) -> Result<Option<Role>, StoreError> {
        for _ in 1..TRIES {
            match self.try_join(org, email, role, by).await {
                Err(StoreError::Lost) => {}
                answered => return answered,
            }
        }
        self.try_join(org, email, role, by).await
    }

    /// Gives a member another role; the one that he has already changes nothing.
    ///
    /// *Errors*: as [`Self::join`].
    pub async fn give_role(
        &self,
        org: OrgId,
        email: &Email,
        role: Role,
        by: &Actor,
    ) -> Result<MemberChange, StoreError> {
        self.change(org, email, Some(role), by).await
    }

    /// Removes a member. Sessions of a former member open nothing, since every page asks for the role.
    ///
    /// *Errors*: as [`Self::join`].
    pub async fn remove(&self, org: OrgId, email: &Email, by: &Actor) -> Result<MemberChange, StoreError> {
        self.change(org, email, None, by).await
    }

    /// Makes somebody a member or gives a member another role, for an operator's tool; the role that one has already changes
    /// nothing.
    ///
    /// *Errors*: as [`Self::join`].
    pub async fn add(&self, org: OrgId, email: &Email, role: Role, by: &Actor) -> Result<(), StoreError> {
        match self.join(org, email, role, by).await? {
            None => Ok(()),
            Some(held) if held == role => {
                // Nothing to tell; but a member whom a sign-in does not find is found again.
                let writes = vec![self.found(org, email), self.changed(org)];
                send(self.0, "add member", writes).await
            }
            Some(_) => match self.give_role(org, email, role, by).await? {
                MemberChange::Done => Ok(()),
                MemberChange::NoSuchMember | MemberChange::LastOwner => Err(StoreError::Lost),
            },
        }
    }

    async fn try_join(&self, org: OrgId, email: &Email, role: Role, by: &Actor) -> Result<Option<Role>, StoreError> {
        if let Some(held) = self.role(org, email).await? {
            return Ok(Some(held));
        }
        let mut writes = self.as_owner(org, email, by)?;
        let mut member = keyed(format!("O#{org}"), format!("U#{email}"));
        fill(
            &mut member,
            [
                ("role", Some(s(role.as_str()))),
                ("added_at", Some(at(Timestamp::now()))),
            ],
        );
        let detail = format!("as {}", role.as_str());
        writes.extend([
            create(&self.0.main, member, "pk"),
            self.found(org, email),
            self.changed(org),
            audit::entry(self.0, org, by, Action::MemberAdded, email.as_str(), detail),
        ]);
        send(self.0, "add member", writes).await.map(|()| None)
    }

    /// Gives a member another role, or none.
    async fn change(
        &self,
        org: OrgId,
        email: &Email,
        role: Option<Role>,
        by: &Actor,
    ) -> Result<MemberChange, StoreError> {
        for _ in 1..TRIES {
            match self.try_change(org, email, role, by).await {
                // Another change was faster: of this member, or of the owner who was to remain.
                Err(StoreError::Lost) => {}
                answered => return answered,
            }
        }
        self.try_change(org, email, role, by).await
    }

    async fn try_change(
        &self,
        org: OrgId,
        email: &Email,
        role: Option<Role>,
        by: &Actor,
    ) -> Result<MemberChange, StoreError> {
        let Some(held) = self.role(org, email).await? else {
            return Ok(MemberChange::NoSuchMember);
        };
        if role == Some(held) {
            return Ok(MemberChange::Done);
        }
        let mut writes = match by {
            // Whoever changes himself has the role that allowed it by the condition on his own item.
            Actor::Member {
                email: own, role: acts, ..
            } if own == email && *acts != Some(held) => {
                return Err(StoreError::Lost);
            }
            Actor::Member { email: own, .. } if own == email && held == Role::Owner => {
                match self.other_owner(org, email).await? {
                    Some(other) => vec![holds(self.0, org, &other, Role::Owner)],
                    None => return Ok(MemberChange::LastOwner),
                }
            }
            Actor::Member { email: own, .. } if own == email => Vec::new(),
            _ => self.as_owner(org, email, by)?,
        };
        let (pk, sk) = (format!("O#{org}"), format!("U#{email}"));
        match role {
            Some(role) => {
                let member = update_main(self.0, &pk, &sk)
                    .update_expression("SET #role = :role")
                    .condition_expression("#role = :held")
                    .expression_attribute_names("#role", "role")
                    .expression_attribute_values(":role", s(role.as_str()))
                    .expression_attribute_values(":held", s(held.as_str()));
                let detail = format!("from {} to {}", held.as_str(), role.as_str());
                let entry = audit::entry(self.0, org, by, Action::MemberRoleChanged, email.as_str(), detail);
                writes.extend([update(member), self.found(org, email), entry]);
            }
            None => {
                let member = delete_of(self.0, &pk, &sk)
                    .condition_expression("#role = :held")
                    .expression_attribute_names("#role", "role")
                    .expression_attribute_values(":held", s(held.as_str()));
                let detail = format!("was {}", held.as_str());
                let entry = audit::entry(self.0, org, by, Action::MemberRemoved, email.as_str(), detail);
                writes.extend([delete(member), delete_main(self.0, &sk, &pk), entry]);
            }
        }
        writes.push(self.changed(org));
        send(self.0, "change member", writes).await.map(|()| MemberChange::Done)
    }

    /// What allows somebody to change another one: he owns the organization, and still does when it is written, so that an
    /// owner remains whatever becomes of the other one. Nothing where a tool acts.
    ///
    /// *Errors*: [`StoreError::Lost`] for anybody else.
    fn as_owner(&self, org: OrgId, other: &Email, by: &Actor) -> Result<Vec<TransactWriteItem>, StoreError> {
        match by {
            Actor::Tool(_) => Ok(Vec::new()),
            Actor::Member {
                email,
                role: Some(Role::Owner),
                ..
            } if email != other => Ok(vec![holds(self.0, org, email, Role::Owner)]),
            Actor::Member { .. } | Actor::Key(_) => Err(StoreError::Lost),
        }
    }

    async fn other_owner(&self, org: OrgId, email: &Email) -> Result<Option<Email>, StoreError> {
        let members = self.list(org).await?.into_iter();
        let mut others = members.filter(|member| member.role == Role::Owner && member.email != *email);
        Ok(others.next().map(|member| member.email))
    }

    /// The role of a member; `None` for whoever is none.
    async fn role(&self, org: OrgId, email: &Email) -> Result<Option<Role>, StoreError> {
        let item = self
            .0
            .get("show member", format!("O#{org}"), &format!("U#{email}"))
            .await?;
        item.map(|item| Row::new("member", &item).parsed("role", Role::parse))
            .transpose()
    }

    /// The write by which a sign-in finds the organization.
    fn found(&self, org: OrgId, email: &Email) -> TransactWriteItem {
        let mut place = keyed(format!("U#{email}"), format!("O#{org}"));
        fill(&mut place, [("added_at", Some(at(Timestamp::now())))]);
        put(aws_sdk_dynamodb::types::Put::builder()
            .table_name(&*self.0.main)
            .set_item(Some(place)))
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

/// The condition that somebody has a role, for the transaction of what depends on it.
pub(super) fn holds(store: &Store, org: OrgId, email: &Email, role: Role) -> TransactWriteItem {
    let check = ConditionCheck::builder()
        .table_name(&*store.main)
        .key("pk", s(format!("O#{org}")))
        .key("sk", s(format!("U#{email}")))
        .condition_expression("#role = :role")
        .expression_attribute_names("#role", "role")
        .expression_attribute_values(":role", s(role.as_str()));
    let check = check.build().expect("table, key and condition are set");
    TransactWriteItem::builder().condition_check(check).build()
}

fn summary(item: &Attributes) -> Result<MemberSummary, StoreError> {
    let row = Row::new("member", item);
    Ok(MemberSummary {
        email: row.parsed("sk", |sk| Email::parse(sk.strip_prefix("U#")?))?,
        role: row.parsed("role", Role::parse)?,
        added_at: row.time("added_at")?,
    })
}
