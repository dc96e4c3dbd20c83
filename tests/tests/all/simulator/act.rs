//! What happens in a schedule: a client makes a run and tries again until it is told so, the stream's readers read, workers
//! take messages, and so on until nothing is left to happen; then the promises are checked.

mod batch;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use eclips_shared::ids::RunId;
use eclips_shared::time::{DAY_MS, Timestamp};
use eclips_tests::sim::{Call, Order, witness};
use serde_json::json;

use super::cast::{Cast, Process};
use super::onlooker::Onlooker;
use super::people::{self, Told};
use super::play::{Meanwhile, Play, Played, Poison, Schedule};
use super::promises::{self, Ending};
use super::work::{self, Course, Matter, Until};

/// How long a person has to decide, and how long an open breaker refuses. *Source*: contract §5, §10.
const TRIAGE_MS: i64 = 7 * DAY_MS;
const BREAKER: Duration = Duration::from_secs(301);
/// After so long a probe is forgotten. *Source*: `shared/src/store/conduct.rs`.
const PROBE: Duration = Duration::from_secs(17 * 60);

static NAMES: AtomicUsize = AtomicUsize::new(0);

/// A schedule that is being played.
pub struct Act<'a> {
    play: Play,
    cast: &'a Arc<Cast>,
    schedule: &'a Schedule,
    name: String,
    approved: Told,
    rejected: Told,
    cancelled: Told,
    seen: Arc<Mutex<Option<witness::Seen>>>,
    /// Of a batch.
    onlooker: Option<Arc<Onlooker>>,
    /// The port calls, for whoever reads of a broken promise.
    log: Mutex<Option<String>>,
}

impl<'a> Act<'a> {
    /// Clears the stage for a schedule.
    pub fn begin(play: Play, cast: &'a Arc<Cast>, schedule: &'a Schedule) -> Self {
        let sim = &cast.sim;
        sim.set_calendar();
        sim.clear_messages();
        promises::forget_totals(sim);
        if play.is_probe() {
            // As after five failures, long ago.
            let tenant = format!("T#{}#live", sim.org);
            sim.set(&tenant, "M", "breaker_center", &json!({ "S": "5.1" }));
        }
        sim.forget_records();
        witness::forget();
        Self {
            play,
            cast,
            schedule,
            name: format!("name-{}", NAMES.fetch_add(1, Ordering::Relaxed)),
            approved: Told::default(),
            rejected: Told::default(),
            cancelled: Told::default(),
            seen: Arc::default(),
            onlooker: play.is_batch().then(|| Onlooker::of(cast, schedule.salt())),
            log: Mutex::default(),
        }
    }

    /// Plays to the end and checks the promises.
    ///
    /// *Errors*: which promise is broken, and by what.
    pub async fn play(&self) -> Result<Played, String> {
        let (sim, play) = (&self.cast.sim, self.play);
        if play.is_batch() {
            return self.play_batch().await;
        }
        if matches!(play, Play::Decided | Play::Expired | Play::ExpiredForAll) {
            return self.play_triage().await;
        }
        self.plan(None);
        let run = people::create(self.cast, &self.name, &play.body()).await;
        let run = run.ok_or("no run")?;
        if play != Play::Undispatched {
            self.cast.dispatch().await;
        }
        let mut from = 0;
        if play.is_doubled() {
            from = sim.calls().len();
            sim.double_messages();
            work::together(self.cast, Matter::Run(run), Until::Settled).await?;
        } else {
            if self.schedule.poison == Some(Poison::Corrupt) {
                sim.set(&format!("R#{run}"), "M", "progress", &json!({ "S": "none" }));
            }
            let before_letters = work::alone(self.cast, Matter::Run(run), self.course(Until::Settled)).await?;
            from = before_letters.unwrap_or(from);
        }
        let calls = self.end(run, None).await?;
        if play.is_probe() {
            self.next_goes(run).await?;
        }
        Ok(Played { from, calls })
    }

    /// The port calls that the play is about, one a line.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone().unwrap_or_else(|| self.cast.sim.log())
    }

    /// A run waits for a person, without a fault; then somebody decides, or nobody in time.
    async fn play_triage(&self) -> Result<Played, String> {
        let (sim, play) = (&self.cast.sim, self.play);
        sim.plan(vec![]);
        let run = people::create(self.cast, &self.name, &play.body()).await;
        let run = run.ok_or("no run")?;
        self.cast.dispatch().await;
        work::alone(self.cast, Matter::Run(run), self.course(Until::Settled)).await?;
        let main = sim.items(&format!("R#{run}")).remove("M").expect("the run is there");
        let triage = main["triage_item_id"]["S"].as_str().expect("it waits").to_owned();

        if play == Play::Decided {
            self.plan(Some(&triage));
            people::approve(self.cast, &triage, &self.approved).await;
        } else {
            if play == Play::ExpiredForAll {
                let over = json!({ "N": Timestamp::now().plus_ms(-1).ms().to_string() });
                sim.set(&format!("Q#{triage}"), "M", "expires_at", &over);
                sim.set(&format!("R#{run}"), "M", "due_at", &over);
            }
            tokio::time::sleep(Duration::from_millis(TRIAGE_MS.unsigned_abs())).await;
            self.plan(Some(&triage));
            work::alone(self.cast, Matter::Run(run), self.course(Until::Ended)).await?;
        }
        let calls = self.end(run, Some(&triage)).await?;
        Ok(Played { from: 0, calls })
    }

    fn course(&self, until: Until) -> Course {
        Course {
            until,
            counting: self.play.counting(),
            poison: match self.schedule.poison {
                Some(Poison::Fault(after, fault)) => Some((after, fault)),
                Some(Poison::Corrupt) | None => None,
            },
        }
    }

    /// From here on port calls are counted, and what is planned happens.
    fn plan(&self, triage: Option<&str>) {
        let (sim, cast) = (&self.cast.sim, self.cast.clone());
        sim.plan(self.schedule.faults.clone());
        sim.interleave(self.schedule.order.clone());
        let Some((at, what)) = self.schedule.meanwhile else {
            return;
        };
        let item = triage.unwrap_or_default().to_owned();
        match what {
            Meanwhile::Cancel if self.play.is_batch() => {
                sim.meanwhile(at, Box::pin(self.cancel_batch(Process::Other)));
            }
            Meanwhile::Cancel => {
                let (name, body) = (self.name.clone(), self.play.body());
                let (told, seen) = (self.cancelled.clone(), self.seen.clone());
                sim.meanwhile(at, Box::pin(people::cancel(cast, name, body, told, seen)));
            }
            Meanwhile::Approve => {
                sim.meanwhile(
                    at,
                    Box::pin(people::decide(cast, item, "approve", self.approved.clone())),
                );
            }
            Meanwhile::Reject => {
                sim.meanwhile(
                    at,
                    Box::pin(people::decide(cast, item, "reject", self.rejected.clone())),
                );
            }
            Meanwhile::Count => sim.meanwhile(at, Box::pin(async move { cast.count(Process::Other).await })),
        }
    }

    /// Nothing more happens: counts what is left, and checks the promises. Gives the port calls until now.
    async fn end(&self, run: RunId, triage: Option<&str>) -> Result<Vec<Call>, String> {
        let sim = &self.cast.sim;
        let calls = sim.calls();
        *self.log.lock().unwrap() = Some(sim.log());
        sim.plan(vec![]);
        self.cast.count(Process::One).await;
        let ending = self.ending(*self.seen.lock().unwrap());
        promises::check(sim, run, &ending)?;
        promises::answers(sim, &[run], &ending)?;
        promises::counted(sim, &[run])?;
        if let Some(triage) = triage {
            let told = [
                ("approved", &self.approved),
                ("rejected", &self.rejected),
                ("cancelled", &self.cancelled),
            ];
            let told = told.map(|(wish, told)| (wish, told.lock().unwrap().clone()));
            promises::one_end(sim, run, triage, &told)?;
        }
        Ok(calls)
    }

    /// How the schedule ended; what had been seen when its run was cancelled, if it was.
    fn ending(&self, cancelled: Option<witness::Seen>) -> Ending {
        let schedule = self.schedule;
        let ambushed = match schedule.poison {
            Some(Poison::Fault(_, fault)) => promises::is_crash(fault),
            Some(Poison::Corrupt) | None => false,
        };
        Ending {
            seen: witness::seen(),
            cancelled,
            crashes: ambushed || schedule.faults.iter().any(|(_, fault)| promises::is_crash(*fault)),
            taken_over: schedule.order.standstill.is_some(),
            is_undisturbed: schedule.faults.is_empty() && schedule.order == Order::default(),
        }
    }

    /// A probe has ended: when the breaker's time is over, whatever became of it, the next run goes.
    ///
    /// A run that is cancelled between its taking of the probe and its claim is known for a probe to its worker alone. Where
    /// that one cannot say so, the next run has to wait until the probe is forgotten.
    async fn next_goes(&self, probe: RunId) -> Result<(), String> {
        promises::not_refused(&self.cast.sim, probe)?;
        tokio::time::sleep(BREAKER).await;
        let next = self.next("next").await?;
        let Err(refused) = promises::not_refused(&self.cast.sim, next) else {
            return promises::counted(&self.cast.sim, &[probe, next]);
        };
        if self.seen.lock().unwrap().is_none() || self.schedule.faults.is_empty() {
            return Err(refused);
        }
        tokio::time::sleep(PROBE).await;
        let last = self.next("last").await?;
        promises::not_refused(&self.cast.sim, last)?;
        promises::counted(&self.cast.sim, &[probe, next, last])
    }

    async fn next(&self, which: &str) -> Result<RunId, String> {
        let name = format!("{}-{which}", self.name);
        let run = people::create(self.cast, &name, &Play::Plain.body()).await;
        let run = run.ok_or("no next run")?;
        self.cast.dispatch().await;
        work::alone(self.cast, Matter::Run(run), self.course(Until::Settled)).await?;
        self.cast.count(Process::One).await;
        Ok(run)
    }
}
