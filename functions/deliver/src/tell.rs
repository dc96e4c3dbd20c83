//! What happened is told: for each event of a run or a batch, and each receiver that asked for it, a delivery is made. Made again, it
//! is the same one.

use eclips_shared::auth::Tenant;
use eclips_shared::ids::DeliveryId;
use eclips_shared::queue::{Hint, Line};
use eclips_shared::receiver::ReceiverUrl;
use eclips_shared::store::{NewDelivery, NewsOf, Receiver, StoreError};
use eclips_shared::time::Timestamp;
use eclips_shared::webhook::{Errand, Source, Target, Topic, WebhookStatus};

use crate::{Deliverer, Fault, body};

/// An event, and who is told of it.
struct Event {
    source: Source,
    seq: u64,
    topic: Topic,
    at: Timestamp,
}

impl Deliverer {
    /// Makes the deliveries of what has happened to a run or a batch, and has them tried.
    pub(crate) async fn tell(&self, source: Source) -> Result<(), Fault> {
        match source {
            Source::Run(run) => {
                let Some(news) = self.store.news().of_run(run).await? else {
                    return Ok(());
                };
                if news.happened.is_empty() {
                    return Ok(());
                }
                let receivers = self.store.webhooks().all(news.of.tenant).await?;
                for happened in &news.happened {
                    let event = Event {
                        source,
                        seq: happened.seq,
                        topic: happened.topic,
                        at: happened.at,
                    };
                    let deliveries = self.missing(&event, &news.of, &receivers).await?;
                    if !deliveries.is_empty() {
                        let told = self.store.news().told(&news, happened).await?;
                        self.make(&event, &body::of_run(&news, happened, &told), deliveries)
                            .await?;
                    }
                }
            }
            Source::Batch(batch) => {
                let Some(news) = self.store.news().of_batch(batch).await? else {
                    return Ok(());
                };
                let receivers = self.store.webhooks().all(news.of.tenant).await?;
                let event = Event {
                    source,
                    seq: 1,
                    topic: Topic::BatchCompleted,
                    at: news.at,
                };
                let deliveries = self.missing(&event, &news.of, &receivers).await?;
                if !deliveries.is_empty() {
                    self.make(&event, &body::of_batch(&news), deliveries).await?;
                }
            }
        }
        Ok(())
    }

    /// The deliveries of an event that are still to be made, each with the queue of its receiver.
    async fn missing(
        &self,
        event: &Event,
        of: &NewsOf,
        receivers: &[Receiver],
    ) -> Result<Vec<(NewDelivery, Line)>, StoreError> {
        let delivery = |target: Target, url: Option<&String>| NewDelivery {
            errand: Errand {
                tenant: of.tenant,
                target,
                id: DeliveryId::of(target, event.source, event.seq, event.at),
            },
            url: url.cloned(),
        };
        let asked = receivers.iter().filter(|receiver| {
            let webhook = &receiver.webhook;
            // One that was made since was not asked for then: a hint that comes late, or twice, tells it nothing old.
            webhook.status == WebhookStatus::Active
                && webhook.events.contains(&event.topic)
                && webhook.created_at <= event.at
        });
        let mut wanted: Vec<(NewDelivery, Line)> = asked
            .map(|receiver| {
                let new = delivery(Target::Webhook(receiver.webhook.id), None);
                (new, line_of(receiver, (self.now)()))
            })
            .collect();
        let own = of
            .url
            .as_ref()
            .map(|url| delivery(Target::Own(event.source), Some(url)));
        let own_line = async {
            match &of.url {
                Some(url) if self.is_own_slow(of.tenant, url).await => Line::Retries,
                _ => Line::Deliveries,
            }
        };
        let errands = wanted.iter().map(|(new, _)| new).chain(&own).map(|new| new.errand);
        let (deliveries, errands) = (self.store.deliveries(), errands.collect::<Vec<_>>());
        let (made, own_line) = tokio::join!(deliveries.made(&errands), own_line);
        let made = made?;
        wanted.extend(own.map(|new| (new, own_line)));
        // Those that are there have been told of, or the sweep finds them.
        wanted.retain(|(new, _)| !made.contains(&new.errand));
        Ok(wanted)
    }

    /// Whether what answers at a URL of a tenant's own was slow. Nothing waits for it to be known: in the wrong queue it is a little late.
    pub(crate) async fn is_own_slow(&self, tenant: Tenant, url: &str) -> bool {
        let Ok(url) = ReceiverUrl::parse(url, self.poster.receivers()) else {
            return false;
        };
        let found = self.store.slow().is_own(tenant, &url, (self.now)()).await;
        found.unwrap_or_else(|error| {
            error.log();
            false
        })
    }

    async fn make(&self, event: &Event, body: &str, wanted: Vec<(NewDelivery, Line)>) -> Result<(), Fault> {
        let (new, lines): (Vec<NewDelivery>, Vec<Line>) = wanted.into_iter().unzip();
        let of = (event.source, event.seq, event.topic);
        self.store.deliveries().make(of, body, &new, (self.now)()).await?;
        let hints: Vec<Hint> = new
            .iter()
            .zip(lines)
            .map(|(new, line)| Hint::errand(new.errand, line))
            .collect();
        let refused = self.queues.send(&hints).await;
        tracing::info!(
            source = %event.source,
            event = event.topic.as_str(),
            deliveries = new.len(),
            refused = refused.len(),
            "told"
        );
        // What was not sent is found by the sweep, a minute and a half later.
        Ok(())
    }
}

/// The queue of what is for a webhook's receiver: those that failed, or are slow, wait for one another.
pub(crate) fn line_of(receiver: &Receiver, now: Timestamp) -> Line {
    let is_slow = receiver.slow_until.is_some_and(|until| now < until);
    if receiver.failing_since.is_some() || is_slow {
        Line::Retries
    } else {
        Line::Deliveries
    }
}
