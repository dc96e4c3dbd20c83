//! What a member of an organization may do in the dashboard. Keys have scopes; people have one of three roles.

use serde::{Serialize, Serializer};

use crate::auth::{Scope, ScopeSet};

/// What a member may do. *Source*: our choice; contract §1 knows keys only.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Everything.
    Owner,
    /// Works, and makes and ends keys; grants every scope but the one that decides in a person's stead.
    Admin,
    /// Works: starts and cancels runs, decides what waits for a person. Manages nothing.
    Member,
}

impl Role {
    /// All three, mightiest first.
    pub const ALL: [Self; 3] = [Self::Owner, Self::Admin, Self::Member];

    /// The word in the store and on the page.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
        }
    }

    /// Reads the word; `None` for any other.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// Whether the role makes, rolls and revokes keys.
    #[must_use]
    pub const fn manages_keys(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    /// Whether the role adds and removes members, and gives them roles.
    #[must_use]
    pub const fn manages_team(self) -> bool {
        matches!(self, Self::Owner)
    }

    /// Whether the role may give a key this scope.
    ///
    /// `triage:write` lets a program decide what was kept for a person; only an owner hands that over.
    #[must_use]
    pub fn grants(self, scope: Scope) -> bool {
        match self {
            Self::Owner => true,
            Self::Admin => scope != Scope::TriageWrite,
            Self::Member => false,
        }
    }

    /// Whether the role may give a key all of these.
    #[must_use]
    pub fn grants_all(self, scopes: ScopeSet) -> bool {
        scopes.iter().all(|scope| self.grants(scope))
    }
}

impl Serialize for Role {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_grants_beyond_the_role() {
        let all: ScopeSet = Scope::ALL.into_iter().collect();
        assert!(Role::Owner.grants_all(all));
        assert!(!Role::Admin.grants_all(all) && !Role::Admin.grants(Scope::TriageWrite));
        assert_eq!(
            Scope::ALL
                .into_iter()
                .filter(|scope| Role::Admin.grants(*scope))
                .count(),
            7
        );
        assert!(Scope::ALL.into_iter().all(|scope| !Role::Member.grants(scope)));
        assert!(!Role::Member.manages_keys());
    }

    #[test]
    fn words_are_compared_whole() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        for word in ["Owner", " owner", "owners", ""] {
            assert_eq!(Role::parse(word), None, "{word:?}");
        }
    }
}
