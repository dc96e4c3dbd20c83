//! What people and scripts see of the arrivals. The markup is in `templates/receiver/`, where everything that is put in is
//! escaped.

use std::collections::BTreeMap;

use askama::Template;
use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use eclips_shared::time::Timestamp;
use serde::Serialize;

use super::Served;
use super::arrivals::{self, Kept, Outcome};
use super::indent::indent;

/// How much of a body the page shows; `/arrivals.json` has it whole. *Source*: our choice, so that a page with 200 of them
/// still opens.
const SHOWN_MAX_BYTES: usize = 20_000;

#[derive(Template)]
#[template(path = "receiver/page.html")]
struct Page<'a> {
    url: &'a str,
    changes: String,
    rows: Vec<Row<'a>>,
}

/// An arrival in words.
struct Row<'a> {
    number: u64,
    at: Timestamp,
    event: Option<&'a str>,
    run_id: Option<&'a str>,
    webhook_id: Option<&'a str>,
    path: &'a str,
    times: String,
    is_repeated: bool,
    verified: &'static str,
    is_verified: bool,
    standard_webhooks: String,
    manual: String,
    answered: String,
    headers: BTreeMap<&'a str, String>,
    bytes: usize,
    body: String,
    is_cut: bool,
}

impl<'a> Row<'a> {
    fn of(kept: &'a Kept) -> Self {
        let arrival = &*kept.arrival;
        let right = [&arrival.standard_webhooks, &arrival.manual].map(|verdict| verdict.secret().is_some());
        let (body, is_cut) = readable(&arrival.body);
        Self {
            number: kept.number,
            at: arrival.at,
            event: arrival.event.as_deref(),
            run_id: arrival.run_id.as_deref(),
            webhook_id: arrival.webhook_id.as_deref(),
            path: &arrival.path,
            times: ordinal(kept.times),
            is_repeated: kept.times > 1,
            verified: match right {
                [true, true] => "verified",
                [true, false] | [false, true] => "one signature verified",
                [false, false] => "not verified",
            },
            is_verified: right == [true, true],
            standard_webhooks: arrival.standard_webhooks.to_string(),
            manual: arrival.manual.to_string(),
            answered: match kept.outcome {
                Outcome::Waiting => "answer held back".to_owned(),
                Outcome::Answered(status) => format!("answered {}", status.as_u16()),
                Outcome::GivenUp => "sender gave up".to_owned(),
            },
            headers: joined(&arrival.headers),
            bytes: arrival.body.len(),
            body,
            is_cut,
        }
    }
}

/// An arrival as JSON.
#[derive(Serialize)]
struct Item<'a> {
    at: Timestamp,
    path: &'a str,
    event: Option<&'a str>,
    run_id: Option<&'a str>,
    webhook_id: Option<&'a str>,
    times: u64,
    /// Null while the answer is held back, and for ever when the sender gave up.
    answered: Option<u16>,
    standard_webhooks: Option<&'a str>,
    manual: Option<&'a str>,
    headers: BTreeMap<&'a str, String>,
    body: String,
}

impl<'a> Item<'a> {
    fn of(kept: &'a Kept) -> Self {
        let arrival = &*kept.arrival;
        Self {
            at: arrival.at,
            path: &arrival.path,
            event: arrival.event.as_deref(),
            run_id: arrival.run_id.as_deref(),
            webhook_id: arrival.webhook_id.as_deref(),
            times: kept.times,
            answered: match kept.outcome {
                Outcome::Answered(status) => Some(status.as_u16()),
                Outcome::Waiting | Outcome::GivenUp => None,
            },
            standard_webhooks: arrival.standard_webhooks.secret(),
            manual: arrival.manual.secret(),
            headers: joined(&arrival.headers),
            body: String::from_utf8_lossy(&arrival.body).into_owned(),
        }
    }
}

/// `GET /`.
pub(super) fn show(served: &Served) -> Response {
    let (changes, kept) = served.arrivals.look();
    let page = Page {
        url: &served.url,
        changes,
        rows: kept.iter().map(Row::of).collect(),
    };
    Html(page.render().expect("a string takes any text")).into_response()
}

/// `GET /arrivals.json`, newest first.
///
/// *Shape*: `{ "data": [ { "at", "path", "event", "run_id", "webhook_id", "times", "answered", "standard_webhooks", "manual",
/// "headers": { "<lower-case name>": "<value>" }, "body": "<text>" } ] }`. The two signatures' members are the name of the
/// secret that fits, or null. Null may be also: `event`, `run_id`, `webhook_id`, and `answered` where there was no answer yet.
pub(super) fn json(served: &Served) -> Response {
    #[derive(Serialize)]
    struct List<'a> {
        data: Vec<Item<'a>>,
    }
    let (_, kept) = served.arrivals.look();
    let data = kept.iter().map(Item::of).collect();
    Json(List { data }).into_response()
}

/// `GET /changes`: a word that is another one whenever the page would be. The script asks for it, and not for the page.
pub(super) fn changes(served: &Served) -> Response {
    served.arrivals.changes().into_response()
}

/// `DELETE /arrivals`.
pub(super) fn clear(served: &Served) -> Response {
    served.arrivals.clear();
    StatusCode::NO_CONTENT.into_response()
}

/// `POST /arrivals/clear`, the page's form.
pub(super) fn clear_and_return(served: &Served) -> Response {
    served.arrivals.clear();
    Redirect::to("/").into_response()
}

/// `GET /style.css`.
pub(super) fn style() -> Response {
    let kind = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
    (kind, include_str!("../../templates/receiver/style.css")).into_response()
}

/// `GET /refresh.js`.
pub(super) fn script() -> Response {
    let kind = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")];
    (kind, include_str!("../../templates/receiver/refresh.js")).into_response()
}

/// The headers by name; of one that came more than once, all values. *Source*: RFC 9110 §5.3.
fn joined(headers: &HeaderMap) -> BTreeMap<&str, String> {
    let mut joined = BTreeMap::new();
    for name in headers.keys() {
        let values: Vec<_> = headers.get_all(name).iter().map(arrivals::value).collect();
        joined.insert(name.as_str(), values.join(", "));
    }
    joined
}

/// A body for reading, and whether it is cut.
fn readable(body: &[u8]) -> (String, bool) {
    let text = String::from_utf8_lossy(body);
    let mut text = indent(&text, SHOWN_MAX_BYTES).unwrap_or_else(|| text.into_owned());
    let is_cut = text.len() > SHOWN_MAX_BYTES;
    text.truncate(text.floor_char_boundary(SHOWN_MAX_BYTES));
    (text, is_cut)
}

/// `1st time`, `2nd time`, `11th time`.
fn ordinal(times: u64) -> String {
    let ending = match (times % 10, times % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{times}{ending} time")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_as_people_do() {
        for (times, words) in [
            (1, "1st time"),
            (2, "2nd time"),
            (3, "3rd time"),
            (4, "4th time"),
            (11, "11th time"),
            (12, "12th time"),
            (13, "13th time"),
            (21, "21st time"),
            (112, "112th time"),
        ] {
            assert_eq!(ordinal(times), words);
        }
    }

    #[test]
    fn a_long_body_is_cut_between_two_letters() {
        let whole = "a".repeat(SHOWN_MAX_BYTES);
        assert_eq!(readable(whole.as_bytes()), (whole.clone(), false));
        assert_eq!(readable(format!("{whole}b").as_bytes()), (whole.clone(), true));
        let umlauts = format!("a{}", "ä".repeat(SHOWN_MAX_BYTES));
        let (shown, is_cut) = readable(umlauts.as_bytes());
        assert!(is_cut && shown.len() == SHOWN_MAX_BYTES - 1 && umlauts.starts_with(&shown));
    }
}
