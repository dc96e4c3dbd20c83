//! `GET /usage`: what the organization used in a calendar month, per day, agent and key, in the figures of `/v1/usage`.

mod month;

use std::collections::BTreeMap;

use askama::Template;
use eclips_engine::agents;
use eclips_shared::auth::Author;
use eclips_shared::store::{Figures, KeySummary, Per, UsageRow};
use http::StatusCode;

use self::month::Month;
use crate::answer::Answer;
use crate::chart::{Chart, Value, digits};
use crate::frame::{Frame, Section};
use crate::guard::Member;
use crate::pages::Outcome;
use crate::place::Place;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// Keys on a page.
const KEYS_MAX: usize = 50;

/// A line of a table: one day, agent or key.
struct Row {
    name: String,
    /// Its own page, where there is one.
    link: Option<String>,
    runs: u64,
    /// The figures as they are written, in the order of the columns.
    figures: [String; 8],
}

impl Row {
    fn of(name: String, link: Option<String>, figures: Figures) -> Self {
        let Figures {
            runs,
            completed,
            failed,
            cancelled,
            pending_triage,
            credits,
            input_tokens,
            output_tokens,
        } = figures;
        let all = [
            runs,
            completed,
            failed,
            cancelled,
            pending_triage,
            credits,
            input_tokens,
            output_tokens,
        ];
        Self {
            name,
            link,
            runs,
            figures: all.map(digits),
        }
    }
}

/// A drawing and its table.
struct Part {
    title: &'static str,
    /// What the rows are.
    of: &'static str,
    chart: Chart,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "usage.html")]
struct UsagePage {
    frame: Frame,
    month: Month,
    months: Vec<Month>,
    total: Row,
    /// The plan's credits, where they are this month's and these runs cost some.
    included: Option<String>,
    parts: Vec<Part>,
    first_keys: Option<String>,
    more_keys: Option<String>,
}

/// Shows a month, this one where none is named.
pub async fn answer(visit: &Visit<'_>, member: &Member) -> Outcome {
    let (place, now) = (Place::read(visit)?, Month::now());
    let month = match visit.query.one("month")? {
        Some(word) => Month::parse(word)
            .filter(|month| *month <= now)
            .ok_or(Refusal::NotFound)?,
        None => now,
    };
    let from = match visit.query.one("from")? {
        Some(number) => number.parse::<usize>().map_err(|_| Refusal::NotFound)?,
        None => 0,
    };
    let (tenant, days, store) = (place.tenant(member), month.days(), &visit.app.store);
    let (totals, limits, keys) = (store.totals(), store.limits(), store.keys());
    let (agents, of_keys, allowed, keys) = tokio::try_join!(
        totals.rows(tenant, Per::Agent, days),
        totals.rows(tenant, Per::Key, days),
        limits.allowed(member.org()),
        keys.list(member.org()),
    )?;
    let mut total = Figures::default();
    agents.iter().for_each(|row| total += row.figures);
    let path = format!("/usage?month={month}");
    let keys = per_key(of_keys, &keys);
    let keys_at = |from: usize| place.at(&format!("{path}&from={from}"));
    let page = UsagePage {
        included: (month == now && !place.is_test()).then(|| digits(allowed.credits_per_month)),
        total: Row::of("All".to_owned(), None, total),
        first_keys: (from > 0).then(|| place.at(&path)),
        more_keys: (keys.len() > from.saturating_add(KEYS_MAX)).then(|| keys_at(from + KEYS_MAX)),
        parts: vec![
            part("days", "Per day", "Day", per_day(month, &agents)),
            part("agents", "Per agent", "Agent", per_agent(agents, place)),
            part(
                "keys",
                "Per key",
                "Key",
                keys.into_iter().skip(from).take(KEYS_MAX).collect(),
            ),
        ],
        months: now.and_before().collect(),
        month,
        frame: Frame::of_data("Usage", Section::Usage, member, place, &path),
    };
    Answer::page(StatusCode::OK, &page)
}

fn part(id: &'static str, title: &'static str, of: &'static str, rows: Vec<Row>) -> Part {
    let values: Vec<Value> = rows
        .iter()
        .map(|row| Value {
            name: row.name.clone(),
            number: row.runs,
        })
        .collect();
    let drawn = if id == "days" { Chart::standing } else { Chart::lying };
    Part {
        title,
        of,
        chart: drawn(id, format!("Runs {}", title.to_lowercase()), &values),
        rows,
    }
}

/// Each day of the month that has come, also those without anything.
fn per_day(month: Month, rows: &[UsageRow]) -> Vec<Row> {
    let mut sums: BTreeMap<_, Figures> = BTreeMap::new();
    for row in rows {
        *sums.entry(row.day).or_default() += row.figures;
    }
    let days = month.days();
    let ahead = 0..=days.to.since(days.from);
    ahead
        .map(|ahead| {
            let day = days.from.plus(ahead);
            Row::of(day.to_string(), None, sums.get(&day).copied().unwrap_or_default())
        })
        .collect()
}

fn per_agent(rows: Vec<UsageRow>, place: Place) -> Vec<Row> {
    sums(rows, |id| match agents::find(&id) {
        Some(agent) => (agent.name.to_owned(), Some(place.at(&format!("/agents/{}", agent.id)))),
        None => (id, None),
    })
}

/// By the names of the organization's own keys.
fn per_key(rows: Vec<UsageRow>, keys: &[KeySummary]) -> Vec<Row> {
    let names: BTreeMap<String, &str> = keys
        .iter()
        .map(|key| (key.key_id.to_string(), key.name.as_str()))
        .collect();
    sums(rows, |id| match names.get(&id) {
        Some(name) => ((*name).to_owned(), Some(format!("/settings/api-keys/{id}"))),
        None if id == Author::DASHBOARD => ("People, in the dashboard".to_owned(), None),
        None => (id, None),
    })
}

/// The sums of a month, the most runs first.
fn sums(rows: Vec<UsageRow>, named: impl Fn(String) -> (String, Option<String>)) -> Vec<Row> {
    let mut sums: BTreeMap<String, Figures> = BTreeMap::new();
    for row in rows {
        *sums.entry(row.name).or_default() += row.figures;
    }
    let mut rows: Vec<Row> = sums
        .into_iter()
        .map(|(id, figures)| {
            let (name, link) = named(id);
            Row::of(name, link, figures)
        })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.runs));
    rows
}
