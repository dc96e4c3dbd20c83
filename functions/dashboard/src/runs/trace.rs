//! What happened to a run, event by event, in words.

use eclips_shared::run::EventKind;
use eclips_shared::store::RunEvent;
use eclips_shared::time::Timestamp;
use serde::Deserialize;

use super::percent;
use crate::moment::Moment;

/// One event on a page.
pub struct Step {
    pub seq: u64,
    pub what: &'static str,
    pub at: Option<Moment>,
    /// What more is to be said of it, piece by piece.
    pub more: Vec<String>,
}

/// What pages show of an event's text. What is not there is not said.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Detail {
    at: String,
    stage: Option<String>,
    attempt: Option<u32>,
    model: Option<String>,
    error: Option<String>,
    confidence_score: Option<f64>,
    verdict: Option<String>,
    warning: Option<String>,
}

/// Puts events into words, in their order.
pub fn steps(events: &[RunEvent]) -> Vec<Step> {
    events.iter().map(step).collect()
}

fn step(event: &RunEvent) -> Step {
    // The text is our own; one that another version wrote may have fewer members.
    let detail: Detail = serde_json::from_str(&event.text).unwrap_or_default();
    let attempt = match (&detail.stage, detail.attempt) {
        (Some(stage), Some(number)) => Some(format!("{stage}, attempt {number}")),
        _ => None,
    };
    let sure = detail
        .confidence_score
        .map(|sure| format!("{} sure", percent(Some(sure))));
    let verdict = detail.verdict.map(|verdict| format!("verdict: {verdict}"));
    let more = [attempt, detail.model, sure, verdict, detail.warning, detail.error];
    Step {
        seq: event.seq,
        what: words(event.kind),
        at: Timestamp::parse(&detail.at).map(Into::into),
        more: more.into_iter().flatten().collect(),
    }
}

const fn words(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Queued => "Accepted",
        EventKind::Started => "Started",
        EventKind::AttemptStarted => "A model is asked",
        EventKind::AttemptSucceeded => "The model answered",
        EventKind::AttemptFailed => "No usable answer",
        EventKind::Escalated => "A better model is asked",
        EventKind::Evaluated => "Looked at by another agent",
        EventKind::TriageRequired => "Waits for a person",
        EventKind::Approved => "Approved",
        EventKind::Rejected => "Rejected",
        EventKind::Completed => "Completed",
        EventKind::Failed => "Failed",
        EventKind::Cancelled => "Cancelled",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_an_event_has_and_nothing_more() {
        let event = |kind, text: &str| {
            let (seq, text) = (3, text.to_owned());
            step(&RunEvent { seq, kind, text })
        };
        let text =
            r#"{"at":"2026-06-06T09:00:00.000Z","stage":"fast","attempt":1,"model":"m","confidence_score":0.934}"#;
        let known = event(EventKind::AttemptSucceeded, text);
        assert_eq!(known.more, ["fast, attempt 1", "m", "93 % sure"]);
        assert_eq!(known.at.unwrap().short, "2026-06-06 09:00 UTC");
        let odd = event(EventKind::Queued, "no JSON");
        assert!(odd.more.is_empty() && odd.at.is_none());
    }
}
