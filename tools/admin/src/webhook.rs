//! `cargo admin webhook …`: the secret by which what goes to the own URLs of runs and batches is signed.

use clap::Subcommand;
use eclips_shared::config::Config;
use eclips_shared::ids::OrgId;
use eclips_shared::store::Store;
use eclips_shared::vault::Vault;
use serde_json::json;

use crate::org::org;
use crate::print::Output;

/// What can be done about webhooks.
#[derive(Subcommand)]
pub enum Command {
    /// Prints an organization's default secret; makes it where there is none. Whoever has it can sign as we do.
    DefaultSecret {
        /// The organization.
        #[arg(long, value_parser = org)]
        org: OrgId,
    },
}

/// Does it.
pub async fn run(config: &Config, store: &Store, command: Command, output: Output) -> anyhow::Result<()> {
    let Command::DefaultSecret { org } = command;
    let vault = Vault::open(config).await?;
    let secret = vault.default_secret(store, org).await?;
    output.say(&json!({ "secret": secret.reveal() }), secret.reveal())
}
