//! Actions: what an answer proposes to do in the world beyond being read.
//!
//! Proposing is all that happens here. Whether a person must agree first is the harness's trust gate.

use serde::{Deserialize, Serialize};

/// How far an action reaches, which decides how much trust it needs.
///
/// *Shape*: `"fill"`, `"submit"`, `"destructive"`. *Source*: contract §10, trust ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    /// Enters something that a person can still change before it counts.
    Fill,
    /// Sends, orders, pays or approves.
    Submit,
    /// Deletes or revokes what cannot be brought back.
    Destructive,
}

impl ActionKind {
    /// Reads the word of contract §10; any other word is no kind.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "fill" => Some(Self::Fill),
            "submit" => Some(Self::Submit),
            "destructive" => Some(Self::Destructive),
            _ => None,
        }
    }
}

/// One action that an answer proposes.
///
/// *Shape*: `{ "kind", "description", "value_usd" }`; `value_usd` may be null. *Source*: contract §10.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProposedAction {
    /// How far it reaches.
    pub kind: ActionKind,
    /// What would be done, in one sentence for the person who approves it.
    pub description: String,
    /// What it is worth in US dollars; none when nobody said.
    pub value_usd: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_the_words_it_writes() {
        for kind in [ActionKind::Fill, ActionKind::Submit, ActionKind::Destructive] {
            let word = serde_json::to_value(kind).expect("a word");
            assert_eq!(word.as_str().and_then(ActionKind::parse), Some(kind));
        }
    }

    #[test]
    fn knows_no_other_kind() {
        assert_eq!(ActionKind::parse("Submit"), None);
        assert_eq!(ActionKind::parse("approve"), None);
    }
}
