//! Webhooks as everybody speaks of them: events, secrets, the objects on the wire. *Source*: contract §6.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize, Serializer};

use crate::auth::Tenant;
use crate::ids::{BatchId, DeliveryId, RunId, WebhookId};
use crate::run::{EventKind, words};
use crate::time::{HOUR_MS, Timestamp};

/// Webhooks of one organization at the most, live and test together. *Source*: contract §6.
pub const WEBHOOKS_MAX: u32 = 20;
/// How long a secret that was replaced still signs. *Source*: contract §6.
pub const OVERLAP_MS: i64 = 24 * HOUR_MS;
/// Secrets that were replaced and still sign, at the most: a rotation beyond them is refused, because one of them would have
/// to stop signing before its time. Our choice; each costs a header 48 bytes.
pub const OVERLAPPING_MAX: usize = 4;

words!(
    /// What a webhook can be told.
    Topic {
        /// A run has a result.
        RunCompleted = "run.completed",
        /// A run has none, and will have none: it failed, was cancelled or was rejected.
        RunFailed = "run.failed",
        /// A run waits for a person.
        RunTriageRequired = "run.triage_required",
        /// A batch has ended.
        BatchCompleted = "batch.completed",
    }
);

impl Topic {
    /// What is told of an event of a run; `None` for those that only its log has.
    #[must_use]
    pub const fn of(kind: EventKind) -> Option<Self> {
        match kind {
            EventKind::Completed => Some(Self::RunCompleted),
            EventKind::Failed | EventKind::Cancelled => Some(Self::RunFailed),
            EventKind::TriageRequired => Some(Self::RunTriageRequired),
            _ => None,
        }
    }
}

words!(
    /// Whether a webhook is sent anything.
    WebhookStatus {
        /// It is.
        Active = "active",
        /// It is not: its receiver said 410, or failed for 120 h.
        Disabled = "disabled",
    }
);

words!(
    /// What became of an event on its way to one receiver.
    DeliveryStatus {
        /// It is still tried.
        Pending = "pending",
        /// The receiver took it.
        Delivered = "delivered",
        /// It is not tried any more.
        Failed = "failed",
    }
);

/// A secret that signs: `whsec_` and the base64 of 32 random bytes. *Source*: contract §6, Standard Webhooks.
///
/// It has no `Display`, no `Serialize` and a `Debug` that says nothing; [`SigningSecret::reveal`] is for the one answer that
/// shows it and for whoever signs.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret(String);

/// What stands before a secret's base64.
const PREFIX: &str = "whsec_";

impl SigningSecret {
    /// Makes a new one.
    ///
    /// # Panics
    /// When the system has no randomness: then no secret is better than a weak one.
    #[must_use]
    pub fn generate() -> Self {
        let mut bytes = [0u8; 32];
        getrandom::fill(&mut bytes).expect("the system has randomness");
        Self(format!("{PREFIX}{}", STANDARD.encode(bytes)))
    }

    /// Reads a secret; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.strip_prefix(PREFIX)?).ok()?;
        (bytes.len() == 32).then(|| Self(text.to_owned()))
    }

    /// The whole text, by which the manual's header is signed.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The bytes behind the prefix, by which Standard Webhooks signs.
    ///
    /// # Panics
    /// Never: it was read or made with them.
    #[must_use]
    pub fn key(&self) -> Vec<u8> {
        STANDARD
            .decode(&self.0[PREFIX.len()..])
            .expect("a secret is base64 behind its prefix")
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(…)")
    }
}

/// A webhook as its owner sees it. *Shape*: `{ "id", "url", "events", "status", "created_at" }`.
#[derive(Clone, Debug, Serialize)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Where to, as it was given.
    pub url: String,
    /// What it is told.
    pub events: Vec<Topic>,
    /// Whether it is told anything.
    pub status: WebhookStatus,
    /// Since when.
    pub created_at: Timestamp,
}

/// What happened of which something is told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Source {
    /// A run.
    Run(RunId),
    /// A batch.
    Batch(BatchId),
}

impl Source {
    /// Reads what [`fmt::Display`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once('#')? {
            ("R", run) => RunId::parse(run).map(Self::Run),
            ("B", batch) => BatchId::parse(batch).map(Self::Batch),
            _ => None,
        }
    }

    /// The 16 bytes of its id.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        match self {
            Self::Run(run) => run.to_bytes(),
            Self::Batch(batch) => batch.to_bytes(),
        }
    }
}

/// As the store's partitions are named: `R#<run>`, `B#<batch>`.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(run) => write!(f, "R#{run}"),
            Self::Batch(batch) => write!(f, "B#{batch}"),
        }
    }
}

/// To whom something is told: a webhook, or the URL that a run or a batch has of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Target {
    /// A webhook.
    Webhook(WebhookId),
    /// The run's or the batch's own URL.
    Own(Source),
}

impl Target {
    /// Reads what [`fmt::Display`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once('#')? {
            ("H", webhook) => WebhookId::parse(webhook).map(Self::Webhook),
            _ => Source::parse(text).map(Self::Own),
        }
    }
}

/// `H#<webhook>`, `R#<run>`, `B#<batch>`.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Webhook(webhook) => write!(f, "H#{webhook}"),
            Self::Own(source) => source.fmt(f),
        }
    }
}

/// One event on its way to one receiver; which, wherever it is spoken of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Errand {
    /// Whose.
    pub tenant: Tenant,
    /// To whom.
    pub target: Target,
    /// Which: also what receivers get as `webhook-id`, the same over all tries.
    pub id: DeliveryId,
}

/// One try. *Shape*: `{ "at", "status_code", "duration_ms", "error" }`; the middle two null where there was no answer, the last
/// where the receiver took it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Try {
    /// When it began.
    pub at: Timestamp,
    /// What the receiver answered.
    pub status_code: Option<u16>,
    /// How long it took.
    pub duration_ms: u64,
    /// Why it counts as failed.
    pub error: Option<String>,
}

/// An event on its way to one receiver, as the receiver's owner sees it. *Shape*: contract §6.
#[derive(Debug, Serialize)]
pub struct Delivery {
    /// Its id, and the `webhook-id` of every try.
    pub id: DeliveryId,
    /// What is told.
    pub event: Topic,
    /// Of which run; null where it is of a batch.
    pub run_id: Option<RunId>,
    /// Of which batch; null where it is of a run.
    pub batch_id: Option<BatchId>,
    /// What became of it.
    pub status: DeliveryStatus,
    /// Each try, oldest first.
    pub attempts: Vec<Try>,
    /// When it is tried next; null where it is not.
    pub next_attempt_at: Option<Timestamp>,
}

/// Reads a list of topics, each once and in the order of [`Topic::ALL`]; `None` when one is unknown or there is none.
#[must_use]
pub fn topics(words: &[String]) -> Option<Vec<Topic>> {
    let asked: Vec<Topic> = words.iter().map(|word| Topic::parse(word)).collect::<Option<_>>()?;
    let kept = Topic::ALL.iter().copied().filter(|topic| asked.contains(topic));
    let kept: Vec<Topic> = kept.collect();
    (!kept.is_empty()).then_some(kept)
}

/// `<tenant>/<target>/<id>`.
impl fmt::Display for Errand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.tenant, self.target, self.id)
    }
}

impl Errand {
    /// The keys under which the store has it: `W#<tenant>#<target>` and `D#<id>`.
    #[must_use]
    pub fn place(&self) -> (String, String) {
        (format!("W#{}#{}", self.tenant, self.target), format!("D#{}", self.id))
    }

    /// Reads what [`Errand::place`] gives.
    #[must_use]
    pub fn at(pk: &str, sk: &str) -> Option<Self> {
        let place = pk.strip_prefix("W#")?;
        // The second # ends the tenant, which has one itself.
        let (end, _) = place.match_indices('#').nth(1)?;
        Some(Self {
            tenant: Tenant::parse(&place[..end])?,
            target: Target::parse(&place[end + 1..])?,
            id: DeliveryId::parse(sk.strip_prefix("D#")?)?,
        })
    }

    /// Reads what [`fmt::Display`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (tenant, rest) = text.split_once('/')?;
        let (target, id) = rest.split_once('/')?;
        Some(Self {
            tenant: Tenant::parse(tenant)?,
            target: Target::parse(target)?,
            id: DeliveryId::parse(id)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Mode;
    use crate::ids::OrgId;

    #[test]
    fn a_secret_is_32_random_bytes_and_never_printed() {
        let (one, other) = (SigningSecret::generate(), SigningSecret::generate());
        assert!(one != other);
        assert_eq!(one.reveal().len(), 6 + 44);
        assert_eq!(one.key().len(), 32);
        assert_eq!(SigningSecret::parse(one.reveal()), Some(one.clone()));
        assert_eq!(format!("{one:?}"), "SigningSecret(…)");
        for wrong in [
            "",
            "whsec_",
            "whsec_AAAA",
            &one.reveal()[6..],
            &one.reveal().to_uppercase(),
        ] {
            assert!(SigningSecret::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn an_errand_has_one_spelling() {
        let id = DeliveryId::generate();
        let tenant = Tenant {
            org: OrgId::generate(),
            mode: Mode::Test,
        };
        for target in [
            Target::Webhook(WebhookId::generate()),
            Target::Own(Source::Run(RunId::generate())),
            Target::Own(Source::Batch(BatchId::generate())),
        ] {
            let errand = Errand { tenant, target, id };
            let text = errand.to_string();
            assert_eq!(Errand::parse(&text), Some(errand));
            let (pk, sk) = errand.place();
            assert_eq!(Errand::at(&pk, &sk), Some(errand));
            assert_eq!(Errand::parse(&text.to_uppercase()), None);
            assert_eq!(Errand::parse(&format!("{text}/")), None);
        }
    }

    #[test]
    fn what_is_told_of_a_run() {
        let told: Vec<_> = EventKind::ALL.iter().filter_map(|kind| Topic::of(*kind)).collect();
        assert_eq!(
            told,
            [
                Topic::RunTriageRequired,
                Topic::RunCompleted,
                Topic::RunFailed,
                Topic::RunFailed
            ]
        );
        let words = |words: &[&str]| topics(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(
            words(&["run.failed", "run.completed", "run.failed"]),
            Some(vec![Topic::RunCompleted, Topic::RunFailed])
        );
        assert_eq!(words(&[]), None);
        assert_eq!(words(&["run.completed", "run.started"]), None);
    }
}
