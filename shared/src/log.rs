//! The log: one JSON line per request and per run step, with an RFC 3339 timestamp, to standard output.
//!
//! The runtime's own subscriber writes no time, and Lambda takes a JSON line without one for `INFO` whatever it says.

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt as fmt_layer;
use tracing_subscriber::fmt::format::{DefaultFields, Writer};
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{log_level, metrics_namespace};
use crate::metrics::Found;
use crate::time::Timestamp;

/// Our clock, as the log prints it.
#[derive(Debug)]
pub struct Clock;

impl FormatTime for Clock {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        write!(writer, "{}", Timestamp::now())
    }
}

/// The crates whose lines are ours.
const OURS: [&str; 14] = [
    "eclips_shared",
    "eclips_dashboard",
    "eclips_health",
    "eclips_runs",
    "eclips_worker",
    "eclips_dispatch",
    "eclips_stream",
    "eclips_triage",
    "eclips_webhooks",
    "eclips_batches",
    "eclips_usage",
    "eclips_deliver",
    "eclips_fold",
    "eclips_sweep",
];

/// A line: time, level, the event's fields, and what makes metrics of its figures where a namespace is set.
struct Line {
    namespace: Option<String>,
}

/// Most lines of a request are not longer.
const LINE_BYTES: usize = 1_024;

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(LINE_BYTES);
        self.write(&mut text, event).map_err(|_| fmt::Error)?;
        text.push(b'\n');
        writer.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl Line {
    fn write(&self, text: &mut Vec<u8>, event: &Event<'_>) -> Result<(), serde_json::Error> {
        let mut serializer = serde_json::Serializer::new(text);
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry("timestamp", &Timestamp::now())?;
        members.serialize_entry("level", event.metadata().level().as_str())?;
        let mut said = Said {
            members,
            found: Found::default(),
            outcome: Ok(()),
        };
        event.record(&mut said);
        let Said {
            mut members,
            found,
            outcome,
        } = said;
        outcome?;
        if let Some(namespace) = &self.namespace {
            if found.is_alarm() {
                members.serialize_entry("Alarms", &1)?;
            }
            if let Some(described) = found.described(namespace) {
                members.serialize_entry("_aws", &described)?;
            }
        }
        members.end()
    }
}

/// The event's fields on their way into the line.
struct Said<M: SerializeMap> {
    members: M,
    found: Found,
    outcome: Result<(), M::Error>,
}

impl<M: SerializeMap> Said<M> {
    fn say(&mut self, field: &Field, value: &(impl Serialize + ?Sized)) {
        if self.outcome.is_ok() {
            self.found.see(field.name());
            self.outcome = self.members.serialize_entry(field.name(), value);
        }
    }
}

impl<M: SerializeMap> Visit for Said<M> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.say(field, &Printed(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.say(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.say(field, &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.say(field, &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.say(field, &value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.say(field, &value);
    }
}

/// A value as its `Debug` prints it, a text.
struct Printed<'a>(&'a dyn fmt::Debug);

impl Serialize for Printed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:?}", self.0))
    }
}

/// Lines as the log has them.
fn lines<S>(namespace: Option<String>) -> fmt_layer::Layer<S, DefaultFields, Line>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fmt_layer::layer().event_format(Line { namespace })
}

/// Starts the log of a Lambda function, at the level that `AWS_LAMBDA_LOG_LEVEL` names (`INFO` when it names none), with metrics
/// where `ECLIPS_METRICS` names their namespace.
///
/// The level is that of our own crates. Of all others only warnings are let through whatever it says: at `TRACE` the
/// runtime writes whole events and the SDK whole requests, keys and all.
pub fn start() {
    let level: LevelFilter = log_level().parse().unwrap_or(LevelFilter::INFO);
    let targets = Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_targets(OURS.map(|target| (target, level)));
    // A second start in one process changes nothing; the first one's settings stay.
    let _ = tracing_subscriber::registry()
        .with(targets)
        .with(lines(metrics_namespace()))
        .try_init();
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What is written of what is said meanwhile, a line each.
    fn written(namespace: Option<&str>, say: impl FnOnce()) -> Vec<Value> {
        let written = Written::default();
        let writer = written.clone();
        let layer = lines(namespace.map(str::to_owned)).with_writer(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), say);
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn say() {
        let none: Option<u64> = None;
        tracing::info!(
            function = "runs",
            status = 200,
            RequestTime = 2.5,
            Requests = 1,
            ServerErrors = none,
            "request"
        );
        tracing::info!(org = "o", DeliveryTries = 1, "posted");
        tracing::error!(alarm = "corrupt_record", table = "keys", "odd");
        tracing::info!(status = 200, "nothing to count");
    }

    #[test]
    fn a_line_with_figures_says_which_metrics_they_are() {
        let lines = written(Some("eclips \"prod\""), say);
        let at = lines[0]["_aws"]["Timestamp"].as_i64().unwrap();
        assert!((Timestamp::now().ms() - at).abs() < 60_000);
        let described = |line: &Value| line["_aws"]["CloudWatchMetrics"].clone();
        let metrics = json!([{ "Name": "RequestTime", "Unit": "Milliseconds" }, { "Name": "Requests" }]);
        assert_eq!(
            described(&lines[0]),
            json!([{ "Namespace": "eclips \"prod\"", "Dimensions": [["function"]], "Metrics": metrics }])
        );
        // The targets of the description are members of the line itself.
        assert_eq!(
            (&lines[0]["RequestTime"], &lines[0]["Requests"], &lines[0]["function"]),
            (&json!(2.5), &json!(1), &json!("runs"))
        );
        assert_eq!(described(&lines[1])[0]["Dimensions"], json!([[]]));
        assert_eq!(described(&lines[2])[0]["Dimensions"], json!([["alarm"]]));
        assert_eq!(described(&lines[2])[0]["Metrics"], json!([{ "Name": "Alarms" }]));
        assert_eq!(
            (&lines[2]["Alarms"], &lines[2]["alarm"]),
            (&json!(1), &json!("corrupt_record"))
        );
        assert_eq!(lines[3].get("_aws"), None);
    }

    #[test]
    fn every_kind_of_value_is_what_it_is_in_json() {
        let line = &written(None, || {
            let (text, none) = ("a \"quoted\" text,\nof two lines", None::<&str>);
            tracing::warn!(
                text,
                none,
                printed = %std::net::Ipv4Addr::LOCALHOST,
                shown = ?"x",
                is = true,
                below = -3_i64,
                most = u64::MAX,
                ratio = 0.25,
                no_number = f64::NAN,
                wide = u128::MAX,
                "a message with {}",
                "\u{7} in it"
            );
        })[0];
        let mut members = line.as_object().unwrap().clone();
        assert!(Timestamp::parse(members.remove("timestamp").unwrap().as_str().unwrap()).is_some());
        assert_eq!(
            Value::Object(members),
            json!({
                "level": "WARN",
                "message": "a message with \u{7} in it",
                "text": "a \"quoted\" text,\nof two lines",
                "printed": "127.0.0.1",
                "shown": "\"x\"",
                "is": true,
                "below": -3,
                "most": u64::MAX,
                "ratio": 0.25,
                "no_number": null,
                "wide": u128::MAX.to_string(),
            })
        );
    }

    #[test]
    fn without_a_namespace_there_are_no_metrics() {
        let lines = written(None, say);
        assert_eq!(lines.len(), 4);
        assert!(
            lines
                .iter()
                .all(|line| line.get("_aws").is_none() && line.get("Alarms").is_none())
        );
        assert_eq!(
            (&lines[0]["message"], &lines[0]["level"]),
            (&json!("request"), &json!("INFO"))
        );
        assert!(lines[0]["timestamp"].as_str().unwrap().ends_with('Z'));
    }
}
