//! One try of one delivery: claimed, signed, posted, noted. What the receiver does decides what follows.
//!
//! The claim comes before the post, so that two who were told of a delivery do not both post it. A crash in between leaves it to the
//! sweep, and a receiver may get it twice then, under the same id.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use eclips_shared::queue::{Hint, Line};
use eclips_shared::receiver::ReceiverUrl;
use eclips_shared::store::{Claimed, Held, Next, Receiver, StoreError, place_of_secret};
use eclips_shared::time::{SECOND_MS, Timestamp};
use eclips_shared::vault::VaultError;
use eclips_shared::webhook::{Errand, SigningSecret, Target, Try, WebhookStatus};
use futures_util::future::{Either, select};

use crate::post::Exchange;
use crate::sign::{Letter, headers};
use crate::tell::line_of;
use crate::{Deliverer, Fault, ladder, post};

/// What a try takes at the most: an exchange of 10 s, and some calls of 2 s.
const NEEDED_MS: i64 = 20 * SECOND_MS;
/// The longest that a queue holds a hint back; what waits longer is the sweep's. *Source*: SQS.
const HINT_MS_MAX: i64 = 900 * SECOND_MS;
/// Between the tries of noting what came of a post, in milliseconds: it is worth some waiting, since it is posted again otherwise.
const NOTE_PAUSES_MS: [u64; 3] = [200, 1_000, 3_000];

/// A receiver that has not answered within this is slow. Our choice: most answer in a tenth of it.
const SLOW: Duration = Duration::from_secs(1);

/// The status of a receiver that wants nothing more, for ever. *Source*: contract §6, RFC 9110 §15.5.11.
const GONE: u16 = 410;

/// To whom a delivery goes.
struct Address {
    url: String,
    secrets: Vec<SigningSecret>,
    /// Absent where the URL is a run's or a batch's own.
    receiver: Option<Receiver>,
    /// The queue of what is for it.
    line: Line,
}

/// What is known before a post.
enum Ready {
    /// All that is needed.
    Post(Box<Address>, String),
    /// There is nobody to post to, or nothing to post any more.
    Nothing,
    /// It is for a receiver that failed or is slow, and came through the queue of those that answer.
    WrongLine,
}

impl Deliverer {
    /// Tries a delivery, if it is its time.
    pub(crate) async fn attempt(&self, errand: Errand, line: Option<Line>, deadline: Timestamp) -> Result<(), Fault> {
        let now = (self.now)();
        if now.plus_ms(NEEDED_MS) > deadline {
            return Err(Fault::NoTime);
        }
        let Claimed::Now(held) = self.store.deliveries().claim(errand, now).await? else {
            return Ok(());
        };
        match self.prepare(&held, line).await {
            Ok(Ready::Post(address, body)) => self.post(&held, *address, body).await,
            Ok(Ready::Nothing) => Ok(self.note(&held, None, Next::Failed).await?),
            Ok(Ready::WrongLine) => {
                self.store.deliveries().release(&held, now).await?;
                Ok(self.queues.send_later(Hint::errand(errand, Line::Retries), 0).await?)
            }
            Err(fault) => {
                // Nobody was posted to. Whether it is let go or its lease ends, it is tried again.
                if let Err(error) = self.store.deliveries().release(&held, now).await {
                    error.log();
                }
                Err(fault)
            }
        }
    }

    /// Reads to whom and what. The last look at the webhook before the post: one that is deleted now is not posted to.
    async fn prepare(&self, held: &Held, line: Option<Line>) -> Result<Ready, Fault> {
        let (tenant, store) = (held.errand.tenant, &self.store);
        let (deliveries, address) = (store.deliveries(), self.address(held));
        let (body, address) = tokio::join!(deliveries.body(held.source, held.seq), address);
        let (Some(body), Some(address)) = (body?, address?) else {
            return Ok(Ready::Nothing);
        };
        let is_disabled = |receiver: &Receiver| receiver.webhook.status == WebhookStatus::Disabled;
        if !held.is_asked && address.receiver.as_ref().is_some_and(is_disabled) {
            return Ok(Ready::Nothing);
        }
        if line == Some(Line::Deliveries) && address.line == Line::Retries {
            tracing::debug!(%tenant, "the delivery changes its queue");
            return Ok(Ready::WrongLine);
        }
        Ok(Ready::Post(Box::new(address), body))
    }

    async fn address(&self, held: &Held) -> Result<Option<Address>, Fault> {
        let (tenant, webhooks) = (held.errand.tenant, self.store.webhooks());
        match held.errand.target {
            Target::Webhook(id) => {
                let Some(receiver) = webhooks.find(tenant, id).await? else {
                    return Ok(None);
                };
                let place = place_of_secret(tenant, id);
                let mut secrets = Vec::with_capacity(receiver.secrets.len());
                for (at, sealed) in receiver.secrets.iter().enumerate() {
                    match self.vault.unseal(&place, sealed).await {
                        Ok(secret) => secrets.push(secret),
                        // Whoever rotates because the key above it was lost need not wait a day for this one to be over.
                        Err(error @ VaultError::Corrupt) if at > 0 => error.log(),
                        Err(error) => return Err(error.into()),
                    }
                }
                Ok(Some(Address {
                    url: receiver.webhook.url.clone(),
                    secrets,
                    line: line_of(&receiver, (self.now)()),
                    receiver: Some(receiver),
                }))
            }
            Target::Own(_) => {
                let Some(url) = held.url.clone() else { return Ok(None) };
                let secret = self.vault.default_secret(&self.store, tenant.org);
                let (secret, is_slow) = tokio::join!(secret, self.is_own_slow(tenant, &url));
                Ok(Some(Address {
                    url,
                    secrets: vec![secret?],
                    receiver: None,
                    line: if is_slow { Line::Retries } else { Line::Deliveries },
                }))
            }
        }
    }

    async fn post(&self, held: &Held, address: Address, body: String) -> Result<(), Fault> {
        let (id, at) = (held.errand.id, (self.now)());
        let letter = Letter {
            id,
            topic: held.topic,
            at,
            body: body.as_bytes(),
        };
        let headers = headers(&letter, &address.secrets);
        let exchange = match ReceiverUrl::parse(&address.url, self.poster.receivers()) {
            Ok(url) => {
                let post = pin!(self.poster.post(&url, headers, Bytes::from(body)));
                // What is cut off here is noted by the next one that is slow.
                match select(post, pin!(self.note_slow(held, &address, &url))).await {
                    Either::Left((exchange, _)) => exchange,
                    Either::Right(((), post)) => post.await,
                }
            }
            // It was fit when it was given; what is fit may have become less.
            Err(_) => Exchange {
                status: None,
                retry_after: None,
                error: Some(post::Fault::NotPublic),
                took_ms: 0,
            },
        };
        let (is_taken, error) = (exchange.is_delivered(), why(&exchange));
        let tried = Try {
            at,
            status_code: exchange.status,
            duration_ms: exchange.took_ms,
            error: error.clone(),
        };
        let next = self.next(held, &address, &exchange);
        let noted = self.note(held, Some(&tried), next).await;
        tracing::info!(
            delivery_id = %id,
            target = %held.errand.target,
            event = held.topic.as_str(),
            tries = held.tries + 1,
            status = exchange.status,
            error,
            DeliveryTries = 1_u64,
            DeliveryTime = exchange.took_ms,
            DeliveryFaults = (!is_taken).then_some(1_u64),
            "posted"
        );
        if let Some(receiver) = &address.receiver {
            self.judge(held, receiver, is_taken, exchange.status == Some(GONE))
                .await?;
        }
        noted?;
        if let Next::Again {
            at: next_at,
            is_hinted: true,
        } = next
        {
            let hint = Hint::errand(held.errand, Line::Retries);
            let delay_ms = next_at.ms() - (self.now)().ms();
            // Rounded up: a hint that comes too early is thrown away.
            let delay_s = i32::try_from((delay_ms + SECOND_MS - 1) / SECOND_MS).unwrap_or(0);
            if let Err(error) = self.queues.send_later(hint, delay_s).await {
                // The sweep finds it a minute later.
                error.log();
            }
        }
        Ok(())
    }

    /// Notes, when that has come out, that a receiver is slow: it is not waited for until its time is over, since meanwhile others
    /// take the places of those that answer.
    async fn note_slow(&self, held: &Held, address: &Address, url: &ReceiverUrl) {
        tokio::time::sleep(SLOW).await;
        let (tenant, slow, now) = (held.errand.tenant, self.store.slow(), (self.now)());
        let noted = match &address.receiver {
            Some(receiver) => slow.note_webhook(tenant, receiver, now).await,
            None => slow.note_own(tenant, url, now).await,
        };
        if let Err(error) = noted {
            error.log();
        }
    }

    fn next(&self, held: &Held, address: &Address, exchange: &Exchange) -> Next {
        if exchange.is_delivered() {
            return Next::Delivered;
        }
        if exchange.status == Some(GONE) {
            return Next::Failed;
        }
        // One that was disabled got this try because somebody asked for it, and gets no other.
        let is_disabled = |receiver: &Receiver| receiver.webhook.status == WebhookStatus::Disabled;
        if address.receiver.as_ref().is_some_and(is_disabled) {
            return Next::Failed;
        }
        // Only these two say that they will be back.
        let asked = exchange
            .retry_after
            .filter(|_| matches!(exchange.status, Some(429 | 503)));
        let wait_ms = ladder::wait_ms(held.tries + 1, ladder::chance(), asked);
        wait_ms.map_or(Next::Failed, |wait_ms| Next::Again {
            at: (self.now)().plus_ms(wait_ms),
            is_hinted: wait_ms <= HINT_MS_MAX,
        })
    }

    async fn note(&self, held: &Held, tried: Option<&Try>, next: Next) -> Result<(), StoreError> {
        let mut pauses_ms = NOTE_PAUSES_MS.into_iter();
        loop {
            match self.store.deliveries().note(held, tried, next).await {
                // Its first note was written and the answer lost, or its lease was over and somebody else has it: both note it.
                Ok(()) | Err(StoreError::Lost) => return Ok(()),
                Err(error) => match pauses_ms.next() {
                    Some(pause_ms) => tokio::time::sleep(Duration::from_millis(pause_ms)).await,
                    None => return Err(error),
                },
            }
        }
    }

    /// What a try says of its webhook.
    async fn judge(&self, held: &Held, receiver: &Receiver, is_taken: bool, is_gone: bool) -> Result<(), StoreError> {
        let (tenant, id, webhooks) = (held.errand.tenant, receiver.webhook.id, self.store.webhooks());
        let was_disabled = receiver.webhook.status == WebhookStatus::Disabled;
        if is_taken {
            if receiver.failing_since.is_some() || was_disabled {
                webhooks.recovered(tenant, id).await?;
                tracing::info!(webhook_id = %id, "webhook recovered");
            }
            return Ok(());
        }
        if webhooks.failed(tenant, receiver, (self.now)(), is_gone).await? == WebhookStatus::Disabled && !was_disabled {
            tracing::warn!(webhook_id = %id, is_gone, "webhook disabled");
        }
        Ok(())
    }
}

/// Why a try failed, for the receiver's owner; `None` where it did not.
fn why(exchange: &Exchange) -> Option<String> {
    match (exchange.error, exchange.status) {
        (Some(fault), _) => Some(fault.to_string()),
        (None, _) if exchange.is_delivered() => None,
        (None, status) => Some(format!("Answered {}", status.unwrap_or_default())),
    }
}
