//! The ids of things: version 7 UUIDs, so that the order of ids is the order of creation.

use std::fmt;

use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::time::Timestamp;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Makes a new one; later ones of the same process sort after earlier ones.
            #[must_use]
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }

            /// Reads the canonical form only: 36 characters, lower case, hyphens, version 7.
            ///
            /// *Errors*: `None` for every other spelling, so that one object has one address.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let id = Uuid::try_parse(text).ok()?;
                let mut canonical = Uuid::encode_buffer();
                let same = id.hyphenated().encode_lower(&mut canonical) == text;
                (same && id.get_version_num() == 7).then_some(Self(id))
            }

            /// The 16 bytes, whose order is that of the text.
            #[must_use]
            pub fn to_bytes(self) -> [u8; 16] {
                self.0.into_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}

id!(
    /// An organization: a customer of the service.
    OrgId
);
id!(
    /// An API key as people see it; never the key and never its hash.
    KeyId
);
id!(
    /// A run.
    RunId
);
id!(
    /// A batch.
    BatchId
);
id!(
    /// A person's decision that a run waits for.
    TriageId
);

id!(
    /// A webhook.
    WebhookId
);
id!(
    /// An event on its way to one receiver.
    DeliveryId
);
id!(
    /// An entry of an audit log.
    AuditId
);
id!(
    /// A form of the dashboard that may be used once.
    FormId
);

impl BatchId {
    /// When it was made, which its id says.
    #[must_use]
    pub fn created_at(self) -> Timestamp {
        let mut ms = [0; 8];
        ms[2..].copy_from_slice(&self.to_bytes()[..6]);
        Timestamp::from_ms(i64::from_be_bytes(ms))
    }
}

impl RunId {
    /// The least text that the id of a run made at a moment or later can have; for looking runs up by time.
    #[must_use]
    pub fn first_at(at: Timestamp) -> String {
        let ms = u64::try_from(at.ms()).unwrap_or(0);
        let id = uuid::Builder::from_unix_timestamp_millis(ms, &[0; 10]).into_uuid();
        id.hyphenated().to_string()
    }

    /// The run of a batch's row: the same whoever works it out, so that a row never has two. Within their batch, ids are in
    /// the rows' order; they share its moment.
    ///
    /// *Units*: `row` from 0, below 4 096, the twelve bits that version 7 has behind the moment.
    #[must_use]
    pub fn of_row(batch: BatchId, row: u16) -> Self {
        let mut bytes = batch.to_bytes();
        let hash = Sha256::new()
            .chain_update(bytes)
            .chain_update(row.to_be_bytes())
            .finalize();
        bytes[6..8].copy_from_slice(&row.to_be_bytes());
        bytes[8..].copy_from_slice(&hash[..8]);
        let id = uuid::Builder::from_bytes(bytes).with_variant(uuid::Variant::RFC4122);
        Self(id.with_version(uuid::Version::SortRand).into_uuid())
    }
}

impl DeliveryId {
    /// The delivery of an event to a receiver: the same whoever works it out, so that nothing is told twice under two ids. It sorts
    /// by the event's moment.
    #[must_use]
    pub fn of(target: impl fmt::Display, source: impl fmt::Display, seq: u64, at: Timestamp) -> Self {
        let hash = Sha256::digest(format!("{target} {source} {seq}"));
        let ms = u64::try_from(at.ms()).unwrap_or(0);
        let random: [u8; 10] = hash[..10].try_into().expect("a digest has 32 bytes");
        Self(uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid())
    }
}

/// A request's id where the gateway gave none: random, as the gateway's are.
#[must_use]
pub fn request_id() -> String {
    Uuid::new_v4().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_can_be_looked_up_by_time() {
        let (before, run) = (Timestamp::now(), RunId::generate());
        assert!(RunId::first_at(before) <= run.to_string());
        assert!(RunId::first_at(before.plus_ms(10_000)) > run.to_string());
    }

    #[test]
    fn the_run_of_a_row_is_one_and_in_the_rows_order() {
        let (batch, other) = (BatchId::generate(), BatchId::generate());
        let runs: Vec<RunId> = (0..500).map(|row| RunId::of_row(batch, row)).collect();
        assert!(
            runs.is_sorted_by(|one, next| one < next),
            "each is another, and behind the one before"
        );
        for run in &runs {
            assert_eq!(RunId::parse(&run.to_string()), Some(*run), "it is a version 7 id");
        }
        assert_eq!(RunId::of_row(batch, 17), runs[17]);
        assert_ne!(RunId::of_row(other, 17).to_bytes()[8..], runs[17].to_bytes()[8..]);
        // No two rows of a batch lie in one partition of what is due because of their numbers.
        let parts: std::collections::BTreeSet<u8> = runs.iter().map(|run| run.to_bytes()[15] % 4).collect();
        assert_eq!(parts.len(), 4);
    }

    #[test]
    fn a_delivery_is_one_and_sorts_by_its_events_moment() {
        let at = Timestamp::from_ms(1_780_736_400_007);
        let id = DeliveryId::of("H#1", "R#2", 4, at);
        assert_eq!(DeliveryId::of("H#1", "R#2", 4, at), id);
        assert_eq!(DeliveryId::parse(&id.to_string()), Some(id), "it is a version 7 id");
        for other in [("H#2", "R#2", 4), ("H#1", "R#1", 4), ("H#1", "R#2", 5)] {
            assert_ne!(DeliveryId::of(other.0, other.1, other.2, at), id);
        }
        assert!(DeliveryId::of("H#1", "R#2", 5, at.plus_ms(1)) > id);
    }

    #[test]
    fn ids_sort_by_creation_and_have_one_spelling() {
        let (first, second) = (RunId::generate(), RunId::generate());
        assert!(first < second);
        let text = first.to_string();
        assert_eq!(RunId::parse(&text), Some(first));
        for other in [
            text.to_uppercase(),
            text.replace('-', ""),
            format!("{{{text}}}"),
            format!("urn:uuid:{text}"),
            format!(" {text}"),
            Uuid::nil().to_string(),
            Uuid::new_v4().to_string(),
            String::new(),
            "x".repeat(36),
        ] {
            assert_eq!(RunId::parse(&other), None, "{other}");
        }
    }
}
