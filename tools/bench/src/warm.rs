//! Warm requests: how long they take, what of it the store takes, and how much processor a function uses for one.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use eclips_tests::function_process::FunctionProcess;
use serde_json::{Value, json};

use crate::chart::{Bar, bars};
use crate::door::Door;
use crate::instructions;
use crate::processor;
use crate::report::{Goal, Plot, Section, Verdict};
use crate::sample::Sample;
use crate::scene::{Road, Scene, Subject, TASK, ask};
use crate::{Pace, say};

/// How many times what a bare function takes our own code may take. *Source*: the goal of the bench.
const BARE_TIMES_MAX: f64 = 1.5;

/// Requests before any that is measured.
const WARM_UP: usize = 100;

/// Runs of a full page, which is as many as a list shows where nobody says how many.
const PAGE: usize = 20;

/// Requests between which nobody looks at the engine's streams.
const FORGET_AFTER: usize = 50;

/// The routes that are looked at.
const ROUTES: [&str; 3] = ["GET /v1/runs/{id}", "GET /v1/runs", "POST /v1/run"];

/// What was measured of one program. *Units*: microseconds but for calls and instructions.
#[derive(Debug, Default)]
struct Measured {
    took: Vec<f64>,
    stored: Vec<f64>,
    /// The processor's time for a request, the mean of each pass.
    processor: Vec<f64>,
    calls: usize,
    instructions: Option<f64>,
}

/// What a request costs a program.
#[derive(Clone, Copy, Debug)]
struct Cost {
    calls: f64,
    processor: f64,
    instructions: Option<f64>,
}

/// What a program's own code costs beside a bare function that gives the same answer: all that it takes, less what its calls take in a function that
/// does nothing else.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Own {
    amount: f64,
    times_bare: f64,
}

impl Own {
    fn of(all: f64, calls_and_answer: f64, bare: f64) -> Self {
        let amount = all - (calls_and_answer - bare);
        Self {
            amount,
            times_bare: amount / bare,
        }
    }
}

/// Measures the routes beside the floors.
pub async fn measure(scene: &Scene, pace: Pace) -> Result<Section> {
    let (passes, requests, counted) = match pace {
        Pace::Full => (7, 500, 300),
        Pace::Quick => (2, 30, 20),
    };
    let folder = tempfile::tempdir()?;
    // A list is full before anybody writes down what it says, and stays as long as that.
    for _ in 0..PAGE {
        scene.backstage.create(json!({ "task": TASK })).await;
    }
    let mut subjects = scene.floors().to_vec();
    let functions = scene.functions().into_iter();
    for route in functions.filter(|subject| ROUTES.contains(&subject.asked)) {
        let [calls, answer] = floors_of(scene, &route, folder.path()).await?;
        subjects.extend([route, calls, answer]);
    }
    let mut measured: Vec<Measured> = subjects.iter().map(|_| Measured::default()).collect();
    passes_of(scene, &subjects, &mut measured, passes, requests).await?;
    if instructions::can_be_counted() {
        count(scene, &subjects, &mut measured, counted).await?;
    }
    let costs: Vec<Cost> = measured.iter().map(|one| cost(one, passes * requests)).collect();
    let mut section = Section::default();
    section.words(format!(
        "{passes} passes of {requests} requests each, all programs in turn, one request after the other; the embedded engine behind a door that keeps the time. \
         Times in µs; processor is the median of the passes' means. Instructions are those of user space, a mean over {counted} requests{}.",
        if instructions::can_be_counted() { "" } else { ": not counted, Valgrind is not installed" }
    ));
    section.table(&HEAD, rows(&subjects, &measured, &costs));
    section.plot(plot(&subjects, &measured));
    section.goals(goals(&subjects, &costs));
    Ok(section)
}

const HEAD: [&str; 12] = [
    "Function, request",
    "p50",
    "p99",
    "calls",
    "store p50",
    "rest p50",
    "processor",
    "own",
    "own ÷ bare",
    "instructions, thousands",
    "own",
    "own ÷ bare",
];

/// Lets every program answer so many requests in turn, and keeps their times. The processes live through all passes.
async fn passes_of(
    scene: &Scene,
    subjects: &[Subject],
    measured: &mut [Measured],
    passes: usize,
    requests: usize,
) -> Result<()> {
    let endpoint = scene.backstage.config().dynamodb_endpoint.unwrap_or_default();
    let door = Door::plain(&endpoint).await?;
    let road = Road::plain(&door);
    let mut processes = Vec::new();
    for subject in subjects {
        let mut process = FunctionProcess::start(&scene.setup(subject, road)).await?;
        for _ in 0..WARM_UP.min(requests) {
            ask(&mut process, subject).await?;
        }
        processes.push(process);
    }
    let began = Instant::now();
    for pass in 0..passes {
        say(began, &format!("warm: pass {} of {passes}", pass + 1));
        for ((subject, process), measured) in subjects.iter().zip(&mut processes).zip(&mut *measured) {
            door.take();
            let before = processor::time_ns(process.id())?;
            for number in 0..requests {
                // Each write of the engine looks through what its streams have to tell; in AWS and in `cargo dev` it is read and gone.
                if number % FORGET_AFTER == 0 {
                    scene.backstage.stores.forget_streams();
                }
                let took = ask(process, subject).await?;
                let stored = door.take();
                measured.took.push(us(took));
                measured.stored.push(us(stored.time));
                measured.calls += stored.calls;
            }
            let spent = processor::time_ns(process.id())? - before;
            measured.processor.push(spent as f64 / 1_000.0 / requests as f64);
        }
    }
    Ok(())
}

/// Writes down what a function sends for a request, when its process knows the limits, and what it answers, for two floors: one that sends and
/// says the same, and one that only says it.
async fn floors_of(scene: &Scene, route: &Subject, folder: &Path) -> Result<[Subject; 2]> {
    let proxy = &scene.backstage.proxy;
    let mut setup = scene.setup_of(route.name);
    setup
        .settings
        .insert("AWS_ENDPOINT_URL_DYNAMODB".into(), proxy.url().to_owned());
    let mut process = FunctionProcess::start(&setup).await?;
    for _ in 0..3 {
        proxy.take_timed_calls();
        ask(&mut process, route).await?;
    }
    let calls = proxy.take_timed_calls();
    let written = calls.iter().map(|call| {
        let body: Value = serde_json::from_slice(&call.body)?;
        Ok(json!({ "operation": call.operation, "body": body }))
    });
    let written: Value = written.collect::<Result<Vec<_>>>()?.into();
    let answer = process.invoke(&route.event).await?;
    let answer = answer["body"].as_str().context("an answer is text")?;
    let file = |kind: &'static str, text: &str| -> Result<(&'static str, String)> {
        let path = folder.join(format!("{} {kind}", route.asked.replace('/', "-")));
        std::fs::write(&path, text)?;
        Ok((kind, path.display().to_string()))
    };
    let (calls, answer) = (
        file("FLOOR_CALLS", &written.to_string())?,
        file("FLOOR_ANSWER", answer)?,
    );
    let floor = |name, asked, told| Subject {
        name,
        asked,
        event: route.event.clone(),
        told,
    };
    Ok([
        floor("floor-replay", "its calls and its answer", vec![calls, answer.clone()]),
        floor("floor-http", "its answer alone", vec![answer]),
    ])
}

async fn count(scene: &Scene, subjects: &[Subject], measured: &mut [Measured], requests: usize) -> Result<()> {
    let endpoint = scene.backstage.config().dynamodb_endpoint.unwrap_or_default();
    let door = Door::plain(&endpoint).await?;
    let road = Road::plain(&door);
    let began = Instant::now();
    for (subject, measured) in subjects.iter().zip(measured) {
        say(began, &format!("warm: instructions of {}", subject.title()));
        let setup = scene.setup(subject, road);
        measured.instructions = Some(instructions::of_a_request(&setup, &subject.event, requests).await?);
    }
    Ok(())
}

fn cost(measured: &Measured, requests: usize) -> Cost {
    Cost {
        calls: measured.calls as f64 / requests as f64,
        processor: Sample::of(measured.processor.iter().copied()).median(),
        instructions: measured.instructions,
    }
}

/// What of a program's processor time and of its instructions is its own; nothing is a floor's. Behind each function stand its two floors.
fn own(subjects: &[Subject], costs: &[Cost], at: usize) -> Option<(Own, Option<Own>)> {
    if subjects[at].is_floor() {
        return None;
    }
    let (cost, calls, bare) = (costs[at], costs[at + 1], costs[at + 2]);
    let instructions = || Some(Own::of(cost.instructions?, calls.instructions?, bare.instructions?));
    Some((Own::of(cost.processor, calls.processor, bare.processor), instructions()))
}

fn rows(subjects: &[Subject], measured: &[Measured], costs: &[Cost]) -> Vec<Vec<String>> {
    let all = subjects.iter().zip(measured).zip(costs).enumerate();
    all.map(|(at, ((subject, measured), cost))| {
        let (took, stored) = (sample(&measured.took), sample(&measured.stored));
        let rest = measured
            .took
            .iter()
            .zip(&measured.stored)
            .map(|(took, stored)| took - stored);
        let own = own(subjects, costs, at);
        let (processor, instructions) = (own.map(|own| own.0), own.and_then(|own| own.1));
        let none = || "–".to_owned();
        vec![
            subject.title(),
            format!("{:.0}", took.median()),
            format!("{:.0}", took.percentile(99.0)),
            format!("{:.2}", cost.calls),
            format!("{:.0}", stored.median()),
            format!("{:.0}", Sample::of(rest).median()),
            format!("{:.0}", cost.processor),
            processor.map_or_else(none, |own| format!("{:.0}", own.amount)),
            processor.map_or_else(none, |own| format!("{:.2}", own.times_bare)),
            cost.instructions
                .map_or_else(none, |count| format!("{:.0}", count / 1_000.0)),
            instructions.map_or_else(none, |own| format!("{:.0}", own.amount / 1_000.0)),
            instructions.map_or_else(none, |own| format!("{:.2}", own.times_bare)),
        ]
    })
    .collect()
}

fn plot(subjects: &[Subject], measured: &[Measured]) -> Plot {
    let bar = |(subject, measured): (&Subject, &Measured)| {
        let (took, stored) = (sample(&measured.took).median(), sample(&measured.stored).median());
        Bar {
            name: subject.title().replace(['`', '*'], ""),
            parts: vec![took - stored, stored],
        }
    };
    let drawn: Vec<Bar> = subjects.iter().zip(measured).map(bar).collect();
    Plot {
        name: "warm",
        alternative: "Median time of a warm request, the store's part apart".into(),
        svg: bars("Warm request, median, µs", &["function and its way", "store"], &drawn),
    }
}

fn goals(subjects: &[Subject], costs: &[Cost]) -> Vec<Goal> {
    let worst = |of: fn((Own, Option<Own>)) -> Option<Own>| {
        let ratios = subjects
            .iter()
            .enumerate()
            .filter_map(|(at, subject)| Some((of(own(subjects, costs, at)?)?.times_bare, subject)));
        ratios.max_by(|(one, _), (other, _)| one.total_cmp(other))
    };
    let goal = |what: &str, found: Option<(f64, &Subject)>| Goal {
        what: format!(
            "our code outside the store within {BARE_TIMES_MAX} × of a bare lambda_http function with the same answer, in {what}"
        ),
        measured: found.map_or_else(
            || "Valgrind is not installed".to_owned(),
            |(ratio, subject)| format!("{ratio:.2} at most: {}", subject.title()),
        ),
        verdict: found.map_or(Verdict::Unknown, |(ratio, _)| Verdict::of(ratio <= BARE_TIMES_MAX)),
    };
    vec![
        goal("processor time", worst(|(processor, _)| Some(processor))),
        goal("instructions", worst(|(_, instructions)| instructions)),
    ]
}

fn sample(figures: &[f64]) -> Sample {
    Sample::of(figures.iter().copied())
}

fn us(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

#[cfg(test)]
mod tests {
    use super::Own;

    #[test]
    fn what_calls_take_is_not_our_own() {
        // A bare function takes 40, the calls 180 more; they and 50 are a function's.
        let own = Own::of(230.0, 220.0, 40.0);
        assert_eq!((own.amount, own.times_bare), (50.0, 1.25));
        // The floors by themselves are as dear as a bare function.
        assert_eq!(Own::of(220.0, 220.0, 40.0).times_bare, 1.0);
    }
}
