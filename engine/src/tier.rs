//! The three model tiers and what an answer of each costs.

use serde::{Deserialize, Serialize};

/// A class of model, cheapest first; the order is the order of `Ord`.
///
/// *Shape*: `"fast"`, `"smart"`, `"premium"`. *Source*: contract §9.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Small and quick: extraction, routing, short texts.
    Fast,
    /// Analysis over several facts.
    Smart,
    /// Decisions that are expensive to get wrong.
    Premium,
}

impl Tier {
    /// Every tier, cheapest first.
    pub const ALL: [Self; 3] = [Self::Fast, Self::Smart, Self::Premium];

    /// Gives the credits that one model answer of this tier costs.
    ///
    /// *Units*: credits. Rejected answers cost the same; a call without an answer costs nothing. *Source*: contract §9.
    #[must_use]
    pub const fn credits(self) -> u32 {
        match self {
            Self::Fast => 1,
            Self::Smart => 3,
            Self::Premium => 10,
        }
    }

    /// Gives the word that stands for this tier in configuration, logs and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Smart => "smart",
            Self::Premium => "premium",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_what_the_contract_says() {
        assert_eq!(Tier::ALL.map(Tier::credits), [1, 3, 10]);
    }

    #[test]
    fn orders_tiers_by_cost() {
        assert!(Tier::Fast < Tier::Smart && Tier::Smart < Tier::Premium);
    }

    #[test]
    fn writes_the_same_word_everywhere() {
        for tier in Tier::ALL {
            assert_eq!(serde_json::to_value(tier).expect("a word"), tier.as_str());
        }
    }
}
