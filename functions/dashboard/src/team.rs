//! Settings → Team: who belongs to the organization, and as what. A file per page; here, what a member looks like on all of them.

pub mod add;
pub mod leave;
pub mod list;
pub mod remove;
pub mod role;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eclips_shared::email::Email;
use eclips_shared::role::Role;
use eclips_shared::store::MemberSummary;

use crate::guard::Member;
use crate::moment::Moment;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// A member on a page.
struct MemberView {
    /// The address as paths have it.
    id: String,
    email: String,
    role: &'static str,
    added_at: Moment,
    /// It is whoever looks at the page.
    is_self: bool,
}

impl MemberView {
    fn of(summary: &MemberSummary, reader: &Member) -> Self {
        Self {
            id: id_of(&summary.email),
            is_self: summary.email == *reader.signed_in.email(),
            email: summary.email.to_string(),
            role: summary.role.as_str(),
            added_at: summary.added_at.into(),
        }
    }
}

/// A role to choose.
struct RoleView {
    word: &'static str,
    name: &'static str,
    allows: &'static str,
    is_checked: bool,
}

/// All roles, with the one that is chosen.
fn roles(chosen: Role) -> Vec<RoleView> {
    let roles = Role::ALL.into_iter();
    roles
        .map(|role| {
            let (name, allows) = match role {
                Role::Owner => ("Owner", "Everything, this team included."),
                Role::Admin => (
                    "Admin",
                    "Works, and makes and ends API keys; grants every scope but triage:write.",
                ),
                Role::Member => (
                    "Member",
                    "Works: starts and cancels runs, and decides what waits for a person.",
                ),
            };
            RoleView {
                word: role.as_str(),
                name,
                allows,
                is_checked: role == chosen,
            }
        })
        .collect()
}

/// An address in a path: one word without a sign that a path or a gateway would read.
fn id_of(email: &Email) -> String {
    URL_SAFE_NO_PAD.encode(email.as_str())
}

/// Reads an address as [`id_of`] writes it.
fn email_of(id: &str) -> Option<Email> {
    let bytes = URL_SAFE_NO_PAD.decode(id).ok()?;
    Email::parse(&String::from_utf8(bytes).ok()?)
}

/// The id in the path; anything that is no address is a member who does not exist.
fn email_in(visit: &Visit<'_>) -> Result<Email, Refusal> {
    visit.id.as_deref().and_then(email_of).ok_or(Refusal::NotFound)
}

/// The member in the path, of the organization that is looked at.
///
/// *Errors*: [`Refusal::NotFound`].
async fn find(visit: &Visit<'_>, member: &Member) -> Result<MemberSummary, Refusal> {
    let email = email_in(visit)?;
    let members = visit.app.store.members().list(member.org()).await?;
    members
        .into_iter()
        .find(|found| found.email == email)
        .ok_or(Refusal::NotFound)
}
