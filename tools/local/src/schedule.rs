//! The schedule of a function, as EventBridge keeps it: a call at once, and one every period. Knows no function.

use std::time::Duration;

use eclips_shared::time::Timestamp;
use serde_json::{Value, json};
use tokio::time::MissedTickBehavior;

use crate::engine::REGION;
use crate::environment::Pool;
use crate::sqs::ACCOUNT;

/// Calls a function at once and then every period, never twice at the same time. A call that fails is not repeated: the
/// next one comes anyway.
pub async fn run(period: Duration, pool: Pool) {
    let mut ticks = tokio::time::interval(period);
    // A machine that slept owes one call, not a night's.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = pool.invoke(event(Timestamp::now()).to_string().into_bytes()).await {
            tracing::warn!(function = pool.name(), %error, "a scheduled call failed");
        }
    }
}

/// What EventBridge sends to the target of a schedule.
fn event(now: Timestamp) -> Value {
    json!({
        "version": "0",
        "id": uuid::Uuid::new_v4().to_string(),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": now,
        "region": REGION,
        "resources": [format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/eclips-local")],
        "detail": {},
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda_runtime::{LambdaEvent, service_fn};
    use tokio::sync::mpsc;

    #[tokio::test]
    async fn calls_at_once_then_every_period_and_goes_on_after_a_failure() {
        let (called, mut calls) = mpsc::unbounded_channel();
        let pool = Pool::new("f", 1, Duration::from_secs(5), move || {
            let called = called.clone();
            async move {
                Ok(service_fn(move |event: LambdaEvent<Value>| {
                    let sent = called.send(event.payload["detail-type"].clone());
                    async move {
                        sent.unwrap();
                        Err::<Value, _>(anyhow::anyhow!("as usual"))
                    }
                }))
            }
        });
        let schedule = tokio::spawn(run(Duration::from_millis(5), pool));
        for _ in 0..3 {
            assert_eq!(calls.recv().await.unwrap(), "Scheduled Event");
        }
        schedule.abort();
    }
}
