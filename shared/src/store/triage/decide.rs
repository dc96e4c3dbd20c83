//! A triage item is decided: once, and its run ends in the same transaction.

use std::time::Duration;

use super::super::StoreError;
use super::super::transact::{jitter, send};
use super::{Question, Triages};
use crate::time::Timestamp;
use crate::triage::{Decision, TriageItem, TriageStatus};

/// Tries of a decision that others overtake; the first of them ends it, so a second one is rare.
const TRIES: u32 = 6;
/// The wait between them, with jitter.
const WAIT: Duration = Duration::from_millis(20);

/// What became of a decision.
#[derive(Debug)]
pub enum Decided {
    /// It stands: made now, or before by the same words of the same key.
    Stands(TriageItem),
    /// Something else stands.
    Otherwise(TriageItem),
    /// The item is gone.
    NoSuchItem,
}

impl Triages<'_> {
    /// Decides a question, if nobody has and it is not too late: the item, its run, the run's events and its result in one
    /// transaction. Of any number who decide at once, one does.
    ///
    /// *Errors*: [`StoreError::Unavailable`]: it may be decided or not; asking again tells. [`StoreError::Corrupt`].
    pub async fn decide(&self, mut question: Question, decision: &Decision) -> Result<Decided, StoreError> {
        for _ in 0..TRIES {
            if question.stored != TriageStatus::Pending {
                return Ok(question.told(decision));
            }
            let run = format!("R#{}", question.item.run_id);
            if let Some(main) = self.0.get("read run", run, "M").await? {
                // Whether it is too late is for the condition to say: it is the last to know.
                let now = Timestamp::now();
                let writes = self.writes(&question, &main, decision, now)?;
                match send(self.0, "decide triage item", writes).await {
                    Ok(()) => return Ok(Decided::Stands(question.decided(decision, now))),
                    Err(StoreError::Lost) => {}
                    Err(error) => return Err(error),
                }
            }
            // Somebody was first, or a cancellation came between the two reads, or it is too late.
            let Some(again) = self.find(question.tenant, question.item.id).await? else {
                return Ok(Decided::NoSuchItem);
            };
            question = again;
            match (question.stored, question.item.status) {
                (TriageStatus::Pending, TriageStatus::Pending) => tokio::time::sleep(jitter(WAIT)).await,
                (TriageStatus::Pending, _) => return Ok(Decided::Otherwise(question.item)),
                _ => {}
            }
        }
        Err(StoreError::Unavailable {
            call: "decide triage item",
            cause: format!("{TRIES} tries were overtaken"),
        })
    }
}

impl Question {
    /// What a decision hears of the one that stands already.
    fn told(self, decision: &Decision) -> Decided {
        let is_by_same = self.item.decided_by.as_deref() == Some(&decision.by);
        let is_same = self.decision.as_deref() == Some(&decision.fingerprint(&self.payload)[..]);
        if is_by_same && is_same {
            Decided::Stands(self.item)
        } else {
            Decided::Otherwise(self.item)
        }
    }

    /// The item after a decision.
    fn decided(self, decision: &Decision, at: Timestamp) -> TriageItem {
        TriageItem {
            status: decision.status(),
            decided_at: Some(at),
            decided_by: Some(decision.by.clone()),
            note: decision.note.clone(),
            ..self.item
        }
    }
}
