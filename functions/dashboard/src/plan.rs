//! `GET /settings/plan`: what the organization's plan includes, its own numbers instead of the plan's, and what is used now. Plans
//! and numbers are the operator's to change.

use askama::Template;
use eclips_shared::store::Allowed;
use eclips_shared::time::{Day, Timestamp};
use http::StatusCode;

use crate::answer::Answer;
use crate::chart::digits;
use crate::frame::{Frame, Section};
use crate::guard::Member;
use crate::pages::Outcome;
use crate::visit::Visit;

/// A number of the plan.
struct Row {
    name: &'static str,
    hint: &'static str,
    /// What the plan includes.
    planned: String,
    /// What holds for this organization.
    holds: String,
    /// The organization has a number of its own.
    is_own: bool,
    /// What of it is used, where that is counted for longer than a minute.
    used: String,
}

#[derive(Template)]
#[template(path = "plan.html")]
struct PlanPage {
    frame: Frame,
    plan: &'static str,
    has_api_access: bool,
    is_suspended: bool,
    tier: &'static str,
    rows: Vec<Row>,
}

/// Shows it.
pub async fn answer(visit: &Visit<'_>, member: &Member) -> Outcome {
    let allowed = visit.app.store.limits().allowed(member.org()).await?;
    let page = PlanPage {
        frame: Frame::of("Plan and limits", Some(Section::Plan), member),
        plan: allowed.plan.as_str(),
        has_api_access: allowed.plan.has_api_access(),
        is_suspended: member.standing.suspended,
        tier: allowed.plan.highest_tier().as_str(),
        rows: rows(&allowed, Day::of(Timestamp::now())),
    };
    Answer::page(StatusCode::OK, &page)
}

fn rows(allowed: &Allowed, today: Day) -> Vec<Row> {
    let own = allowed.plan.allowance();
    let row = |name, hint, planned, holds, used: Option<u64>| Row {
        name,
        hint,
        planned: digits(planned),
        holds: digits(holds),
        is_own: planned != holds,
        used: used.map_or_else(|| "–".to_owned(), digits),
    };
    let (last, count) = allowed.requests;
    let requests = if last == today { count } else { 0 };
    let credits = i64::try_from(allowed.credits_per_month).unwrap_or(i64::MAX);
    let spent = u64::try_from(credits.saturating_sub(allowed.credits_left)).unwrap_or(0);
    vec![
        row(
            "Strict requests a minute",
            "What starts runs and batches, all keys together.",
            own.strict_per_minute,
            allowed.strict_per_minute,
            None,
        ),
        row(
            "Standard requests a minute",
            "Every other route, all keys together.",
            own.standard_per_minute,
            allowed.standard_per_minute,
            None,
        ),
        row(
            "Requests a day",
            "All routes and keys together, live and test; a day in UTC.",
            own.requests_per_day,
            allowed.requests_per_day,
            Some(requests),
        ),
        row(
            "Credits a month",
            "1, 3 or 10 for each answer of a fast, smart or premium model; a calendar month in UTC.",
            own.credits_per_month,
            allowed.credits_per_month,
            Some(spent),
        ),
    ]
}
