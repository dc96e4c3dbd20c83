//! The simulator: whatever fails, ends or comes in between at whichever port call, the promises hold. See `tests/src/sim`
//! for the world in which it happens.
//!
//! Each test prints how many schedules it played, and in which time; all together take some six minutes of two cores.
//! *All there are*: single faults, which are every fault at every port call that the play is about, but for those that come to
//! the same as another; the moments at which somebody else acts; the pairs of faults (any first one but a conflict, and a harsh
//! one at any later call) of a plain run and of a decision; the orders in which two workers change places once, or twice about
//! a run; the calls at which one of them dies or stands still. *Sampled*, always the same ones: all other pairs and orders,
//! faults while somebody else acts, and single faults of a batch that fails or is not told of its rows; how many is the number
//! in the test.

mod act;
mod cast;
mod explorer;
mod onlooker;
mod people;
mod play;
mod promises;
mod rows;
mod work;

use eclips_shared::auth::{Mode, Tenant};
use eclips_tests::sim::{Fault, Sim};
use tokio::runtime::Builder;

use self::explorer::Explorer;
use self::play::{Meanwhile, Play, Poison, Schedule};

#[test]
fn of_two_calls_at_once_each_has_its_own_fault() {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.unwrap().block_on(async {
        let sim = Sim::begin().await;
        let (conducts, limits) = (sim.store.conducts(), sim.store.limits());
        let tenant = Tenant {
            org: sim.org,
            mode: Mode::Live,
        };
        for (at, fails) in [(0, [true, false]), (1, [false, true])] {
            sim.plan(vec![(at, Fault::Fails)]);
            let (conduct, allowed) = tokio::join!(conducts.of(tenant, "center"), limits.allowed(sim.org));
            assert_eq!([conduct.is_err(), allowed.is_err()], fails);
        }
    });
}

#[test]
fn a_run_keeps_its_promises_under_every_fault_and_every_pair() {
    let mut explorer = Explorer::of(Play::Plain);
    explorer.singles_and_pairs(&Schedule::default(), usize::MAX);
    explorer.say();
}

#[test]
fn a_judged_run_keeps_its_promises_under_every_fault_and_many_pairs() {
    let mut explorer = Explorer::of(Play::Evaluated);
    explorer.singles_and_pairs(&Schedule::default(), 300);
    explorer.say();
}

#[test]
fn a_run_of_many_stages_keeps_its_promises_under_every_fault() {
    for play in [
        Play::FailsOnce,
        Play::FailsAlways,
        Play::Escalated,
        Play::Doubtful,
        Play::Undispatched,
    ] {
        let mut explorer = Explorer::of(play);
        explorer.singles_and_pairs(&Schedule::default(), 0);
        explorer.say();
    }
}

#[test]
fn a_cancellation_at_any_moment_keeps_its_promises_under_many_faults() {
    let mut explorer = Explorer::of(Play::Plain);
    explorer.meanwhile(Meanwhile::Cancel, 400);
    explorer.say();
}

#[test]
fn one_decision_stands_under_every_fault_and_every_pair_and_whoever_decides_meanwhile() {
    let mut explorer = Explorer::of(Play::Decided);
    explorer.singles_and_pairs(&Schedule::default(), usize::MAX);
    explorer.meanwhile(Meanwhile::Reject, 100);
    explorer.say();
}

#[test]
fn a_question_expires_once_under_every_fault_and_whoever_decides_or_cancels_meanwhile() {
    for (play, sample) in [(Play::Expired, 50), (Play::ExpiredForAll, 20)] {
        let mut explorer = Explorer::of(play);
        explorer.singles_and_pairs(&Schedule::default(), sample);
        for what in [Meanwhile::Approve, Meanwhile::Reject, Meanwhile::Cancel] {
            explorer.meanwhile(what, sample);
        }
        explorer.say();
    }
}

#[test]
fn what_happens_is_counted_once_under_every_fault_and_many_pairs_and_whoever_counts_meanwhile() {
    let mut explorer = Explorer::of(Play::Counted);
    explorer.singles_and_pairs(&Schedule::default(), 200);
    explorer.meanwhile(Meanwhile::Count, 120);
    explorer.meanwhile(Meanwhile::Cancel, 60);
    explorer.say();
    let mut explorer = Explorer::of(Play::CountedLong);
    explorer.singles_and_pairs(&Schedule::default(), 0);
    explorer.say();
}

#[test]
fn no_probe_outlives_its_run_under_every_fault_and_whoever_counts_or_cancels_meanwhile() {
    for play in [Play::Probe, Play::FailedProbe] {
        let mut explorer = Explorer::of(play);
        explorer.singles_and_pairs(&Schedule::default(), 50);
        explorer.meanwhile(Meanwhile::Count, 0);
        explorer.meanwhile(Meanwhile::Cancel, 50);
        explorer.say();
    }
}

#[test]
fn one_of_two_workers_has_the_run_in_every_order_of_their_calls() {
    for play in [Play::Doubled, Play::DoubledDoubtful, Play::DoubledFailsOnce] {
        let mut explorer = Explorer::of(play);
        explorer.orders(usize::MAX, 100);
        explorer.say();
    }
}

#[test]
fn a_slow_model_is_dropped_when_its_run_is_cancelled_and_kept_when_the_store_fails() {
    let mut explorer = Explorer::of(Play::Slow);
    explorer.singles_and_pairs(&Schedule::default(), 120);
    explorer.meanwhile(Meanwhile::Cancel, 120);
    explorer.say();
}

#[test]
fn a_worker_that_dies_or_stands_still_in_a_model_call_is_followed_by_another() {
    let mut explorer = Explorer::of(Play::DoubledSlow);
    explorer.successions(120);
    explorer.say();
}

#[test]
fn a_run_that_ends_every_look_is_given_up_once_under_every_fault() {
    let mut explorer = Explorer::of(Play::Hopeless);
    let mut poisons = vec![Poison::Corrupt];
    for fault in [Fault::CrashBefore, Fault::CrashAfter] {
        poisons.extend((0..5).map(|after| Poison::Fault(after, fault)));
    }
    for poison in poisons {
        let base = Schedule {
            poison: Some(poison),
            ..Schedule::default()
        };
        explorer.singles_and_pairs(&base, 0);
    }
    explorer.say();
}

#[test]
fn a_batch_ends_once_under_every_fault_and_whoever_cancels_meanwhile() {
    let mut explorer = Explorer::of(Play::Batch);
    explorer.singles_and_pairs(&Schedule::default(), 15);
    explorer.meanwhile(Meanwhile::Cancel, 25);
    explorer.say();
    for play in [Play::BatchUnheard, Play::BatchFails] {
        let mut explorer = Explorer::of(play);
        explorer.some_singles(20);
        explorer.say();
    }
}

#[test]
fn a_batch_is_over_or_cancelled_in_many_orders_of_its_worker_and_its_owner() {
    let mut explorer = Explorer::of(Play::BatchRaced);
    explorer.orders(70, 15);
    explorer.say();
}

#[test]
fn no_row_has_two_runs_in_many_orders_of_two_workers() {
    let mut explorer = Explorer::of(Play::BatchDoubled);
    explorer.orders(15, 5);
    explorer.say();
}

#[test]
fn one_name_makes_one_batch_under_every_fault_and_in_many_orders_of_two_who_send_it() {
    let mut explorer = Explorer::of(Play::BatchTwice);
    explorer.singles_and_pairs(&Schedule::default(), 0);
    explorer.orders(25, 5);
    explorer.say();
}

#[test]
fn a_row_in_triage_ends_once_under_every_fault_and_whoever_decides_or_cancels_its_batch_meanwhile() {
    let mut explorer = Explorer::of(Play::BatchApproved);
    explorer.singles_and_pairs(&Schedule::default(), 5);
    explorer.meanwhile(Meanwhile::Cancel, 10);
    explorer.say();
    let mut explorer = Explorer::of(Play::BatchWithdrawn);
    explorer.singles_and_pairs(&Schedule::default(), 5);
    explorer.meanwhile(Meanwhile::Approve, 5);
    explorer.meanwhile(Meanwhile::Reject, 5);
    explorer.say();
}
