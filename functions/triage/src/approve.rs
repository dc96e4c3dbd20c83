//! `POST /v1/triage/{id}/approve`: the run completes, with the proposed output or an edited one. *Source*: contract §5.

use eclips_shared::asked;
use eclips_shared::error::{ApiError, Missing};
use eclips_shared::ids::TriageId;
use eclips_shared::serve::{Answer, Call, Incoming, Verb, triage_id};
use eclips_shared::triage::{Decision, Ruling, TriageStatus};
use serde_json::value::RawValue;

use crate::ruling;

/// *Shape*: `{ "note"?, "output"? }`.
pub struct Approve {
    triage: TriageId,
    note: Option<String>,
    output: Option<Box<RawValue>>,
}

impl Verb for Approve {
    fn read(incoming: &Incoming) -> Result<Self, ApiError> {
        let mut fields = ruling::fields(incoming)?;
        let note = asked::note(&mut fields)?;
        let output = asked::output(&mut fields)?;
        fields.finish()?;
        let triage = triage_id(incoming)?;
        Ok(Self { triage, note, output })
    }

    async fn answer(self, call: Call<'_>) -> Result<Answer, ApiError> {
        let triages = call.store.triages();
        let question = triages.find(call.caller.tenant(), self.triage).await?;
        let question = question.ok_or(ApiError::NotFound(Missing::TriageItem))?;
        if let (TriageStatus::Pending, Some(output)) = (question.item.status, &self.output) {
            question.item.takes(output)?;
        }
        let decision = Decision {
            by: call.caller.key().to_string(),
            ruling: Ruling::Approve { output: self.output },
            note: self.note,
        };
        ruling::answer(triages.decide(question, &decision).await?)
    }
}
