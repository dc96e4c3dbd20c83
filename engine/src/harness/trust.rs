//! The trust gate: which proposed actions need a person first.
//!
//! *Source*: contract §10, trust ladder. The level is read and moved elsewhere.

use crate::action::{ActionKind, ProposedAction};

/// The value from which `submit` needs approval at level 3. *Units*: US dollars, inclusive.
const SUBMIT_VALUE_USD: f64 = 10_000.0;

/// What the gate says of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// It may go ahead, as far as trust is concerned.
    Open,
    /// A person has to approve it.
    NeedsApproval,
}

/// Says whether an action needs approval at a trust level.
///
/// A level outside 1–5 counts as 1. At level 3 a `submit` of unknown value, or of one that is not a number from 0 up,
/// counts as a large one.
#[must_use]
pub fn gate(level: u8, action: &ProposedAction) -> Gate {
    let level = known_level(level);
    let needs_approval = match action.kind {
        ActionKind::Fill => level == 1,
        ActionKind::Submit => level <= 2 || (level == 3 && !is_small(action.value_usd)),
        ActionKind::Destructive => level <= 4,
    };
    if needs_approval {
        Gate::NeedsApproval
    } else {
        Gate::Open
    }
}

fn is_small(value_usd: Option<f64>) -> bool {
    value_usd.is_some_and(|value| (0.0..SUBMIT_VALUE_USD).contains(&value))
}

/// Gives the level, or the lowest one for a level that does not exist.
pub(super) const fn known_level(level: u8) -> u8 {
    if level >= 1 && level <= 5 { level } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels_that_need_approval(kind: ActionKind, value_usd: Option<f64>) -> Vec<u8> {
        let action = ProposedAction {
            kind,
            description: String::new(),
            value_usd,
        };
        (0..=7)
            .filter(|level| gate(*level, &action) == Gate::NeedsApproval)
            .collect()
    }

    /// Levels 0, 6 and 7 do not exist and count as 1.
    #[test]
    fn asks_for_approval_as_the_ladder_says() {
        let cases: [(ActionKind, Option<f64>, &[u8]); 9] = [
            (ActionKind::Fill, None, &[0, 1, 6, 7]),
            (ActionKind::Fill, Some(1e9), &[0, 1, 6, 7]),
            (ActionKind::Submit, Some(0.0), &[0, 1, 2, 6, 7]),
            (ActionKind::Submit, Some(9_999.99), &[0, 1, 2, 6, 7]),
            (ActionKind::Submit, Some(10_000.0), &[0, 1, 2, 3, 6, 7]),
            (ActionKind::Submit, None, &[0, 1, 2, 3, 6, 7]),
            (ActionKind::Submit, Some(f64::NAN), &[0, 1, 2, 3, 6, 7]),
            (ActionKind::Submit, Some(-1.0), &[0, 1, 2, 3, 6, 7]),
            (ActionKind::Destructive, Some(0.0), &[0, 1, 2, 3, 4, 6, 7]),
        ];
        for (kind, value_usd, levels) in cases {
            assert_eq!(
                levels_that_need_approval(kind, value_usd),
                levels,
                "{kind:?} {value_usd:?}"
            );
        }
    }
}
