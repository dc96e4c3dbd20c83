//! Pages of an organization that has ten runs, a thousand, a hundred thousand: whether the hundredth thousand costs its readers anything.
//!
//! The runs are copies of real ones that have ended, with ids and moments spread over the month before now; `crowd.rs` says what of them is there.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use eclips_shared::time::Timestamp;
use eclips_tests::function::event;
use eclips_tests::function_process::FunctionProcess;
use eclips_tests::proxy::Units;
use serde_json::{Value, json};

use crate::chart::{Line, lines};
use crate::crowd::Crowd;
use crate::door::Door;
use crate::report::{Goal, Plot, Section, Verdict};
use crate::sample::Sample;
use crate::scene::Scene;
use crate::{Pace, say};

/// How much longer a page may take among a hundred times as many runs. *Source*: our choice; the store's own index grows by a level or two.
const TIMES_MAX: f64 = 1.5;

/// The pages, as a table names them; a function and a query each.
const PAGES: [(&str, &str, &str, &str); 8] = [
    ("first page of runs", "runs", "/v1/runs", ""),
    ("first page of failed runs", "runs", "/v1/runs", "status=failed"),
    (
        "first page of an agent's runs",
        "runs",
        "/v1/runs",
        "agent_type=summariser",
    ),
    ("page of runs behind half of them", "runs", "/v1/runs", DEEP),
    ("first page of batches", "batches", "/v1/batches", ""),
    ("usage of the month", "usage", "/v1/usage", ""),
    ("usage by day", "usage", "/v1/usage/daily", ""),
    ("usage by agent", "usage", "/v1/usage/agents", ""),
];

/// Stands for a cursor that only a walk finds.
const DEEP: &str = "cursor";

/// What one page took. *Units*: of time, microseconds.
#[derive(Clone, Copy, Debug)]
struct Taken {
    calls: usize,
    units: Units,
    bytes: usize,
    median: f64,
    store: f64,
}

/// Fills the organization step by step, and reads every page at each.
pub async fn measure(scene: &Scene, pace: Pace) -> Result<Section> {
    let (sizes, times): (&[usize], usize) = match pace {
        Pace::Full => (&[10, 1_000, 100_000], 200),
        Pace::Quick => (&[10, 100, 1_000], 5),
    };
    let began = Instant::now();
    let mut crowd = Crowd::of(scene).await?;
    let mut measured = Vec::new();
    for &size in sizes {
        say(began, &format!("growth: {size} runs"));
        crowd.grow_to(scene, size, began).await?;
        measured.push(pages(scene, &crowd.key, size, times).await?);
    }
    let mut section = Section::default();
    let names: Vec<String> = sizes.iter().map(|&size| grouped(size)).collect();
    section.words(format!(
        "An organization with {} runs of the last month, and one batch for each fifty of them. Calls, read units and the answer's bytes of one request of a warm process; times in µs, medians of {times}; \
         *store* is its part.",
        names.join(", ")
    ));
    section.table(
        &["Page", "runs", "calls", "units read", "answer, bytes", "time", "store"],
        rows(&names, &measured),
    );
    let places: Vec<&str> = names.iter().map(String::as_str).collect();
    let line = |of: fn(&Taken) -> f64| {
        PAGES
            .iter()
            .enumerate()
            .map(move |(at, page)| (at, page.0, of))
            .map(|(at, name, of)| Line {
                name: name.to_owned(),
                heights: measured.iter().map(|pages| of(&pages[at])).collect(),
            })
    };
    section.plot(Plot {
        name: "growth-units",
        alternative: "Read units of each page at each number of runs".into(),
        svg: lines(
            "Read units of a page, by the runs of its organization",
            &places,
            &line(|taken| taken.units.read).collect::<Vec<_>>(),
        ),
    });
    section.plot(Plot {
        name: "growth-time",
        alternative: "Time of each page at each number of runs".into(),
        svg: lines(
            "Time of a page, µs, by the runs of its organization",
            &places,
            &line(|taken| taken.median).collect::<Vec<_>>(),
        ),
    });
    section.goals(goals(&names, &measured));
    Ok(section)
}

fn rows(names: &[String], measured: &[Vec<Taken>]) -> Vec<Vec<String>> {
    let cells = PAGES.iter().enumerate().flat_map(|(at, page)| {
        names.iter().zip(measured).map(move |(name, pages)| {
            let taken = pages[at];
            vec![
                page.0.to_owned(),
                name.clone(),
                taken.calls.to_string(),
                taken.units.read.to_string(),
                taken.bytes.to_string(),
                format!("{:.0}", taken.median),
                format!("{:.0}", taken.store),
            ]
        })
    });
    cells.collect()
}

/// From the second size to the last: at the first the pages are not full.
fn goals(names: &[String], measured: &[Vec<Taken>]) -> Vec<Goal> {
    let (some, many) = (&measured[1], &measured[measured.len() - 1]);
    let worst = |of: fn(&Taken) -> f64| {
        let ratios = PAGES
            .iter()
            .zip(some.iter().zip(many))
            .map(|(page, (some, many))| (of(many) / of(some), page.0));
        ratios
            .max_by(|(one, _), (other, _)| one.total_cmp(other))
            .expect("there are pages")
    };
    let goal = |what: &str, max: f64, of: fn(&Taken) -> f64| {
        let (ratio, page) = worst(of);
        Goal {
            what: format!(
                "{what} of every page among {} runs within {max} × of those among {}",
                names[names.len() - 1],
                names[1]
            ),
            measured: format!("{ratio:.2} at most: {page}"),
            verdict: Verdict::of(ratio <= max),
        }
    };
    vec![
        goal("calls", 1.0, |taken| taken.calls as f64),
        goal("read units", 1.0, |taken| taken.units.read),
        goal("bytes", 1.1, |taken| taken.bytes as f64),
        goal("time", TIMES_MAX, |taken| taken.median),
    ]
}

async fn pages(scene: &Scene, key: &str, size: usize, times: usize) -> Result<Vec<Taken>> {
    let cursor = halfway(scene, key, size).await?;
    let endpoint = scene.backstage.config().dynamodb_endpoint.unwrap_or_default();
    let door = Door::plain(&endpoint).await?;
    let mut all = Vec::new();
    for (_, function, path, query) in PAGES {
        let event = match (query, &cursor) {
            (DEEP, Some(cursor)) => asked(key, path, &format!("cursor={cursor}")),
            (DEEP, None) => asked(key, path, ""),
            (query, _) => asked(key, path, query),
        };
        let (calls, units, bytes) = counted(scene, function, &event).await?;
        let mut setup = scene.setup_of(function);
        setup
            .settings
            .insert("AWS_ENDPOINT_URL_DYNAMODB".into(), door.url().to_owned());
        let mut process = FunctionProcess::start(&setup).await?;
        let (mut took, mut stored) = (Vec::new(), Vec::new());
        for time in 0..times + 5 {
            if time % 50 == 0 {
                scene.backstage.stores.forget_streams();
            }
            door.take();
            let began = Instant::now();
            answered(&mut process, &event).await?;
            // The first ones are cold.
            if time >= 5 {
                took.push(us(began.elapsed()));
                stored.push(us(door.take().time));
            }
        }
        all.push(Taken {
            calls,
            units,
            bytes,
            median: Sample::of(took).median(),
            store: Sample::of(stored).median(),
        });
    }
    Ok(all)
}

/// Calls, units and bytes of one request, in a process that has just answered the same.
async fn counted(scene: &Scene, function: &str, event: &Value) -> Result<(usize, Units, usize)> {
    let proxy = &scene.backstage.proxy;
    let mut setup = scene.setup_of(function);
    setup
        .settings
        .insert("AWS_ENDPOINT_URL_DYNAMODB".into(), proxy.url().to_owned());
    let mut process = FunctionProcess::start(&setup).await?;
    answered(&mut process, event).await?;
    proxy.take_calls();
    proxy.take_units();
    let answer = answered(&mut process, event).await?;
    let bytes = answer["body"].as_str().map_or(0, str::len);
    Ok((proxy.take_calls().len(), proxy.take_units(), bytes))
}

/// The cursor behind half of the runs; none where they fit on a page.
async fn halfway(scene: &Scene, key: &str, size: usize) -> Result<Option<String>> {
    let mut process = FunctionProcess::start(&scene.setup_of("runs")).await?;
    let mut cursor: Option<String> = None;
    for _ in 0..size / 200 {
        let query = cursor.map_or_else(|| "limit=100".to_owned(), |cursor| format!("limit=100&cursor={cursor}"));
        let answer = answered(&mut process, &asked(key, "/v1/runs", &query)).await?;
        let page: Value = serde_json::from_str(answer["body"].as_str().unwrap_or_default())?;
        let next = page["next_cursor"].as_str();
        cursor = Some(
            next.with_context(|| format!("a page before the middle is the last: {}", page["total"]))?
                .to_owned(),
        );
    }
    Ok(cursor)
}

fn asked(key: &str, path: &str, query: &str) -> Value {
    let mut event = event("GET", path, Some(key), None);
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let values: serde_json::Map<String, Value> = pairs.map(|(name, value)| (name.to_owned(), json!([value]))).collect();
    event["multiValueQueryStringParameters"] = values.into();
    event
}

async fn answered(process: &mut FunctionProcess, event: &Value) -> Result<Value> {
    let answer = process.invoke(event).await?;
    ensure!(
        answer["statusCode"] == 200,
        "{} answered {answer} at {}",
        event["path"],
        Timestamp::now()
    );
    Ok(answer)
}

/// A number as people read it.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .filter_map(|group| std::str::from_utf8(group).ok())
        .collect();
    groups.join(" ")
}

fn us(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

#[cfg(test)]
mod tests {
    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!([10, 1_000, 100_000].map(super::grouped), ["10", "1 000", "100 000"]);
    }
}
