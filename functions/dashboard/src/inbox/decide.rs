//! `POST /inbox/{id}/approve` and `/reject`: a person decides, once; with the rules that the API has for a decision.

use eclips_shared::asked;
use eclips_shared::store::Decided;
use eclips_shared::triage::{Decision, Ruling, TriageItem};
use serde_json::value::RawValue;

use super::show::{Draft, Shown, page};
use super::{QuestionView, triage_id};
use crate::answer::Answer;
use crate::draft::{Body, Fault};
use crate::form::Fields;
use crate::guard::{FORM_TOKEN, Member};
use crate::pages::Outcome;
use crate::place::Place;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// What a form decides.
struct Wanted {
    note: Option<String>,
    output: Option<Box<RawValue>>,
}

/// Lets the answer pass, as it was proposed or as it was edited.
pub async fn approve(visit: &Visit<'_>, member: &Member, form: Fields) -> Outcome {
    form.only(&[FORM_TOKEN, "note", "output"])?;
    decide(visit, member, &form, "approved").await
}

/// Does not.
pub async fn reject(visit: &Visit<'_>, member: &Member, form: Fields) -> Outcome {
    form.only(&[FORM_TOKEN, "note"])?;
    decide(visit, member, &form, "rejected").await
}

async fn decide(visit: &Visit<'_>, member: &Member, form: &Fields, done: &'static str) -> Outcome {
    let (place, id) = (Place::read(visit)?, triage_id(visit)?);
    let triages = visit.app.store.triages();
    let question = triages.find(place.tenant(member), id).await?.ok_or(Refusal::NotFound)?;
    let draft = Draft {
        note: form.text("note")?,
        output: form.one("output")?.map(str::to_owned),
    };
    let wanted = match read(&draft, &question.item) {
        Ok(wanted) => wanted,
        Err(fault) => {
            let view = QuestionView::of(question.item, place);
            return page(member, place, visit, view, draft, Shown::Wrong(fault));
        }
    };
    let decision = Decision {
        by: member.signed_in.email().to_string(),
        ruling: match done {
            "approved" => Ruling::Approve { output: wanted.output },
            _ => Ruling::Reject,
        },
        note: wanted.note,
    };
    match triages.decide(question, &decision).await? {
        Decided::Stands(_) => Ok(Answer::see_other(&place.at(&format!("/inbox?done={done}")))),
        Decided::Otherwise(item) => {
            let view = QuestionView::of(item, place);
            page(member, place, visit, view, draft, Shown::Late)
        }
        Decided::NoSuchItem => Err(Refusal::NotFound),
    }
}

/// Reads the draft as the API reads a body. An output that the page showed and nobody touched comes back as it was shown; that it says
/// the same as the proposed one is found out where it is decided.
fn read(draft: &Draft, item: &TriageItem) -> Result<Wanted, Fault> {
    let mut body = Body::default().text("note", &draft.note);
    if let Some(output) = &draft.output {
        if output.trim().is_empty() {
            return Err(Fault::new("output", "This is no JSON object."));
        }
        body = body.json("output", output)?;
    }
    let mut fields = body.fields()?;
    let (note, output) = (asked::note(&mut fields)?, asked::output(&mut fields)?);
    if let Some(output) = &output {
        item.takes(output)?;
    }
    Ok(Wanted { note, output })
}
