//! What happens in the schedule of a batch.

use std::sync::Arc;

use eclips_shared::ids::{BatchId, RunId};
use eclips_tests::sim::Call;
use futures_util::FutureExt;
use serde_json::Value;

use super::super::cast::Process;
use super::super::onlooker::Onlooker;
use super::super::people;
use super::super::play::{Play, Played};
use super::super::promises::{self, batch};
use super::super::rows;
use super::super::work::{self, Counting, Course, Matter, Until};
use super::Act;

impl Act<'_> {
    /// Plays to the end and checks the promises.
    ///
    /// *Errors*: which promise is broken, and by what.
    pub(super) async fn play_batch(&self) -> Result<Played, String> {
        let played = self.play_out().await;
        // What was seen on the way is why the rest went wrong.
        played.map_err(|broken| self.onlooker().broken().unwrap_or(broken))
    }

    async fn play_out(&self) -> Result<Played, String> {
        let sim = &self.cast.sim;
        match self.play {
            Play::BatchTwice => self.play_twice().await,
            Play::BatchApproved | Play::BatchWithdrawn => self.play_rows_triage().await,
            Play::BatchRaced => {
                sim.plan(vec![]);
                let batch = self.make_batch().await?;
                // Its message is read, and its rows are queued.
                self.cast.dispatch().await;
                self.cast.look(Process::One).await;
                self.plan(None);
                let worker = work::alone(self.cast, Matter::Batch(batch), self.course(Until::Ended));
                let other = self.cancel_batch(Process::Other).map(|()| Ok(None));
                let [worked, _] = sim.both([worker.boxed_local(), other.boxed_local()]).await;
                worked?;
                self.end_batch(batch, None).await
            }
            Play::BatchDoubled => {
                self.plan(None);
                let batch = self.make_batch().await?;
                self.cast.dispatch().await;
                let from = sim.calls().len();
                sim.double_messages();
                work::together(self.cast, Matter::Batch(batch), Until::Ended).await?;
                let Played { calls, .. } = self.end_batch(batch, None).await?;
                Ok(Played { from, calls })
            }
            _ => {
                self.plan(None);
                let batch = self.make_batch().await?;
                // How it is accepted is another play's.
                let from = sim.calls().len();
                work::alone(self.cast, Matter::Batch(batch), self.course(Until::Ended)).await?;
                let Played { calls, .. } = self.end_batch(batch, None).await?;
                Ok(Played { from, calls })
            }
        }
    }

    /// Two send the same batch under the same name at once; what follows has no fault.
    async fn play_twice(&self) -> Result<Played, String> {
        let sim = &self.cast.sim;
        self.plan(None);
        let (both, body) = ([Process::One, Process::Other], self.play.body());
        let both = both.map(|process| people::create_batch(self.cast, process, &self.name, &body));
        let [one, other] = sim.both(both.map(FutureExt::boxed_local)).await;
        let calls = self.interlude();
        let (one, other) = (one.ok_or("no batch")?, other.ok_or("no batch")?);
        if one != other {
            return Err(format!("one name was answered with {one} and with {other}"));
        }
        let batch = id(&one)?;
        work::alone(self.cast, Matter::Batch(batch), self.course(Until::Ended)).await?;
        self.end_batch(batch, None).await?;
        Ok(Played { from: 0, calls })
    }

    /// A row waits for a person, without a fault; then somebody decides, or the batch is cancelled.
    async fn play_rows_triage(&self) -> Result<Played, String> {
        let sim = &self.cast.sim;
        sim.plan(vec![]);
        let batch = self.make_batch().await?;
        let settling = Course {
            counting: Counting::AtTheEnd,
            ..self.course(Until::Settled)
        };
        work::alone(self.cast, Matter::Batch(batch), settling).await?;
        self.cast.count(Process::One).await;
        let (run, triage) = rows::question(sim, batch).ok_or("no row waits for a person")?;
        self.plan(Some(&triage));
        if self.play == Play::BatchApproved {
            people::approve(self.cast, &triage, &self.approved).await;
        } else {
            self.cancel_batch(Process::One).await;
        }
        work::alone(self.cast, Matter::Batch(batch), self.course(Until::Ended)).await?;
        self.end_batch(batch, Some((run, &triage))).await
    }

    async fn make_batch(&self) -> Result<BatchId, String> {
        let job = people::create_batch(self.cast, Process::One, &self.name, &self.play.body()).await;
        id(&job.ok_or("no batch")?)
    }

    /// Its owner cancels the batch.
    pub(super) fn cancel_batch(&self, process: Process) -> impl Future<Output = ()> + Send + use<> {
        let (name, body) = (self.name.clone(), self.play.body());
        let (told, onlooker) = (self.cancelled.clone(), self.onlooker());
        people::cancel_batch(self.cast.clone(), process, name, body, told, onlooker)
    }

    fn onlooker(&self) -> Arc<Onlooker> {
        self.onlooker.clone().expect("a batch has an onlooker")
    }

    /// The play's own part is over: gives its port calls. What follows has no fault.
    fn interlude(&self) -> Vec<Call> {
        let sim = &self.cast.sim;
        let calls = sim.calls();
        self.log.lock().unwrap().get_or_insert_with(|| sim.log());
        sim.plan(vec![]);
        calls
    }

    /// Nothing more happens: counts what is left, and checks the promises.
    async fn end_batch(&self, batch: BatchId, asked: Option<(RunId, &str)>) -> Result<Played, String> {
        let (cast, sim) = (self.cast, &self.cast.sim);
        let calls = self.interlude();
        cast.count(Process::One).await;
        let last = self.onlooker().end()?;
        if last.rows.batch != batch {
            return Err(format!("{batch} was told of, and {:?} was made", last.rows));
        }
        let told = self.cancelled.lock().unwrap().clone();
        batch::ended(&last, self.play.end(), told.as_ref())?;
        let (runs, ending) = (last.rows.ids(), self.ending(None));
        for run in &runs {
            promises::check(sim, *run, &ending)?;
        }
        promises::answers(sim, &runs, &ending)?;
        promises::counted(sim, &runs)?;
        if let Some((run, triage)) = asked {
            let told = [("approved", &self.approved), ("rejected", &self.rejected)];
            let told = told.map(|(wish, told)| (wish, told.lock().unwrap().clone()));
            promises::one_end(sim, run, triage, &told)?;
        }
        Ok(Played { from: 0, calls })
    }
}

fn id(job: &Value) -> Result<BatchId, String> {
    let id = job["id"].as_str().and_then(BatchId::parse);
    id.ok_or_else(|| format!("a batch without an id: {job}"))
}
