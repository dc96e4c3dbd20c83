//! `GET /inbox`: what waits for a person, the most urgent first, under three headings; it keeps itself up to date.

use askama::Template;
use eclips_shared::page::{Page, Position};
use eclips_shared::triage::TriageStatus;
use http::StatusCode;

use super::{QuestionView, group};
use crate::answer::Answer;
use crate::frame::{Frame, Section};
use crate::guard::Member;
use crate::pages::Outcome;
use crate::place::Place;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// Questions on a page.
const QUESTIONS_MAX: usize = 50;

/// Questions of like urgency.
struct Group {
    id: &'static str,
    name: &'static str,
    /// How many there are in all; the page may show fewer.
    count: u64,
    questions: Vec<QuestionView>,
}

#[derive(Template)]
#[template(path = "inbox/list.html")]
struct InboxPage {
    frame: Frame,
    groups: [Group; 3],
    total: u64,
    is_first: bool,
    more: Option<String>,
    /// What somebody has decided a moment ago.
    done: Option<&'static str>,
}

/// Lists them.
pub async fn answer(visit: &Visit<'_>, member: &Member) -> Outcome {
    let place = Place::read(visit)?;
    let after = match visit.query.one("after")? {
        Some(last) => Some(Position::read(last).ok_or(Refusal::NotFound)?),
        None => None,
    };
    let is_first = after.is_none();
    let page = Page {
        limit: QUESTIONS_MAX,
        offset: 0,
        after,
    };
    let (tenant, triages) = (place.tenant(member), visit.app.store.triages());
    let (listed, counts) = tokio::join!(
        triages.list(tenant, TriageStatus::Pending, &page),
        triages.count_pending(tenant)
    );
    let ((items, next, total), counts) = (listed?, counts?);
    let mut groups = [
        ("urgent", "Critical & Urgent"),
        ("high", "High priority"),
        ("normal", "Normal"),
    ]
    .map(|(id, name)| Group {
        id,
        name,
        count: 0,
        questions: Vec::new(),
    });
    for item in items {
        groups[group(item.priority)]
            .questions
            .push(QuestionView::of(item, place));
    }
    for (group, count) in groups.iter_mut().zip(counts) {
        // The index may not have heard of what the page shows.
        group.count = count.max(group.questions.len() as u64);
    }
    let page = InboxPage {
        more: next.map(|next| {
            let last: String = form_urlencoded::byte_serialize(next.last.as_bytes()).collect();
            place.at(&format!("/inbox?after={last}"))
        }),
        frame: Frame::of_data("Inbox", Section::Inbox, member, place, "/inbox"),
        groups,
        total,
        is_first,
        done: match visit.query.one("done")? {
            Some("approved") => Some("Approved: the run completes with that output."),
            Some("rejected") => Some("Rejected: nothing is done, and the run has ended."),
            _ => None,
        },
    };
    Answer::page(StatusCode::OK, &page)
}
