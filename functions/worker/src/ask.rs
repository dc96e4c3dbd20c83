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
/// How often a claim is renewed while a model thinks; two renewals may be lost.
const RENEW_EVERY: Duration = Duration::from_secs(10);

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

    /// Renews the lease until the run is lost; ends only then. An outage is no loss: the fence decides at the next save.
    async fn hold(&self, work: &Work) -> StoreError {
        loop {
            tokio::time::sleep(RENEW_EVERY).await;
            match self.store.works().renew(work, Timestamp::now().plus_ms(LEASE_MS)).await {
                Ok(()) => {}
                Err(StoreError::Lost) => return StoreError::Lost,
                Err(error) => tracing::warn!(run_id = %work.run, %error, "lease was not renewed"),
            }
        }
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
