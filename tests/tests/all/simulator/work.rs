//! How the world goes on: workers take messages, the sweep takes dead letters and looks every minute, until nothing is left to
//! happen.

use std::time::Duration;

use eclips_shared::ids::{BatchId, RunId};
use eclips_tests::sim::{Fault, now};
use futures_util::FutureExt;

use super::cast::{Cast, Process};
use super::promises;
use super::rows::Rows;

/// Messages and sweeps until a run must have ended.
const STEPS_MAX: usize = 120;
const MINUTE: Duration = Duration::from_secs(60);

/// What goes on.
#[derive(Clone, Copy, Debug)]
pub struct Course {
    /// When it is over.
    pub until: Until,
    /// Whether the stream's second reader counts after every step, or only at the end.
    pub counting: Counting,
    /// What befalls every look of a worker: so many calls after its beginning.
    pub poison: Option<(usize, Fault)>,
}

/// What is worked on.
#[derive(Clone, Copy, Debug)]
pub enum Matter {
    Run(RunId),
    Batch(BatchId),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Until {
    /// The run has ended, or waits for a person; of a batch, every row.
    Settled,
    /// The run has ended, or the batch.
    Ended,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Counting {
    EveryStep,
    AtTheEnd,
}

/// One worker takes messages until there are none and the run or batch waits for nobody; gives the port calls before the
/// first dead letter was read.
///
/// *Errors*: it goes on for ever.
pub async fn alone(cast: &Cast, matter: Matter, course: Course) -> Result<Option<usize>, String> {
    let (sim, mut before_letters) = (&cast.sim, None);
    for _ in 0..STEPS_MAX {
        read_stream(cast, matter, course.counting).await;
        if let Some((after, fault)) = course.poison {
            sim.ambush(after, fault);
        }
        let has_looked = cast.look(Process::One).await;
        sim.disarm();
        if has_looked {
            continue;
        }
        if let Some(letter) = cast.letter() {
            before_letters.get_or_insert(sim.calls().len());
            cast.bury(letter).await;
            continue;
        }
        match sim.next_message_at() {
            Some(at) => tokio::time::sleep(left(at.ms() - now().ms())).await,
            None if is_over(cast, matter, course.until) => return Ok(before_letters),
            None => {
                // The minute's sweep; before 90 s it finds nothing, and then whatever was lost.
                tokio::time::sleep(MINUTE).await;
                cast.sweep().await;
            }
        }
    }
    Err("it goes on for ever".to_owned())
}

/// Two workers take messages at once, in the order of the schedule.
///
/// *Errors*: as [`alone`].
pub async fn together(cast: &Cast, matter: Matter, until: Until) -> Result<(), String> {
    let workers = [Process::One, Process::Other].map(|process| one_of_two(cast, matter, until, process).boxed_local());
    let [one, other] = cast.sim.both(workers).await;
    one.and(other)
}

async fn one_of_two(cast: &Cast, matter: Matter, until: Until, process: Process) -> Result<(), String> {
    for _ in 0..STEPS_MAX {
        if process == Process::One {
            read_stream(cast, matter, Counting::AtTheEnd).await;
        }
        if cast.look(process).await {
            continue;
        }
        if let Some(letter) = cast.letter() {
            cast.bury(letter).await;
            continue;
        }
        match cast.sim.next_message_at() {
            None if is_over(cast, matter, until) => return Ok(()),
            Some(at) if at <= now().plus_ms(60_000) => tokio::time::sleep(left(at.ms() - now().ms())).await,
            _ => {
                tokio::time::sleep(MINUTE).await;
                if process == Process::One {
                    cast.sweep().await;
                }
            }
        }
    }
    Err("it goes on for ever".to_owned())
}

fn left(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0) + 1)
}

/// What the stream's readers do between two steps. A run's one hint has been sent, or was lost; a batch's rows have theirs.
async fn read_stream(cast: &Cast, matter: Matter, counting: Counting) {
    if let Matter::Batch(_) = matter {
        cast.dispatch().await;
    }
    if counting == Counting::EveryStep {
        cast.count(Process::One).await;
    }
}

fn is_over(cast: &Cast, matter: Matter, until: Until) -> bool {
    let has_settled = |status: String| match until {
        Until::Settled => !matches!(status.as_str(), "queued" | "running"),
        Until::Ended => !matches!(status.as_str(), "queued" | "running" | "pending_triage"),
    };
    match matter {
        Matter::Run(run) => has_settled(promises::status(&cast.sim, run)),
        Matter::Batch(batch) => {
            let Some(rows) = Rows::of(&cast.sim, batch) else {
                return false;
            };
            let mut runs = rows.ids().into_iter();
            let is_settled = runs.all(|run| has_settled(promises::status(&cast.sim, run)));
            is_settled && (rows.has_ended() || until == Until::Settled && rows.is_whole())
        }
    }
}
