//! `cargo admin usage …`: whether what customers are shown is what the ledger says.

use anyhow::bail;
use clap::Subcommand;
use eclips_shared::auth::{Mode, Tenant};
use eclips_shared::ids::OrgId;
use eclips_shared::store::Store;
use eclips_shared::time::{Day, Timestamp};

use crate::explain;
use crate::org::org;
use crate::print::Output;

/// What can be done about usage.
#[derive(Subcommand)]
pub enum Command {
    /// Counts a day again from the runs and their ledger, and compares it with the totals. Fails when a figure drifts.
    Verify {
        /// The organization.
        #[arg(long, value_parser = org)]
        org: OrgId,
        /// The UTC day, YYYY-MM-DD; today when left out. Runs under way then may show as drift for a second or two.
        #[arg(long, value_parser = day)]
        day: Option<Day>,
        /// The test data instead of the live data.
        #[arg(long)]
        test: bool,
    },
}

/// Does it.
pub async fn run(store: &Store, command: Command, output: Output) -> anyhow::Result<()> {
    let Command::Verify { org, day, test } = command;
    let mode = if test { Mode::Test } else { Mode::Live };
    let day = day.unwrap_or_else(|| Day::of(Timestamp::now()));
    let counted = store.totals().recount(Tenant { org, mode }, day).await;
    let counted = counted.map_err(|error| explain(error, "no such organization"))?;
    let mut lines = vec![format!(
        "{day}: {} runs read, {} answers in the ledger, {} totals compared, drift {}",
        counted.runs,
        counted.answers,
        counted.rows,
        counted.drift.len()
    )];
    for drift in &counted.drift {
        let (per, name, figure) = (drift.per, &drift.name, drift.figure);
        lines.push(format!(
            "  {per:?} {name}: {figure} is {} and should be {}",
            drift.counted, drift.ledger
        ));
    }
    output.say(&counted, &lines.join("\n"))?;
    if !counted.drift.is_empty() {
        bail!("the totals drift; what is under way settles in a few seconds, what stays is a fault of `fold`");
    }
    Ok(())
}

fn day(text: &str) -> Result<Day, String> {
    Day::parse(text).ok_or_else(|| "a day such as 2026-06-06".to_owned())
}
