//! `cargo admin usage …`: whether what customers are shown is what the ledger says.

use anyhow::bail;
use clap::{Args, Subcommand};
use eclips_shared::auth::{Mode, Tenant};
use eclips_shared::ids::OrgId;
use eclips_shared::store::Store;
use eclips_shared::time::{Day, Timestamp};
use serde_json::json;

use crate::explain;
use crate::org::org;
use crate::print::Output;

/// What can be done about usage.
#[derive(Subcommand)]
pub enum Command {
    /// Counts a day again from the runs and their ledger, and compares it with the totals. Fails when a figure drifts; runs
    /// under way may show as drift for a second or two.
    Verify(Which),
    /// Counts what of a day has not been counted: for what went to the dead letters of `fold`. Nothing is counted twice.
    Count(Which),
}

/// A day of an organization.
#[derive(Args)]
pub struct Which {
    /// The organization.
    #[arg(long, value_parser = org)]
    org: OrgId,
    /// The UTC day, YYYY-MM-DD; today when left out.
    #[arg(long, value_parser = day)]
    day: Option<Day>,
    /// The test data instead of the live data.
    #[arg(long)]
    test: bool,
}

impl Which {
    fn tenant(&self) -> Tenant {
        let mode = if self.test { Mode::Test } else { Mode::Live };
        Tenant { org: self.org, mode }
    }

    fn day(&self) -> Day {
        self.day.unwrap_or_else(|| Day::of(Timestamp::now()))
    }
}

/// Does it.
pub async fn run(store: &Store, command: Command, output: Output) -> anyhow::Result<()> {
    match command {
        Command::Verify(which) => verify(store, &which, output).await,
        Command::Count(which) => {
            let day = which.day();
            let counted = store.fold().count_again(which.tenant(), day).await;
            let runs = counted.map_err(|error| explain(error, "somebody else counts the same; try again"))?;
            output.say(
                &json!({ "day": day, "runs": runs }),
                &format!("{day}: {runs} runs looked at, everything of them is counted"),
            )
        }
    }
}

async fn verify(store: &Store, which: &Which, output: Output) -> anyhow::Result<()> {
    let day = which.day();
    let counted = store.totals().recount(which.tenant(), day).await;
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
        bail!(
            "the totals drift; what is under way settles in seconds, what was never counted is by `cargo admin usage count`"
        );
    }
    Ok(())
}

fn day(text: &str) -> Result<Day, String> {
    Day::parse(text).ok_or_else(|| "a day such as 2026-06-06".to_owned())
}
