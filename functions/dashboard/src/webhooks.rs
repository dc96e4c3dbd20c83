//! Webhooks: who is told of outcomes, and how that went. A file per page; here, what a webhook looks like on all of them.

pub mod create;
pub mod default_secret;
pub mod delete;
pub mod list;
pub mod resend;
pub mod rotate;
pub mod show;

use askama::Template;
use eclips_shared::ids::WebhookId;
use eclips_shared::store::Receiver;
use eclips_shared::vault::VaultError;
use eclips_shared::webhook::{SigningSecret, Topic, WebhookStatus};
use http::StatusCode;

use crate::answer::Answer;
use crate::frame::{Frame, Section};
use crate::guard::Member;
use crate::moment::Moment;
use crate::pages::Outcome;
use crate::place::Place;
use crate::refusal::Refusal;
use crate::runs::Badge;
use crate::visit::Visit;

/// A webhook on a page.
struct WebhookView {
    id: String,
    path: String,
    url: String,
    events: Vec<&'static str>,
    state: Badge,
    failing_since: Option<Moment>,
    created_at: Moment,
}

impl WebhookView {
    fn of(receiver: Receiver, place: Place) -> Self {
        let webhook = receiver.webhook;
        let (kind, text) = match (webhook.status, receiver.failing_since) {
            (WebhookStatus::Disabled, _) => ("ended", "Disabled"),
            (WebhookStatus::Active, Some(_)) => ("soon", "Failing"),
            (WebhookStatus::Active, None) => ("good", "Active"),
        };
        Self {
            path: place.at(&path_of(webhook.id)),
            id: webhook.id.to_string(),
            url: webhook.url,
            events: webhook.events.into_iter().map(Topic::as_str).collect(),
            state: Badge { kind, text },
            failing_since: receiver.failing_since.map(Into::into),
            created_at: webhook.created_at.into(),
        }
    }
}

/// The one page that shows a secret.
#[derive(Template)]
#[template(path = "webhooks/secret.html")]
struct SecretPage {
    frame: Frame,
    title: &'static str,
    text: &'static str,
    secret: String,
    /// Where one goes from here, and what a reload shows.
    next: String,
}

fn secret_page(
    member: &Member,
    place: Place,
    words: (&'static str, &'static str),
    secret: &SigningSecret,
    next: String,
) -> Outcome {
    let page = SecretPage {
        frame: Frame::of_data(words.0, Section::Webhooks, member, place, "/webhooks"),
        title: words.0,
        text: words.1,
        secret: secret.reveal().to_owned(),
        next,
    };
    Answer::page(StatusCode::CREATED, &page)
}

/// Asks once before something is done.
#[derive(Template)]
#[template(path = "webhooks/ask.html")]
struct AskPage {
    frame: Frame,
    title: &'static str,
    text: &'static str,
    /// What it is about, where it is about one.
    subject: String,
    action: String,
    verb: &'static str,
    is_dangerous: bool,
    back: String,
}

/// The webhook that the path names.
async fn find(visit: &Visit<'_>, member: &Member, place: Place) -> Result<Receiver, Refusal> {
    let found = visit
        .app
        .store
        .webhooks()
        .find(place.tenant(member), webhook_id(visit)?)
        .await?;
    found.ok_or(Refusal::NotFound)
}

fn path_of(webhook: WebhookId) -> String {
    format!("/webhooks/{webhook}")
}

/// The id in the path; anything that is not a webhook's id is a webhook that does not exist.
fn webhook_id(visit: &Visit<'_>) -> Result<WebhookId, Refusal> {
    visit.id.as_deref().and_then(WebhookId::parse).ok_or(Refusal::NotFound)
}

impl From<VaultError> for Refusal {
    /// Logs the cause, once; people see none of it.
    fn from(error: VaultError) -> Self {
        error.log();
        Self::Unavailable
    }
}
