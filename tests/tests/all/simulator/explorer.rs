//! Explores the schedules of a play: all of a kind, or some of them, always the same.

use std::time::Instant;

use eclips_tests::sim::{Fault, Order, Plan, Sim, witness};
use tokio::runtime::Builder;

use super::cast::Cast;
use super::play::{Meanwhile, Play, Played, Schedule};

/// Schedules in one world; then a fresh one, because the engine slows down with what it holds.
const SCHEDULES_PER_WORLD: usize = 40;
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
        let mut played = Vec::with_capacity(schedules.len());
        for some in schedules.chunks(SCHEDULES_PER_WORLD) {
            let runtime = Builder::new_current_thread()
                .enable_all()
                .start_paused(true)
                .build()
                .unwrap();
            let _ears = witness::watch();
            runtime.block_on(async {
                let cast = Cast::gather(Sim::begin().await).await;
                for schedule in some {
                    played.push(self.play.out(&cast, schedule).await);
                }
            });
        }
        self.schedules += schedules.len();
        played
    }

    /// A schedule, with every single fault and with at most so many pairs.
    pub fn singles_and_pairs(&mut self, base: &Schedule, pairs_max: usize) {
        let Played { from, calls } = self.explore(std::slice::from_ref(base))[0];
        let plans = singles(from..calls);
        let singles: Vec<Schedule> = plans.iter().map(|plan| with(base, plan)).collect();
        let played = self.explore(&singles);
        let mut pairs = Vec::new();
        for (plan, played) in plans.iter().zip(played) {
            let (first, fault) = plan[0];
            if fault == Fault::Conflict {
                continue;
            }
            for second in first + 1..played.calls {
                pairs.extend(Fault::HARSH.map(|other| with(base, &[(first, fault), (second, other)])));
            }
        }
        self.explore(&sample(pairs, pairs_max));
    }

    /// Somebody else acts at every port call; and the same with at most so many single faults, at any port call, of which
    /// the other's own are so many.
    pub fn meanwhile(&mut self, what: Meanwhile, own_calls: usize, faults_max: usize) {
        let Played { from, calls } = self.explore(&[Schedule::default()])[0];
        let (mut undisturbed, mut disturbed) = (Vec::new(), Vec::new());
        for at in from..calls {
            let base = Schedule {
                meanwhile: Some((at, what)),
                ..Schedule::default()
            };
            disturbed.extend(singles(from..calls + own_calls).iter().map(|plan| with(&base, plan)));
            undisturbed.push(base);
        }
        self.explore(&undisturbed);
        self.explore(&sample(disturbed, faults_max));
    }

    /// Two act at once: every order in which they change places once or twice, at most so many in which they do so three
    /// times, and at most so many of the first with a single fault.
    pub fn orders(&mut self, others_max: usize) {
        let Played { from, calls } = self.explore(&[Schedule::default()])[0];
        let in_order = |switches: &[usize]| Schedule {
            order: Order {
                switches: switches.to_vec(),
                standstill: None,
            },
            ..Schedule::default()
        };
        let once: Vec<Schedule> = (from..calls).map(|at| in_order(&[at])).collect();
        let played = self.explore(&once);
        let (mut twice, mut thrice, mut disturbed) = (Vec::new(), Vec::new(), Vec::new());
        for (first, Played { calls, .. }) in (from..).zip(played) {
            for second in first + 1..calls {
                let base = in_order(&[first, second]);
                disturbed.extend(singles(from..calls).iter().map(|plan| with(&base, plan)));
                twice.push(base);
                thrice.extend((second + 1..calls).map(|third| in_order(&[first, second, third])));
            }
        }
        self.explore(&twice);
        self.explore(&sample(thrice, others_max));
        self.explore(&sample(disturbed, others_max));
    }

    /// Two have the same message, and one of them dies or stands still at a port call, for less than a lease, for somewhat
    /// more or for long: every one of these, and at most so many of them with a single fault beside.
    pub fn successions(&mut self, faults_max: usize) {
        let Played { from, calls } = self.explore(&[Schedule::default()])[0];
        let mut bases = Vec::new();
        for at in from..calls {
            bases.extend([20_000, 40_000, 120_000].map(|ms| Schedule {
                order: Order {
                    switches: vec![],
                    standstill: Some((at, ms)),
                },
                ..Schedule::default()
            }));
            bases.extend(
                [Fault::CrashBefore, Fault::CrashAfter].map(|fault| with(&Schedule::default(), &[(at, fault)])),
            );
        }
        let played = self.explore(&bases);
        let mut disturbed = Vec::new();
        for (base, played) in bases.iter().zip(played) {
            for plan in singles(from..played.calls) {
                if base.faults.iter().all(|(at, _)| *at != plan[0].0) {
                    disturbed.push(with(base, &plan));
                }
            }
        }
        self.explore(&sample(disturbed, faults_max));
    }
}

fn with(base: &Schedule, faults: &[(usize, Fault)]) -> Schedule {
    let mut schedule = base.clone();
    schedule.faults.extend_from_slice(faults);
    schedule
}

fn singles(calls: std::ops::Range<usize>) -> Vec<Plan> {
    calls
        .flat_map(|at| Fault::ALL.iter().map(move |fault| vec![(at, *fault)]))
        .collect()
}

/// All, or so many of them from all over.
fn sample(all: Vec<Schedule>, at_most: usize) -> Vec<Schedule> {
    if all.len() <= at_most {
        return all;
    }
    let places = (0..all.len()).map(|step| step * STRIDE % all.len());
    places.take(at_most).map(|at| all[at].clone()).collect()
}
