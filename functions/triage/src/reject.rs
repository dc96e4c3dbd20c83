//! `POST /v1/triage/{id}/reject`: nothing is done, and the run ends. *Source*: contract §5.

use eclips_shared::asked;
use eclips_shared::error::{ApiError, Missing};
use eclips_shared::ids::TriageId;
use eclips_shared::serve::{Answer, Call, Incoming, Verb, triage_id};
use eclips_shared::triage::{Decision, Ruling};

use crate::ruling;

/// *Shape*: `{ "note"? }`.
pub struct Reject {
    triage: TriageId,
    note: Option<String>,
}

impl Verb for Reject {
    fn read(incoming: &Incoming) -> Result<Self, ApiError> {
        let mut fields = ruling::fields(incoming)?;
        let note = asked::note(&mut fields)?;
        fields.finish()?;
        let triage = triage_id(incoming)?;
        Ok(Self { triage, note })
    }

    async fn answer(self, call: Call<'_>) -> Result<Answer, ApiError> {
        let triages = call.store.triages();
        let question = triages.find(call.caller.tenant(), self.triage).await?;
        let question = question.ok_or(ApiError::NotFound(Missing::TriageItem))?;
        let decision = Decision {
            by: call.caller.key().to_string(),
            ruling: Ruling::Reject,
            note: self.note,
        };
        ruling::answer(triages.decide(question, &decision).await?)
    }
}
