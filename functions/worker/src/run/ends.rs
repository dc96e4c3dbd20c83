//! How a run leaves a worker's hands: with a result, to a person, without a result, or for a while.

use eclips_engine::harness::{Outcome as Ladder, Stage, TriageReason};
use eclips_shared::ids::TriageId;
use eclips_shared::queue::{Hint, Line, Subject};
use eclips_shared::run::{EventDetail, EventKind, shorten};
use eclips_shared::store::{Outcome, StoreError, TriageRow};
use eclips_shared::time::DAY_MS;

use super::Drive;

/// How long a person has to decide. *Source*: contract §5.
const TRIAGE_MS: i64 = 7 * DAY_MS;
/// How much of a task a title shows, in characters.
const TITLE_CHARS_MAX: usize = 80;

impl Drive<'_> {
    pub(super) async fn complete(&mut self, stage: Stage, confidence: f64, warning: bool) -> Result<(), StoreError> {
        let answer = self.standing(stage)?;
        let warning = warning.then(|| "Confidence is below 0.85".to_owned());
        let detail = EventDetail {
            confidence_score: Some(confidence),
            warning,
            ..EventDetail::default()
        };
        self.step.events.push((EventKind::Completed, detail));
        let outcome = Outcome::Completed {
            result: answer.result,
            confidence,
            model: answer.model,
        };
        self.save(None, Some(outcome)).await
    }

    pub(super) async fn triage(
        &mut self,
        stage: Stage,
        confidence: f64,
        flagged: bool,
        reason: TriageReason,
    ) -> Result<(), StoreError> {
        let answer = self.standing(stage)?;
        let short = shorten(&self.work.task);
        let title: String = short.chars().take(TITLE_CHARS_MAX).collect();
        let action = self.progress.kept.as_ref().and_then(|kept| kept.action.as_ref());
        let item = TriageRow {
            id: TriageId::generate(),
            title: format!("{}: {title}", self.agent.name),
            summary: short.to_owned(),
            reasoning: self.reasoning(reason),
            risk: action.map(|action| action.description.clone()),
            payload: answer.result,
            expires_at: (self.worker.now)().plus_ms(TRIAGE_MS),
        };
        let detail = EventDetail {
            confidence_score: Some(confidence),
            triage_item_id: Some(item.id),
            warning: flagged.then(|| "The model gave no usable confidence".to_owned()),
            ..EventDetail::default()
        };
        self.step.events.push((EventKind::TriageRequired, detail));
        let outcome = Outcome::Triage {
            item,
            confidence,
            model: answer.model,
        };
        self.save(None, Some(outcome)).await
    }

    /// Why a person has to look; in the evaluator's own words too, where it is the one who asks.
    fn reasoning(&self, reason: TriageReason) -> String {
        let sentence = reason.sentence();
        match &self.judgement {
            Some(said) if reason == TriageReason::EvaluatorAsks && !said.is_empty() => format!("{sentence} {said}"),
            _ => sentence.to_owned(),
        }
    }

    /// Ends the run without a result; `blame` is what that says of the agent, if it is its doing.
    pub(super) async fn fail(&mut self, error: String, blame: Option<Ladder>) -> Result<(), StoreError> {
        let detail = EventDetail {
            error: Some(error.clone()),
            ..EventDetail::default()
        };
        self.step.events.push((EventKind::Failed, detail));
        let outcome = Outcome::Failed { error, counts: blame };
        self.save(None, Some(outcome)).await
    }

    /// Too little of this invocation is left for an attempt: give the run back and have it looked at at once.
    pub(super) async fn checkpoint(&mut self) -> Result<(), StoreError> {
        self.save(None, None).await?;
        let hint = Hint::of(
            Subject::Run(self.work.run),
            self.work.tenant,
            Line::of(self.work.priority),
        );
        self.worker.queues.send_later(hint, 0).await
    }
}
