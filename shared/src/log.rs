//! The log: one JSON line per request and per run step, with an RFC 3339 timestamp, to standard output.
//!
//! The runtime's own subscriber writes no time, and Lambda takes a JSON line without one for `INFO` whatever it says.

use std::fmt;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::log_level;
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

/// Starts the log of a Lambda function, at the level that `AWS_LAMBDA_LOG_LEVEL` names (`INFO` when it names none).
///
/// The level is that of our own crates. Of all others only warnings are let through whatever it says: at `TRACE` the
/// runtime writes whole events and the SDK whole requests, keys and all.
pub fn start() {
    let level: LevelFilter = log_level().parse().unwrap_or(LevelFilter::INFO);
    let targets = Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_targets(OURS.map(|target| (target, level)));
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false)
        .with_timer(Clock);
    // A second start in one process changes nothing; the first one's settings stay.
    let _ = tracing_subscriber::registry().with(targets).with(lines).try_init();
}
