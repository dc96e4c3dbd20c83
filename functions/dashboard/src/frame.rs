//! What surrounds every page: title, navigation, who is signed in, style and script.

use eclips_shared::auth::Mode;

use crate::assets::{self, Paths};
use crate::guard::{Member, SignedIn};
use crate::place::Place;

/// A place in the navigation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Section {
    /// Runs.
    Runs,
    /// What waits for a person.
    Inbox,
    /// Batches.
    Batches,
    /// Usage.
    Usage,
    /// Agents.
    Agents,
    /// Settings → API keys.
    ApiKeys,
    /// Settings → Webhooks.
    Webhooks,
    /// Settings → Team.
    Team,
    /// Settings → Plan and limits.
    Plan,
    /// Settings → Trust levels.
    Trust,
    /// Settings → Audit log.
    AuditLog,
}

/// A page in the navigation: which, its name, its path.
type Entry = (Section, &'static str, &'static str);

/// The navigation, in its order: a page appears here when it exists.
const GROUPS: [(&str, &[Entry]); 2] = [
    (
        "Work",
        &[
            (Section::Runs, "Runs", "/runs"),
            (Section::Inbox, "Inbox", "/inbox"),
            (Section::Batches, "Batches", "/batches"),
            (Section::Usage, "Usage", "/usage"),
            (Section::Agents, "Agents", "/agents"),
        ],
    ),
    (
        "Settings",
        &[
            (Section::ApiKeys, "API keys", "/settings/api-keys"),
            (Section::Webhooks, "Webhooks", "/webhooks"),
            (Section::Team, "Team", "/settings/team"),
            (Section::Plan, "Plan and limits", "/settings/plan"),
            (Section::Trust, "Trust levels", "/settings/trust"),
            (Section::AuditLog, "Audit log", "/settings/audit-log"),
        ],
    ),
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
    /// Whose data it shows, and its own address without that; `None` on pages that are the same for both.
    pub data: Option<(Place, String)>,
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

/// A part of the navigation.
pub struct Group {
    pub name: &'static str,
    pub links: Vec<Link>,
}

/// A link of the navigation.
pub struct Link {
    pub name: &'static str,
    pub path: String,
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
            data: None,
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

    /// The frame of a page of an organization's data, live or test; `path` is the page's own, for the way to the other.
    pub fn of_data(title: &str, section: Section, member: &Member, place: Place, path: &str) -> Self {
        Self {
            data: Some((place, path.to_owned())),
            ..Self::of(title, Some(section), member)
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

    /// The navigation.
    pub fn groups(&self) -> Vec<Group> {
        let groups = GROUPS.into_iter();
        groups
            .map(|(name, links)| Group {
                name,
                links: links.iter().map(|link| self.link(*link)).collect(),
            })
            .collect()
    }

    fn link(&self, (section, name, path): Entry) -> Link {
        Link {
            name,
            path: self.at(path),
            is_current: self.section == Some(section),
        }
    }

    /// A path of the dashboard, for the same data as this page shows.
    pub fn at(&self, path: &str) -> String {
        match &self.data {
            Some((place, _)) if !path.starts_with("/settings") => place.at(path),
            _ => path.to_owned(),
        }
    }

    /// Whether the page shows the test keys' own data.
    pub fn is_test(&self) -> bool {
        self.data.as_ref().is_some_and(|(place, _)| place.is_test())
    }

    /// The page's own address, at its beginning.
    pub fn here(&self) -> String {
        self.data
            .as_ref()
            .map_or_else(String::new, |(place, path)| place.at(path))
    }

    /// The ways to live and test data, and which of the two this page shows; none where it makes no difference.
    pub fn modes(&self) -> Vec<Link> {
        let Some((place, path)) = &self.data else {
            return Vec::new();
        };
        let modes = [("Live", Mode::Live), ("Test", Mode::Test)];
        modes
            .into_iter()
            .map(|(name, mode)| Link {
                name,
                path: Place(mode).at(path),
                is_current: place.0 == mode,
            })
            .collect()
    }

    /// What a form on this page carries; empty where nobody is signed in.
    pub fn form_token(&self) -> &str {
        self.who.as_ref().map_or("", |who| &who.form_token)
    }
}
