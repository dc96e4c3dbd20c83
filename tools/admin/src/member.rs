//! `cargo admin member …`: the people of an organization, for the dashboard's sign-in.

use clap::Subcommand;
use eclips_shared::email::Email;
use eclips_shared::ids::OrgId;
use eclips_shared::role::Role;
use eclips_shared::store::{MemberChange, Store};
use serde_json::json;

use crate::org::org;
use crate::print::Output;
use crate::{OPERATOR, explain};

/// What can be done to members.
#[derive(Subcommand)]
pub enum Command {
    /// Adds a member, or gives one another role.
    Add {
        /// The organization.
        #[arg(long, value_parser = org)]
        org: OrgId,
        /// The e-mail address that the member signs in with.
        #[arg(long, value_parser = email)]
        email: Email,
        /// owner: everything. admin: manages keys, and grants every scope but triage:write. member: reads.
        #[arg(long, value_parser = role)]
        role: Role,
    },
    /// Lists an organization's members, by address.
    List {
        /// The organization.
        #[arg(long, value_parser = org)]
        org: OrgId,
    },
    /// Removes a member: the dashboard is closed to him from the next page; keys that he made go on.
    Remove {
        /// The organization.
        #[arg(long, value_parser = org)]
        org: OrgId,
        /// The member's e-mail address.
        #[arg(long, value_parser = email)]
        email: Email,
    },
}

/// Does it.
pub async fn run(store: &Store, command: Command, output: Output) -> anyhow::Result<()> {
    let members = store.members();
    match command {
        Command::Add { org, email, role } => {
            let added = members.add(org, &email, role, &OPERATOR).await;
            added.map_err(|error| explain(error, "no such organization"))?;
            output.say(
                &json!({ "org_id": org, "email": email, "role": role }),
                &format!("{email} is {} of {org}", role.as_str()),
            )
        }
        Command::List { org } => {
            let listed = members.list(org).await;
            let members = listed.map_err(|error| explain(error, "no such organization"))?;
            let lines: Vec<String> = members
                .iter()
                .map(|member| {
                    format!(
                        "{:<6}  {}  since {}",
                        member.role.as_str(),
                        member.email,
                        member.added_at
                    )
                })
                .collect();
            output.say(&json!({ "data": members }), &lines.join("\n"))
        }
        Command::Remove { org, email } => {
            let removed = members.remove(org, &email, &OPERATOR).await;
            let removed = removed.map_err(|error| explain(error, "no such organization"))?;
            anyhow::ensure!(
                removed == MemberChange::Done,
                "no such member; `cargo admin member list --org ORG` shows them"
            );
            output.say(
                &json!({ "org_id": org, "email": email, "removed": true }),
                &format!("{email} is no member of {org} any more"),
            )
        }
    }
}

fn email(text: &str) -> Result<Email, String> {
    Email::parse(text).ok_or_else(|| "no e-mail address".to_owned())
}

fn role(word: &str) -> Result<Role, String> {
    Role::parse(word).ok_or_else(|| format!("one of {}", Role::ALL.map(Role::as_str).join(", ")))
}
