//! Metrics that are said in the log: a line's fields that are figures, described in CloudWatch's embedded metric format on the same
//! line, so that a figure costs no call and no line of its own.
//!
//! A field is a metric when its name begins with a capital (`RequestTime`), one that ends in `Time` in milliseconds; a dimension
//! when it is one of `DIMENSIONS`. Every line with an `alarm` counts as one of the metric `Alarms`. Ids are never dimensions:
//! each value of a dimension is a metric that is paid for.
//!
//! *Source*: CloudWatch, "Specification: Embedded metric format".

use std::fmt;

use serde_json::{Value, json};
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
    let metrics = found.metrics.iter().map(|name| match name.ends_with("Time") {
        true => json!({ "Name": name, "Unit": "Milliseconds" }),
        false => json!({ "Name": name }),
    });
    let directive = json!({
        "Timestamp": Timestamp::now().ms(),
        "CloudWatchMetrics": [{
            "Namespace": namespace,
            "Dimensions": [found.dimension.into_iter().collect::<Vec<_>>()],
            "Metrics": metrics.collect::<Vec<Value>>(),
        }],
    });
    let count = if is_alarm { r#""Alarms":1,"# } else { "" };
    Some(format!(r#"{count}"_aws":{directive}"#))
}
