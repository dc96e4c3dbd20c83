//! Somebody who looks at a batch after each write that changes anything of it, as its owner may: what each look is told, and
//! what the tables say at that moment, keeps the promises. A look is two reads, and the batch may move on between them: by
//! how many writes is another number from look to look and from schedule to schedule, always the same ones.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use eclips_shared::auth::{Mode, Tenant};
use eclips_shared::ids::BatchId;
use eclips_shared::page::Page;
use eclips_tests::sim::{Call, Look};
use serde_json::{Value, json};

use super::cast::Cast;
use super::promises::batch::{self, Known};
use super::rows::Rows;

/// How many changes come between the two reads of a look.
const SPANS: [usize; 6] = [0, 3, 1, 6, 2, 4];

/// The onlooker of a schedule.
pub struct Onlooker {
    cast: Weak<Cast>,
    notes: Mutex<Notes>,
}

#[derive(Default)]
struct Notes {
    /// Where in the spans it begins.
    salt: usize,
    /// The batches that writes have named, whether they were made or not.
    named: BTreeSet<BatchId>,
    rows: Option<Rows>,
    changes: usize,
    /// What was told so far.
    known: Known,
    under_way: Vec<UnderWay>,
    /// Whether the batch was cancelled when somebody looked at it, of each of two who act at once; nothing where that was
    /// not the last that was done.
    looked: [Option<bool>; 2],
    /// Who of them is cancelling.
    owner: Option<usize>,
    /// The first broken promise.
    broken: Option<String>,
}

/// What is seen when nothing happens any more.
pub struct Last {
    pub rows: Rows,
    /// The answer to a last question.
    pub answer: Value,
    /// The newest job of the list.
    pub listed: Value,
}

struct UnderWay {
    until: usize,
    /// What had been told when it began.
    known: Known,
    look: Look<Answer>,
}

type Answer = Result<Value, String>;

impl Onlooker {
    /// Looks from now on.
    pub fn of(cast: &Arc<Cast>, salt: usize) -> Arc<Self> {
        let onlooker = Arc::new(Self {
            cast: Arc::downgrade(cast),
            notes: Mutex::new(Notes {
                salt,
                ..Notes::default()
            }),
        });
        let eyes = onlooker.clone();
        let hear = move |who: usize, call: Call, request: &str| eyes.hear(who, call, request);
        cast.sim.watch(Some(Arc::new(hear)));
        onlooker
    }

    /// Whoever is on stage begins to cancel the batch.
    pub fn begin_cancelling(&self) {
        let cast = self.cast.upgrade().expect("the world is there");
        self.notes().owner = Some(cast.sim.who());
    }

    /// The cancellation has been answered, or given up.
    pub fn end_cancelling(&self, told: Option<&(u64, Value)>) {
        let mut notes = self.notes();
        notes.owner = None;
        notes.known.end = told.map(|(status, body)| match status {
            200 => "cancelled".to_owned(),
            _ => body["status"].as_str().unwrap_or_default().to_owned(),
        });
    }

    /// The first promise that was broken so far, and by what.
    pub fn broken(&self) -> Option<String> {
        self.notes().broken.clone()
    }

    /// Looks for the last time, and at the list of batches, of which this one is the newest.
    ///
    /// *Errors*: the first promise that was broken, and by what.
    pub fn end(&self) -> Result<Last, String> {
        let cast = self.cast.upgrade().expect("the world is there");
        cast.sim.watch(None);
        let mut notes = self.notes();
        notes.end_looks(usize::MAX);
        if let Some(broken) = &notes.broken {
            return Err(broken.clone());
        }
        let rows = notes.rows.clone().ok_or("no batch was made")?;
        let answer = look(&cast, rows.batch).end()?;
        batch::answer(&answer, &notes.known)?;
        let (store, tenant) = (cast.beside.clone(), tenant(&cast));
        let page = Page {
            limit: 1,
            offset: 0,
            after: None,
        };
        let listed = cast
            .sim
            .look(Box::pin(async move { store.batches().list(tenant, &page).await }));
        let (jobs, ..) = listed.end().map_err(|error| error.to_string())?;
        let listed = json!(jobs.first());
        Ok(Last { rows, answer, listed })
    }

    fn hear(&self, who: usize, call: Call, request: &str) {
        let Some(cast) = self.cast.upgrade() else { return };
        let mut notes = self.notes();
        if call == Call::Reads {
            notes.looks(who, request);
            return;
        }
        if request.contains("\"B#") || request.contains("\"R#") {
            let names = request.split("\"B#").skip(1).filter_map(|rest| rest.get(..36));
            notes.named.extend(names.filter_map(BatchId::parse));
            let made: Vec<Rows> = notes
                .named
                .iter()
                .filter_map(|batch| Rows::of(&cast.sim, *batch))
                .collect();
            if let Err(broken) = notes.change(&cast, who, &made) {
                notes.broken.get_or_insert(broken);
            }
        }
        if notes.owner != Some(who) {
            notes.looked[who] = None;
        }
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().expect("nothing panics while it holds this")
    }
}

impl Notes {
    /// A worker looks at the batch before it claims a row of it.
    fn looks(&mut self, who: usize, request: &str) {
        if self.owner != Some(who) {
            let is_look = request.contains("\"B#") && request.contains("{\"S\":\"M\"}");
            let is_cancelled = self.rows.as_ref().is_some_and(Rows::is_cancelled);
            self.looked[who] = is_look.then_some(is_cancelled);
        }
    }

    /// What the tables say now, after what they said before.
    fn change(&mut self, cast: &Cast, who: usize, made: &[Rows]) -> Result<(), String> {
        let now = match made {
            [] => return Ok(()),
            [now] if self.rows.as_ref() == Some(now) || self.broken.is_some() => return Ok(()),
            [now] => now,
            _ => return Err(format!("one name has made {made:?}")),
        };
        batch::state(now)?;
        if let Some(before) = self.rows.take() {
            batch::step(&before, now)?;
            let begun = before.begun().into_iter().zip(now.begun()).enumerate();
            for (row, _) in begun.filter(|(_, (before, now))| before != now) {
                if now.is_cancelled() {
                    self.slip(who, row)?;
                }
            }
        }
        let span = SPANS[(self.salt + self.changes) % SPANS.len()];
        self.look(cast, now.clone(), span);
        Ok(())
    }

    /// A row begins although its batch is cancelled. That may be where its worker's last call was a look at the batch and the
    /// cancellation came between this and the claim; what was told of the row holds no longer then.
    fn slip(&mut self, who: usize, row: usize) -> Result<(), String> {
        if self.looked[who] != Some(false) {
            return Err(format!("row {row} began after its batch was cancelled"));
        }
        self.known.forget(row);
        self.under_way.iter_mut().for_each(|look| look.known.forget(row));
        Ok(())
    }

    /// Begins a look that ends so many changes later, and ends those whose time has come.
    fn look(&mut self, cast: &Cast, rows: Rows, span: usize) {
        let look = look(cast, rows.batch);
        self.under_way.push(UnderWay {
            until: self.changes + span,
            known: self.known.clone(),
            look,
        });
        self.rows = Some(rows);
        self.end_looks(self.changes);
        self.changes += 1;
    }

    fn end_looks(&mut self, until: usize) {
        let due: Vec<UnderWay> = self.under_way.extract_if(.., |look| look.until <= until).collect();
        for UnderWay { known, look, .. } in due {
            let told = look
                .end()
                .and_then(|answer| batch::answer(&answer, &known).map(|()| answer));
            match told {
                Ok(answer) => self.known.learn(&answer),
                Err(broken) => {
                    self.broken.get_or_insert(broken);
                }
            }
        }
    }
}

/// Begins a look at a batch with its rows.
fn look(cast: &Cast, batch: BatchId) -> Look<Answer> {
    let (store, tenant) = (cast.beside.clone(), tenant(cast));
    cast.sim.look(Box::pin(async move {
        match store.batches().show(tenant, batch).await {
            Ok(Some((job, rows))) => Ok(json!({ "job": job, "rows": rows })),
            Ok(None) => Err("a batch that was there is gone".to_owned()),
            Err(error) => Err(format!("a look failed: {error}")),
        }
    }))
}

fn tenant(cast: &Cast) -> Tenant {
    Tenant {
        org: cast.sim.org,
        mode: Mode::Live,
    }
}
