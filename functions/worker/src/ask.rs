//! One model call: bounded in time, with the run's lease kept alive beside it.

use std::time::{Duration, Instant};

use eclips_engine::agents::Agent;
use eclips_engine::harness::{Call, Event, Progress};
use eclips_engine::models::{
    EvaluationRequest, EvaluatorAnswer, Meter, Model, ModelAnswer, ModelError, ModelRequest, Spent,
};
use eclips_engine::tier::Tier;
use eclips_shared::auth::Mode;
use eclips_shared::store::{KeptAnswer, StoreError, Work};
use serde_json::{Map, Value};

use crate::Worker;
use crate::outage::{LOAD_PAUSES_MS, persist};

/// How long a claim holds without being renewed. A message that arrives earlier is sent again for when it ends.
pub const LEASE_MS: i64 = 30_000;
/// How often a worker looks whether the run is still its own while a model thinks: so long may a cancelled call go on.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How old a claim may grow before it is renewed; one that is lost is tried again at the next look.
const RENEW_AFTER_MS: i64 = 8_000;

/// What became of a call.
pub enum Asked {
    /// An answer, the result that it makes, and what it took.
    Answered(ModelAnswer, String, Spent),
    /// A judgement of an answer, and what it took.
    Evaluated(EvaluatorAnswer, Spent),
    /// An answer that cannot be used, and why; it costs all the same.
    Rejected {
        /// Who answered.
        model: String,
        /// What it took.
        spent: Spent,
        /// Why.
        failure: Failure,
    },
    /// No answer, and why.
    Failed(Failure),
}

/// Why an attempt failed, in words that a client may see.
#[derive(Clone, Copy)]
pub enum Failure {
    /// Another attempt may fare better.
    Passing(&'static str),
    /// No other would.
    Lasting(&'static str),
}

impl Failure {
    fn of(error: &ModelError) -> Self {
        if error.may_pass() {
            Self::Passing(error.for_client())
        } else {
            Self::Lasting(error.for_client())
        }
    }

    /// The words.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Passing(reason) | Self::Lasting(reason) => reason,
        }
    }

    /// What the harness is told.
    pub const fn event(self) -> Event<'static> {
        match self {
            Self::Passing(reason) => Event::AttemptFailed(reason),
            Self::Lasting(reason) => Event::AttemptHopeless(reason),
        }
    }
}

impl Worker {
    /// Asks the agent's model, or the evaluator where there is an answer to be judged; gives up at the call's timeout, or at
    /// once when the run is no longer ours.
    ///
    /// *Errors*: [`StoreError::Lost`] when somebody else took the run: whatever the model says then is ignored. What it had
    /// said by then, an answer that was being repaired, comes back as rejected, so that it is paid for.
    pub async fn ask(
        &self,
        work: &Work,
        agent: &'static Agent,
        call: &Call,
        progress: &Progress,
        judged: Option<&KeptAnswer>,
    ) -> Result<Asked, StoreError> {
        let data = work.data.as_deref().map(|text| object(text, "data")).transpose()?;
        let (model, meter) = (self.model(work, call.tier), Meter::default());
        let rejected = |failure| {
            let spent = meter.read().spent;
            (spent.answers > 0).then(|| Asked::Rejected {
                model: model.name(call.tier),
                spent,
                failure,
            })
        };
        let failed = |error: &ModelError| {
            log(work, error);
            let failure = Failure::of(error);
            rejected(failure).unwrap_or(Asked::Failed(failure))
        };
        let asked = async {
            match judged {
                None => {
                    let request = ModelRequest {
                        agent,
                        tier: call.tier,
                        task: &work.task,
                        data: data.as_ref(),
                        attempt: progress.attempts,
                    };
                    let answered = within(call, model.answer(&request, &meter)).await;
                    let judged = answered.and_then(|answer| Ok((answer.result_json()?, answer)));
                    Ok(match judged {
                        Ok((result, answer)) => Asked::Answered(answer, result, meter.read().spent),
                        Err(error) => failed(&error),
                    })
                }
                Some(answer) => {
                    let output = object(&answer.result, "kept answer")?;
                    let request = EvaluationRequest {
                        agent,
                        tier: call.tier,
                        task: &work.task,
                        data: data.as_ref(),
                        attempt: progress.attempts,
                        output: &output,
                        confidence: progress.kept.as_ref().and_then(|kept| kept.confidence),
                        action: progress.kept.as_ref().and_then(|kept| kept.action.as_ref()),
                    };
                    Ok(match within(call, model.evaluate(&request, &meter)).await {
                        Ok(answer) => Asked::Evaluated(answer, meter.read().spent),
                        Err(error) => failed(&error),
                    })
                }
            }
        };
        // The save before this may have been told twice, and the run cancelled in between: no call begins for it then.
        let works = self.store.works();
        if !persist!(work.run, LOAD_PAUSES_MS, works.is_held(work))? {
            return Err(StoreError::Lost);
        }
        tracing::debug!(run_id = %work.run, stage = call.stage.as_str(), "model is asked");
        let began = Instant::now();
        let asked = tokio::select! {
            // An answer that is there is taken, whatever else is known in the same moment.
            biased;
            asked = asked => {
                if !matches!(asked, Ok(Asked::Failed(_))) {
                    tracing::debug!(run_id = %work.run, stage = call.stage.as_str(), "model has answered");
                }
                let is_used = matches!(asked, Ok(Asked::Answered(..) | Asked::Evaluated(..)));
                let spent = meter.read().spent;
                tracing::info!(
                    run_id = %work.run,
                    request_id = work.request_id,
                    stage = call.stage.as_str(),
                    tier = call.tier.as_str(),
                    ModelCalls = 1_u64,
                    ModelFaults = (!is_used).then_some(1_u64),
                    ModelTime = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
                    InputTokens = spent.input_tokens,
                    OutputTokens = spent.output_tokens,
                    "model call"
                );
                asked
            }
            lost = self.hold(work) => rejected(Failure::Passing("Model call was interrupted")).ok_or(lost),
        };
        if meter.read().untold > 0 {
            tracing::warn!(run_id = %work.run, "the provider told no tokens that can be believed: they count as none");
        }
        asked
    }

    /// Who answers: test keys have the sandbox, whatever live ones have (contract §1).
    fn model(&self, work: &Work, tier: Tier) -> &Model {
        match work.tenant.mode {
            Mode::Test => &Model::Sandbox,
            Mode::Live => self.models.of(tier),
        }
    }

    /// Looks at the run and renews its lease until it is lost; ends only then. An outage is no loss: the fence decides at
    /// the next save.
    async fn hold(&self, work: &Work) -> StoreError {
        let works = self.store.works();
        let mut renewed = work.lease_until.map_or((self.now)(), |until| until.plus_ms(-LEASE_MS));
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let now = (self.now)();
            let is_due = now.ms() - renewed.ms() >= RENEW_AFTER_MS;
            let held = if is_due {
                works.renew(work, now.plus_ms(LEASE_MS)).await.map(|()| true)
            } else {
                works.is_held(work).await
            };
            match held {
                Ok(true) if is_due => renewed = now,
                Ok(true) => {}
                Ok(false) | Err(StoreError::Lost) => return StoreError::Lost,
                Err(error) => tracing::warn!(run_id = %work.run, %error, "nobody knows whether the run is still ours"),
            }
        }
    }
}

/// Cuts a call off at its timeout.
async fn within<T>(call: &Call, answering: impl Future<Output = Result<T, ModelError>>) -> Result<T, ModelError> {
    let answered = tokio::time::timeout(Duration::from_millis(call.timeout_ms), answering).await;
    answered.unwrap_or(Err(ModelError::TimedOut))
}

fn object(text: &str, attribute: &str) -> Result<Map<String, Value>, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Corrupt {
        record: "run",
        attribute: attribute.to_owned(),
    })
}

/// Says once what a client never sees.
fn log(work: &Work, error: &ModelError) {
    if let ModelError::Denied(_) = error {
        tracing::error!(alarm = "model_denied", run_id = %work.run, %error, "no model until an operator has looked");
    } else {
        tracing::warn!(run_id = %work.run, %error, "model call failed");
    }
}
