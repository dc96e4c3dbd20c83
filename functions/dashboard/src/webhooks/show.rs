//! `GET /webhooks/{id}`: one webhook, with what it was told and how often that was tried.

use askama::Template;
use eclips_shared::ids::DeliveryId;
use eclips_shared::page::{Page, Position};
use eclips_shared::webhook::{Delivery, DeliveryStatus, Try};
use http::StatusCode;

use super::{WebhookView, find, webhook_id};
use crate::answer::Answer;
use crate::frame::{Frame, Section};
use crate::guard::Member;
use crate::moment::Moment;
use crate::pages::Outcome;
use crate::place::Place;
use crate::refusal::Refusal;
use crate::runs::{Badge, path_of as run_path};
use crate::visit::Visit;

/// Deliveries on a page.
const DELIVERIES_MAX: usize = 25;

struct DeliveryView {
    id: String,
    event: &'static str,
    /// The run's page, where it tells of one.
    run: Option<String>,
    batch: Option<String>,
    state: Badge,
    next_at: Option<Moment>,
    tries: Vec<TryView>,
}

struct TryView {
    at: Moment,
    said: String,
    took: String,
}

#[derive(Template)]
#[template(path = "webhooks/show.html")]
struct WebhookPage {
    frame: Frame,
    webhook: WebhookView,
    deliveries: Vec<DeliveryView>,
    total: u64,
    may_manage: bool,
    resend: String,
    rotate: String,
    delete: String,
    is_first: bool,
    older: Option<String>,
}

/// Shows it.
pub async fn answer(visit: &Visit<'_>, member: &Member) -> Outcome {
    let (place, id) = (Place::read(visit)?, webhook_id(visit)?);
    let after = match visit.query.one("after")? {
        Some(id) => Some(DeliveryId::parse(id).ok_or(Refusal::NotFound)?),
        None => None,
    };
    let page = Page {
        limit: DELIVERIES_MAX,
        offset: 0,
        after: after.map(|delivery| Position {
            last: delivery.to_string(),
        }),
    };
    let deliveries = visit.app.store.deliveries();
    let (receiver, listed) = tokio::join!(
        find(visit, member, place),
        deliveries.list(place.tenant(member), id, &page)
    );
    let (receiver, (deliveries, next, total)) = (receiver?, listed?);
    let path = super::path_of(id);
    let page = WebhookPage {
        frame: Frame::of_data("Webhook", Section::Webhooks, member, place, "/webhooks"),
        webhook: WebhookView::of(receiver, place),
        deliveries: deliveries.into_iter().map(|one| delivery(one, place)).collect(),
        total,
        may_manage: member.role().manages_keys(),
        resend: place.at(&format!("{path}/resend")),
        rotate: place.at(&format!("{path}/rotate")),
        delete: place.at(&format!("{path}/delete")),
        is_first: after.is_none(),
        older: next.map(|next| place.at(&format!("{path}?after={}", next.last))),
    };
    Answer::page(StatusCode::OK, &page)
}

fn delivery(delivery: Delivery, place: Place) -> DeliveryView {
    let (kind, text) = match delivery.status {
        DeliveryStatus::Pending => ("soon", "On its way"),
        DeliveryStatus::Delivered => ("good", "Delivered"),
        DeliveryStatus::Failed => ("bad", "Given up"),
    };
    DeliveryView {
        id: delivery.id.to_string(),
        event: delivery.event.as_str(),
        run: delivery.run_id.map(|run| place.at(&run_path(run))),
        batch: delivery.batch_id.map(|batch| batch.to_string()),
        state: Badge { kind, text },
        next_at: delivery.next_attempt_at.map(Into::into),
        tries: delivery.attempts.into_iter().map(tried).collect(),
    }
}

fn tried(tried: Try) -> TryView {
    let status = tried.status_code.map(|status| status.to_string());
    let said = status.into_iter().chain(tried.error).collect::<Vec<_>>();
    TryView {
        at: tried.at.into(),
        said: said.join(": "),
        took: format!("{} ms", tried.duration_ms),
    }
}
