//! Runs as the worker drives them: read, claimed, advanced, ended. Every step is one transaction fenced by the epoch.
//!
//! *Item* `R#<run>` / `M`, beside what lists show: `epoch` (raised by each claim), `seq` (last event), `lease_until`,
//! `progress` (the harness's own state), `probe` (it is its agent's one probe), `open_attempt` (`<stage>#<n>` of a model call that has not ended), `plan`, `key_id`; until the first claim `request_id` and `trace`.
//! *Item* `R#<run>` / `A#<stage>#<n>`: the attempt, and so the usage ledger: `state` (`started`, `answered`,
//! `rejected`, `failed`, `lost`), tier, model, tokens, credits, times. *Item* `R#<run>` / `S#<stage>`: an answer that a later
//! stage may need: `result`, `model`. What a person has to decide is in `triage.rs`.

mod step;

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::item::{Attributes, Row, at, fill, keyed, n, s};
use super::runs::{INLINE_BYTES_MAX, events, parts};
use super::transact::{create, send_once, update, update_main};
use super::{Store, StoreError, triage, unavailable};
use crate::auth::Tenant;
use crate::ids::{BatchId, RunId};
use crate::plan::{LEDGER_RETENTION_MS, Plan};
use crate::run::{Priority, Status, Usage, event};
use crate::time::Timestamp;

use self::step::After;
pub use self::step::{Advance, AttemptRow, AttemptState, Claim, KeptAnswer, Outcome, TriageRow};

/// Nobody else took a step since this worker looked, and the run is still open.
const FENCE: &str = "epoch = :old_epoch AND seq = :old_seq AND #status IN (:queued, :running)";

/// A run as the worker holds it.
#[derive(Debug)]
pub struct Work {
    /// The run.
    pub run: RunId,
    /// Whose it is.
    pub tenant: Tenant,
    /// The plan that it was accepted under.
    pub plan: Plan,
    /// The agent.
    pub agent_type: String,
    /// Where it stands.
    pub status: Status,
    /// How soon it should be looked at.
    pub priority: Priority,
    /// The whole task.
    pub task: String,
    /// What was sent along, as JSON.
    pub data: Option<String>,
    /// The batch that it is a row of.
    pub batch: Option<BatchId>,
    /// Until when another worker holds it.
    pub lease_until: Option<Timestamp>,
    /// The harness's own state, as JSON; `None` before the first claim.
    pub progress: Option<String>,
    /// The model call that has not ended, if any.
    pub open_attempt: Option<String>,
    /// Model calls made.
    pub attempts: u32,
    /// Credits spent.
    pub credits: u64,
    /// Tokens spent.
    pub usage: Usage,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// The gateway's id of the request that it comes of.
    pub request_id: Option<String>,
    started_at: Option<Timestamp>,
    key_id: String,
    epoch: u64,
    seq: u64,
    ttl: i64,
    /// Who has read it: of two workers who take the same step in the same millisecond, each has to be judged by itself.
    reader: Uuid,
}

/// Runs as the worker drives them.
#[derive(Debug)]
pub struct Works<'a>(pub(super) &'a Store);

impl Works<'_> {
    /// Reads a run for working on it, strongly consistent. A message names it; nothing else about it is believed.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn load(&self, run: RunId) -> Result<Option<Work>, StoreError> {
        let items = parts(self.0, run, "M").await?;
        let (mut main, mut apart) = (None, None);
        for item in &items {
            match item.get("sk") {
                Some(AttributeValue::S(sk)) if sk == "M" => main = Some(item),
                _ => apart = Some(item),
            }
        }
        main.map(|main| work(run, main, apart.unwrap_or(main))).transpose()
    }

    /// Takes one step: the transition, its events, its attempts and what follows from them, in one transaction.
    ///
    /// The same step at the same moment may be sent again: within ten minutes it is written once.
    ///
    /// *Errors*: [`StoreError::Lost`] when the run was claimed, cancelled or ended by somebody else; nothing was written
    /// then. [`StoreError::Unavailable`]: it may have been written; sending it again tells.
    pub async fn advance(&self, work: &mut Work, step: &Advance, now: Timestamp) -> Result<(), StoreError> {
        let pk = format!("R#{}", work.run);
        let status = step.outcome.as_ref().map_or(Status::Running, Outcome::status);
        let first = step.claim.is_some() && work.started_at.is_none();
        let ttl = n(work.ttl);
        let after = After::of(work, step);

        let mut writes = Vec::with_capacity(5);
        if !step.events.is_empty() {
            let texts: Vec<String> = (work.seq + 1..)
                .zip(&step.events)
                .map(|(seq, (kind, detail))| {
                    // Whatever comes before the end happened while the run was still running.
                    let last = seq == after.seq;
                    event(
                        work.run,
                        seq,
                        *kind,
                        now,
                        if last { status } else { Status::Running },
                        detail,
                    )
                })
                .collect();
            writes.push(create(
                &self.0.main,
                events(&pk, work.seq + 1, texts, ttl.clone()),
                "pk",
            ));
        }
        if let Some(kept) = &step.kept {
            let mut item = keyed(&pk, format!("S#{}", kept.stage));
            fill(
                &mut item,
                [
                    ("result", Some(s(&kept.result))),
                    ("model", Some(s(&kept.model))),
                    ("ttl", Some(ttl.clone())),
                ],
            );
            writes.push(create(&self.0.main, item, "pk"));
        }
        for row in &step.attempts {
            writes.push(self.attempt(work, &pk, row, now, "#state = :started"));
        }
        if let Some(Outcome::Triage { item, confidence, .. }) = &step.outcome {
            writes.push(create(
                &self.0.main,
                triage::pending(work, item, *confidence, now, &ttl),
                "pk",
            ));
        }
        if let Some(Outcome::Completed { result, .. }) = &step.outcome
            && result.len() > INLINE_BYTES_MAX
        {
            let mut apart = keyed(&pk, "OUT");
            fill(&mut apart, [("result", Some(s(result))), ("ttl", Some(ttl))]);
            writes.push(create(&self.0.main, apart, "pk"));
        }
        let mut sets = after.sets(status, step, work.tenant);
        if first {
            sets.push(("started_at", at(now)));
        }
        if status.is_terminal() {
            sets.push(("completed_at", at(now)));
        }
        writes.push(self.transition(work, &pk, &sets, &after.removes(step), step.claim));
        send_once(self.0, "advance run", writes, Some(token(work, now))).await?;
        if first {
            work.started_at = Some(now);
        }
        work.status = status;
        work.lease_until = step.lease_until;
        work.progress = Some(step.progress.clone());
        (work.epoch, work.seq, work.open_attempt) = (after.epoch, after.seq, after.open_attempt);
        (work.attempts, work.credits, work.usage) = (after.attempts, after.credits, after.usage);
        Ok(())
    }

    /// Holds a run longer.
    ///
    /// *Errors*: [`StoreError::Lost`] when it is no longer ours: whatever is being done for it must stop.
    pub async fn renew(&self, work: &Work, lease_until: Timestamp) -> Result<(), StoreError> {
        let sent = self
            .0
            .client
            .update_item()
            .table_name(&*self.0.main)
            .key("pk", s(format!("R#{}", work.run)))
            .key("sk", s("M"))
            .update_expression("SET lease_until = :until")
            .condition_expression("epoch = :epoch AND #status = :running")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":until", at(lease_until))
            .expression_attribute_values(":epoch", n(work.epoch))
            .expression_attribute_values(":running", s(Status::Running.as_str()))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|refused| refused.is_conditional_check_failed_exception()) =>
            {
                Err(StoreError::Lost)
            }
            Err(error) => Err(unavailable("renew lease", &error)),
        }
    }

    /// Reads the answer of a stage that is over.
    ///
    /// *Errors*: [`StoreError::Corrupt`], also when there is none: whoever asks has seen it noted;
    /// [`StoreError::Unavailable`].
    pub async fn kept(&self, run: RunId, stage: &str) -> Result<KeptAnswer, StoreError> {
        let sk = format!("S#{stage}");
        let none = Attributes::new();
        let item = self.0.get("read kept answer", format!("R#{run}"), &sk).await?;
        let row = Row::new("kept answer", item.as_ref().unwrap_or(&none));
        Ok(KeptAnswer {
            stage: stage.to_owned(),
            result: row.text("result")?.to_owned(),
            model: row.text("model")?.to_owned(),
        })
    }

    /// Says whether a worker still holds a run, strongly consistent: nobody has claimed, cancelled or ended it.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn is_held(&self, work: &Work) -> Result<bool, StoreError> {
        let item = self.0.get("look at run", format!("R#{}", work.run), "M").await?;
        let Some(item) = item else { return Ok(false) };
        let row = Row::new("run", &item);
        let is_running = row.parsed("status", Status::parse)? == Status::Running;
        Ok(is_running && row.number::<u64>("epoch")? == work.epoch)
    }

    /// Writes an answer into the ledger that came when the run was no longer its asker's. It changes nothing of the run and
    /// is paid all the same.
    ///
    /// *Errors*: [`StoreError::Lost`] when the attempt has an end already that is more than "lost";
    /// [`StoreError::Unavailable`].
    pub async fn settle(&self, work: &Work, row: &AttemptRow, now: Timestamp) -> Result<(), StoreError> {
        let pk = format!("R#{}", work.run);
        let write = self.attempt(work, &pk, row, now, "#state IN (:started, :lost)");
        let token = digest(&format!("{}#{}#settle", work.run, row.name));
        send_once(self.0, "settle attempt", vec![write], Some(token)).await
    }

    /// The conditional update of `M`: the one place where a run changes.
    fn transition(
        &self,
        work: &Work,
        pk: &str,
        sets: &[(&'static str, AttributeValue)],
        removes: &[&'static str],
        claim: Option<Claim>,
    ) -> TransactWriteItem {
        let mut change = update_main(self.0, pk, "M")
            .condition_expression(FENCE)
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":old_epoch", n(work.epoch))
            .expression_attribute_values(":old_seq", n(work.seq))
            .expression_attribute_values(":queued", s(Status::Queued.as_str()))
            .expression_attribute_values(":running", s(Status::Running.as_str()));
        if let (Some(Claim), Some(seen)) = (claim, work.lease_until) {
            // A holder who renewed since this worker looked is alive: it keeps the run. Renewing changes nothing else.
            change = change
                .condition_expression(format!("{FENCE} AND lease_until = :seen_lease"))
                .expression_attribute_values(":seen_lease", at(seen));
        }
        let mut assignments = Vec::with_capacity(sets.len());
        for (name, value) in sets {
            assignments.push(format!("#{name} = :{name}"));
            change = change
                .expression_attribute_names(format!("#{name}"), *name)
                .expression_attribute_values(format!(":{name}"), value.clone());
        }
        let mut expression = format!("SET {}", assignments.join(", "));
        if !removes.is_empty() {
            expression = format!("{expression} REMOVE {}", removes.join(", "));
        }
        update(change.update_expression(expression))
    }

    fn attempt(
        &self,
        work: &Work,
        pk: &str,
        row: &AttemptRow,
        now: Timestamp,
        may_end: &'static str,
    ) -> TransactWriteItem {
        let sk = format!("A#{}", row.name);
        let (state, model, usage, credits, error) = match &row.state {
            AttemptState::Started { tier } => {
                let mut item = keyed(pk, sk);
                fill(
                    &mut item,
                    [
                        ("state", Some(s("started"))),
                        ("tier", Some(s(*tier))),
                        ("tenant", Some(s(work.tenant.to_string()))),
                        ("agent_type", Some(s(&work.agent_type))),
                        ("key_id", Some(s(&work.key_id))),
                        ("started_at", Some(at(now))),
                        ("ttl", Some(n(now.plus_ms(LEDGER_RETENTION_MS).seconds()))),
                    ],
                );
                return create(&self.0.main, item, "pk");
            }
            AttemptState::Answered { model, usage, credits } => ("answered", Some(model), *usage, *credits, None),
            AttemptState::Rejected {
                model,
                usage,
                credits,
                reason,
            } => ("rejected", Some(model), *usage, *credits, Some(reason)),
            AttemptState::Failed { reason } => ("failed", None, Usage::default(), 0, Some(reason)),
            AttemptState::Lost => ("lost", None, Usage::default(), 0, None),
        };
        let mut end = update_main(self.0, pk, &sk)
            .condition_expression(may_end)
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":started", s("started"))
            .expression_attribute_values(":state", s(state))
            .expression_attribute_values(":now", at(now));
        if may_end.contains(":lost") {
            end = end.expression_attribute_values(":lost", s("lost"));
        }
        let mut expression = "SET #state = :state, ended_at = :now".to_owned();
        if let Some(model) = model {
            expression.push_str(", model = :model, input_tokens = :input, output_tokens = :output, credits = :credits");
            end = end
                .expression_attribute_values(":model", s(model))
                .expression_attribute_values(":input", n(usage.input_tokens))
                .expression_attribute_values(":output", n(usage.output_tokens))
                .expression_attribute_values(":credits", n(credits));
        }
        if let Some(error) = error {
            expression.push_str(", #error = :error");
            end = end
                .expression_attribute_names("#error", "error")
                .expression_attribute_values(":error", s(error));
        }
        update(end.update_expression(expression))
    }
}

/// Names a step for the store: this run, this state of it, this worker, this moment. *Shape*: 36 characters.
fn token(work: &Work, now: Timestamp) -> String {
    let (run, epoch, seq, reader) = (work.run, work.epoch, work.seq, work.reader);
    digest(&format!("{run}#{epoch}#{seq}#{reader}#{}", now.ms()))
}

fn digest(step: &str) -> String {
    let hash: [u8; 32] = Sha256::digest(step).into();
    hash[..18].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn work(run: RunId, main: &Attributes, input: &Attributes) -> Result<Work, StoreError> {
    let row = Row::new("run", main);
    let input = Row::new("run input", input);
    let task = match input.opt_text("task")? {
        Some(task) => task,
        None => row.text("task_short")?,
    };
    Ok(Work {
        run,
        tenant: row.parsed("tenant", Tenant::parse)?,
        plan: row.parsed("plan", Plan::parse)?,
        agent_type: row.text("agent_type")?.to_owned(),
        status: row.parsed("status", Status::parse)?,
        priority: row.parsed("priority", Priority::parse)?,
        task: task.to_owned(),
        data: input.opt_text("data")?.map(str::to_owned),
        batch: row.opt_parsed("batch_id", BatchId::parse)?,
        lease_until: row.opt_time("lease_until")?,
        progress: row.opt_text("progress")?.map(str::to_owned),
        open_attempt: row.opt_text("open_attempt")?.map(str::to_owned),
        attempts: row.opt_number("attempts")?.unwrap_or(0),
        credits: row.opt_number("credits")?.unwrap_or(0),
        usage: Usage {
            input_tokens: row.opt_number("input_tokens")?.unwrap_or(0),
            output_tokens: row.opt_number("output_tokens")?.unwrap_or(0),
        },
        started_at: row.opt_time("started_at")?,
        created_at: row.time("created_at")?,
        request_id: row.opt_text("request_id")?.map(str::to_owned),
        key_id: row.text("key_id")?.to_owned(),
        epoch: row.number("epoch")?,
        seq: row.number("seq")?,
        ttl: row.number("ttl")?,
        reader: Uuid::now_v7(),
    })
}
