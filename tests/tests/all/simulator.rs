//! The simulator: a run, its cancellation and a person's decision, with every single fault and every pair of faults at every
//! port call; whatever happens, the promises hold. See `tests/src/sim` for the world in which it happens.

mod play;
mod promises;

use std::time::Instant;

use eclips_tests::sim::{Fault, Plan, Sim, witness};
use tokio::runtime::Builder;

use self::play::{Cast, Meanwhile, Play};

/// Schedules in one world; then a fresh one, because the engine slows down with what it holds.
const SCHEDULES_PER_WORLD: usize = 40;

/// Plays schedules and counts them.
struct Explorer {
    play: Play,
    schedules: usize,
    began: Instant,
}

impl Explorer {
    fn of(play: Play) -> Self {
        Self {
            play,
            schedules: 0,
            began: Instant::now(),
        }
    }

    /// Plays some schedules, each twice over: its plan, and what somebody else does meanwhile. Gives for each how many port
    /// calls it made.
    fn explore(&mut self, schedules: &[(Plan, Option<(usize, Meanwhile)>)]) -> Vec<usize> {
        let mut calls = Vec::with_capacity(schedules.len());
        for some in schedules.chunks(SCHEDULES_PER_WORLD) {
            let runtime = Builder::new_current_thread()
                .enable_all()
                .start_paused(true)
                .build()
                .unwrap();
            let _ears = witness::watch();
            runtime.block_on(async {
                let cast = Cast::gather(Sim::begin().await).await;
                for (plan, meanwhile) in some {
                    calls.push(self.play.out(&cast, plan, *meanwhile).await);
                }
            });
        }
        self.schedules += schedules.len();
        calls
    }

    /// Every single fault, and every pair of harsh ones.
    fn all_faults(&mut self, meanwhile: Option<(usize, Meanwhile)>) {
        let calls = self.explore(&[(vec![], meanwhile)])[0];
        let singles = singles(calls, &Fault::ALL);
        let after = self.explore(&singles.iter().map(|plan| (plan.clone(), meanwhile)).collect::<Vec<_>>());
        let mut pairs = Vec::new();
        for (plan, calls) in singles.iter().zip(after) {
            let (first, fault) = plan[0];
            if fault == Fault::Conflict {
                continue;
            }
            for second in first + 1..calls {
                pairs.extend(Fault::HARSH.map(|other| (vec![(first, fault), (second, other)], meanwhile)));
            }
        }
        self.explore(&pairs);
    }

    fn say(&self, what: &str) {
        println!(
            "{what}: {} schedules in {:.1} s",
            self.schedules,
            self.began.elapsed().as_secs_f64()
        );
    }
}

fn singles(calls: usize, faults: &[Fault]) -> Vec<Plan> {
    (0..calls)
        .flat_map(|at| faults.iter().map(move |fault| vec![(at, *fault)]))
        .collect()
}

#[test]
fn a_run_keeps_its_promises_under_every_fault_and_every_pair() {
    let mut explorer = Explorer::of(Play::Plain);
    explorer.all_faults(None);
    explorer.say("a plain run");
}

#[test]
fn a_run_of_many_stages_keeps_its_promises_under_every_fault() {
    for play in [
        Play::FailsOnce,
        Play::FailsAlways,
        Play::Escalated,
        Play::Evaluated,
        Play::Doubtful,
        Play::Undispatched,
    ] {
        let mut explorer = Explorer::of(play);
        let calls = explorer.explore(&[(vec![], None)])[0];
        let plans = singles(calls, &Fault::ALL).into_iter().map(|plan| (plan, None));
        explorer.explore(&plans.collect::<Vec<_>>());
        explorer.say(&format!("{play:?}"));
    }
}

#[test]
fn a_cancellation_at_any_moment_keeps_its_promises_under_every_fault() {
    let mut explorer = Explorer::of(Play::Plain);
    let calls = explorer.explore(&[(vec![], None)])[0];
    let mut schedules = Vec::new();
    for at in 0..calls {
        let meanwhile = Some((at, Meanwhile::Cancel));
        schedules.push((vec![], meanwhile));
        // The cancellation's own calls come right after the one that it interrupts.
        for fault in Fault::ALL {
            schedules.extend((0..calls + 4).map(|call| (vec![(call, fault)], meanwhile)));
        }
    }
    explorer.explore(&schedules);
    explorer.say("a run that is cancelled");
}

#[test]
fn one_decision_stands_under_every_fault_and_every_pair_and_whoever_decides_meanwhile() {
    let mut explorer = Explorer::of(Play::Decided);
    explorer.all_faults(None);
    let calls = explorer.explore(&[(vec![], None)])[0];
    let mut schedules = Vec::new();
    for at in 0..calls {
        let meanwhile = Some((at, Meanwhile::Reject));
        schedules.push((vec![], meanwhile));
        for fault in Fault::ALL {
            schedules.extend((0..calls + 5).map(|call| (vec![(call, fault)], meanwhile)));
        }
    }
    explorer.explore(&schedules);
    explorer.say("a decision");
}
