//! `cargo admin org …`.

use anyhow::anyhow;
use clap::{Subcommand, ValueEnum};
use eclips_shared::ids::OrgId;
use eclips_shared::plan::Plan;
use eclips_shared::store::{Override, Store, Suspension};
use serde_json::json;

use crate::print::Output;
use crate::{OPERATOR, explain};

const NO_SUCH_ORG: &str = "no such organization; `cargo admin org list` shows them";

/// What can be done to organizations.
#[derive(Subcommand)]
pub enum Command {
    /// Makes an organization.
    Create {
        /// Its name.
        #[arg(long)]
        name: String,
        /// starter, pro, team, growth or enterprise.
        #[arg(long, value_parser = plan)]
        plan: Plan,
    },
    /// Lists all organizations, oldest first.
    List,
    /// Puts an organization on another plan; holds from the next request.
    SetPlan {
        /// The organization.
        #[arg(value_parser = org)]
        org: OrgId,
        /// starter, pro, team, growth or enterprise.
        #[arg(value_parser = plan)]
        plan: Plan,
    },
    /// Gives an organization a number of its own instead of its plan's.
    SetLimit {
        /// The organization.
        #[arg(value_parser = org)]
        org: OrgId,
        /// Which number.
        limit: Limit,
        /// The number.
        value: u64,
    },
    /// Refuses all keys of an organization with 403, from the next request.
    Suspend {
        /// The organization.
        #[arg(value_parser = org)]
        org: OrgId,
    },
    /// Takes a suspension back.
    Resume {
        /// The organization.
        #[arg(value_parser = org)]
        org: OrgId,
    },
    /// Deletes an organization with its keys and members; its runs stay until their time is over.
    Delete {
        /// The organization.
        #[arg(value_parser = org)]
        org: OrgId,
        /// Says that you mean it.
        #[arg(long)]
        yes: bool,
    },
}

/// The numbers that an organization can have of its own.
#[derive(Clone, Copy, ValueEnum)]
pub enum Limit {
    /// Requests a minute on `POST /v1/run` and `POST /v1/batches`.
    StrictPerMinute,
    /// Requests a minute on the other routes.
    StandardPerMinute,
    /// Requests a UTC day.
    RequestsPerDay,
    /// Credits a UTC month.
    CreditsPerMonth,
}

impl From<Limit> for Override {
    fn from(limit: Limit) -> Self {
        match limit {
            Limit::StrictPerMinute => Self::StrictPerMinute,
            Limit::StandardPerMinute => Self::StandardPerMinute,
            Limit::RequestsPerDay => Self::RequestsPerDay,
            Limit::CreditsPerMonth => Self::CreditsPerMonth,
        }
    }
}

/// Does it.
pub async fn run(store: &Store, command: Command, output: Output) -> anyhow::Result<()> {
    let refused = |error| explain(error, NO_SUCH_ORG);
    match command {
        Command::Create { name, plan } => {
            let name = name.trim();
            if name.is_empty() {
                return Err(anyhow!("an organization needs a name"));
            }
            let org = store.orgs().create(name, plan).await.map_err(refused)?;
            output.say(
                &json!({ "org_id": org }),
                &format!("organization {org} ({name}) on plan {}", plan.as_str()),
            )
        }
        Command::List => {
            let orgs = store.orgs().list().await.map_err(refused)?;
            let lines: Vec<String> = orgs
                .iter()
                .map(|org| {
                    let state = if org.suspended { "suspended" } else { "active" };
                    format!(
                        "{}  {:<10}  {state:<9}  {}  {}",
                        org.org_id,
                        org.plan.as_str(),
                        org.created_at,
                        org.name
                    )
                })
                .collect();
            output.say(&json!({ "data": orgs }), &lines.join("\n"))
        }
        Command::SetPlan { org, plan } => {
            store.orgs().set_plan(org, plan).await.map_err(refused)?;
            output.say(
                &json!({ "org_id": org, "plan": plan }),
                &format!("organization {org} is on plan {}", plan.as_str()),
            )
        }
        Command::SetLimit { org, limit, value } => {
            store
                .orgs()
                .set_override(org, limit.into(), value)
                .await
                .map_err(refused)?;
            output.say(
                &json!({ "org_id": org, "value": value }),
                &format!("organization {org} has its own limit of {value}"),
            )
        }
        Command::Suspend { org } => suspension(store, org, Suspension::On, output).await,
        Command::Resume { org } => suspension(store, org, Suspension::Off, output).await,
        Command::Delete { org, yes } => {
            if !yes {
                return Err(anyhow!("this deletes every key of {org}; add --yes if you mean it"));
            }
            store.orgs().delete(org, &OPERATOR).await.map_err(refused)?;
            output.say(
                &json!({ "org_id": org, "deleted": true }),
                &format!("organization {org} is deleted"),
            )
        }
    }
}

async fn suspension(store: &Store, org: OrgId, suspension: Suspension, output: Output) -> anyhow::Result<()> {
    store
        .orgs()
        .set_suspended(org, suspension)
        .await
        .map_err(|error| explain(error, NO_SUCH_ORG))?;
    let suspended = suspension == Suspension::On;
    let state = if suspended { "suspended" } else { "active" };
    output.say(
        &json!({ "org_id": org, "suspended": suspended }),
        &format!("organization {org} is {state}"),
    )
}

/// Reads an organization's id from the command line.
pub fn org(text: &str) -> Result<OrgId, String> {
    OrgId::parse(text).ok_or_else(|| "not an organization id; `cargo admin org list` shows them".to_owned())
}

fn plan(word: &str) -> Result<Plan, String> {
    Plan::parse(word).ok_or_else(|| format!("one of {}", Plan::ALL.map(Plan::as_str).join(", ")))
}
