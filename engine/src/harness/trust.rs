//! Trust: which proposed actions need a person first, and how an agent rises and falls on the ladder.
//!
//! Levels are counted per agent and organization; where they are stored is not this room's to know.
//! *Source* of every number: contract §10, trust ladder.

use super::{Effect, Kept, TriageReason, band};
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

/// Sends an answer to triage whose action needs approval.
pub(super) fn ask(kept: &Kept, level: Level) -> Option<Effect> {
    let gate = kept.action.as_ref().map(|action| gate_at(level, action));
    (gate == Some(Gate::NeedsApproval)).then(|| band::triage(kept, TriageReason::ActionNeedsApproval))
}

/// Says whether an action needs approval at a trust level.
///
/// A level outside 1–5 counts as 1. At level 3 a `submit` of unknown value, or of one that is not a number from 0 up,
/// counts as a large one.
#[must_use]
pub fn gate(level: u8, action: &ProposedAction) -> Gate {
    gate_at(Level::read(level), action)
}

fn gate_at(level: Level, action: &ProposedAction) -> Gate {
    let needs_approval = match action.kind {
        ActionKind::Fill => level == Level::SUPERVISED,
        ActionKind::Submit => level <= Level::ASSISTED || (level == Level::VERIFIED && !is_small(action.value_usd)),
        ActionKind::Destructive => level <= Level::TRUSTED,
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

/// How many consecutive correct runs lift an agent to levels 2, 3, 4 and 5.
const RUNS_TO_RISE: [u32; 4] = [50, 100, 250, 500];

/// A level that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Level(u8);

impl Level {
    pub(super) const SUPERVISED: Self = Self(1);
    const ASSISTED: Self = Self(2);
    pub(super) const VERIFIED: Self = Self(3);
    const TRUSTED: Self = Self(4);
    const AUTONOMOUS: Self = Self(5);

    /// Reads a level; one that does not exist counts as the lowest.
    pub(super) const fn read(level: u8) -> Self {
        if level >= Self::SUPERVISED.0 && level <= Self::AUTONOMOUS.0 {
            Self(level)
        } else {
            Self::SUPERVISED
        }
    }

    /// Gives how many consecutive correct runs lift it; none at the top.
    fn runs_to_rise(self) -> Option<u32> {
        RUNS_TO_RISE.get(usize::from(self.0 - 1)).copied()
    }
}

/// Where an agent stands with an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trust {
    /// 1–5; anything else counts as 1.
    pub level: u8,
    /// Consecutive correct runs at this level.
    pub streak: u32,
}

/// How a run ended, as far as trust is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Its answer counted as it was.
    Correct,
    /// It failed.
    Failed,
    /// A person rejected its answer, or edited it.
    Reset,
}

impl Default for Trust {
    fn default() -> Self {
        Self {
            level: Level::SUPERVISED.0,
            streak: 0,
        }
    }
}

impl Trust {
    /// Gives how many consecutive correct runs at this level lift it to the next; none at the top.
    #[must_use]
    pub fn runs_to_rise(self) -> Option<u32> {
        Level::read(self.level).runs_to_rise()
    }

    /// Gives the level's number and name. *Source*: contract §10.
    #[must_use]
    pub const fn rank(self) -> (u8, &'static str) {
        let Level(level) = Level::read(self.level);
        let name = match level {
            2 => "Assisted",
            3 => "Verified",
            4 => "Trusted",
            5 => "Autonomous",
            _ => "Supervised",
        };
        (level, name)
    }

    /// Gives the trust after a run has ended.
    ///
    /// The streak starts again at 0 with each promotion, so that level 3 takes 100 correct runs at level 2 and not
    /// 50 more: our choice, the stricter reading of the contract.
    #[must_use]
    pub fn after(self, outcome: Outcome) -> Self {
        let Level(level) = Level::read(self.level);
        let (level, streak) = match outcome {
            Outcome::Correct => risen(level, self.streak.saturating_add(1)),
            Outcome::Failed => (level.saturating_sub(1).max(Level::SUPERVISED.0), 0),
            Outcome::Reset => (level, 0),
        };
        Self { level, streak }
    }
}

/// Lifts a level by one where the streak is long enough.
fn risen(level: u8, streak: u32) -> (u8, u32) {
    match Level::read(level).runs_to_rise() {
        Some(runs) if streak >= runs => (level + 1, 0),
        Some(_) | None => (level, streak),
    }
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

    fn after(trust: Trust, outcome: Outcome, times: u32) -> Trust {
        (0..times).fold(trust, |trust, _| trust.after(outcome))
    }

    #[test]
    fn rises_after_50_100_250_and_500_correct_runs() {
        let mut trust = Trust::default();
        for (level, runs) in [(1, 50), (2, 100), (3, 250), (4, 500)] {
            assert_eq!((trust, trust.runs_to_rise()), (Trust { level, streak: 0 }, Some(runs)));
            trust = after(trust, Outcome::Correct, runs - 1);
            assert_eq!(
                trust,
                Trust {
                    level,
                    streak: runs - 1
                }
            );
            trust = trust.after(Outcome::Correct);
        }
        assert_eq!((trust, trust.runs_to_rise()), (Trust { level: 5, streak: 0 }, None));
        assert_eq!(
            after(trust, Outcome::Correct, 10_000),
            Trust {
                level: 5,
                streak: 10_000
            }
        );
    }

    #[test]
    fn drops_one_level_with_a_failed_run() {
        for (level, dropped) in [(1, 1), (2, 1), (3, 2), (4, 3), (5, 4)] {
            let trust = Trust { level, streak: 49 }.after(Outcome::Failed);
            assert_eq!(
                trust,
                Trust {
                    level: dropped,
                    streak: 0
                }
            );
        }
    }

    #[test]
    fn starts_counting_again_after_a_rejection() {
        for level in 1..=5 {
            let trust = Trust { level, streak: 49 }.after(Outcome::Reset);
            assert_eq!(trust, Trust { level, streak: 0 });
        }
        let trust = Trust { level: 1, streak: 49 }
            .after(Outcome::Reset)
            .after(Outcome::Correct);
        assert_eq!(trust, Trust { level: 1, streak: 1 });
    }

    #[test]
    fn counts_an_unknown_level_as_the_lowest() {
        for level in [0, 6, u8::MAX] {
            let trust = Trust { level, streak: 3 };
            assert_eq!(trust.after(Outcome::Correct), Trust { level: 1, streak: 4 });
            assert_eq!(trust.after(Outcome::Failed), Trust { level: 1, streak: 0 });
            assert_eq!(trust.after(Outcome::Reset), Trust { level: 1, streak: 0 });
        }
    }

    #[test]
    fn counts_on_at_the_end_of_the_numbers() {
        let trust = Trust {
            level: 5,
            streak: u32::MAX,
        };
        assert_eq!(trust.after(Outcome::Correct), trust);
    }
}
