//! `cargo admin member …`: the people of an organization, for the dashboard's sign-in.

use anyhow::anyhow;
use clap::{Subcommand, ValueEnum};
use eclips_shared::ids::OrgId;
use eclips_shared::store::Store;
use serde_json::json;

use crate::explain;
use crate::org::org;
use crate::print::Output;

/// What can be done to members.
#[derive(Subcommand)]
pub enum Command {
    /// Adds a member, or gives one another role.
    Add {
        /// The organization.
        #[arg(long, value_parser = org)]
        org: OrgId,
        /// The e-mail address that the member signs in with.
        #[arg(long)]
        email: String,
        /// What the member may do.
        #[arg(long)]
        role: Role,
    },
}

/// What a member may do.
#[derive(Clone, Copy, ValueEnum)]
pub enum Role {
    /// Everything.
    Owner,
    /// Everything but the owners.
    Admin,
    /// Read.
    Member,
}

/// Does it.
pub async fn run(store: &Store, command: Command, output: Output) -> anyhow::Result<()> {
    let Command::Add { org, email, role } = command;
    let email = email.trim().to_lowercase();
    let parts = email
        .split_once('@')
        .filter(|(name, host)| !name.is_empty() && host.contains('.'));
    if parts.is_none() || email.len() > 254 || email.contains(char::is_whitespace) {
        return Err(anyhow!("`{email}` is no e-mail address"));
    }
    let role = match role {
        Role::Owner => "owner",
        Role::Admin => "admin",
        Role::Member => "member",
    };
    store
        .orgs()
        .add_member(org, &email, role)
        .await
        .map_err(|error| explain(error, "no such organization"))?;
    output.say(
        &json!({ "org_id": org, "email": email, "role": role }),
        &format!("{email} is {role} of {org}"),
    )
}
