//! One look at one run: claim it, do what the harness says, save each step before the next.
//!
//! Every save is fenced: when somebody else claimed, cancelled or ended the run meanwhile, this worker stops and changes
//! nothing. A crash between any two lines leaves the run claimed until its lease ends; the next look goes on from there.

mod ends;

use std::time::Duration;

use eclips_engine::agents::{self, Agent};
use eclips_engine::harness::{
    Breaker, Call, Credits, Effect, Evaluation, Event, Facts, Outcome as Ladder, Progress, Stage, State, decide,
};
use eclips_engine::models::Spent;
use eclips_shared::auth::Mode;
use eclips_shared::ids::RunId;
use eclips_shared::queue::{Hint, Line, Subject};
use eclips_shared::run::{EventDetail, EventKind, Status, Usage};
use eclips_shared::store::{Advance, AttemptRow, AttemptState, Claim, KeptAnswer, Outcome, StoreError, Work};
use eclips_shared::time::{SECOND_MS, Timestamp};

use crate::Worker;
use crate::ask::{Asked, LEASE_MS};
use crate::outage::{LOAD_PAUSES_MS, OUTAGE_DELAY_S, SAVE_PAUSES_MS, persist};

/// A run in this worker's hands, and what the next save will write.
struct Drive<'a> {
    worker: &'a Worker,
    work: Work,
    agent: &'static Agent,
    progress: Progress,
    facts: Facts,
    deadline: Timestamp,
    step: Advance,
    /// The answer that stands so far.
    answer: Option<(KeptAnswer, Saved)>,
    /// What the evaluator last said of it, for the person who may have to look.
    judgement: Option<String>,
}

/// Whether an answer is in the store.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Saved {
    Yes,
    No,
}

/// What the harness says, and the progress as it was before it counted another attempt.
type Said = (Effect, Progress);

impl Worker {
    /// Looks at a run and drives it as far as it goes.
    ///
    /// *Errors*: only what must bring the message back: a corrupt record, or an outage in which not even a later message
    /// could be sent.
    pub async fn drive(&self, run: RunId, deadline: Timestamp) -> Result<(), StoreError> {
        // A few times if need be: until this is read the message alone says that somebody has to look.
        let works = self.store.works();
        let Some(work) = persist!(run, LOAD_PAUSES_MS, works.load(run))? else {
            tracing::warn!(run_id = %run, "message names no run");
            return Ok(());
        };
        if work.status.is_terminal() || work.status == Status::PendingTriage {
            return Ok(());
        }
        let hint = Hint::of(Subject::Run(run), work.tenant, Line::of(work.priority));
        let now = (self.now)();
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
                tracing::info!(run_id = %run, "the run is no longer this worker's");
                Ok(())
            }
            Err(error @ StoreError::Corrupt { .. }) => Err(error),
            Err(error @ StoreError::Unavailable { .. }) => {
                tracing::warn!(run_id = %run, %error, "store out of reach; looking again later");
                self.queues.send_later(hint, OUTAGE_DELAY_S).await
            }
        }
    }

    async fn begin(&self, work: Work, deadline: Timestamp) -> Result<(), StoreError> {
        let known = agents::find(&work.agent_type);
        let agent = known.unwrap_or_else(|| agents::find(agents::DEFAULT).expect("the default agent is on the roster"));
        let progress = match work.progress.as_deref() {
            None => Progress::default(),
            Some(text) => serde_json::from_str(text).map_err(|_| StoreError::Corrupt {
                record: "run",
                attribute: "progress".to_owned(),
            })?,
        };
        // Before anything more is paid for: an outage later would take what was paid along.
        let answer = match &progress.kept {
            None => None,
            Some(kept) => {
                let kept = self.store.works().kept(work.run, kept.stage.as_str()).await?;
                Some((kept, Saved::Yes))
            }
        };
        let (facts, is_probe) = self.facts(&work, agent, &progress).await?;
        let mut step = Advance {
            claim: Some(Claim),
            is_probe,
            ..Advance::default()
        };
        if work.status == Status::Queued {
            step.events.push((EventKind::Started, EventDetail::default()));
        }
        let mut drive = Drive {
            worker: self,
            agent,
            facts,
            work,
            progress,
            deadline,
            step,
            answer,
            judgement: None,
        };
        let first = match drive.work.open_attempt.clone() {
            None => Event::Claimed,
            Some(name) => {
                let reason = "Worker was lost during the model call".to_owned();
                drive.end_attempt(name, AttemptState::Lost, EventKind::AttemptFailed, Some(reason));
                Event::AttemptLost
            }
        };
        if known.is_none() {
            // Accepted by a version that knew the agent, worked on by one that does not.
            return drive.fail("Agent is no longer available".to_owned(), None).await;
        }
        let said = drive.decide(first);
        let driven = drive.follow(said, None).await;
        if is_probe && matches!(driven, Err(StoreError::Lost)) {
            self.end_lost_probe(&drive.work).await;
        }
        driven
    }

    /// Lets the next probe go when this one's run ended before it was claimed: nobody will count it as a probe.
    async fn end_lost_probe(&self, work: &Work) {
        let ended = async {
            let read = self.store.works().load(work.run).await?;
            if read.is_none_or(|read| read.status.is_terminal()) {
                let conducts = self.store.conducts();
                conducts.end_probe(work.tenant, &work.agent_type, work.run).await?;
            }
            Ok::<_, StoreError>(())
        };
        if let Err(error) = ended.await {
            tracing::warn!(run_id = %work.run, %error, "the next probe has to wait until this one is forgotten");
        }
    }

    /// What the harness has to know beside the run, and whether the run is its agent's probe. Credits and breaker stop a run
    /// before its first attempt and never afterwards, so that they are read once.
    async fn facts(&self, work: &Work, agent: &Agent, progress: &Progress) -> Result<(Facts, bool), StoreError> {
        let is_new = progress.attempts == 0;
        let conducts = self.store.conducts();
        let credits = async {
            if !is_new || work.tenant.mode == Mode::Test {
                return Ok(Credits::Covered);
            }
            let allowed = self.store.limits().allowed(work.tenant.org).await?;
            Ok::<_, StoreError>(if allowed.credits_left > 0 {
                Credits::Covered
            } else {
                Credits::UsedUp
            })
        };
        let (conduct, credits) = tokio::join!(conducts.of(work.tenant, &work.agent_type), credits);
        let (conduct, credits, now) = (conduct?, credits?, (self.now)());
        let (breaker, is_probe) = match conduct.breaker.state(now.ms()) {
            _ if !is_new => (Breaker::Closed, false),
            State::Closed => (Breaker::Closed, false),
            State::Open => (Breaker::Open, false),
            // One that makes no call tries nothing out.
            State::HalfOpen if credits == Credits::UsedUp => (Breaker::Open, false),
            State::HalfOpen => {
                let (tenant, agent) = (work.tenant, &work.agent_type);
                match conducts.take_probe(tenant, agent, work.run, now).await? {
                    true => (Breaker::Closed, true),
                    false => (Breaker::Open, false),
                }
            }
        };
        let facts = Facts {
            highest_tier: work.plan.highest_tier(),
            agent_tier: agent.tier,
            high_stakes: agent.high_stakes,
            trust_level: conduct.trust.level,
            credits,
            breaker,
        };
        Ok((facts, is_probe))
    }
}

impl Drive<'_> {
    /// Does what the harness says until the run leaves these hands; `blame` is what a failure now would say of the agent.
    async fn follow(&mut self, mut said: Said, mut blame: Option<Ladder>) -> Result<(), StoreError> {
        loop {
            let (effect, before) = said;
            (said, blame) = match effect {
                Effect::Call(call) => self.call(call, before).await?,
                Effect::Complete {
                    stage,
                    confidence,
                    warning,
                } => return self.complete(stage, confidence, warning).await,
                Effect::Triage {
                    stage,
                    confidence,
                    flagged,
                    reason,
                } => return self.triage(stage, confidence, flagged, reason).await,
                Effect::Fail { error } => return self.fail(error, blame).await,
                Effect::Checkpoint => return self.checkpoint().await,
            };
        }
    }

    fn decide(&mut self, event: Event<'_>) -> Said {
        let before = self.progress.clone();
        let left_ms = u64::try_from(self.deadline.ms() - (self.worker.now)().ms()).unwrap_or(0);
        (decide(&self.facts, &mut self.progress, event, left_ms), before)
    }

    /// Makes one model call: saved as started before, saved as ended (with what follows) after.
    async fn call(&mut self, call: Call, before: Progress) -> Result<(Said, Option<Ladder>), StoreError> {
        if call.wait_ms > 0 {
            let counted = std::mem::replace(&mut self.progress, before);
            self.save(Some(LEASE_MS), None).await?;
            self.progress = counted;
            tokio::time::sleep(Duration::from_millis(call.wait_ms)).await;
        }
        let name = format!("{}#{}", call.stage.as_str(), call.number);
        let detail = EventDetail {
            model: Some(call.tier.as_str().to_owned()),
            ..EventDetail::attempt(&name)
        };
        if call.number == 1 && matches!(call.stage, Stage::Escalation | Stage::Retry) {
            let detail = EventDetail {
                attempt: None,
                ..detail.clone()
            };
            self.step.events.push((EventKind::Escalated, detail));
        }
        self.step.events.push((EventKind::AttemptStarted, detail));
        let started = AttemptState::Started {
            tier: call.tier.as_str(),
        };
        self.step.attempts.push(AttemptRow {
            name: name.clone(),
            state: started,
        });
        // An evaluator needs the answer before anything of its own is on record.
        let kept = self.progress.kept.as_ref().filter(|_| call.stage.is_evaluation());
        let judged = kept.map(|kept| self.standing(kept.stage)).transpose()?;
        self.save(Some(LEASE_MS), None).await?;
        let asked = self
            .worker
            .ask(&self.work, self.agent, &call, &self.progress, judged.as_ref())
            .await?;
        Ok(self.take(asked, &call, name))
    }

    /// Writes down what came of a call, and asks the harness what follows.
    fn take(&mut self, asked: Asked, call: &Call, name: String) -> (Said, Option<Ladder>) {
        match asked {
            Asked::Answered(answer, result, spent) => {
                let state = self.answered(&answer.model, spent, call);
                self.end_attempt(name, state, EventKind::AttemptSucceeded, None);
                let said = self.decide(Event::Answered(answer.verdict()));
                let kept = KeptAnswer {
                    stage: call.stage.as_str().to_owned(),
                    result,
                    model: answer.model,
                };
                self.answer = Some((kept, Saved::No));
                (said, None)
            }
            Asked::Evaluated(answer, spent) => {
                let state = self.answered(&answer.model, spent, call);
                self.end_attempt(name, state, EventKind::AttemptSucceeded, None);
                let (verdict, confidence_score) = match answer.evaluation {
                    Evaluation::Pass { confidence } => ("pass", confidence.filter(|figure| figure.is_finite())),
                    Evaluation::Triage => ("triage", None),
                    Evaluation::Retry => ("retry", None),
                };
                let detail = EventDetail {
                    stage: Some(call.stage.as_str().to_owned()),
                    verdict: Some(verdict),
                    confidence_score,
                    ..EventDetail::default()
                };
                self.step.events.push((EventKind::Evaluated, detail));
                self.judgement = Some(answer.reasoning);
                (self.decide(Event::Evaluated(answer.evaluation)), None)
            }
            Asked::Rejected { model, spent, failure } => {
                let reason = failure.reason();
                let (usage, credits) = self.price(spent, call);
                let state = AttemptState::Rejected {
                    model,
                    usage,
                    credits,
                    reason: reason.to_owned(),
                };
                self.end_attempt(name, state, EventKind::AttemptFailed, Some(reason.to_owned()));
                (self.decide(failure.event()), Some(Ladder::Failed))
            }
            Asked::Failed(failure) => {
                let reason = failure.reason();
                let state = AttemptState::Failed {
                    reason: reason.to_owned(),
                };
                self.end_attempt(name, state, EventKind::AttemptFailed, Some(reason.to_owned()));
                (self.decide(failure.event()), Some(Ladder::Failed))
            }
        }
    }

    fn answered(&self, model: &str, spent: Spent, call: &Call) -> AttemptState {
        let (usage, credits) = self.price(spent, call);
        AttemptState::Answered {
            model: model.to_owned(),
            usage,
            credits,
        }
    }

    /// What the answers of a call took: each costs its tier's credits. Test runs cost none.
    fn price(&self, spent: Spent, call: &Call) -> (Usage, u64) {
        let usage = Usage {
            input_tokens: spent.input_tokens,
            output_tokens: spent.output_tokens,
        };
        let credits = match self.work.tenant.mode {
            Mode::Live => u64::from(call.tier.credits()) * u64::from(spent.answers),
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

    /// The answer that stands so far: it was kept here, or read at the beginning.
    fn standing(&self, stage: Stage) -> Result<KeptAnswer, StoreError> {
        match &self.answer {
            Some((answer, _)) if answer.stage == stage.as_str() => Ok(answer.clone()),
            _ => Err(StoreError::Corrupt {
                record: "run",
                attribute: "progress".to_owned(),
            }),
        }
    }

    /// Writes what has gathered since the last save, in one transaction, and logs the step.
    async fn save(&mut self, lease_ms: Option<i64>, outcome: Option<Outcome>) -> Result<(), StoreError> {
        let mut step = std::mem::take(&mut self.step);
        step.lease_until = lease_ms.map(|ms| (self.worker.now)().plus_ms(ms));
        if outcome.is_none()
            && let Some((answer, Saved::No)) = &self.answer
        {
            // The run goes on: whoever goes on with it may need what was said.
            step.kept = Some(answer.clone());
        }
        step.outcome = outcome;
        step.progress = serde_json::to_string(&self.progress).expect("progress is plain data");
        let last = step.events.last().map_or("", |(kind, _)| kind.as_str());
        if let Err(error) = self.write(&step).await {
            if matches!(error, StoreError::Lost) {
                self.settle(&step).await;
            }
            return Err(error);
        }
        if let Some((_, saved)) = &mut self.answer {
            *saved = Saved::Yes;
        }
        let age_ms = (self.worker.now)().ms() - self.work.created_at.ms();
        tracing::info!(
            run_id = %self.work.run,
            request_id = self.work.request_id,
            org = %self.work.tenant.org,
            agent_type = %self.work.agent_type,
            status = self.work.status.as_str(),
            step = last,
            attempts = self.work.attempts,
            store_calls = self.worker.store.take_calls(),
            RunTime = self.work.status.is_terminal().then_some(age_ms),
            "run step"
        );
        Ok(())
    }

    /// The run is somebody else's or has been cancelled: what the model said is ignored, and paid for all the same.
    async fn settle(&self, step: &Advance) {
        let is_answer =
            |row: &&AttemptRow| matches!(row.state, AttemptState::Answered { .. } | AttemptState::Rejected { .. });
        for row in step.attempts.iter().filter(is_answer) {
            let (works, at) = (self.worker.store.works(), (self.worker.now)());
            let settled = persist!(self.work.run, SAVE_PAUSES_MS, works.settle(&self.work, row, at));
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
        let at = (self.worker.now)();
        persist!(self.work.run, SAVE_PAUSES_MS, self.advance(step, at))
    }

    /// Sends a step once; the first one of a batch's row only after a look at the batch. Where that was cancelled, the row ends
    /// instead of being claimed. Nothing comes between the look and the claim, so that a row which had not been claimed when its batch
    /// was cancelled begins only if this worker stands still here until after that.
    async fn advance(&mut self, step: &Advance, at: Timestamp) -> Result<(), StoreError> {
        let store = &self.worker.store;
        if let (Status::Queued, Some(batch)) = (self.work.status, self.work.batch) {
            let read = store.batches().load(batch).await?;
            if read.is_some_and(|batch| batch.cancelled_at.is_some()) {
                let cancelled = store.runs().cancel_row(self.work.tenant, self.work.run).await?;
                tracing::info!(run_id = %self.work.run, batch_id = %batch, ?cancelled, "its batch was cancelled");
                return Err(StoreError::Lost);
            }
        }
        store.works().advance(&mut self.work, step, at).await
    }
}
