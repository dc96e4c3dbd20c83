//! The plans and their numbers. *Source*: contract §9.

use eclips_engine::tier::Tier;
use serde::{Serialize, Serializer};

use crate::auth::Mode;
use crate::time::DAY_MS;

/// What an organization pays for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Plan {
    /// No API access.
    Starter,
    /// No API access.
    Pro,
    /// The smallest plan with API access.
    Team,
    /// For companies that build on us.
    Growth,
    /// For companies that run on us.
    Enterprise,
}

/// A plan's numbers, before an organization's own overrides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Allowance {
    /// Requests a minute on the strict routes.
    pub strict_per_minute: u64,
    /// Requests a minute on the standard routes.
    pub standard_per_minute: u64,
    /// Requests a UTC day, all routes together.
    pub requests_per_day: u64,
    /// Credits a UTC month.
    pub credits_per_month: u64,
}

impl Plan {
    /// All plans, smallest first.
    pub const ALL: [Self; 5] = [Self::Starter, Self::Pro, Self::Team, Self::Growth, Self::Enterprise];

    /// The word on the wire and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starter => "starter",
            Self::Pro => "pro",
            Self::Team => "team",
            Self::Growth => "growth",
            Self::Enterprise => "enterprise",
        }
    }

    /// Reads the word; `None` for any other.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|plan| plan.as_str() == word)
    }

    /// Whether keys of an organization on this plan may call the API.
    #[must_use]
    pub const fn has_api_access(self) -> bool {
        matches!(self, Self::Team | Self::Growth | Self::Enterprise)
    }

    /// The plan's numbers; a plan without API access admits no request.
    #[must_use]
    pub const fn allowance(self) -> Allowance {
        let (strict_per_minute, standard_per_minute, requests_per_day, credits_per_month) = match self {
            Self::Starter => (0, 0, 0, 100),
            Self::Pro => (0, 0, 0, 1_000),
            Self::Team => (60, 600, 20_000, 5_000),
            Self::Growth => (300, 3_000, 200_000, 50_000),
            Self::Enterprise => (1_200, 12_000, 2_000_000, 1_000_000),
        };
        Allowance {
            strict_per_minute,
            standard_per_minute,
            requests_per_day,
            credits_per_month,
        }
    }

    /// The best tier of models that answers its runs. *Source*: contract §9.
    #[must_use]
    pub const fn highest_tier(self) -> Tier {
        match self {
            Self::Starter | Self::Pro => Tier::Fast,
            Self::Team => Tier::Smart,
            Self::Growth | Self::Enterprise => Tier::Premium,
        }
    }

    /// How long a live run is kept, in milliseconds. *Source*: contract §3 "Kept".
    #[must_use]
    const fn live_retention_ms(self) -> i64 {
        DAY_MS
            * match self {
                Self::Enterprise => 730,
                Self::Growth => 365,
                Self::Team | Self::Pro | Self::Starter => 90,
            }
    }

    /// How long a run or a batch of a mode is kept, in milliseconds. *Source*: contract §3 "Kept".
    #[must_use]
    pub const fn retention_ms(self, mode: Mode) -> i64 {
        match mode {
            Mode::Live => self.live_retention_ms(),
            Mode::Test => TEST_RETENTION_MS,
        }
    }
}

/// How long a test run is kept, in milliseconds. *Source*: contract §3 "Kept".
const TEST_RETENTION_MS: i64 = 30 * DAY_MS;
/// How long the usage ledger is kept, in milliseconds. *Source*: contract §3 "Kept".
pub const LEDGER_RETENTION_MS: i64 = 730 * DAY_MS;

impl Serialize for Plan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
