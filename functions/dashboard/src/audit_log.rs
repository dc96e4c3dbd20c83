//! `GET /settings/audit-log`: who did what, when, from where; newest first.

use askama::Template;
use eclips_shared::ids::{AuditId, KeyId};
use eclips_shared::store::{Action, AuditEntry, Backwards};
use http::StatusCode;

use crate::answer::Answer;
use crate::frame::{Frame, Section};
use crate::guard::Member;
use crate::moment::Moment;
use crate::pages::Outcome;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// Entries on a page.
const ENTRIES_MAX: i32 = 50;

struct Row {
    at: Moment,
    actor: String,
    from: String,
    agent: String,
    what: &'static str,
    /// The key's page, where it is about one.
    link: Option<String>,
    subject: String,
    detail: String,
}

#[derive(Template)]
#[template(path = "audit_log.html")]
struct AuditLogPage {
    frame: Frame,
    rows: Vec<Row>,
    is_first: bool,
    older: Option<String>,
}

/// Shows one page of it.
pub async fn answer(visit: &Visit<'_>, member: &Member) -> Outcome {
    let before = match visit.query.one("before")? {
        Some(id) => Some(AuditId::parse(id).ok_or(Refusal::NotFound)?),
        None => None,
    };
    let audit = visit.app.store.audit();
    let items_max = ENTRIES_MAX;
    let leaf = audit.list(member.org(), Backwards { before, items_max }).await?;
    let last = leaf.items.last().filter(|_| leaf.has_older);
    let older = last.map(|last| last.audit_id.to_string());
    let page = AuditLogPage {
        frame: Frame::of("Audit log", Some(Section::AuditLog), member),
        rows: leaf.items.into_iter().map(row).collect(),
        is_first: before.is_none(),
        older,
    };
    Answer::page(StatusCode::OK, &page)
}

fn row(entry: AuditEntry) -> Row {
    let about_key = matches!(
        entry.action,
        Action::KeyCreated | Action::KeyRolled | Action::KeyRevoked
    );
    Row {
        at: entry.at.into(),
        from: entry.ip.unwrap_or_else(|| {
            let is_key = KeyId::parse(&entry.actor).is_some();
            if is_key { "the API" } else { "the operator's machine" }.to_owned()
        }),
        actor: entry.actor,
        agent: entry.agent.unwrap_or_default(),
        what: words(entry.action),
        link: about_key.then(|| format!("/settings/api-keys/{}", entry.subject)),
        subject: entry.subject,
        detail: entry.detail,
    }
}

const fn words(action: Action) -> &'static str {
    match action {
        Action::KeyCreated => "Key created",
        Action::KeyRolled => "Key rolled",
        Action::KeyRevoked => "Key revoked",
        Action::MemberAdded => "Member added",
        Action::MemberRoleChanged => "Role changed",
        Action::MemberRemoved => "Member removed",
        Action::SignedIn => "Signed in",
        Action::SignedOut => "Signed out",
        Action::SessionMoved => "Switched organization",
        Action::WebhookCreated => "Webhook created",
        Action::WebhookRotated => "Webhook secret rotated",
        Action::WebhookDeleted => "Webhook deleted",
        Action::DefaultSecretRenewed => "Default secret renewed",
    }
}
