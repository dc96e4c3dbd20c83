//! Whose data a page shows: the live one, or the test keys' own. In addresses it is `mode=test`, and nothing for live.

use eclips_shared::auth::{Mode, Tenant};

use crate::guard::Member;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// The name of the field in a query.
pub const MODE: &str = "mode";

/// Live or test, as addresses say it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place(pub Mode);

impl Place {
    /// The place that a request names.
    ///
    /// *Errors*: [`Refusal::NotFound`] for any other word.
    pub fn read(visit: &Visit<'_>) -> Result<Self, Refusal> {
        match visit.query.one(MODE)? {
            None => Ok(Self(Mode::Live)),
            Some(word) => Mode::parse(word).map(Self).ok_or(Refusal::NotFound),
        }
    }

    /// Whose data that is.
    pub fn tenant(self, member: &Member) -> Tenant {
        Tenant {
            org: member.org(),
            mode: self.0,
        }
    }

    /// Whether it is the test keys' own.
    pub fn is_test(self) -> bool {
        self.0 == Mode::Test
    }

    /// A path of the dashboard, in this place.
    pub fn at(self, path: &str) -> String {
        match (self.0, path.contains('?')) {
            (Mode::Live, _) => path.to_owned(),
            (Mode::Test, true) => format!("{path}&{MODE}=test"),
            (Mode::Test, false) => format!("{path}?{MODE}=test"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_is_said_and_live_is_not() {
        assert_eq!(Place(Mode::Live).at("/runs?a=b"), "/runs?a=b");
        assert_eq!(Place(Mode::Test).at("/runs?a=b"), "/runs?a=b&mode=test");
        assert_eq!(Place(Mode::Test).at("/runs"), "/runs?mode=test");
    }
}
