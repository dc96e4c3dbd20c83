//! The audit log of an organization: who did what, when, from where. Every entry is written in the transaction of the
//! change that it tells of, and never changes.
//!
//! *Item* `O#<org>` / `L#<audit_id>`: `at`, `actor`, `ip`, `agent` (absent for tools and keys), `action`, `subject` (a
//! key's or a webhook's id, or an e-mail address), `detail` (a sentence for people), `ttl`.

use aws_sdk_dynamodb::types::{ConditionCheck, TransactWriteItem};

use super::item::{Attributes, Row, at, fill, keyed, n, s};
use super::transact::create;
use super::{Backwards, Leaf, Store, StoreError};
use crate::email::Email;
use crate::ids::{AuditId, OrgId};
use crate::role::Role;
use crate::time::{DAY_MS, Timestamp};

/// How long an entry is kept. *Source*: our choice: as long as the usage ledger (contract §3).
const RETENTION_MS: i64 = 730 * DAY_MS;
/// What is kept of a browser's own name.
const AGENT_CHARS_MAX: usize = 200;

/// Who does something.
#[derive(Clone, Debug)]
pub enum Actor {
    /// A member who signed in.
    Member {
        /// The address that the sign-in vouched for.
        email: Email,
        /// The role that allowed it; whatever is written holds only while it is still the member's. `None` for what needs
        /// no role: to end one's own session.
        role: Option<Role>,
        /// Where the request came from, by the platform's word.
        ip: String,
        /// What the browser calls itself; believed by nobody.
        agent: String,
    },
    /// An operator's tool with access to the tables, by its name.
    Tool(&'static str),
    /// A program with a key, by the key's id.
    Key(String),
}

impl Actor {
    /// The name in the log and on the keys: an e-mail address, a tool's name or a key's id.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Member { email, .. } => email.as_str(),
            Self::Tool(name) => name,
            Self::Key(id) => id,
        }
    }
}

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// A key was made.
    KeyCreated,
    /// A key got a successor, and an end.
    KeyRolled,
    /// A key was revoked.
    KeyRevoked,
    /// Somebody became a member.
    MemberAdded,
    /// A member got another role.
    MemberRoleChanged,
    /// A member left.
    MemberRemoved,
    /// A member signed in.
    SignedIn,
    /// A member signed out, or signed in anew in the same browser.
    SignedOut,
    /// A session went from one of a person's organizations to another; both logs tell it.
    SessionMoved,
    /// A webhook was made.
    WebhookCreated,
    /// A webhook got another secret.
    WebhookRotated,
    /// A webhook was deleted.
    WebhookDeleted,
    /// The organization got another default secret.
    DefaultSecretRenewed,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::KeyCreated,
        Self::KeyRolled,
        Self::KeyRevoked,
        Self::MemberAdded,
        Self::MemberRoleChanged,
        Self::MemberRemoved,
        Self::SignedIn,
        Self::SignedOut,
        Self::SessionMoved,
        Self::WebhookCreated,
        Self::WebhookRotated,
        Self::WebhookDeleted,
        Self::DefaultSecretRenewed,
    ];

    /// The word in the store and on the page.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KeyCreated => "key.created",
            Self::KeyRolled => "key.rolled",
            Self::KeyRevoked => "key.revoked",
            Self::MemberAdded => "member.added",
            Self::MemberRoleChanged => "member.role_changed",
            Self::MemberRemoved => "member.removed",
            Self::SignedIn => "session.signed_in",
            Self::SignedOut => "session.signed_out",
            Self::SessionMoved => "session.moved",
            Self::WebhookCreated => "webhook.created",
            Self::WebhookRotated => "webhook.rotated",
            Self::WebhookDeleted => "webhook.deleted",
            Self::DefaultSecretRenewed => "default_secret.renewed",
        }
    }

    /// Reads the word; `None` for any other.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == word)
    }
}

/// One entry.
#[derive(Clone, Debug)]
pub struct AuditEntry {
    /// Its id, by which a page goes on.
    pub audit_id: AuditId,
    /// When.
    pub at: Timestamp,
    /// Who: an e-mail address, a tool's name or a key's id.
    pub actor: String,
    /// From where; `None` for a tool and a key.
    pub ip: Option<String>,
    /// With what browser, by its own word; `None` for a tool and a key.
    pub agent: Option<String>,
    /// What.
    pub action: Action,
    /// To whom or what: a key's or a webhook's id, or an e-mail address.
    pub subject: String,
    /// In words.
    pub detail: String,
}

/// The write of an entry, for the transaction of the change itself.
pub(super) fn entry(
    store: &Store,
    org: OrgId,
    by: &Actor,
    action: Action,
    subject: &str,
    detail: String,
) -> TransactWriteItem {
    let now = Timestamp::now();
    let mut item = keyed(format!("O#{org}"), format!("L#{}", AuditId::generate()));
    let (ip, agent) = match by {
        Actor::Member { ip, agent, .. } => (
            Some(s(ip)),
            Some(s(agent.chars().take(AGENT_CHARS_MAX).collect::<String>())),
        ),
        Actor::Tool(_) | Actor::Key(_) => (None, None),
    };
    fill(
        &mut item,
        [
            ("at", Some(at(now))),
            ("actor", Some(s(by.name()))),
            ("ip", ip),
            ("agent", agent),
            ("action", Some(s(action.as_str()))),
            ("subject", Some(s(subject))),
            ("detail", Some(s(detail))),
            ("ttl", Some(n(now.plus_ms(RETENTION_MS).seconds()))),
        ],
    );
    create(&store.main, item, "pk")
}

/// The condition that whoever acts is still what allowed it, for the transaction of the act itself: between the look at a
/// role and the write somebody may take the role away. Nothing where a tool acts.
pub(super) fn still_may(store: &Store, org: OrgId, by: &Actor) -> Option<TransactWriteItem> {
    let Actor::Member {
        email,
        role: Some(role),
        ..
    } = by
    else {
        return None;
    };
    let check = ConditionCheck::builder()
        .table_name(&*store.main)
        .key("pk", s(format!("O#{org}")))
        .key("sk", s(format!("U#{email}")))
        .condition_expression("#role = :role")
        .expression_attribute_names("#role", "role")
        .expression_attribute_values(":role", s(role.as_str()));
    let check = check.build().expect("table, key and condition are set");
    Some(TransactWriteItem::builder().condition_check(check).build())
}

/// The log, as an organization's members read it.
#[derive(Debug)]
pub struct Audit<'a>(pub(super) &'a Store);

impl Audit<'_> {
    /// One page, newest first.
    ///
    /// *Errors*: [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub async fn list(&self, org: OrgId, page: Backwards<AuditId>) -> Result<Leaf<AuditEntry>, StoreError> {
        let items = self.0.newest("list audit log", format!("O#{org}"), "L#", &page).await?;
        items.read(read)
    }
}

fn read(item: &Attributes) -> Result<AuditEntry, StoreError> {
    let row = Row::new("audit entry", item);
    let text = |name| row.opt_text(name).map(|text| text.map(str::to_owned));
    Ok(AuditEntry {
        audit_id: row.parsed("sk", |sk| AuditId::parse(sk.strip_prefix("L#")?))?,
        at: row.time("at")?,
        actor: row.text("actor")?.to_owned(),
        ip: text("ip")?,
        agent: text("agent")?,
        action: row.parsed("action", Action::parse)?,
        subject: row.text("subject")?.to_owned(),
        detail: row.text("detail")?.to_owned(),
    })
}
