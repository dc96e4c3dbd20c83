//! `GET /webhooks/new` and `POST /webhooks`: a new webhook, with the rules that the API has for one. Its secret is in one answer, once. A
//! form makes one webhook, however often it is sent.

use askama::Template;
use eclips_shared::asked;
use eclips_shared::auth::Author;
use eclips_shared::ids::{FormId, WebhookId};
use eclips_shared::store::{NewWebhook, place_of_secret};
use eclips_shared::time::Timestamp;
use eclips_shared::webhook::{SigningSecret, Topic, WEBHOOKS_MAX, topics};
use http::StatusCode;

use super::{path_of, secret_page};
use crate::answer::Answer;
use crate::draft::{Body, Fault, Faults};
use crate::form::Fields;
use crate::frame::{Frame, Section};
use crate::guard::{FORM_TOKEN, Member};
use crate::pages::Outcome;
use crate::place::Place;
use crate::refusal::Refusal;
use crate::visit::Visit;

struct TopicView {
    word: &'static str,
    is_checked: bool,
}

#[derive(Template)]
#[template(path = "webhooks/new.html")]
struct NewWebhookPage {
    frame: Frame,
    action: String,
    form_id: String,
    url: String,
    topics: Vec<TopicView>,
    faults: Faults,
}

/// What a person typed.
struct Draft {
    url: String,
    topics: Vec<String>,
}

/// Shows the form.
pub async fn show(visit: &Visit<'_>, member: &Member) -> Outcome {
    let draft = Draft {
        url: String::new(),
        topics: vec![
            Topic::RunCompleted.as_str().to_owned(),
            Topic::RunFailed.as_str().to_owned(),
        ],
    };
    page(
        member,
        Place::read(visit)?,
        FormId::generate(),
        draft,
        Faults::default(),
    )
}

/// Makes the webhook and shows its secret, or the form once more with what is wrong.
pub async fn answer(visit: &Visit<'_>, member: &Member, form: Fields) -> Outcome {
    form.only(&[FORM_TOKEN, "form_id", "url", "topic"])?;
    let place = Place::read(visit)?;
    let form_id = form.one("form_id")?.and_then(FormId::parse).ok_or(Refusal::BadForm)?;
    // The form's id is the webhook's: the second of two that are the same makes nothing.
    let id = WebhookId::parse(&form_id.to_string()).ok_or(Refusal::BadForm)?;
    let draft = Draft {
        url: form.one("url")?.unwrap_or_default().trim().to_owned(),
        topics: form.all("topic").map(str::to_owned).collect(),
    };
    let (url, topics) = match (url(&draft.url, visit), topics(&draft.topics)) {
        (Ok(url), Some(topics)) => (url, topics),
        (url, topics) => {
            let no_topics = topics
                .is_none()
                .then(|| Fault::new("events", "Choose what it is to be told."));
            let faults = url.err().into_iter().chain(no_topics).collect();
            return page(member, place, form_id, draft, Faults(faults));
        }
    };
    let tenant = place.tenant(member);
    let secret = SigningSecret::generate();
    let new = NewWebhook {
        id,
        url,
        topics,
        secret: visit.app.vault.seal(&place_of_secret(tenant, id), &secret).await?,
        created_at: Timestamp::now(),
    };
    let webhooks = visit.app.store.webhooks();
    let author = Author::person(tenant, &visit.request_id);
    if webhooks.create(&author, member.actor(), &new).await? {
        let words = (
            "Your new webhook",
            "Its receiver proves with this secret that what arrives is from here.",
        );
        return secret_page(member, place, words, &secret, place.at(&path_of(id)));
    }
    if webhooks.find(tenant, id).await?.is_some() {
        return Ok(Answer::see_other(&place.at(&path_of(id))));
    }
    let full = format!("There is room for {WEBHOOKS_MAX} webhooks, live and test together. Delete one first.");
    page(member, place, form_id, draft, Fault::new("url", full).into())
}

/// Reads the URL as the API reads it.
fn url(text: &str, visit: &Visit<'_>) -> Result<String, Fault> {
    let mut fields = Body::default().text("url", text).fields()?;
    let url = asked::receiver_url(&mut fields, "url", visit.app.receivers)?;
    url.ok_or_else(|| Fault::new("url", "url is required"))
}

fn page(member: &Member, place: Place, form_id: FormId, draft: Draft, faults: Faults) -> Outcome {
    let (title, status) = match faults.is_empty() {
        true => ("New webhook", StatusCode::OK),
        false => ("Error: New webhook", StatusCode::UNPROCESSABLE_ENTITY),
    };
    let page = NewWebhookPage {
        frame: Frame::of_data(title, Section::Webhooks, member, place, "/webhooks/new"),
        action: place.at("/webhooks"),
        form_id: form_id.to_string(),
        topics: Topic::ALL
            .iter()
            .map(|topic| TopicView {
                word: topic.as_str(),
                is_checked: draft.topics.iter().any(|word| word == topic.as_str()),
            })
            .collect(),
        url: draft.url,
        faults,
    };
    Answer::page(status, &page)
}
