//! `GET /settings/team`: the members, by address.

use askama::Template;
use http::StatusCode;

use super::{MemberView, email_of, id_of};
use crate::answer::Answer;
use crate::frame::{Frame, Section};
use crate::guard::Member;
use crate::pages::Outcome;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// Members on a page.
const MEMBERS_MAX: usize = 50;

#[derive(Template)]
#[template(path = "team/list.html")]
struct TeamPage {
    frame: Frame,
    total: usize,
    members: Vec<MemberView>,
    may_manage: bool,
    is_first: bool,
    /// The last member on this page, where there are others behind.
    more: Option<String>,
}

/// Lists them.
pub async fn answer(visit: &Visit<'_>, member: &Member) -> Outcome {
    let after = match visit.query.one("after")? {
        Some(id) => Some(email_of(id).ok_or(Refusal::NotFound)?),
        None => None,
    };
    let all = visit.app.store.members().list(member.org()).await?;
    let behind = |email| after.as_ref().is_none_or(|after| email > after);
    let mut rest = all.iter().filter(|member| behind(&member.email)).peekable();
    let shown: Vec<_> = rest.by_ref().take(MEMBERS_MAX).collect();
    let last = shown.last().filter(|_| rest.peek().is_some());
    let page = TeamPage {
        frame: Frame::of("Team", Some(Section::Team), member),
        total: all.len(),
        more: last.map(|last| id_of(&last.email)),
        members: shown.into_iter().map(|shown| MemberView::of(shown, member)).collect(),
        may_manage: member.role().manages_team(),
        is_first: after.is_none(),
    };
    Answer::page(StatusCode::OK, &page)
}
