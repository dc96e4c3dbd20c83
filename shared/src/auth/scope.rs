//! The eight words that a key may carry, compared whole and case-sensitively. No scope implies another.

use std::fmt;

use serde::{Serialize, Serializer};

/// What a key allows. *Source*: contract §1, the scope table.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Read runs, their streams and the usage.
    AgentsRead,
    /// Start and cancel runs.
    AgentsRun,
    /// Read batches.
    BatchRead,
    /// Start and cancel batches.
    BatchRun,
    /// Read what waits for a person.
    TriageRead,
    /// Approve or reject what waits for a person.
    TriageWrite,
    /// Read webhooks and their deliveries.
    WebhooksRead,
    /// Create, delete, rotate webhooks and resend deliveries.
    WebhooksWrite,
}

impl Scope {
    /// All eight, sorted by their words.
    pub const ALL: [Self; 8] = [
        Self::AgentsRead,
        Self::AgentsRun,
        Self::BatchRead,
        Self::BatchRun,
        Self::TriageRead,
        Self::TriageWrite,
        Self::WebhooksRead,
        Self::WebhooksWrite,
    ];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AgentsRead => "agents:read",
            Self::AgentsRun => "agents:run",
            Self::BatchRead => "batch:read",
            Self::BatchRun => "batch:run",
            Self::TriageRead => "triage:read",
            Self::TriageWrite => "triage:write",
            Self::WebhooksRead => "webhooks:read",
            Self::WebhooksWrite => "webhooks:write",
        }
    }

    /// Reads one word; `None` for any other, including another case or a space.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The scopes of one key; empty means: may do nothing.
///
/// *Shape*: a sorted array of words in JSON, a string set in the store.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ScopeSet(u8);

impl ScopeSet {
    /// Whether the set holds this very scope.
    #[must_use]
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u8) != 0
    }

    /// The scopes, sorted by their words.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }

    /// Reads words as the store holds them: unknown words grant nothing and are skipped.
    pub fn from_words<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        words.into_iter().filter_map(Scope::parse).collect()
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | 1 << scope as u8))
    }
}

impl Serialize for ScopeSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_compared_whole() {
        for word in [
            "agents:runner",
            "agents:run:x",
            "agents",
            "agent:run",
            "agents:ru",
            "xagents:run",
            "AGENTS:RUN",
            " agents:run",
            "agents:run ",
            "agents:run\u{200b}",
            "agents:run agents:read",
            "agents:read,agents:run",
            "[\"agents:run\"]",
            "*",
            "",
        ] {
            assert_eq!(ScopeSet::from_words([word]), ScopeSet::default(), "{word:?}");
        }
    }

    #[test]
    fn holds_exactly_what_was_put_in() {
        for held in Scope::ALL {
            let set = ScopeSet::from_words([held.as_str(), "unknown:word"]);
            for asked in Scope::ALL {
                assert_eq!(set.contains(asked), asked == held);
            }
        }
        let mut sorted = Scope::ALL.map(Scope::as_str);
        sorted.sort_unstable();
        assert_eq!(sorted, Scope::ALL.map(Scope::as_str));
    }
}
