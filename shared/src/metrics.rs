//! Metrics that are said in the log: a line's fields that are figures, described in CloudWatch's embedded metric format on the same
//! line, so that a figure costs no call and no line of its own.
//!
//! A field is a metric when its name begins with a capital (`RequestTime`), one that ends in `Time` in milliseconds; a dimension
//! when it is one of `DIMENSIONS`. Every line with an `alarm` counts as one of the metric `Alarms`. Ids are never dimensions:
//! each value of a dimension is a metric that is paid for.
//!
//! *Source*: CloudWatch, "Specification: Embedded metric format".

use std::fmt;

use serde::Serialize;
use tracing::Event;
use tracing::field::{Field, Visit};

use crate::time::Timestamp;

/// The fields by which metrics are told apart; a line has one of them at most.
const DIMENSIONS: [&str; 3] = ["function", "tier", "alarm"];

/// What of a line is a metric.
#[derive(Default)]
struct Found {
    metrics: Vec<&'static str>,
    dimension: Option<&'static str>,
}

impl Visit for Found {
    fn record_debug(&mut self, field: &Field, _: &dyn fmt::Debug) {
        let name = field.name();
        if name.starts_with(|first: char| first.is_ascii_uppercase()) {
            self.metrics.push(name);
        } else if DIMENSIONS.contains(&name) {
            self.dimension = Some(name);
        }
    }
}

/// The members that a line lacks for its figures to be metrics of a namespace; `None` where it has no figures.
#[must_use]
pub fn embedded(namespace: &str, event: &Event<'_>) -> Option<String> {
    let mut found = Found::default();
    event.record(&mut found);
    let is_alarm = found.dimension == Some("alarm");
    if is_alarm {
        found.metrics.push("Alarms");
    }
    if found.metrics.is_empty() {
        return None;
    }
    let metrics = found.metrics.iter().map(|name| Metric {
        name,
        unit: name.ends_with("Time").then_some("Milliseconds"),
    });
    let directive = Directive {
        timestamp: Timestamp::now().ms(),
        metrics: [Described {
            namespace,
            dimensions: [found.dimension.as_slice()],
            metrics: metrics.collect(),
        }],
    };
    let directive = serde_json::to_string(&directive).expect("names can be written");
    let count = if is_alarm { r#""Alarms":1,"# } else { "" };
    Some(format!(r#"{count}"_aws":{directive}"#))
}

/// What makes metrics of a line's members. *Shape*: the format's root node.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive<'a> {
    /// Milliseconds since 1970.
    timestamp: i64,
    #[serde(rename = "CloudWatchMetrics")]
    metrics: [Described<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Described<'a> {
    namespace: &'a str,
    dimensions: [&'a [&'static str]; 1],
    metrics: Vec<Metric>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metric {
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'static str>,
}
