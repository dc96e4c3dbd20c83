//! One model call: bounded in time, with the run's lease kept alive beside it.

use std::time::Duration;

use eclips_engine::agents::Agent;
use eclips_engine::harness::Call;
use eclips_engine::models::{ModelAnswer, ModelError, ModelRequest, sandbox};
use eclips_shared::store::{StoreError, Work};
use eclips_shared::time::Timestamp;

use crate::Worker;

/// How long a claim holds without being renewed. A message that arrives earlier is sent again for when it ends.
pub const LEASE_MS: i64 = 30_000;
/// How often a worker looks whether the run is still its own while a model thinks: so long may a cancelled call go on.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Looks for each renewal of the claim, which is every 10 s; two renewals may be lost.
const LOOKS_PER_RENEWAL: u32 = 5;

/// What became of a call.
pub enum Asked {
    /// An answer, and the result that it makes.
    Answered(ModelAnswer, String),
    /// An answer that cannot be used, and why; it costs all the same.
    Rejected(ModelAnswer, &'static str),
    /// No answer, and why.
    Failed(&'static str),
}

impl Worker {
    /// Asks the model; gives up at the call's timeout, or at once when the run is no longer ours.
    ///
    /// *Errors*: [`StoreError::Lost`] when somebody else took the run: whatever the model says then is ignored.
    pub async fn ask(
        &self,
        work: &Work,
        agent: &'static Agent,
        call: &Call,
        attempt: u32,
    ) -> Result<Asked, StoreError> {
        let data = work.data.as_deref().map(serde_json::from_str).transpose();
        let data: Option<serde_json::Map<_, _>> = data.map_err(|_| StoreError::Corrupt {
            record: "run",
            attribute: "data".to_owned(),
        })?;
        let request = ModelRequest {
            agent,
            tier: call.tier,
            task: &work.task,
            data: data.as_ref(),
            attempt,
        };
        let answered = tokio::time::timeout(Duration::from_millis(call.timeout_ms), sandbox::answer(&request));
        tokio::select! {
            answered = answered => Ok(judge(answered.unwrap_or(Err(ModelError::TimedOut)))),
            lost = self.hold(work) => Err(lost),
        }
    }

    /// Looks at the run and renews its lease until it is lost; ends only then. An outage is no loss: the fence decides at
    /// the next save.
    async fn hold(&self, work: &Work) -> StoreError {
        let works = self.store.works();
        for look in 1u32.. {
            tokio::time::sleep(LOOK_EVERY).await;
            let held = if look.is_multiple_of(LOOKS_PER_RENEWAL) {
                let renewed = works.renew(work, Timestamp::now().plus_ms(LEASE_MS)).await;
                renewed.map(|()| true)
            } else {
                works.is_held(work).await
            };
            match held {
                Ok(true) => {}
                Ok(false) | Err(StoreError::Lost) => return StoreError::Lost,
                Err(error) => tracing::warn!(run_id = %work.run, %error, "nobody knows whether the run is still ours"),
            }
        }
        unreachable!("two seconds times four billion are longer than any invocation")
    }
}

fn judge(answered: Result<ModelAnswer, ModelError>) -> Asked {
    match answered {
        Ok(answer) => match answer.result_json() {
            Ok(result) => Asked::Answered(answer, result),
            Err(error) => {
                tracing::warn!(%error, "answer was rejected");
                Asked::Rejected(answer, error.for_client())
            }
        },
        Err(error) => {
            tracing::warn!(%error, "model call failed");
            Asked::Failed(error.for_client())
        }
    }
}
