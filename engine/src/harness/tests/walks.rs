//! Random walks: whatever models, crashes and changed facts do, a run keeps to its rules and ends.

use proptest::prelude::*;

use super::*;

/// More decisions than any run needs: fifteen calls, each put off once, and the end.
const DECISIONS_MAX: usize = 31;

/// What happens next in a walk, whichever call is open.
#[derive(Debug, Clone)]
struct Chance {
    kind: Kind,
    verdict: (Option<f64>, bool, Option<ProposedAction>),
    evaluation: Evaluation,
    remaining_ms: u64,
    trust_level: u8,
    highest_tier: Tier,
    credits: Credits,
    breaker: Breaker,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// The call brings what it was made for.
    Succeeds,
    /// The call fails.
    Fails,
    /// The call is refused, as every other would be.
    Refuses,
    /// The worker dies during the call, before anything of it is saved.
    Dies,
}

/// A run as the worker would have driven it.
#[derive(Debug, Default)]
struct History {
    calls: Vec<Call>,
    /// Stages whose answer the harness was told.
    answers: Vec<Stage>,
    /// What the evaluator said, and when it was the last thing to happen.
    judgements: Vec<Evaluation>,
    end: Option<Effect>,
}

fn figure() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        6 => (0.0..=1.0).prop_map(Some),
        1 => Just(None),
        1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(-0.5), Just(7.0)].prop_map(Some),
    ]
}

fn tier() -> impl Strategy<Value = Tier> {
    prop::sample::select(&Tier::ALL)
}

fn credits() -> impl Strategy<Value = Credits> {
    prop_oneof![8 => Just(Credits::Covered), 1 => Just(Credits::UsedUp)]
}

fn breaker() -> impl Strategy<Value = Breaker> {
    prop_oneof![8 => Just(Breaker::Closed), 1 => Just(Breaker::Open)]
}

fn proposed() -> impl Strategy<Value = Option<ProposedAction>> {
    let kind = prop::sample::select(&[ActionKind::Fill, ActionKind::Submit, ActionKind::Destructive]);
    prop::option::weighted(
        0.3,
        (kind, figure()).prop_map(|(kind, value_usd)| action(kind, value_usd)),
    )
}

fn evaluation() -> impl Strategy<Value = Evaluation> {
    prop_oneof![
        2 => figure().prop_map(|confidence| Evaluation::Pass { confidence }),
        1 => Just(Evaluation::Triage),
        2 => Just(Evaluation::Retry),
    ]
}

fn chance() -> impl Strategy<Value = Chance> {
    let kind = prop_oneof![
        3 => Just(Kind::Succeeds),
        3 => Just(Kind::Fails),
        2 => Just(Kind::Dies),
        1 => Just(Kind::Refuses),
    ];
    let verdict = (figure(), any::<bool>(), proposed());
    let remaining_ms = prop_oneof![1 => 0..40_000u64, 2 => 40_000..=INVOCATION_MS];
    let facts = (0..8u8, tier(), credits(), breaker());
    (kind, verdict, evaluation(), remaining_ms, facts).prop_map(
        |(kind, verdict, evaluation, remaining_ms, (trust_level, highest_tier, credits, breaker))| Chance {
            kind,
            verdict,
            evaluation,
            remaining_ms,
            trust_level,
            highest_tier,
            credits,
            breaker,
        },
    )
}

impl Chance {
    /// What a new invocation finds; an agent's tier and stakes stay.
    fn facts(&self, facts: Facts) -> Facts {
        Facts {
            highest_tier: self.highest_tier,
            trust_level: self.trust_level,
            credits: self.credits,
            breaker: self.breaker,
            ..facts
        }
    }

    fn event(&self, stage: Stage) -> Event<'_> {
        let (confidence, repaired, action) = &self.verdict;
        match self.kind {
            Kind::Dies => Event::AttemptLost,
            Kind::Fails => Event::AttemptFailed("Model call failed"),
            Kind::Refuses => Event::AttemptHopeless("Model refused the task"),
            Kind::Succeeds if stage.is_evaluation() => Event::Evaluated(self.evaluation),
            Kind::Succeeds => Event::Answered(Verdict {
                confidence: *confidence,
                repaired: *repaired,
                action: action.as_ref(),
            }),
        }
    }
}

/// Decides on the progress and on what a reader of the saved progress would have; both must say the same.
fn decide_twice(facts: &Facts, progress: &mut Progress, event: Event<'_>, remaining_ms: u64) -> Effect {
    let json = serde_json::to_string(progress).expect("progress is plain");
    let mut read: Progress = serde_json::from_str(&json).expect("it reads what it wrote");
    let effect = decide(facts, progress, event, remaining_ms);
    assert_eq!(decide(facts, &mut read, event, remaining_ms), effect);
    effect
}

/// Drives a run by chance; without an end after the most decisions a run needs there is none in the history.
fn walk(mut facts: Facts, chances: &[Chance]) -> History {
    let mut history = History::default();
    let mut progress = Progress::default();
    let mut event = Event::Claimed;
    let mut remaining_ms = INVOCATION_MS;
    for chance in chances.iter().cycle().take(DECISIONS_MAX) {
        match event {
            Event::Answered(_) => history.answers.push(progress.stage),
            Event::Evaluated(evaluation) => history.judgements.push(evaluation),
            Event::Claimed | Event::AttemptLost | Event::AttemptFailed(_) | Event::AttemptHopeless(_) => {}
        }
        match decide_twice(&facts, &mut progress, event, remaining_ms) {
            Effect::Call(call) => {
                history.calls.push(call);
                assert_eq!(progress.attempts as usize, history.calls.len());
                event = chance.event(call.stage);
                remaining_ms = chance.remaining_ms;
                if chance.kind == Kind::Dies {
                    facts = chance.facts(facts);
                    remaining_ms = INVOCATION_MS;
                }
            }
            Effect::Checkpoint => {
                event = Event::Claimed;
                facts = chance.facts(facts);
                remaining_ms = INVOCATION_MS;
            }
            end => {
                history.end = Some(end);
                break;
            }
        }
    }
    history
}

fn facts() -> impl Strategy<Value = Facts> {
    (tier(), tier(), any::<bool>(), 0..8u8, credits(), breaker()).prop_map(
        |(highest_tier, agent_tier, high_stakes, trust_level, credits, breaker)| Facts {
            highest_tier,
            agent_tier,
            high_stakes,
            trust_level,
            credits,
            breaker,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn every_walk_ends(facts in facts(), chances in prop::collection::vec(chance(), 1..40)) {
        let history = walk(facts, &chances);
        prop_assert!(history.end.is_some(), "{history:?}");
    }

    #[test]
    fn each_attempt_is_made_once_and_at_most_three_in_a_stage(
        facts in facts(),
        chances in prop::collection::vec(chance(), 1..40),
    ) {
        let history = walk(facts, &chances);
        let names: Vec<_> = history.calls.iter().map(|call| (call.stage, call.number)).collect();
        prop_assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
        for call in &history.calls {
            prop_assert!((1..=3).contains(&call.number));
            // The worker relies on it: a call that waits never follows an answer.
            prop_assert_eq!(call.wait_ms, [0, 800, 1_600][call.number as usize - 1]);
        }
        for stage in &history.answers {
            prop_assert_eq!(history.answers.iter().filter(|other| *other == stage).count(), 1);
        }
    }

    #[test]
    fn nothing_high_stakes_completes_without_a_pass(
        facts in facts(),
        chances in prop::collection::vec(chance(), 1..40),
    ) {
        let history = walk(Facts { high_stakes: true, ..facts }, &chances);
        if let Some(Effect::Complete { .. }) = history.end {
            let is_passed = matches!(history.judgements.last(), Some(Evaluation::Pass { .. }));
            prop_assert!(is_passed, "{history:?}");
            let judged = history.calls.last().expect("a run that completes was called");
            prop_assert!(judged.stage.is_evaluation(), "{history:?}");
        }
    }

    #[test]
    fn what_ends_a_run_is_an_answer_that_it_has(
        facts in facts(),
        chances in prop::collection::vec(chance(), 1..40),
    ) {
        let history = walk(facts, &chances);
        match &history.end {
            Some(Effect::Complete { stage, confidence, warning }) => {
                prop_assert_eq!(history.answers.last(), Some(stage));
                prop_assert!((0.5..=1.0).contains(confidence));
                prop_assert_eq!(*warning, *confidence < 0.85);
            }
            Some(Effect::Triage { stage, confidence, .. }) => {
                prop_assert_eq!(history.answers.last(), Some(stage));
                prop_assert!((0.0..=1.0).contains(confidence));
            }
            Some(Effect::Fail { error }) => {
                prop_assert!(history.answers.is_empty(), "{history:?}");
                let is_refused = error == "Credit limit exceeded" || error == "Agent temporarily unavailable";
                prop_assert_eq!(is_refused, history.calls.is_empty());
            }
            end => prop_assert!(false, "{end:?}"),
        }
    }

    #[test]
    fn no_call_goes_over_the_plan(facts in facts(), chances in prop::collection::vec(chance(), 1..40)) {
        // The plan stays here: a change is known to the worker and not to this test.
        let highest_tier = facts.highest_tier;
        let chances: Vec<_> = chances.into_iter().map(|chance| Chance { highest_tier, ..chance }).collect();
        for call in walk(facts, &chances).calls {
            prop_assert!(call.tier <= highest_tier, "{call:?}");
        }
    }
}
