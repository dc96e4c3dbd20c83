//! One look at one run: claim it, do what the harness says, save each step before the next.
//!
//! Every save is fenced: when somebody else claimed, cancelled or ended the run meanwhile, this worker stops and changes
//! nothing. A crash between any two lines leaves the run claimed until its lease ends; the next look goes on from there.

use std::time::Duration;

use eclips_engine::agents::{self, Agent};
use eclips_engine::harness::{Call, Effect, Event, Facts, Progress, TriageReason, decide};
use eclips_engine::models::ModelAnswer;
use eclips_shared::auth::Mode;
use eclips_shared::ids::{RunId, TriageId};
use eclips_shared::queue::Hint;
use eclips_shared::run::{EventDetail, EventKind, Status, Usage, shorten};
use eclips_shared::store::{Advance, AttemptRow, AttemptState, Claim, Outcome, StoreError, TriageRow, Work};
use eclips_shared::time::{DAY_MS, SECOND_MS, Timestamp};

use crate::ask::{Asked, LEASE_MS};
use crate::outage::{LOAD_PAUSES_MS, SAVE_PAUSES_MS, again};
use crate::{Worker, highest_tier};

/// How long a message waits that met a store out of reach, in seconds.
const OUTAGE_DELAY_S: i32 = 10;
/// How long a person has to decide. *Source*: contract §5.
const TRIAGE_MS: i64 = 7 * DAY_MS;

/// A run in this worker's hands, and what the next save will write.
struct Drive<'a> {
    worker: &'a Worker,
    work: Work,
    agent: &'static Agent,
    progress: Progress,
    deadline: Timestamp,
    step: Advance,
    /// The last answer that could be used, as the result would keep it.
    answer: Option<(ModelAnswer, String)>,
}

impl Worker {
    /// Looks at a run and drives it as far as it goes.
    ///
    /// *Errors*: only what must bring the message back: a corrupt record, or an outage in which not even a later message
    /// could be sent.
    pub async fn drive(&self, run: RunId, deadline: Timestamp) -> Result<(), StoreError> {
        let Some(work) = self.load(run).await? else {
            tracing::warn!(run_id = %run, "message names no run");
            return Ok(());
        };
        if work.status.is_terminal() || work.status == Status::PendingTriage {
            return Ok(());
        }
        let hint = Hint {
            run,
            tenant: work.tenant,
            priority: work.priority,
        };
        let now = Timestamp::now();
        if let Some(until) = work.lease_until.filter(|until| *until > now) {
            // Another worker holds it, or one died holding it: look again when the lease is over.
            let wait_s = (until.ms() - now.ms()) / SECOND_MS + 1;
            return self
                .queues
                .send_later(hint, i32::try_from(wait_s).unwrap_or(i32::MAX))
                .await;
        }
        match self.begin(work, deadline).await {
            Ok(()) => Ok(()),
            Err(StoreError::Lost) => {
                tracing::info!(run_id = %run, "somebody else took the run over");
                Ok(())
            }
            Err(error @ StoreError::Corrupt { .. }) => Err(error),
            Err(error @ StoreError::Unavailable { .. }) => {
                tracing::warn!(run_id = %run, %error, "store out of reach; looking again later");
                self.queues.send_later(hint, OUTAGE_DELAY_S).await
            }
        }
    }

    /// Reads the run, a few times if need be: the message alone cannot be sent again.
    async fn load(&self, run: RunId) -> Result<Option<Work>, StoreError> {
        let mut pauses_ms = LOAD_PAUSES_MS.into_iter();
        loop {
            let read = self.store.works().load(run).await;
            if !again(run, read.as_ref().err(), &mut pauses_ms).await {
                return read;
            }
        }
    }

    async fn begin(&self, work: Work, deadline: Timestamp) -> Result<(), StoreError> {
        let agent = agents::find(&work.agent_type);
        let progress = match work.progress.as_deref() {
            None => Progress::default(),
            Some(text) => serde_json::from_str(text).map_err(|_| StoreError::Corrupt {
                record: "run",
                attribute: "progress".to_owned(),
            })?,
        };
        let mut step = Advance {
            claim: Some(Claim),
            ..Advance::default()
        };
        if work.status == Status::Queued {
            step.events.push((EventKind::Started, EventDetail::default()));
        }
        let mut drive = Drive {
            worker: self,
            agent: agent.unwrap_or_else(|| agents::find(agents::DEFAULT).expect("the default agent is on the roster")),
            work,
            progress,
            deadline,
            step,
            answer: None,
        };
        let first = match drive.work.open_attempt.clone() {
            None => Event::Claimed,
            Some(name) => {
                let reason = "Worker was lost during the model call".to_owned();
                drive.end_attempt(name, AttemptState::Lost, EventKind::AttemptFailed, Some(reason));
                Event::AttemptLost
            }
        };
        if agent.is_none() {
            // Accepted by a version that knew the agent, worked on by one that does not.
            return drive.fail("Agent is no longer available".to_owned()).await;
        }
        let effect = drive.decide(first);
        drive.follow(effect).await
    }
}

impl Drive<'_> {
    /// Does what the harness says until the run leaves these hands.
    async fn follow(&mut self, mut effect: (Effect, Progress)) -> Result<(), StoreError> {
        loop {
            let (said, before) = effect;
            effect = match said {
                Effect::Call(call) => self.call(call, before).await?,
                Effect::Complete { confidence, warning } => return self.complete(confidence, warning).await,
                Effect::Triage {
                    confidence,
                    flagged,
                    reason,
                } => {
                    let warning = flagged.then(|| "The model gave no usable confidence".to_owned());
                    return self.triage(confidence, reason, warning).await;
                }
                Effect::Fail { error } => return self.fail(error).await,
                Effect::Checkpoint => return self.checkpoint(before).await,
            };
        }
    }

    /// Asks the harness; gives its word and the progress as it was before, which a save without the call must keep.
    fn decide(&mut self, event: Event<'_>) -> (Effect, Progress) {
        let before = self.progress;
        let plan_tier = highest_tier(self.work.plan);
        let facts = Facts {
            highest_tier: plan_tier,
            agent_tier: self.agent.tier,
            high_stakes: self.agent.high_stakes,
            trust_level: 1,
        };
        let left_ms = u64::try_from(self.deadline.ms() - Timestamp::now().ms()).unwrap_or(0);
        (decide(&facts, &mut self.progress, event, left_ms), before)
    }

    /// Makes one model call: saved as started before, saved as ended (with what follows) after.
    async fn call(&mut self, call: Call, before: Progress) -> Result<(Effect, Progress), StoreError> {
        if call.wait_ms > 0 {
            let counted = std::mem::replace(&mut self.progress, before);
            self.save(Some(LEASE_MS), None).await?;
            self.progress = counted;
            tokio::time::sleep(Duration::from_millis(call.wait_ms)).await;
        }
        let name = format!("{}#{}", stage(&call), call.number);
        let detail = EventDetail {
            model: Some(call.tier.as_str().to_owned()),
            ..EventDetail::attempt(&name)
        };
        self.step.events.push((EventKind::AttemptStarted, detail));
        let started = AttemptState::Started {
            tier: call.tier.as_str(),
        };
        self.step.attempts.push(AttemptRow {
            name: name.clone(),
            state: started,
        });
        self.save(Some(LEASE_MS), None).await?;

        let asked = self
            .worker
            .ask(&self.work, self.agent, &call, self.progress.attempts)
            .await?;
        Ok(match asked {
            Asked::Answered(answer, result) => {
                let (usage, credits) = self.price(&answer, &call);
                let state = AttemptState::Answered {
                    model: answer.model.clone(),
                    usage,
                    credits,
                };
                self.end_attempt(name, state, EventKind::AttemptSucceeded, None);
                let decided = self.decide(Event::Answered(answer.verdict()));
                self.answer = Some((answer, result));
                decided
            }
            Asked::Rejected(answer, reason) => {
                let (usage, credits) = self.price(&answer, &call);
                let model = answer.model.clone();
                let state = AttemptState::Rejected {
                    model,
                    usage,
                    credits,
                    reason: reason.to_owned(),
                };
                self.end_attempt(name, state, EventKind::AttemptFailed, Some(reason.to_owned()));
                self.decide(Event::AttemptFailed(reason))
            }
            Asked::Failed(reason) => {
                let state = AttemptState::Failed {
                    reason: reason.to_owned(),
                };
                self.end_attempt(name, state, EventKind::AttemptFailed, Some(reason.to_owned()));
                self.decide(Event::AttemptFailed(reason))
            }
        })
    }

    /// What an answer took. Test runs cost no credits.
    fn price(&self, answer: &ModelAnswer, call: &Call) -> (Usage, u64) {
        let usage = Usage {
            input_tokens: answer.input_tokens,
            output_tokens: answer.output_tokens,
        };
        let credits = match self.work.tenant.mode {
            Mode::Live => u64::from(call.tier.credits()),
            Mode::Test => 0,
        };
        (usage, credits)
    }

    fn end_attempt(&mut self, name: String, state: AttemptState, kind: EventKind, error: Option<String>) {
        let model = match &state {
            AttemptState::Answered { model, .. } | AttemptState::Rejected { model, .. } => Some(model.clone()),
            _ => None,
        };
        self.step.events.push((
            kind,
            EventDetail {
                model,
                error,
                ..EventDetail::attempt(&name)
            },
        ));
        self.step.attempts.push(AttemptRow { name, state });
    }

    async fn complete(&mut self, confidence: f64, warning: bool) -> Result<(), StoreError> {
        let Some((answer, result)) = self.answer.take() else {
            return self.fail("Model call failed".to_owned()).await;
        };
        let warning = warning.then(|| "Confidence is below 0.85".to_owned());
        let detail = EventDetail {
            confidence_score: Some(confidence),
            warning,
            ..EventDetail::default()
        };
        self.step.events.push((EventKind::Completed, detail));
        self.save(
            None,
            Some(Outcome::Completed {
                result,
                confidence,
                model: answer.model,
            }),
        )
        .await
    }

    async fn triage(
        &mut self,
        confidence: f64,
        reason: TriageReason,
        warning: Option<String>,
    ) -> Result<(), StoreError> {
        let Some((answer, payload)) = self.answer.take() else {
            return self.fail("Model call failed".to_owned()).await;
        };
        let short = shorten(&self.work.task);
        let item = TriageRow {
            id: TriageId::generate(),
            title: format!("{}: {}", self.agent.name, short.chars().take(80).collect::<String>()),
            summary: short.to_owned(),
            reasoning: reason.sentence().to_owned(),
            risk: answer.action.as_ref().map(|action| action.description.clone()),
            payload,
            expires_at: Timestamp::now().plus_ms(TRIAGE_MS),
        };
        let detail = EventDetail {
            confidence_score: Some(confidence),
            triage_item_id: Some(item.id),
            warning,
            ..EventDetail::default()
        };
        self.step.events.push((EventKind::TriageRequired, detail));
        self.save(
            None,
            Some(Outcome::Triage {
                item,
                confidence,
                model: answer.model,
            }),
        )
        .await
    }

    async fn fail(&mut self, error: String) -> Result<(), StoreError> {
        let detail = EventDetail {
            error: Some(error.clone()),
            ..EventDetail::default()
        };
        self.step.events.push((EventKind::Failed, detail));
        self.save(None, Some(Outcome::Failed { error })).await
    }

    /// Too little of this invocation is left for an attempt: give the run back and have it looked at at once.
    async fn checkpoint(&mut self, before: Progress) -> Result<(), StoreError> {
        self.progress = before;
        self.save(None, None).await?;
        let hint = Hint {
            run: self.work.run,
            tenant: self.work.tenant,
            priority: self.work.priority,
        };
        self.worker.queues.send_later(hint, 0).await
    }

    /// Writes what has gathered since the last save, in one transaction, and logs the step.
    async fn save(&mut self, lease_ms: Option<i64>, outcome: Option<Outcome>) -> Result<(), StoreError> {
        let mut step = std::mem::take(&mut self.step);
        step.lease_until = lease_ms.map(|ms| Timestamp::now().plus_ms(ms));
        step.outcome = outcome;
        step.progress = serde_json::to_string(&self.progress).expect("progress is plain data");
        let last = step.events.last().map_or("", |(kind, _)| kind.as_str());
        if let Err(error) = self.write(&step).await {
            if matches!(error, StoreError::Lost) {
                self.settle(&step).await;
            }
            return Err(error);
        }
        tracing::info!(
            run_id = %self.work.run,
            org = %self.work.tenant.org,
            agent_type = %self.work.agent_type,
            status = self.work.status.as_str(),
            step = last,
            attempts = self.work.attempts,
            store_calls = self.worker.store.take_calls(),
            "run step"
        );
        Ok(())
    }

    /// The run is somebody else's or has been cancelled: what the model said is ignored, and paid for all the same.
    async fn settle(&self, step: &Advance) {
        let is_answer =
            |row: &&AttemptRow| matches!(row.state, AttemptState::Answered { .. } | AttemptState::Rejected { .. });
        for row in step.attempts.iter().filter(is_answer) {
            let settled = self
                .worker
                .store
                .works()
                .settle(&self.work, row, Timestamp::now())
                .await;
            match settled {
                Ok(()) => tracing::info!(run_id = %self.work.run, attempt = row.name, "a late answer is in the ledger"),
                Err(error) => {
                    tracing::error!(run_id = %self.work.run, attempt = row.name, %error, "a late answer is not in the ledger");
                }
            }
        }
    }

    /// Sends a step until it is written or refused: what a model said was paid for, and a short outage must not lose it.
    /// The same step at the same moment is written once.
    async fn write(&mut self, step: &Advance) -> Result<(), StoreError> {
        let (works, at) = (self.worker.store.works(), Timestamp::now());
        let mut pauses_ms = SAVE_PAUSES_MS.into_iter();
        loop {
            let saved = works.advance(&mut self.work, step, at).await;
            if !again(self.work.run, saved.as_ref().err(), &mut pauses_ms).await {
                return saved;
            }
        }
    }
}

fn stage(call: &Call) -> &'static str {
    match call.stage {
        eclips_engine::harness::Stage::First => "first",
    }
}
