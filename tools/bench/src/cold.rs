//! Cold starts: from the start of a process to its first question for an event, and from its first event to the answer.

use std::time::{Duration, Instant};

use anyhow::Result;
use eclips_tests::function_process::FunctionProcess;

use crate::authority::Authority;
use crate::chart::{Bar, bars};
use crate::door::Door;
use crate::quota::{self, Quota};
use crate::report::{Goal, Plot, Section, Verdict};
use crate::sample::Sample;
use crate::scene::{Road, Scene, Subject, TlsRoad, ask};
use crate::{Pace, say};

/// How much longer than the GetItem floor an API function may take. *Source*: the goal of the bench.
const FLOOR_TIMES_MAX: f64 = 1.25;

/// The Lambda whose share of a processor is given.
const SMALL_MB: u64 = 256;

/// What was measured of one program, in milliseconds but for the calls.
#[derive(Debug, Default)]
struct Starts {
    init: Vec<f64>,
    first: Vec<f64>,
    store: Vec<f64>,
    calls: Vec<f64>,
}

/// The medians.
#[derive(Clone, Copy, Debug)]
struct Start {
    init: f64,
    first: f64,
    store: f64,
    calls: f64,
}

impl Start {
    fn all(self) -> f64 {
        self.init + self.first
    }

    /// Without what the store took.
    fn own(self) -> f64 {
        self.all() - self.store
    }
}

/// Measures both ways.
pub async fn measure(scene: &Scene, pace: Pace) -> Result<Section> {
    let mut section = Section::default();
    let endpoint = scene.backstage.config().dynamodb_endpoint.unwrap_or_default();
    let door = Door::plain(&endpoint).await?;
    let plain = Road::plain(&door);
    let (rounds, rounds_slow) = match pace {
        Pace::Full => (60, 25),
        Pace::Quick => (3, 2),
    };
    section.words(format!(
        "**Plain**: the store on loopback without TLS, a whole processor. Medians of {rounds} processes each, all programs in turn, in ms."
    ));
    let floors = scene.floors().into_iter().chain([scene.streamed_floor()]);
    let subjects: Vec<Subject> = floors.chain(scene.functions()).collect();
    let starts = rounds_of(scene, &subjects, plain, rounds).await?;
    tell(
        &mut section,
        &subjects,
        &starts,
        "cold-plain",
        "Cold start without TLS, ms",
        "plain",
    );
    match Quota::of_memory(SMALL_MB) {
        Err(error) => section.words(format!("Under a quota of the processor: not measured. {error:#}")),
        Ok(quota) => {
            let authority = Authority::new()?;
            let door = Door::tls(&endpoint, &authority).await?;
            let tls = TlsRoad {
                queues: Door::tls(scene.backstage.stores.queues_url(), &authority).await?,
                kms: Door::tls(scene.backstage.stores.kms.url(), &authority).await?,
                system: authority.system,
                amazon: authority.amazon,
            };
            let road = Road {
                door: &door,
                tls: Some(&tls),
                group: Some(quota.folder()),
            };
            section.words(format!(
                "**As a Lambda of {SMALL_MB} MB with TLS**: {SMALL_MB}/1769 of one processor in periods of {} ms (cgroups v1), all endpoints behind TLS 1.3, \
                 {} root certificates to read (`SSL_CERT_FILE`) for a floor and {} for a function. Medians of {rounds_slow} processes each, in ms.",
                quota::PERIOD.as_millis(),
                tls.system.count,
                tls.amazon.count,
            ));
            let starts = rounds_of(scene, &subjects, road, rounds_slow).await?;
            tell(
                &mut section,
                &subjects,
                &starts,
                "cold-small",
                "Cold start as a Lambda of 256 MB with TLS, ms",
                "small Lambda with TLS",
            );
        }
    }
    Ok(section)
}

/// Starts every program so many times, in turn, so that a busy minute of the machine meets all of them.
async fn rounds_of(scene: &Scene, subjects: &[Subject], road: Road<'_>, rounds: usize) -> Result<Vec<Start>> {
    let mut measured: Vec<Starts> = subjects.iter().map(|_| Starts::default()).collect();
    let began = Instant::now();
    for round in 0..rounds {
        if round % 10 == 0 {
            say(began, &format!("cold: round {} of {rounds}", round + 1));
        }
        scene.backstage.stores.forget_streams();
        for (subject, starts) in subjects.iter().zip(&mut measured) {
            start(scene, subject, road, starts).await?;
        }
    }
    let median = |figures: &Vec<f64>| Sample::of(figures.iter().copied()).median();
    let start = |starts: &Starts| Start {
        init: median(&starts.init),
        first: median(&starts.first),
        store: median(&starts.store),
        calls: median(&starts.calls),
    };
    Ok(measured.iter().map(start).collect())
}

async fn start(scene: &Scene, subject: &Subject, road: Road<'_>, starts: &mut Starts) -> Result<()> {
    let setup = scene.setup(subject, road);
    // A share that the last process used up is not this one's business.
    tokio::time::sleep(if road.group.is_some() {
        quota::PERIOD * 2
    } else {
        Duration::ZERO
    })
    .await;
    road.door.take();
    let mut process = FunctionProcess::start(&setup).await?;
    let first = ask(&mut process, subject).await?;
    let stored = road.door.take();
    starts.init.push(ms(process.init));
    starts.first.push(ms(first));
    starts.store.push(ms(stored.time));
    starts.calls.push(stored.calls as f64);
    Ok(())
}

fn tell(
    section: &mut Section,
    subjects: &[Subject],
    starts: &[Start],
    name: &'static str,
    title: &str,
    circumstances: &str,
) {
    let rows = subjects.iter().zip(starts).map(|(subject, start)| {
        let floor = floor_of(subject, starts);
        vec![
            subject.title(),
            format!("{:.2}", start.init),
            format!("{:.2}", start.first),
            format!("{:.0}", start.calls),
            format!("{:.2}", start.store),
            format!("{:.2}", start.all()),
            format!("{:.2}", start.init / floor.init),
            format!("{:.2}", start.all() / floor.all()),
            format!("{:.2}", start.own() / floor.own()),
        ]
    });
    let head = [
        "Function, first request",
        "init",
        "first",
        "calls",
        "store",
        "init + first",
        "init ÷ floor",
        "both ÷ floor",
        "less store ÷ floor",
    ];
    section.table(&head, rows.collect());
    let bar = |(subject, start): (&Subject, &Start)| Bar {
        name: subject.title().replace(['`', '*'], ""),
        parts: vec![start.init, start.first - start.store, start.store],
    };
    section.plot(Plot {
        name,
        alternative: format!("{title}: init, first request and store of each function, beside the floors"),
        svg: bars(
            title,
            &["init", "first request", "of it the store"],
            &subjects.iter().zip(starts).map(bar).collect::<Vec<_>>(),
        ),
    });
    section.goals(goals(subjects, starts, circumstances));
}

/// The floor that makes one call: of a function whose answers come in pieces, the one that answers so too.
fn floor_of(subject: &Subject, starts: &[Start]) -> Start {
    starts[if subject.name == "stream" { 2 } else { 1 }]
}

/// The worst of the API functions, by each of three measures.
fn goals(subjects: &[Subject], starts: &[Start], circumstances: &str) -> Vec<Goal> {
    let worst = |what: &str, of: fn(Start) -> f64| {
        let functions = subjects.iter().zip(starts).filter(|(subject, _)| !subject.is_floor());
        let ratios = functions.map(|(subject, start)| (of(*start) / of(floor_of(subject, starts)), subject));
        let (ratio, subject) = ratios
            .max_by(|(one, _), (other, _)| one.total_cmp(other))
            .expect("there are functions");
        Goal {
            what: format!(
                "{circumstances}: {what} of every API function within {FLOOR_TIMES_MAX} × of the GetItem floor"
            ),
            measured: format!("{ratio:.2} at most: {}", subject.title()),
            verdict: Verdict::of(ratio <= FLOOR_TIMES_MAX),
        }
    };
    vec![
        worst("init", |start| start.init),
        worst("init + first request", Start::all),
        worst("init + first request less the store", Start::own),
    ]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
