//! One step of a run: what it writes, and what the run's counters are after it. No call is made here.

use aws_sdk_dynamodb::types::AttributeValue;

use eclips_engine::harness::Outcome as Ladder;

use super::super::conduct::counts as counts_of;
use super::super::item::{at, n, s};
use super::super::runs::INLINE_BYTES_MAX;
use super::Work;
use crate::auth::Tenant;
use crate::ids::TriageId;
use crate::run::{EventDetail, EventKind, Status, Usage};
use crate::time::Timestamp;

/// What one step writes; all of it or nothing.
#[derive(Debug, Default)]
pub struct Advance {
    /// A claim: raises the epoch, so that every earlier holder is fenced off.
    pub claim: Option<Claim>,
    /// Whether the run is the one probe of its agent's breaker; whoever counts its end lets the next one go.
    pub is_probe: bool,
    /// Until when the worker holds the run after this step; `None` gives it back.
    pub lease_until: Option<Timestamp>,
    /// The harness's own state after this step, as JSON.
    pub progress: String,
    /// What happened.
    pub events: Vec<(EventKind, EventDetail)>,
    /// The attempt rows that begin or end.
    pub attempts: Vec<AttemptRow>,
    /// An answer to be kept, because another stage follows that may need it.
    pub kept: Option<KeptAnswer>,
    /// How the run ends, if it does.
    pub outcome: Option<Outcome>,
}

/// An answer of a stage that is over, while the run goes on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptAnswer {
    /// The stage that it is of.
    pub stage: String,
    /// The result that it makes, as JSON.
    pub result: String,
    /// The model that gave it.
    pub model: String,
}

/// Marks a step as a claim.
#[derive(Clone, Copy, Debug)]
pub struct Claim;

/// What becomes of an attempt row.
#[derive(Clone, Debug)]
pub struct AttemptRow {
    /// `<stage>#<n>`.
    pub name: String,
    /// What it becomes.
    pub state: AttemptState,
}

/// The life of an attempt. Only an answer costs credits, used or not.
#[derive(Clone, Debug)]
pub enum AttemptState {
    /// A model call begins on a tier.
    Started {
        /// The tier that is asked.
        tier: &'static str,
    },
    /// The model answered.
    Answered {
        /// The model that did.
        model: String,
        /// The tokens that it took.
        usage: Usage,
        /// The credits that it costs.
        credits: u64,
    },
    /// The model answered, and the answer could not be used; it costs all the same.
    Rejected {
        /// The model that did.
        model: String,
        /// The tokens that it took.
        usage: Usage,
        /// The credits that it costs.
        credits: u64,
        /// Why.
        reason: String,
    },
    /// It gave no answer.
    Failed {
        /// Why.
        reason: String,
    },
    /// Its worker died; what it took is unknown.
    Lost,
}

/// How a run leaves the worker's hands.
#[derive(Debug)]
pub enum Outcome {
    /// With a result.
    Completed {
        /// The answer, as JSON.
        result: String,
        /// 0–1.
        confidence: f64,
        /// The model that answered.
        model: String,
    },
    /// Without one.
    Failed {
        /// Why, for its owner.
        error: String,
        /// Whether that is the agent's doing, which counts against it.
        counts: Option<Ladder>,
    },
    /// To a person.
    Triage {
        /// What the person sees.
        item: TriageRow,
        /// 0–1.
        confidence: f64,
        /// The model that answered.
        model: String,
    },
}

/// What a person has to decide. *Shape*: contract §5.
#[derive(Debug)]
pub struct TriageRow {
    /// Its id.
    pub id: TriageId,
    /// One line.
    pub title: String,
    /// What the run was asked.
    pub summary: String,
    /// Why it is here.
    pub reasoning: String,
    /// What could go wrong.
    pub risk: Option<String>,
    /// The proposed output, as JSON.
    pub payload: String,
    /// When it is too late to decide.
    pub expires_at: Timestamp,
}

impl Outcome {
    pub(super) const fn status(&self) -> Status {
        match self {
            Self::Completed { .. } => Status::Completed,
            Self::Failed { .. } => Status::Failed,
            Self::Triage { .. } => Status::PendingTriage,
        }
    }
}

/// The counters of a run after a step.
pub(super) struct After {
    pub(super) epoch: u64,
    pub(super) seq: u64,
    pub(super) attempts: u32,
    pub(super) credits: u64,
    pub(super) usage: Usage,
    pub(super) open_attempt: Option<String>,
}

impl After {
    pub(super) fn of(work: &Work, step: &Advance) -> Self {
        let mut after = Self {
            epoch: work.epoch + u64::from(step.claim.is_some()),
            seq: work.seq + step.events.len() as u64,
            attempts: work.attempts,
            credits: work.credits,
            usage: work.usage,
            open_attempt: work.open_attempt.clone(),
        };
        for row in &step.attempts {
            match &row.state {
                AttemptState::Started { .. } => {
                    after.attempts += 1;
                    after.open_attempt = Some(row.name.clone());
                }
                AttemptState::Answered { usage, credits, .. } | AttemptState::Rejected { usage, credits, .. } => {
                    after.credits += credits;
                    after.usage.input_tokens += usage.input_tokens;
                    after.usage.output_tokens += usage.output_tokens;
                    after.open_attempt = None;
                }
                AttemptState::Failed { .. } | AttemptState::Lost => after.open_attempt = None,
            }
        }
        after
    }

    pub(super) fn sets(&self, status: Status, step: &Advance, tenant: Tenant) -> Vec<(&'static str, AttributeValue)> {
        let mut sets = vec![
            ("status", s(status.as_str())),
            ("tenant_status", s(format!("{tenant}#{}", status.as_str()))),
            ("epoch", n(self.epoch)),
            ("seq", n(self.seq)),
            ("attempts", n(self.attempts)),
            ("credits", n(self.credits)),
            ("input_tokens", n(self.usage.input_tokens)),
            ("output_tokens", n(self.usage.output_tokens)),
        ];
        if !status.is_terminal() {
            sets.push(("progress", s(&step.progress)));
        }
        if step.is_probe {
            sets.push(("probe", AttributeValue::Bool(true)));
        }
        if let Some(until) = step.lease_until {
            sets.push(("lease_until", at(until)));
        }
        if let Some(open) = &self.open_attempt {
            sets.push(("open_attempt", s(open)));
        }
        match &step.outcome {
            Some(Outcome::Completed {
                result,
                confidence,
                model,
            }) => {
                sets.extend([("confidence_score", n(confidence)), ("model", s(model))]);
                sets.push(("counts", s(counts_of(Ladder::Correct))));
                if result.len() <= INLINE_BYTES_MAX {
                    sets.push(("result", s(result)));
                } else {
                    // A batch reads of its rows what it can show, and no more.
                    sets.push(("result_bytes", n(result.len())));
                }
            }
            Some(Outcome::Failed { error, counts }) => {
                sets.push(("error", s(error)));
                sets.extend(counts.map(|outcome| ("counts", s(counts_of(outcome)))));
            }
            Some(Outcome::Triage {
                item,
                confidence,
                model,
            }) => {
                sets.extend([
                    ("confidence_score", n(confidence)),
                    ("model", s(model)),
                    ("triage_item_id", s(item.id.to_string())),
                    // The sweep looks at it when it is too late to decide.
                    ("due_at", at(item.expires_at)),
                ]);
            }
            None => {}
        }
        sets
    }

    pub(super) fn removes(&self, step: &Advance) -> Vec<&'static str> {
        let mut removes = Vec::new();
        if step.lease_until.is_none() {
            removes.push("lease_until");
        }
        if self.open_attempt.is_none() {
            removes.push("open_attempt");
        }
        if step.claim.is_some() {
            // Whoever claims it has read them and says them in its lines, beside the run's id. Kept, they would make a second
            // kilobyte of most runs, at two units more for each write.
            removes.extend(["request_id", "trace"]);
        }
        // Once it has ended there is nothing of it that could be lost.
        if step
            .outcome
            .as_ref()
            .is_some_and(|outcome| outcome.status().is_terminal())
        {
            // And nobody will go on with it, so it need not be known how far it was.
            removes.extend(["due", "due_at", "progress"]);
        }
        removes
    }
}
