//! Ends what was lost: every minute it looks at the open runs and the deliveries that are due, and it ends the runs of dead letters.
//! It does no run's work and posts nothing: it sends a hint, lets a decision expire, or gives a run up.

mod dead_letters;
mod deliveries;
mod schedule;

use std::convert::Infallible;
use std::sync::Arc;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsMessage};
use eclips_shared::config::Config;
use eclips_shared::lambda::deadline;
use eclips_shared::queue::Queues;
use eclips_shared::store::Store;
use eclips_shared::time::Timestamp;
use lambda_runtime::LambdaEvent;
use serde::{Deserialize, Serialize};
use tower::Service;

pub use self::schedule::Swept;

/// What a sweep works with.
pub struct Sweeper {
    store: Store,
    queues: Queues,
    /// The clock by which runs are due and leases are over.
    now: fn() -> Timestamp,
}

impl Sweeper {
    /// A sweeper over stores that are open already, and a clock.
    #[must_use]
    pub fn new(store: Store, queues: Queues, now: fn() -> Timestamp) -> Self {
        Self { store, queues, now }
    }
}

/// Why the function was called. *Shape*: an event of SQS has `Records`, one of the schedule has none.
#[derive(Debug, Deserialize)]
pub struct Occasion {
    #[serde(rename = "Records")]
    dead_letters: Option<Vec<SqsMessage>>,
}

/// What it answers.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// To the schedule: what was done.
    Swept(Swept),
    /// To a dead-letter queue: what must come back.
    Buried(SqsBatchResponse),
}

/// The function as Lambda and `cargo dev` call it.
pub async fn service(
    config: &Config,
) -> impl Service<LambdaEvent<Occasion>, Response = Answer, Error = Infallible, Future: Send> + Send + use<> {
    let sweeper = Sweeper::new(Store::open(config), Queues::open(config), Timestamp::now);
    let sweeper = Arc::new(sweeper);
    tower::service_fn(move |event: LambdaEvent<Occasion>| {
        let sweeper = sweeper.clone();
        async move {
            let deadline = deadline(event.context.deadline, Timestamp::now());
            Ok(match event.payload.dead_letters {
                Some(messages) => Answer::Buried(sweeper.bury(messages).await),
                None => Answer::Swept(sweeper.sweep(deadline).await),
            })
        }
    })
}
