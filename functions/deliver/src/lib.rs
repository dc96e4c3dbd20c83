//! Tells receivers what happened: one SQS message is one look at a run or a batch that has something to tell, or one try of what is on
//! its way to one receiver. The only room that posts to addresses that customers name.

mod attempt;
mod body;
mod ladder;
pub mod post;
mod sign;
mod tell;

use std::convert::Infallible;
use std::sync::Arc;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use eclips_shared::config::Config;
use eclips_shared::lambda::deadline;
use eclips_shared::queue::{self, Queues, Subject};
use eclips_shared::store::{Store, StoreError};
use eclips_shared::time::Timestamp;
use eclips_shared::vault::{Vault, VaultError};
use futures_util::future::join_all;
use lambda_runtime::LambdaEvent;
use tower::Service;

use crate::post::Poster;

/// How long a message waits that met a store or a vault out of reach, in seconds.
const OUTAGE_DELAY_S: i32 = 10;

/// What a deliverer works with.
pub struct Deliverer {
    store: Store,
    queues: Queues,
    vault: Vault,
    poster: Poster,
    /// The clock by which tries are due.
    now: fn() -> Timestamp,
}

/// Why a message is not done with.
#[derive(Debug)]
enum Fault {
    /// The store.
    Store(StoreError),
    /// The vault.
    Vault(VaultError),
    /// Too little of the invocation is left.
    NoTime,
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<VaultError> for Fault {
    fn from(error: VaultError) -> Self {
        Self::Vault(error)
    }
}

/// The function as Lambda and `cargo dev` call it.
///
/// *Errors*: [`VaultError`], so that a wrong setting stops the function at its start.
pub async fn service(
    config: &Config,
) -> Result<
    impl Service<LambdaEvent<SqsEvent>, Response = SqsBatchResponse, Error = Infallible, Future: Send> + Send + use<>,
    VaultError,
> {
    let (store, queues) = (Store::open(config), Queues::open(config));
    let (vault, poster) = (Vault::open(config).await?, Poster::new(config.receivers));
    let deliverer = Arc::new(Deliverer::new(store, queues, vault, poster, Timestamp::now));
    Ok(tower::service_fn(move |event: LambdaEvent<SqsEvent>| {
        let deliverer = deliverer.clone();
        async move { Ok(deliverer.handle(event).await) }
    }))
}

impl Deliverer {
    /// A deliverer over stores that are open already, a vault, what posts, and a clock.
    #[must_use]
    pub fn new(store: Store, queues: Queues, vault: Vault, poster: Poster, now: fn() -> Timestamp) -> Self {
        Self {
            store,
            queues,
            vault,
            poster,
            now,
        }
    }

    /// Does what each message asks for; reports only what must come back.
    pub async fn handle(&self, event: LambdaEvent<SqsEvent>) -> SqsBatchResponse {
        let deadline = deadline(event.context.deadline, (self.now)());
        // At once: a receiver that takes its 10 s delays no other one of the batch.
        let all = event.payload.records.into_iter();
        let left = join_all(all.map(|message| self.look(message, deadline))).await;
        let mut response = SqsBatchResponse::default();
        for id in left.into_iter().flatten() {
            response.add_failure(id);
        }
        response
    }

    /// The message's id, where it must come back.
    async fn look(&self, message: SqsMessage, deadline: Timestamp) -> Option<String> {
        let id = message.message_id.unwrap_or_default();
        let Some(subject) = message.body.as_deref().and_then(queue::read) else {
            tracing::error!(alarm = "unreadable_message", message_id = %id, "message is not a hint");
            return Some(id);
        };
        let source = message.event_source_arn.unwrap_or_default();
        let looked = match subject {
            Subject::News(source) => self.tell(source).await,
            Subject::Errand(errand) => self.attempt(errand, self.queues.line(&source), deadline).await,
            Subject::Run(_) | Subject::Batch(_) => {
                tracing::error!(alarm = "unreadable_message", message_id = %id, "message is not for deliveries");
                return Some(id);
            }
        };
        let fault = looked.err()?;
        // A message that only met an outage is no dead letter, however long it lasts: it is sent anew.
        if fault.is_outage() {
            let group = message.attributes.get("MessageGroupId").map(String::as_str);
            let sent = self.queues.send_again(subject, &source, group, OUTAGE_DELAY_S).await;
            if sent.is_ok() {
                tracing::warn!(?subject, ?fault, "out of reach; looking again later");
                return None;
            }
        }
        tracing::error!(
            alarm = fault.alarm(),
            ?subject,
            ?fault,
            "left as it is; its message comes back"
        );
        Some(id)
    }
}

impl Fault {
    /// The alarm of what no repetition mends.
    const fn alarm(&self) -> Option<&'static str> {
        match self {
            Self::Store(StoreError::Corrupt { .. }) | Self::Vault(VaultError::Store(StoreError::Corrupt { .. })) => {
                Some("corrupt_record")
            }
            Self::Vault(VaultError::Corrupt | VaultError::Setting(_)) => Some("corrupt_secret"),
            _ => None,
        }
    }

    const fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::Store(StoreError::Unavailable { .. })
                | Self::Vault(VaultError::Unavailable { .. } | VaultError::Store(StoreError::Unavailable { .. }))
                | Self::NoTime
        )
    }
}
