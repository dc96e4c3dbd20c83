//! `POST /v1/triage/{id}/approve`: the run completes, with the proposed output or an edited one. *Source*: contract §5.

use eclips_engine::agents;
use eclips_shared::error::{ApiError, Missing};
use eclips_shared::ids::TriageId;
use eclips_shared::serve::{Answer, Call, Incoming, Verb, triage_id};
use eclips_shared::triage::{Decision, Ruling, TriageItem, TriageStatus};
use serde_json::value::RawValue;

use crate::ruling;

/// The largest edited output, in bytes as sent; that of a result. *Source*: contract §3.
const OUTPUT_BYTES_MAX: usize = 64 * 1024;

/// *Shape*: `{ "note"?, "output"? }`.
pub struct Approve {
    triage: TriageId,
    note: Option<String>,
    output: Option<Box<RawValue>>,
}

impl Verb for Approve {
    fn read(incoming: &Incoming) -> Result<Self, ApiError> {
        let mut fields = ruling::fields(incoming)?;
        let note = ruling::note(&mut fields)?;
        let output = fields.take_object("output", OUTPUT_BYTES_MAX)?;
        fields.finish()?;
        let triage = triage_id(incoming)?;
        Ok(Self { triage, note, output })
    }

    async fn answer(self, call: Call<'_>) -> Result<Answer, ApiError> {
        let triages = call.store.triages();
        let question = triages.find(call.caller.tenant(), self.triage).await?;
        let question = question.ok_or(ApiError::NotFound(Missing::TriageItem))?;
        if let (TriageStatus::Pending, Some(output)) = (question.item.status, &self.output) {
            check(&question.item, output)?;
        }
        let decision = Decision {
            by: call.caller.key(),
            ruling: Ruling::Approve { output: self.output },
            note: self.note,
        };
        ruling::answer(triages.decide(question, &decision).await?)
    }
}

/// Whether an edited output is one that the item's agent could have given.
fn check(item: &TriageItem, output: &RawValue) -> Result<(), ApiError> {
    let output: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(output.get()).map_err(|_| ApiError::Internal)?;
    // An agent that is no longer there has no schema any more.
    let Some(agent) = agents::find(&item.agent_type) else {
        return Ok(());
    };
    agents::fits(agent, &output).map_err(|message| ApiError::Unprocessable {
        message,
        field: "output",
    })
}
