//! What surrounds every page: title, navigation, who is signed in, style and script.

use crate::assets::{self, Paths};
use crate::guard::{Member, SignedIn};

/// A place in the navigation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Section {
    /// Settings → API keys.
    ApiKeys,
    /// Settings → Audit log.
    AuditLog,
}

/// The navigation, in its order: a page appears here when it exists.
const SECTIONS: [(Section, &str, &str); 2] = [
    (Section::ApiKeys, "API keys", "/settings/api-keys"),
    (Section::AuditLog, "Audit log", "/settings/audit-log"),
];

/// The frame of one page, for the template `frame.html`.
#[derive(Debug)]
pub struct Frame {
    pub title: String,
    pub assets: Paths,
    /// `None` on the pages that anyone sees.
    pub who: Option<Who>,
    /// How wide a page is that anyone sees.
    pub width: Width,
    section: Option<Section>,
}

/// How wide a page without navigation is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Width {
    /// A card that says one thing.
    Card,
    /// A text with tables.
    Sheet,
}

impl Width {
    /// Its class in the style.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Card => "alone",
            Self::Sheet => "wide",
        }
    }
}

/// Who looks at the page.
#[derive(Debug)]
pub struct Who {
    pub email: String,
    /// What the person is, and of what; `None` on pages that concern the person alone.
    pub member: Option<Membership>,
    /// What forms of this session carry.
    pub form_token: String,
    /// A word to everybody in the organization: suspended, or on a plan without API access.
    pub notice: Option<&'static str>,
}

/// Of which organization somebody is what.
#[derive(Debug)]
pub struct Membership {
    pub role: &'static str,
    pub org: String,
}

/// A link of the navigation.
pub struct Link {
    pub name: &'static str,
    pub path: &'static str,
    pub is_current: bool,
}

impl Frame {
    /// The frame of a page that anyone sees.
    pub fn plain(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            assets: assets::paths(),
            who: None,
            width: Width::Card,
            section: None,
        }
    }

    /// The frame of a page that anyone reads.
    pub fn reading(title: &str) -> Self {
        Self {
            width: Width::Sheet,
            ..Self::plain(title)
        }
    }

    /// The frame of a page for a member.
    pub fn of(title: &str, section: Option<Section>, member: &Member) -> Self {
        let notice = if member.standing.suspended {
            Some("This organization is suspended: every request with its keys is refused with 403.")
        } else if !member.standing.plan.has_api_access() {
            Some(
                "API access is not included in this organization's plan: every request with its keys is refused with 403.",
            )
        } else {
            None
        };
        Self {
            who: Some(Who {
                email: member.signed_in.email().to_string(),
                member: Some(Membership {
                    role: member.role().as_str(),
                    org: member.standing.org_name.clone(),
                }),
                form_token: member.signed_in.form_token(),
                notice,
            }),
            section,
            ..Self::plain(title)
        }
    }

    /// The frame of a page that concerns a person alone, whatever organizations there are.
    pub fn of_person(title: &str, signed_in: &SignedIn) -> Self {
        Self {
            who: Some(Who {
                email: signed_in.email().to_string(),
                member: None,
                form_token: signed_in.form_token(),
                notice: None,
            }),
            ..Self::plain(title)
        }
    }

    /// The navigation's links.
    pub fn links(&self) -> Vec<Link> {
        SECTIONS
            .into_iter()
            .map(|(section, name, path)| Link {
                name,
                path,
                is_current: self.section == Some(section),
            })
            .collect()
    }

    /// What a form on this page carries; empty where nobody is signed in.
    pub fn form_token(&self) -> &str {
        self.who.as_ref().map_or("", |who| &who.form_token)
    }
}
