//! Every minute: the open runs and batches that are due, oldest first, each with what it waits for. What fails, fails alone and is due
//! again in a minute.
//!
//! A hint is sent before its run is put off. A crash in between doubles hints, which harms nothing; the other way round it
//! would lose them.

use eclips_shared::ids::{BatchId, RunId, TriageId};
use eclips_shared::queue::{Hint, Line, Subject};
use eclips_shared::store::{DueRun, Expired, PARTITIONS, StoreError, WaitsFor};
use eclips_shared::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Timestamp};
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use serde::Serialize;

use crate::Sweeper;

/// Runs of one partition in one sweep; 1 000 in all. *Source*: our choice, a few seconds of work.
const RUNS_MAX: i32 = 250;
/// Runs that are looked at together, and how many calls for them are under way at once.
const TOGETHER: usize = 50;
const CALLS_AT_ONCE: usize = 16;
/// What these take at the most when every call takes its 2 s: 4 looks, 4 writes and 7 batches of hints in sequence; batches are no
/// more, 4 times a look, a hint and a write.
const TOGETHER_MS: i64 = 30 * SECOND_MS;
/// When a run that got its hint is looked at again: queued behind others it may wait long, and a second hint helps none.
const QUEUED_AGAIN_MS: i64 = 5 * MINUTE_MS;
/// The same for a run whose worker was lost.
const LOST_AGAIN_MS: i64 = 2 * MINUTE_MS;
/// When a held run is looked at again, counted from the end of its lease.
const HELD_AGAIN_MS: i64 = MINUTE_MS;
/// When a run that cannot be read, or waits for nothing, is looked at again.
const CORRUPT_AGAIN_MS: i64 = HOUR_MS;
/// An open run of this age that waits for no person is one that an operator has to look at.
const OVERDUE_MS: i64 = DAY_MS;

/// What a sweep did. *Shape*: the function's answer to the schedule, and its log line.
#[derive(Debug, Default, Serialize)]
pub struct Swept {
    /// Runs, batches and deliveries that were due by the index.
    due: usize,
    /// Hints sent.
    hinted: usize,
    /// Runs that are looked at again later.
    put_off: usize,
    /// Decisions that nobody made in time.
    expired: usize,
    /// Runs, and partitions of the index, for which something failed.
    failed: usize,
    /// Due runs for which no time was left.
    left: usize,
    #[serde(skip)]
    overdue: Overdue,
}

/// The runs that are open for too long.
#[derive(Debug, Default)]
struct Overdue {
    runs: usize,
    oldest: Option<(Timestamp, RunId)>,
}

/// What is done about a due run.
#[derive(PartialEq, Eq, Debug)]
enum Next {
    /// A hint is sent, and the run put off.
    Hint(Timestamp),
    /// It is put off.
    PutOff(Timestamp),
    /// Its decision expires.
    Expire(TriageId),
}

fn next(due: &DueRun, now: Timestamp) -> Next {
    match due.waits_for {
        WaitsFor::AFirstWorker => {
            // The longer it waits, the likelier that it waits behind others and its hint is not lost at all.
            let age_ms = now.ms() - due.created_at.ms();
            Next::Hint(now.plus_ms(QUEUED_AGAIN_MS.max(age_ms)))
        }
        WaitsFor::AnotherWorker => Next::Hint(now.plus_ms(LOST_AGAIN_MS)),
        WaitsFor::ItsWorker { lease_until } => Next::PutOff(lease_until.plus_ms(HELD_AGAIN_MS)),
        WaitsFor::ADecision { triage } => Next::Expire(triage),
    }
}

impl Sweeper {
    /// Looks at what is due, as far as the time allows.
    pub async fn sweep(&self, deadline: Timestamp) -> Swept {
        // Beside one another: neither a flood of deliveries nor one of runs is to take the other's minute.
        let (mut swept, hinted) = tokio::join!(self.sweep_runs(deadline), self.hint_deliveries(deadline));
        swept.due += hinted.due;
        swept.hinted += hinted.hinted;
        swept.put_off += hinted.put_off;
        swept.failed += hinted.failed;
        self.log(&swept);
        swept
    }

    async fn sweep_runs(&self, deadline: Timestamp) -> Swept {
        let mut swept = Swept::default();
        let due = self.due(&mut swept).await;
        swept.due = due.len();
        for (at, together) in due.chunks(TOGETHER).enumerate() {
            if (self.now)().plus_ms(TOGETHER_MS) > deadline {
                swept.left = due.len() - at * TOGETHER;
                break;
            }
            self.look(together, &mut swept).await;
            self.look_at_batches(together, &mut swept).await;
        }
        swept
    }

    /// What is due by the index, oldest first.
    async fn due(&self, swept: &mut Swept) -> Vec<Subject> {
        let (sweeps, now) = (self.store.sweeps(), (self.now)());
        let pages = join_all((0..PARTITIONS).map(|partition| sweeps.due(partition, now, RUNS_MAX))).await;
        let mut due = Vec::new();
        for page in pages {
            match page {
                Ok(runs) => due.extend(runs),
                Err(error) => {
                    error.log();
                    swept.failed += 1;
                }
            }
        }
        due.sort_unstable();
        due.into_iter().map(|(_, subject)| subject).collect()
    }

    /// Has each due batch looked at by a worker: it may have rows without runs, open rows although it is cancelled, or only
    /// ended ones.
    async fn look_at_batches(&self, due: &[Subject], swept: &mut Swept) {
        let batches: Vec<BatchId> = due
            .iter()
            .filter_map(|subject| match subject {
                Subject::Batch(batch) => Some(*batch),
                _ => None,
            })
            .collect();
        let looks = stream::iter(batches).map(|batch| async move { (batch, self.look_at_batch(batch).await) });
        let looked: Vec<_> = looks.buffer_unordered(CALLS_AT_ONCE).collect().await;
        for (batch, looked) in looked {
            match looked {
                Ok(is_hinted) => {
                    swept.hinted += usize::from(is_hinted);
                    swept.put_off += usize::from(is_hinted);
                }
                Err(error) => {
                    swept.failed += 1;
                    error.log();
                    tracing::warn!(batch_id = %batch, "a due batch is looked at again later");
                }
            }
        }
    }

    /// Sends a batch's hint and puts it off; says whether that was due.
    async fn look_at_batch(&self, batch: BatchId) -> Result<bool, StoreError> {
        let (sweeps, now, subject) = (self.store.sweeps(), (self.now)(), Subject::Batch(batch));
        let due = match sweeps.look_at_batch(batch, now).await {
            Ok(Some(due)) => due,
            Ok(None) => return Ok(false),
            Err(error @ StoreError::Corrupt { .. }) => {
                // Whether it worked is seen in a minute.
                let _ = sweeps.set_aside(subject, now, now.plus_ms(CORRUPT_AGAIN_MS)).await;
                return Err(error);
            }
            Err(error) => return Err(error),
        };
        let hint = Hint::of(subject, due.tenant, Line::Runs);
        if !self.queues.send(&[hint]).await.is_empty() {
            return Err(StoreError::Unavailable {
                call: "send message",
                cause: "refused".to_owned(),
            });
        }
        // The longer it is open, the likelier that it waits for models or persons and for nobody's hint.
        let age_ms = now.ms() - due.created_at.ms();
        match sweeps
            .put_off_batch(&due, now.plus_ms(LOST_AGAIN_MS.max(age_ms / 2)))
            .await
        {
            // It ended, was cancelled or was put off by another sweep: somebody looks after it.
            Ok(()) | Err(StoreError::Lost) => Ok(true),
            Err(error) => Err(error),
        }
    }

    async fn look(&self, due: &[Subject], swept: &mut Swept) {
        let now = (self.now)();
        let runs: Vec<RunId> = due
            .iter()
            .filter_map(|subject| match subject {
                Subject::Run(run) => Some(*run),
                _ => None,
            })
            .collect();
        let looks = stream::iter(runs).map(|run| async move { (run, self.store.sweeps().look(run, now).await) });
        let looks: Vec<_> = looks.buffer_unordered(CALLS_AT_ONCE).collect().await;
        let (mut hints, mut hinted, mut put_off, mut expiring) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut failed = Vec::new();
        for (run, look) in looks {
            let due = match look {
                Ok(Some(due)) => due,
                // The index comes after the run: it has ended or was put off.
                Ok(None) => continue,
                Err(error) => {
                    failed.push((run, error));
                    continue;
                }
            };
            swept.overdue.note(&due, now);
            match next(&due, now) {
                Next::Hint(again) => {
                    hints.push(Hint::of(Subject::Run(run), due.tenant, Line::of(due.priority)));
                    hinted.push((due, again));
                }
                Next::PutOff(again) => put_off.push((due, again)),
                Next::Expire(triage) => expiring.push((due, triage)),
            }
        }
        let refused = self.queues.send(&hints).await;
        swept.hinted += hints.len() - refused.len();
        swept.failed += refused.len();
        let sent = hinted.into_iter().enumerate();
        put_off.extend(sent.filter(|(at, _)| !refused.contains(at)).map(|(_, due)| due));
        self.put_off(put_off, swept).await;
        self.expire(expiring, swept).await;
        self.failed(failed, swept).await;
    }

    async fn put_off(&self, runs: Vec<(DueRun, Timestamp)>, swept: &mut Swept) {
        let writes = stream::iter(runs).map(|(due, again)| async move {
            let written = self.store.sweeps().put_off(&due, again).await;
            (due.run, written)
        });
        let written: Vec<_> = writes.buffer_unordered(CALLS_AT_ONCE).collect().await;
        let mut failed = Vec::new();
        for (run, written) in written {
            match written {
                Ok(()) => swept.put_off += 1,
                // It took a step meanwhile: whoever did that is alive.
                Err(StoreError::Lost) => {}
                Err(error) => failed.push((run, error)),
            }
        }
        self.failed(failed, swept).await;
    }

    async fn expire(&self, runs: Vec<(DueRun, TriageId)>, swept: &mut Swept) {
        let expiring = stream::iter(runs).map(|(due, triage)| async move {
            let expired = self.store.triages().expire(triage, (self.now)()).await;
            (due, expired)
        });
        let expired: Vec<_> = expiring.buffer_unordered(CALLS_AT_ONCE).collect().await;
        let (mut not_yet, mut undecided, mut failed) = (Vec::new(), Vec::new(), Vec::new());
        for (due, expired) in expired {
            match expired {
                Ok(Expired::Now) => swept.expired += 1,
                Ok(Expired::NotYet { expires_at }) => not_yet.push((due, expires_at)),
                Ok(Expired::Before(_) | Expired::Gone) => undecided.push(due.run),
                // Somebody decided or cancelled in this moment.
                Err(StoreError::Lost) => {}
                Err(error) => failed.push((due.run, error)),
            }
        }
        self.put_off(not_yet, swept).await;
        self.undecided(undecided, swept).await;
        self.failed(failed, swept).await;
    }

    /// Runs wait for a decision that was made, or cannot be made any more. One that was made in this moment is not due any
    /// more; any other has lost its item, and an operator has to look.
    async fn undecided(&self, runs: Vec<RunId>, swept: &mut Swept) {
        for run in self.set_aside(runs).await {
            swept.failed += 1;
            tracing::error!(alarm = "corrupt_record", run_id = %run, "a run waits for a decision that is not to come");
        }
    }

    /// Notes what failed, and takes the runs out of the others' way that will fail again.
    async fn failed(&self, runs: Vec<(RunId, StoreError)>, swept: &mut Swept) {
        swept.failed += runs.len();
        let mut corrupt = Vec::new();
        for (run, error) in runs {
            if matches!(error, StoreError::Corrupt { .. }) {
                tracing::error!(alarm = "corrupt_record", run_id = %run, %error, "a due run cannot be read");
                corrupt.push(run);
            } else {
                tracing::warn!(run_id = %run, %error, "a due run is looked at again in a minute");
            }
        }
        self.set_aside(corrupt).await;
    }

    /// Takes runs out of the others' way for a while; gives those that were still due.
    async fn set_aside(&self, runs: Vec<RunId>) -> Vec<RunId> {
        let (sweeps, now) = (self.store.sweeps(), (self.now)());
        let again = now.plus_ms(CORRUPT_AGAIN_MS);
        let writes = stream::iter(runs).map(|run| {
            let sweeps = &sweeps;
            async move { (run, sweeps.set_aside(Subject::Run(run), now, again).await) }
        });
        let written: Vec<_> = writes.buffer_unordered(CALLS_AT_ONCE).collect().await;
        let still_due = written.into_iter().filter_map(|(run, written)| match written {
            Ok(()) => Some(run),
            Err(StoreError::Lost) => None,
            Err(error) => {
                tracing::warn!(run_id = %run, %error, "a run stays in the others' way");
                None
            }
        });
        still_due.collect()
    }

    fn log(&self, swept: &Swept) {
        let store_calls = self.store.take_calls();
        if swept.due == 0 && swept.failed == 0 {
            // Most minutes are like this.
            return;
        }
        tracing::info!(
            due = swept.due,
            hinted = swept.hinted,
            put_off = swept.put_off,
            expired = swept.expired,
            failed = swept.failed,
            left = swept.left,
            store_calls,
            "swept"
        );
        if let Some((created_at, run)) = swept.overdue.oldest {
            tracing::error!(
                alarm = "overdue_runs",
                runs = swept.overdue.runs,
                oldest = %run,
                %created_at,
                "runs are open for more than a day"
            );
        }
    }
}

impl Overdue {
    fn note(&mut self, due: &DueRun, now: Timestamp) {
        let waits_for_a_person = matches!(due.waits_for, WaitsFor::ADecision { .. });
        if waits_for_a_person || due.created_at.plus_ms(OVERDUE_MS) > now {
            return;
        }
        self.runs += 1;
        let this = (due.created_at, due.run);
        self.oldest = Some(self.oldest.map_or(this, |oldest| oldest.min(this)));
    }
}
