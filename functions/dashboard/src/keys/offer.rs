//! What the form for a new key offers: every scope with what it allows, sensible sets of them, and lengths of life.

use eclips_shared::auth::{Scope, ScopeSet};
use eclips_shared::role::Role;
use eclips_shared::store::LIFE_MS_MAX;
use eclips_shared::time::{DAY_MS, Timestamp};

/// What a scope allows, in the words of whoever has to choose.
pub const fn allows(scope: Scope) -> &'static str {
    match scope {
        Scope::AgentsRead => "See runs, their results, live streams and the usage.",
        Scope::AgentsRun => "Give tasks to agents and cancel runs. Costs credits.",
        Scope::BatchRead => "See batches and the result of every row.",
        Scope::BatchRun => "Start batches of up to 500 tasks and cancel them. Costs credits.",
        Scope::TriageRead => "See what waits for a person's decision.",
        Scope::TriageWrite => "Approve or reject in a person's stead.",
        Scope::WebhooksRead => "See webhooks and what was delivered.",
        Scope::WebhooksWrite => {
            "Create, rotate and delete webhooks, and deliver again: sends results to other servers."
        }
    }
}

/// A set of scopes that go together.
pub struct Preset {
    pub word: &'static str,
    pub name: &'static str,
    scopes: &'static [Scope],
}

/// The sets, in the order they are shown.
pub const PRESETS: [Preset; 6] = [
    Preset {
        word: "run",
        name: "Run agents",
        scopes: &[Scope::AgentsRead, Scope::AgentsRun],
    },
    Preset {
        word: "read",
        name: "Read only",
        scopes: &[
            Scope::AgentsRead,
            Scope::BatchRead,
            Scope::TriageRead,
            Scope::WebhooksRead,
        ],
    },
    Preset {
        word: "batches",
        name: "Batches",
        scopes: &[Scope::AgentsRead, Scope::BatchRead, Scope::BatchRun],
    },
    Preset {
        word: "webhooks",
        name: "Webhooks",
        scopes: &[Scope::WebhooksRead, Scope::WebhooksWrite],
    },
    Preset {
        word: "triage",
        name: "Triage desk",
        scopes: &[Scope::AgentsRead, Scope::TriageRead, Scope::TriageWrite],
    },
    Preset {
        word: "all",
        name: "Everything",
        scopes: &Scope::ALL,
    },
];

impl Preset {
    /// The scopes of the set that the role may grant.
    pub fn scopes(&self, role: Role) -> ScopeSet {
        self.scopes
            .iter()
            .copied()
            .filter(|scope| role.grants(*scope))
            .collect()
    }

    /// Whether the role may grant the whole set; one that lost its point is not offered.
    pub fn fits(&self, role: Role) -> bool {
        self.word == "all" || self.scopes.iter().all(|scope| role.grants(*scope))
    }
}

/// How long a new key lives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Life {
    Days(i64),
    Until(Timestamp),
    Never,
}

/// The lengths that are one click, in days.
pub const DAYS: [i64; 3] = [30, 90, 365];
/// The one that is chosen already.
pub const DAYS_DEFAULT: i64 = 90;

impl Life {
    /// Reads the two fields of the form.
    ///
    /// *Errors*: what is wrong, for people.
    pub fn read(choice: &str, date: &str, now: Timestamp) -> Result<Self, &'static str> {
        if choice == "never" {
            return Ok(Self::Never);
        }
        if choice == "custom" {
            // A date is meant to be worked on to its end, wherever the reader is; the day is UTC's and the end exclusive.
            let day = Timestamp::parse(&format!("{date}T00:00:00Z")).ok_or("Give a date.")?;
            let end = day.plus_ms(DAY_MS);
            return match end.ms() - now.ms() {
                ..=0 => Err("That day is over. Choose today or later."),
                ms if ms > LIFE_MS_MAX => Err("Choose a date within the next hundred years, or never."),
                _ => Ok(Self::Until(end)),
            };
        }
        let days = DAYS.into_iter().find(|days| days.to_string() == choice);
        days.map(Self::Days).ok_or("Choose how long the key lives.")
    }

    /// The exclusive end; `None` for never.
    pub fn end(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Days(days) => Some(now.plus_ms(days * DAY_MS)),
            Self::Until(end) => Some(end),
            Self::Never => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lives_and_refuses_the_rest() {
        let now = Timestamp::parse("2026-06-06T09:00:00Z").unwrap();
        let end = |text: &str| Timestamp::parse(text).unwrap();
        assert_eq!(
            Life::read("90", "", now).unwrap().end(now),
            Some(now.plus_ms(90 * DAY_MS))
        );
        assert_eq!(Life::read("never", "2020-01-01", now).unwrap().end(now), None);
        for (date, expected) in [
            ("2026-06-06", "2026-06-07T00:00:00Z"),
            ("2027-02-28", "2027-03-01T00:00:00Z"),
        ] {
            assert_eq!(Life::read("custom", date, now).unwrap().end(now), Some(end(expected)));
        }
        for (choice, date) in [
            ("custom", "2026-06-05"),
            ("custom", ""),
            ("custom", "2026-02-30"),
            ("custom", "06/06/2027"),
            ("custom", "9999-12-31"),
            ("custom", "2027-01-01T00:00:00Z"),
            ("31", ""),
            ("-90", ""),
            ("", ""),
            ("NEVER", ""),
        ] {
            assert!(Life::read(choice, date, now).is_err(), "{choice} {date}");
        }
    }

    #[test]
    fn no_set_grants_what_the_role_may_not() {
        for role in Role::ALL {
            for preset in &PRESETS {
                assert!(role.grants_all(preset.scopes(role)), "{} {role:?}", preset.word);
            }
        }
        assert!(PRESETS.iter().all(|preset| preset.fits(Role::Owner)));
        assert!(
            !PRESETS
                .iter()
                .any(|preset| preset.word == "triage" && preset.fits(Role::Admin))
        );
    }
}
