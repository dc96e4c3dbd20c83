//! Explores the schedules of a play: all of a kind, or some of them, always the same.

use std::panic::resume_unwind;
use std::thread;
use std::time::Instant;

use eclips_tests::sim::{Fault, Order, Plan, Sim, witness};
use tokio::runtime::Builder;

use super::cast::Cast;
use super::play::{Meanwhile, Play, Played, Schedule};
use super::promises::is_crash;

/// Schedules in one world; then a fresh one, because the engine slows down with what it holds.
const SCHEDULES_PER_WORLD: usize = 40;
/// Somebody looks at a batch in the middle of a port call of somebody else's: two roads through the SDK lie on one stack, and
/// those of a test build are wide.
const STACK_BYTES: usize = 16 * 1024 * 1024;
/// How far apart what is sampled lies; a prime, so that nothing is left out regularly.
const STRIDE: usize = 7_919;

/// Plays schedules and counts them.
pub struct Explorer {
    play: Play,
    schedules: usize,
    began: Instant,
}

impl Explorer {
    pub fn of(play: Play) -> Self {
        Self {
            play,
            schedules: 0,
            began: Instant::now(),
        }
    }

    pub fn say(&self) {
        let seconds = self.began.elapsed().as_secs_f64();
        println!("{:?}: {} schedules in {seconds:.1} s", self.play, self.schedules);
    }

    /// Plays some schedules.
    pub fn explore(&mut self, schedules: &[Schedule]) -> Vec<Played> {
        let (play, mut played) = (self.play, Vec::with_capacity(schedules.len()));
        for some in schedules.chunks(SCHEDULES_PER_WORLD) {
            let world = move || in_a_world(play, some);
            let ended = thread::scope(|scope| {
                let thread = thread::Builder::new().stack_size(STACK_BYTES);
                thread.spawn_scoped(scope, world).expect("there are threads").join()
            });
            played.extend(ended.unwrap_or_else(|broken| resume_unwind(broken)));
        }
        self.schedules += schedules.len();
        played
    }

    /// A schedule, with every single fault and with at most so many pairs.
    pub fn singles_and_pairs(&mut self, base: &Schedule, pairs_max: usize) {
        let plans = singles(&self.first(base));
        let schedules: Vec<Schedule> = plans.iter().map(|plan| with(base, plan)).collect();
        let played = self.explore(&schedules);
        let mut pairs = Vec::new();
        for (plan, Played { calls, .. }) in plans.iter().zip(played) {
            let (first, fault) = plan[0];
            if fault == Fault::Conflict || pairs_max == 0 {
                continue;
            }
            for (second, call) in calls.iter().enumerate().skip(first + 1) {
                let others = call.harsh().iter();
                pairs.extend(others.map(|other| with(base, &[(first, fault), (second, *other)])));
            }
        }
        self.explore(&sample(pairs, pairs_max));
    }

    /// At most so many single faults.
    pub fn some_singles(&mut self, faults_max: usize) {
        self.disturb(&[Schedule::default()], faults_max);
    }

    /// Somebody else acts at every port call; and the same with at most so many single faults, at any port call, the
    /// other's own among them.
    pub fn meanwhile(&mut self, what: Meanwhile, faults_max: usize) {
        let at_each = self.first(&Schedule::default()).numbers();
        let bases: Vec<Schedule> = at_each
            .map(|at| Schedule {
                meanwhile: Some((at, what)),
                ..Schedule::default()
            })
            .collect();
        self.disturb(&bases, faults_max);
    }

    /// Two act at once: every order in which they change places once, at most so many in which they do so twice, and of the
    /// rest at most so many: three times, and twice with a single fault.
    pub fn orders(&mut self, twice_max: usize, others_max: usize) {
        let numbers = self.first(&Schedule::default()).numbers();
        let in_order = |switches: &[usize]| Schedule {
            order: Order {
                switches: switches.to_vec(),
                standstill: None,
            },
            ..Schedule::default()
        };
        let once: Vec<Schedule> = numbers.clone().map(|at| in_order(&[at])).collect();
        let played = self.explore(&once);
        let (mut twice, mut thrice) = (Vec::new(), Vec::new());
        for (first, Played { calls, .. }) in numbers.zip(played) {
            for second in first + 1..calls.len() {
                twice.push(in_order(&[first, second]));
                thrice.extend((second + 1..calls.len()).map(|third| in_order(&[first, second, third])));
            }
        }
        self.disturb(&sample(twice, twice_max), others_max);
        self.explore(&sample(thrice, others_max));
    }

    /// Two have the same message, and one of them dies or stands still at a port call, for less than a lease, for somewhat
    /// more or for long: every one of these, and at most so many of them with a single fault beside.
    pub fn successions(&mut self, faults_max: usize) {
        let played = self.first(&Schedule::default());
        let mut bases = Vec::new();
        for at in played.numbers() {
            bases.extend([20_000, 40_000, 120_000].map(|ms| Schedule {
                order: Order {
                    switches: vec![],
                    standstill: Some((at, ms)),
                },
                ..Schedule::default()
            }));
            let crashes = played.calls[at].faults().iter().filter(|fault| is_crash(**fault));
            bases.extend(crashes.map(|fault| with(&Schedule::default(), &[(at, *fault)])));
        }
        self.disturb(&bases, faults_max);
    }

    /// Plays schedules, and at most so many of them with a single fault more.
    fn disturb(&mut self, bases: &[Schedule], faults_max: usize) {
        let played = self.explore(bases);
        let mut disturbed = Vec::new();
        for (base, played) in bases.iter().zip(&played) {
            for plan in singles(played) {
                if base.faults.iter().all(|(at, _)| *at != plan[0].0) {
                    disturbed.push(with(base, &plan));
                }
            }
        }
        self.explore(&sample(disturbed, faults_max));
    }

    fn first(&mut self, schedule: &Schedule) -> Played {
        let played = self.explore(std::slice::from_ref(schedule)).pop();
        played.expect("one was played")
    }
}

fn in_a_world(play: Play, schedules: &[Schedule]) -> Vec<Played> {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build();
    let _ears = witness::watch();
    runtime.unwrap().block_on(async {
        let cast = Cast::gather(Sim::begin().await).await;
        let mut played = Vec::with_capacity(schedules.len());
        for schedule in schedules {
            played.push(play.out(&cast, schedule).await);
        }
        played
    })
}

fn with(base: &Schedule, faults: &[(usize, Fault)]) -> Schedule {
    let mut schedule = base.clone();
    schedule.faults.extend_from_slice(faults);
    schedule
}

/// Every fault at every call that the play is about.
fn singles(played: &Played) -> Vec<Plan> {
    let faults = |at: usize| played.calls[at].faults().iter().map(move |fault| vec![(at, *fault)]);
    played.numbers().flat_map(faults).collect()
}

/// All, or so many of them from all over.
fn sample(all: Vec<Schedule>, at_most: usize) -> Vec<Schedule> {
    if all.len() <= at_most {
        return all;
    }
    let places = (0..all.len()).map(|step| step * STRIDE % all.len());
    places.take(at_most).map(|at| all[at].clone()).collect()
}
