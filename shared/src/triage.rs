//! What a person has to decide, as everybody speaks of it: statuses, the item on the wire, the decision. *Source*: contract §5.

use eclips_engine::agents;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::error::ApiError;
use crate::idempotency::{fingerprint, is_same_json};
use crate::ids::{RunId, TriageId};
use crate::run::{Priority, words};
use crate::time::Timestamp;

words!(
    /// Where a triage item stands. All but the first are final.
    TriageStatus {
        /// Nobody has decided yet.
        Pending = "pending",
        /// Somebody let the answer pass.
        Approved = "approved",
        /// Somebody did not.
        Rejected = "rejected",
        /// Nobody decided in time.
        Expired = "expired",
        /// The run was cancelled.
        Cancelled = "cancelled",
    }
);

/// A triage item. *Shape*: contract §5; in a list a `payload` over 8 KiB is null, and only then there is
/// `payload_truncated`, which is true.
#[derive(Debug, Serialize)]
pub struct TriageItem {
    /// Its id.
    pub id: TriageId,
    /// The run that waits for it.
    pub run_id: RunId,
    /// The run's agent.
    pub agent_type: String,
    /// The run's priority.
    pub priority: Priority,
    /// One line.
    pub title: String,
    /// What the run was asked.
    pub summary: String,
    /// Why it is here.
    pub reasoning: String,
    /// What could go wrong, or null.
    pub risk: Option<String>,
    /// 0–1.
    pub confidence_score: f64,
    /// The proposed output, an object.
    pub payload: Option<Box<RawValue>>,
    /// Whether the proposed output is left out, because it is too long for a list.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub payload_truncated: bool,
    /// Where it stands.
    pub status: TriageStatus,
    /// Since when it waits.
    pub created_at: Timestamp,
    /// From when on it is too late; exclusive.
    pub expires_at: Timestamp,
    /// When it was decided, expired or cancelled.
    pub decided_at: Option<Timestamp>,
    /// The id of the key that decided, or the address of the person; null when nobody did.
    pub decided_by: Option<String>,
    /// What was said to it.
    pub note: Option<String>,
}

/// A decision as somebody wants it.
#[derive(Debug)]
pub struct Decision {
    /// Whose: a key's id, or a person's address.
    pub by: String,
    /// Which.
    pub ruling: Ruling,
    /// What is said to it; never empty.
    pub note: Option<String>,
}

/// What is decided.
#[derive(Debug)]
pub enum Ruling {
    /// The run completes.
    Approve {
        /// What replaces the proposed output, as JSON.
        output: Option<Box<RawValue>>,
    },
    /// The run ends without a result.
    Reject,
}

impl TriageItem {
    /// Whether an edited output is one that the item's agent could have given.
    ///
    /// *Errors*: [`ApiError::Unprocessable`] naming `output`, and what does not fit.
    pub fn takes(&self, output: &RawValue) -> Result<(), ApiError> {
        let output: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(output.get()).map_err(|_| ApiError::Internal)?;
        // An agent that is no longer there has no schema any more.
        let Some(agent) = agents::find(&self.agent_type) else {
            return Ok(());
        };
        agents::fits(agent, &output).map_err(|message| ApiError::Unprocessable {
            message,
            field: "output",
        })
    }
}

impl Decision {
    /// What the item becomes by it.
    #[must_use]
    pub const fn status(&self) -> TriageStatus {
        match self.ruling {
            Ruling::Approve { .. } => TriageStatus::Approved,
            Ruling::Reject => TriageStatus::Rejected,
        }
    }

    /// The output that it puts in the place of the proposed one; `None` where it leaves that as it is. Compared as JSON
    /// values: one that is only written in another way is no other.
    #[must_use]
    pub fn edit(&self, payload: &str) -> Option<&str> {
        match &self.ruling {
            Ruling::Approve { output: Some(output) } => {
                Some(output.get()).filter(|output| !is_same_json(output, payload))
            }
            _ => None,
        }
    }

    /// What tells it from other decisions on the same item: ruling, note and edited output. Whose it is, is not part of it.
    ///
    /// # Panics
    /// Never: a text can be written as JSON.
    #[must_use]
    pub fn fingerprint(&self, payload: &str) -> [u8; 32] {
        let note = serde_json::to_string(&self.note).expect("a text is plain data");
        let said = format!("[{note},{}]", self.edit(payload).unwrap_or("null"));
        fingerprint(self.status().as_str(), &said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::KeyId;

    fn approval(output: Option<&str>, note: Option<&str>) -> Decision {
        Decision {
            by: KeyId::generate().to_string(),
            ruling: Ruling::Approve {
                output: output.map(|text| RawValue::from_string(text.to_owned()).unwrap()),
            },
            note: note.map(str::to_owned),
        }
    }

    #[test]
    fn an_output_that_says_the_same_is_no_edit() {
        let payload = r#"{"total":100,"items":["a"]}"#;
        assert_eq!(approval(None, None).edit(payload), None);
        for same in [payload, r#"{ "items": ["\u0061"], "total": 1e2 }"#] {
            assert_eq!(approval(Some(same), None).edit(payload), None, "{same}");
        }
        for other in [r#"{"total":101,"items":["a"]}"#, r#"{"total":100}"#, "{}"] {
            assert_eq!(approval(Some(other), None).edit(payload), Some(other));
        }
    }

    #[test]
    fn decisions_are_the_same_when_they_say_the_same() {
        let payload = r#"{"total":100}"#;
        let plain = approval(None, None).fingerprint(payload);
        assert_eq!(approval(Some(r#"{"total":100.0}"#), None).fingerprint(payload), plain);
        let reject = Decision {
            by: KeyId::generate().to_string(),
            ruling: Ruling::Reject,
            note: None,
        };
        let others = [
            approval(None, Some("fine")),
            approval(Some("{}"), None),
            approval(Some("{}"), Some("fine")),
            reject,
        ];
        let mut seen = vec![plain];
        for other in others {
            let fingerprint = other.fingerprint(payload);
            assert!(!seen.contains(&fingerprint), "{other:?}");
            seen.push(fingerprint);
        }
    }

    #[test]
    fn the_most_urgent_is_first() {
        let ranks: Vec<u8> = Priority::ALL.iter().map(|priority| priority.rank()).collect();
        assert_eq!(ranks, [0, 1, 2, 3, 4]);
    }
}
