//! The log: one JSON line per request and per run step, with an RFC 3339 timestamp, to standard output.
//!
//! The runtime's own subscriber writes no time, and Lambda takes a JSON line without one for `INFO` whatever it says.

use std::fmt;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

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

/// Starts the log of a Lambda function, at the level that `AWS_LAMBDA_LOG_LEVEL` names (`INFO` when it names none).
pub fn start() {
    let level: LevelFilter = log_level().parse().unwrap_or(LevelFilter::INFO);
    // A second start in one process changes nothing; the first one's settings stay.
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false)
        .with_timer(Clock)
        .with_max_level(level)
        .try_init();
}
