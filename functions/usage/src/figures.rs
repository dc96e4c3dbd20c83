//! The figures of usage as clients see them.

use std::collections::BTreeMap;

use eclips_shared::error::ApiError;
use eclips_shared::serve::Call;
use eclips_shared::store::{Days, Figures, Per};
use serde::Serialize;

/// *Shape*: `{ "credits", "runs": { … }, "tokens": { … } }`; flattened into what names them.
#[derive(Serialize)]
pub struct Shown {
    credits: u64,
    #[serde(flatten)]
    rest: Rest,
}

/// What every answer of usage has. *Shape*: `"runs": { "total", "completed", "failed", "cancelled", "pending_triage" },
/// "tokens": { "input", "output" }`.
#[derive(Serialize)]
pub struct Rest {
    runs: Runs,
    tokens: Tokens,
}

#[derive(Serialize)]
struct Runs {
    total: u64,
    completed: u64,
    failed: u64,
    cancelled: u64,
    pending_triage: u64,
}

#[derive(Serialize)]
struct Tokens {
    input: u64,
    output: u64,
}

impl From<Figures> for Shown {
    fn from(figures: Figures) -> Self {
        Self {
            credits: figures.credits,
            rest: figures.into(),
        }
    }
}

impl From<Figures> for Rest {
    fn from(figures: Figures) -> Self {
        Self {
            runs: Runs {
                total: figures.runs,
                completed: figures.completed,
                failed: figures.failed,
                cancelled: figures.cancelled,
                pending_triage: figures.pending_triage,
            },
            tokens: Tokens {
                input: figures.input_tokens,
                output: figures.output_tokens,
            },
        }
    }
}

/// *Shape*: `{ "data": [ … ] }`.
#[derive(Serialize)]
pub struct Data<T> {
    /// The items.
    pub data: Vec<T>,
}

/// The sum of some days for each agent or each key, by its name.
///
/// *Errors*: what the store says.
pub async fn by_name(call: Call<'_>, per: Per, days: Days) -> Result<BTreeMap<String, Figures>, ApiError> {
    let rows = call.store.totals().rows(call.caller.tenant(), per, days).await?;
    let mut sums: BTreeMap<String, Figures> = BTreeMap::new();
    for row in rows {
        *sums.entry(row.name).or_default() += row.figures;
    }
    Ok(sums)
}
